/** Owns entity tags in requests (RFC 7644 section 3.14). */

import { ScimError } from "./errors.js";

/** As in the headers of a request, or in the `version` of a bulk operation. */
export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/**
 * Before a write: `If-Match` must name the present tag (or be a star), `If-None-Match` must not. True when the client
 * named a version.
 */
export function checkIfMatch({ ifMatch, ifNoneMatch }: Preconditions, etag: string): boolean {
  const known = tagsOf(ifNoneMatch);
  if (known.includes("*")) {
    throw new ScimError(
      "preconditionFailed",
      "`If-None-Match: *` asks for a resource that is not there, and it is there",
    );
  }
  if (known.includes(opaque(etag))) {
    throw new ScimError("preconditionFailed", "the resource has the version that `If-None-Match` excludes");
  }
  return isNamed(ifMatch, etag);
}

/** Before a read: the client has this version already: 304. */
export function isUnchanged({ ifMatch, ifNoneMatch }: Preconditions, etag: string): boolean {
  isNamed(ifMatch, etag);
  const tags = tagsOf(ifNoneMatch);
  return tags.includes("*") || tags.includes(opaque(etag));
}

function isNamed(ifMatch: string | undefined, etag: string): boolean {
  const tags = tagsOf(ifMatch);
  if (tags.length === 0) return false;
  if (!tags.includes("*") && !tags.includes(opaque(etag))) {
    throw new ScimError("preconditionFailed", "the resource has changed since that version: read it again");
  }
  return true;
}

/** Whether one of the tags, as `If-Match` lists them, is this one. A star is none. */
export function namesTag(header: string, etag: string): boolean {
  return tagsOf(header).includes(opaque(etag));
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
