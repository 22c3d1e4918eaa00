/** Group pins as admins see them: which group each name of the mapping means, and who else lays claim to it. */
import { ownNames } from "../engine/pins/group-pins.js";
import type { Tenant } from "../model/connection.js";
import { grouped } from "../model/grouped.js";
import type { Instant } from "../model/ids.js";
import type { Provisioning } from "./deps.js";
import type { PinRow } from "./ports/pins.js";

/** One name at one connection. */
export interface NamePins {
  readonly connection: string;
  readonly name: string;
  /** Every group that has the name is known to an admin, or was the first to match. */
  readonly confirmed: boolean;
  readonly holders: readonly PinnedGroup[];
  /** Groups that bear the name, and that rules do not know by it. */
  readonly contenders: readonly PinnedGroup[];
}

export interface PinnedGroup {
  readonly id: string;
  /** What it is called now. */
  readonly displayName: string;
  readonly renamed: boolean;
  readonly since: Instant;
}

/** Every name that some group holds or bears, by connection and name. */
export async function listPins(p: Provisioning, tenant: Tenant): Promise<readonly NamePins[]> {
  const reader = p.store.read(tenant.id);
  const slugs = new Map<string, string>((await reader.connections()).map(({ id, slug }) => [id, slug]));
  const byName = grouped(await reader.pins(), ({ connection, name }) => `${connection}\u0000${name}`);
  return [...byName.values()].map((rows) => ({
    connection: slugs.get(rows[0].connection) ?? "",
    name: rows[0].name,
    confirmed: rows.every((row) => row.state !== "waiting"),
    holders: rows.filter((row) => row.state !== "contends").map(pinnedGroup),
    contenders: rows.filter((row) => row.state === "contends").map(pinnedGroup),
  }));
}

function pinnedGroup(row: PinRow): PinnedGroup {
  const { group, displayName, since } = row;
  return { id: group, displayName, renamed: !ownNames(row).includes(row.name), since };
}
