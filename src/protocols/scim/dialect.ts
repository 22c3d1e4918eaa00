/** Owns what a connection's profile changes in the SCIM room, the bounds of a request, and the note of quirks it needed. */

import type { ScimProfile } from "../../model/connection.js";
import type { ScimError } from "./errors.js";
import type { ENTRA_QUIRKS } from "./quirks/entra.js";
import type { GENERIC_QUIRKS } from "./quirks/generic.js";
import type { OKTA_QUIRKS } from "./quirks/okta.js";
import type { RolePolicy } from "./roles.js";
import type { Attribute, ResourceType } from "./schema.js";

export interface Dialect {
  /** C1: the status of a successful PATCH on a group that asked for no attributes. */
  readonly groupPatchStatus: 200 | 204;
  /** C7: `replace` through a filter that matches nothing makes the element, whatever its type. */
  readonly replaceCreates: boolean;
  /** C11: unquoted words in filters are text. */
  readonly bareWords: boolean;
}

const DIALECTS: Readonly<Record<ScimProfile, Dialect>> = {
  rfc: { groupPatchStatus: 200, replaceCreates: false, bareWords: false },
  okta: { groupPatchStatus: 200, replaceCreates: false, bareWords: false },
  entra: { groupPatchStatus: 204, replaceCreates: true, bareWords: true },
};

export interface ScimLimits {
  /** Operations of one PATCH. */
  readonly operations: number;
  /** Members named in one request. */
  readonly members: number;
  /** Values of one multi-valued attribute of a user. */
  readonly values: number;
  /** Bytes of JSON that one resource keeps; members of a group are none of it. */
  readonly resourceBytes: number;
}

const DEFAULT_LIMITS: ScimLimits = { operations: 1_000, members: 10_000, values: 250, resourceBytes: 131_072 };

export type QuirkName = keyof typeof OKTA_QUIRKS | keyof typeof ENTRA_QUIRKS | keyof typeof GENERIC_QUIRKS;

/** What reading one request needs to know; `quirks` collects the deviations that the request turned out to need. */
export interface Reading {
  readonly type: ResourceType;
  readonly dialect: Dialect;
  readonly limits: ScimLimits;
  readonly quirks: Set<QuirkName>;
  /** Attributes and parts returned on request that a write names: by that they are asked for (RFC 7643 section 7). */
  readonly sent: Set<Attribute>;
  /** Members that the other operations of the request named, and this one. */
  readonly members: { readonly before: number; named: number };
  /** Ids of members whom the request calls groups. */
  readonly calledGroups: Set<string>;
  /**
   * Where several types are searched: the names that this type has no attribute for. They are as absent here
   * (RFC 7644 section 3.4.2.1); without the set they are refused.
   */
  readonly strangers?: Set<string>;
  /** Why nothing that the request asks for is done, but switching somebody off. */
  readonly refused?: ScimError;
  /** Absent: roles are like any other attribute. */
  readonly roles?: RolePolicy;
}

export function startReading(type: ResourceType, profile: ScimProfile, limits: ScimLimits = DEFAULT_LIMITS): Reading {
  const members = { before: 0, named: 0 };
  return {
    type,
    dialect: DIALECTS[profile],
    limits,
    quirks: new Set(),
    sent: new Set(),
    members,
    calledGroups: new Set(),
  };
}
