/** Acme's mapping document: owners, a naming convention, plain groups, and a condition. */
import type { JsonObject } from "../../src/model/json.js";
import { AUDITORS, FINANCE, SALES } from "./acme-directory.js";

export const CONVENTION = "convention";
export const BOB_EXAMPLE = "bob edits Platform";

const rules = [
  {
    id: CONVENTION,
    group_pattern: "app-acme-{team}-{role}",
    values: {
      team: { platform: "Platform", data: "Data" },
      role: { adm: "team_admin", rw: "editor", ro: "viewer" },
    },
    team_name: "{team}",
    role_name: "{role}",
  },
  { id: "finance", group_name: "Finance", team_name: "Finance", role_name: "editor" },
  { id: "auditors", group_name: "Auditors", team_name: "Audit", role_name: "viewer" },
  { id: "sales", group_name: "Sales", team_name: "Sales", role_name: "viewer" },
  { id: "support", when: "user.department = 'Support'", team_name: "Support", role_name: "case_manager" },
] as const;

export const mapping: JsonObject = documentWith(rules);

/** The edit that goes wrong: somebody deletes the rule that most of Acme lives by. */
export const mappingWithoutConvention: JsonObject = documentWith(rules.filter(({ id }) => id !== CONVENTION));

function documentWith(mappings: readonly JsonObject[]): JsonObject {
  return {
    version: 1,
    tenant_owners_groups: ["IT Admins"],
    // Entra's sign-ins carry object ids.
    groups: { Finance: { entra: FINANCE }, Auditors: { entra: AUDITORS }, Sales: { entra: SALES } },
    role_order: ["viewer", "editor", "team_admin"],
    mappings,
    examples: [
      { name: BOB_EXAMPLE, groups: ["app-acme-platform-rw"], expect: ["Platform/editor"] },
      { name: "IT owns the tenant", groups: ["IT Admins"], expect: ["tenant/owner"] },
    ],
  };
}
