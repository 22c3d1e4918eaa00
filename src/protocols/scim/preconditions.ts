/** Owns entity tags in requests (RFC 7644 section 3.14). */

import { ScimError } from "./errors.js";
import { etagOf } from "./render.js";

/** As in the headers of a request, or in the `version` of a bulk operation. */
export interface Preconditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** RFC-56: `If-Match` must name the present version (or be a star). True when the client named one. */
export function checkIfMatch({ ifMatch }: Preconditions, version: number): boolean {
  const tags = tagsOf(ifMatch);
  if (tags.length === 0) return false;
  if (!tags.includes("*") && !tags.includes(opaque(etagOf(version)))) {
    throw new ScimError("preconditionFailed", "the resource has changed since that version: read it again");
  }
  return true;
}

/** The client has this version already: 304. */
export function isUnchanged({ ifNoneMatch }: Preconditions, version: number): boolean {
  const tags = tagsOf(ifNoneMatch);
  return tags.includes("*") || tags.includes(opaque(etagOf(version)));
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
