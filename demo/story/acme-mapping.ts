/** Acme's mapping document: owners, plain groups, a naming convention, and a condition. */
import type { JsonObject } from "../../src/model/json.js";
import { AUDITORS, FINANCE, itAdmins, platformAdmins, platformEditors, SALES } from "./acme-directory.js";

export const CONVENTION = "convention";

const rules = [
  { id: "platform-admins", group_name: platformAdmins.name, team_name: "Platform", role_name: "team_admin" },
  {
    id: CONVENTION,
    group_pattern: "app-acme-{team}-{role}",
    values: {
      team: { platform: "Platform", data: "Data" },
      role: { rw: "editor", ro: "viewer" },
    },
    team_name: "{team}",
    role_name: "{role}",
  },
  { id: "finance", group_name: "Finance", team_name: "Finance", role_name: "editor" },
  { id: "auditors", group_name: "Auditors", team_name: "Audit", role_name: "viewer" },
  { id: "sales", group_name: "Sales", team_name: "Sales", role_name: "viewer" },
  { id: "support", when: "user.department = 'Support'", team_name: "Support", role_name: "case_manager" },
] as const;

export const mapping: JsonObject = documentWith(rules, [itAdmins.name]);

/** The edit that goes wrong: somebody deletes the rule that most of Acme lives by, and who owns the tenant. */
export const badMapping: JsonObject = documentWith(
  rules.filter(({ id }) => id !== CONVENTION),
  [],
);

function documentWith(mappings: readonly JsonObject[], owners: readonly string[]): JsonObject {
  return {
    version: 1,
    ...(owners.length === 0 ? {} : { tenant_owners_groups: owners }),
    // Entra's sign-ins carry object ids.
    groups: { Finance: { entra: FINANCE }, Auditors: { entra: AUDITORS }, Sales: { entra: SALES } },
    role_order: ["viewer", "editor", "team_admin"],
    mappings,
    examples: [
      { name: "bob edits Platform", groups: [platformEditors.name], expect: ["Platform/editor"] },
      { name: "IT owns the tenant", groups: [itAdmins.name], expect: ["tenant/owner"] },
    ],
  };
}
