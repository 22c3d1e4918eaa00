/** What somebody knows of a tenant who has read nothing but its audit, or nothing but its events. */
import { targetLabel } from "../../src/model/target.js";
import type { TenantInTest } from "../support/tenant.js";

interface Line {
  readonly type: string;
  readonly user: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export async function eventsOf({ p, tenant }: TenantInTest): Promise<readonly Line[]> {
  const events = await p.store.read((await tenant()).id).events({ after: 0, limit: 1000 });
  return events.flatMap(({ type, user, data }) => (user === undefined ? [] : [{ type, user, data }]));
}

export async function auditOf({ p, tenant }: TenantInTest): Promise<readonly Line[]> {
  const { items } = await p.store.read((await tenant()).id).audit({ limit: 1000 });
  const entries = [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  return entries.flatMap(({ action, user, detail }) =>
    user === undefined ? [] : [{ type: action, user, data: detail }],
  );
}

/** Once per grant: somebody may hold the same by two rules, and holds it still when one of them ends. */
export function replayedGrants(lines: readonly Line[]): readonly string[] {
  const open: string[] = [];
  for (const { type, user, data } of lines) {
    const target = data["target"] as { readonly scope: string; readonly role: string } | undefined;
    if (!target) continue;
    const key = `${user} ${targetLabel(target)}`;
    if (type === "grant.added") open.push(key);
    if (type === "grant.removed" && !open.includes(key)) open.push(`removed unheld: ${key}`);
    else if (type === "grant.removed") open.splice(open.indexOf(key), 1);
  }
  return open.sort();
}

export function replayedAccounts(lines: readonly Line[]): readonly string[] {
  const open = new Set<string>();
  for (const { type, user } of lines) {
    if (type === "user.created" || type === "user.reactivated") open.add(user);
    if (type === "user.deactivated") open.delete(user);
  }
  return [...open].sort();
}
