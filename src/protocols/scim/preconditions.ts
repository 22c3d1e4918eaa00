/** Owns entity tags in requests (RFC 7644 section 3.14). */

import { ScimError } from "./errors.js";
import { etagOf } from "./render.js";

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
  const known = tagsOf(ifNoneMatch);
  if (known.includes("*")) {
    throw new ScimError(
      "preconditionFailed",
      "`If-None-Match: *` asks for a resource that is not there, and it is there",
    );
  }
  if (known.includes(opaque(etagOf(version)))) {
    throw new ScimError("preconditionFailed", "the resource has the version that `If-None-Match` excludes");
  }
  return isNamed(ifMatch, version);
}

/** Before a read: the client has this version already: 304. */
export function isUnchanged({ ifMatch, ifNoneMatch }: Preconditions, version: number): boolean {
  isNamed(ifMatch, version);
  const tags = tagsOf(ifNoneMatch);
  return tags.includes("*") || tags.includes(opaque(etagOf(version)));
}

function isNamed(ifMatch: string | undefined, version: number): boolean {
  const tags = tagsOf(ifMatch);
  if (tags.length === 0) return false;
  if (!tags.includes("*") && !tags.includes(opaque(etagOf(version)))) {
    throw new ScimError("preconditionFailed", "the resource has changed since that version: read it again");
  }
  return true;
}

function tagsOf(header: string | undefined): readonly string[] {
  return (header ?? "")
    .split(",")
    .map((tag) => opaque(tag.trim()))
    .filter((tag) => tag !== "");
}

function opaque(tag: string): string {
  return tag.replace(/^W\//i, "");
}
