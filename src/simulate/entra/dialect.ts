/** Owns Entra's two PATCH dialects: the default one, older than the RFC's wording, and the one that the compliance flag turns on. */
import type { Json, JsonObject } from "../../model/json.js";
import { ENTERPRISE_USER, GROUP, PATCH_OP } from "../scim-urns.js";
import type { Dialect } from "./client.js";
import { type Change, renderPath } from "./mapping.js";

type Operation = { readonly [key: string]: Json };

/** The second schema is Entra's own, and goes along with every new group. */
const AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

export function newGroup(id: string, name: string): JsonObject {
  return { schemas: [GROUP, AD_GROUP], externalId: id, displayName: name, meta: { resourceType: "Group" } };
}

export function patch(operations: readonly Operation[]): JsonObject {
  return { schemas: [PATCH_OP], Operations: operations };
}

/** The default dialect writes booleans as texts. */
export function activation(dialect: Dialect, active: boolean): Operation {
  if (dialect === "compliant") return { op: "replace", path: "active", value: active };
  return { op: "Replace", path: "active", value: active ? "True" : "False" };
}

/** The default dialect has one operation for each value; the compliant one puts what it replaces under dotted and URN keys of one value. */
export function profileOperations(dialect: Dialect, changes: readonly Change[]): Operation[] {
  if (dialect === "default") {
    return changes.map(({ path, value, replaces }) => ({
      op: replaces ? "Replace" : "Add",
      path: renderPath(path),
      value,
    }));
  }
  const bundled = changes.filter(({ path, replaces }) => replaces && path.kind !== "typed");
  const single = changes.filter(({ path, replaces }) => !replaces || path.kind === "typed");
  const bundle = Object.fromEntries(bundled.map(({ path, value }) => [renderPath(path), value]));
  return [
    ...single.map(({ path, value, replaces }) => ({ op: replaces ? "replace" : "add", path: renderPath(path), value })),
    ...(bundled.length > 0 ? [{ op: "replace", value: bundle }] : []),
  ];
}

export interface ManagerChange {
  /** The manager's id at the server; absent where there is none any more. */
  readonly scimId?: string;
  readonly replaces: boolean;
}

export function managerOperation(dialect: Dialect, { scimId, replaces }: ManagerChange): Operation {
  const path = `${ENTERPRISE_USER}:manager`;
  if (scimId === undefined) return { op: verb(dialect, "Remove"), path };
  return { op: verb(dialect, replaces ? "Replace" : "Add"), path, value: scimId };
}

export function renaming(dialect: Dialect, name: string): Operation {
  if (dialect === "compliant") return { op: "replace", value: { displayName: name } };
  return { op: "Replace", path: "displayName", value: name };
}

export function additions(dialect: Dialect, scimIds: readonly string[]): Operation[] {
  return [{ op: verb(dialect, "Add"), path: "members", value: scimIds.map(memberValue) }];
}

export function removals(dialect: Dialect, scimIds: readonly string[]): Operation[] {
  if (dialect === "default") return [{ op: "Remove", path: "members", value: scimIds.map(memberValue) }];
  return scimIds.map((id) => ({ op: "remove", path: `members[value eq ${JSON.stringify(id)}]` }));
}

function memberValue(scimId: string): JsonObject {
  return { $ref: null, value: scimId };
}

function verb(dialect: Dialect, name: "Add" | "Remove" | "Replace"): string {
  return dialect === "compliant" ? name.toLowerCase() : name;
}
