/** Owns entity tags in requests (RFC 7644 section 3.14). */

import { tagsIn, versionIn } from "./entity-tag.js";
import { ScimError } from "./errors.js";

/** As in the headers of a request, or in the `version` of a bulk operation. */
export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/**
 * Before a write: `If-Match` must name the present version (or be a star), `If-None-Match` must not. True when the client
 * named a version.
 */
export function checkIfMatch({ ifMatch, ifNoneMatch }: Preconditions, version: number): boolean {
  const known = tagsIn(ifNoneMatch);
  if (known.includes("*")) {
    throw new ScimError(
      "preconditionFailed",
      "`If-None-Match: *` asks for a resource that is not there, and it is there",
    );
  }
  if (known.map(versionIn).includes(`"${version}"`)) {
    throw new ScimError("preconditionFailed", "the resource has the version that `If-None-Match` excludes");
  }
  return isNamed(ifMatch, `"${version}"`);
}

/** Before a read: the client has this answer already: 304. A tag that says not all of it is named by a star alone. */
export function isUnchanged({ ifMatch, ifNoneMatch }: Preconditions, etag: string, saysAll: boolean): boolean {
  const [own = ""] = tagsIn(etag);
  isNamed(ifMatch, versionIn(own));
  const tags = tagsIn(ifNoneMatch);
  return tags.includes("*") || (saysAll && tags.includes(own));
}

function isNamed(ifMatch: string | undefined, version: string): boolean {
  // A header without a value says nothing; a list without a tag names no version.
  if (ifMatch === undefined || ifMatch.trim() === "") return false;
  const tags = tagsIn(ifMatch);
  if (!tags.includes("*") && !tags.map(versionIn).includes(version)) {
    throw new ScimError("preconditionFailed", "the resource has changed since that version: read it again");
  }
  return true;
}
