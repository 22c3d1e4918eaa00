/** Tenant names are what groups, teams, roles, connections and rules are called, or were: never a person's, for all they look alike. */
import type { Json, JsonObject } from "../../model/json.js";
import type { TenantReader } from "../ports/store.js";
import { folded } from "./redaction.js";

const OF_RULES = ["id", "group_name", "sso_group", "team_name", "role_name"];
const OF_DOCUMENTS = ["tenant_owners_group", "tenant_owners_groups", "default_team"];

/** Tells which of these names something of the tenant has or had, be it in an earlier mapping. */
export async function tenantNames(reader: TenantReader, names: readonly string[]): Promise<(name: string) => boolean> {
  const taken = new Set((await reader.namesInUse(names)).map(folded));
  for (const { text } of await reader.mappingsNaming(names)) {
    for (const name of namesIn(JSON.parse(text) as JsonObject)) taken.add(folded(name));
  }
  return (name) => taken.has(folded(name));
}

function namesIn(document: JsonObject): readonly string[] {
  const { mappings, groups } = document;
  const rules = Array.isArray(mappings) ? mappings : [];
  return [
    ...OF_DOCUMENTS.flatMap((key) => textsIn(document[key])),
    ...rules.flatMap((rule) => OF_RULES.flatMap((key) => textsIn((rule as JsonObject)[key]))),
    ...Object.entries((groups ?? {}) as JsonObject).flatMap(([name, known]) => [name, ...textsIn(known)]),
  ];
}

function textsIn(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
