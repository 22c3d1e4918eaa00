/** Why a role that SCIM assigns gives nothing. */
import type { Unassigned } from "../../model/evaluation.js";
import { quote } from "../../model/quote.js";
import { type ScimRole, scimRoleLabel } from "../../model/scim-role.js";
import type { CompiledScimRoles } from "../compile/compile-scim-roles.js";
import type { CompiledMapping } from "../compile/compiled-mapping.js";
import { scimRoleProblem } from "../scim-roles.js";

export interface ExplainedRole extends ScimRole {
  readonly connection: string;
  /** The group that carries it; absent for the person's own. */
  readonly group?: string;
  readonly why: Unassigned["why"];
  readonly sentence: string;
}

/** A role assignment of SCIM that gives nothing, with the reason. */
export function explainRole(mapping: CompiledMapping, { connection, role, group, why }: Unassigned): ExplainedRole {
  const from = group === undefined ? "" : ` of group ${quote(group)}`;
  const sentence = `SCIM role ${quote(scimRoleLabel(role))}${from} gives nothing: ${roleWhy(mapping, connection, role, why)}`;
  return { connection, ...role, ...(group === undefined ? {} : { group }), why, sentence };
}

function roleWhy(
  { scimRoles }: CompiledMapping,
  connection: string,
  role: ScimRole,
  why: ExplainedRole["why"],
): string {
  switch (why) {
    case "no_scim_roles":
      return "the mapping has no `scim_roles`";
    case "unknown_team":
      return "there is no such team, and the mapping may not make it";
    case "owner_connection":
      return `set \`mayGrantOwner\` for connection ${quote(connection)}`;
    case "service_account":
      return "no service account owns the tenant";
    case "unknown_type":
    case "unknown_value":
      return scimRoleProblem(scimRoles as CompiledScimRoles, role);
  }
}
