import type { CompiledMapping } from "../../engine/compile/compile.js";
import { OWNER } from "../../model/target.js";
import type { TenantReader } from "../ports/store.js";

/** Roles by name; `privileged` are those of the catalogue, and `owner`. */
export interface KnownRoles {
  readonly names: ReadonlySet<string>;
  readonly privileged: ReadonlySet<string>;
}

/** Role names are open: these are the ones that the tenant's catalogue, or the mapping, writes down. */
export async function knownRoles(
  reader: TenantReader,
  { rules, defaults, scimRoles }: CompiledMapping,
): Promise<KnownRoles> {
  const catalogue = await reader.privilegedRoles();
  const given = rules.flatMap(({ give }) => [...(give.roles ?? [])]);
  const byDefault = defaults.map(({ target }) => target.role);
  const assigned = scimRoles?.declared.flatMap((one) => [...one.roles.values()].map(({ role }) => role)) ?? [];
  const privileged = new Set([OWNER.role, ...catalogue]);
  return { names: new Set([...privileged, ...given, ...byDefault, ...assigned]), privileged };
}
