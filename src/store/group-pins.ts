/** Which names of the active mapping each group holds or contends for. */

import type { ConnectionId, DirectoryGroupId, Instant } from "../model/ids.js";
import type { GroupPin, PinState } from "../model/person.js";
import { pushTo } from "../model/push-to.js";
import type { PinnedName, PinOutcome, PinReader, PinWriter, PinWrites } from "../provisioning/ports/pins.js";
import { bigint, text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { sql } from "./sql.js";
import { fromJson, toInstant, toJson, toMillis } from "./values.js";

interface PinColumns {
  readonly connection_id: string;
  readonly name: string;
  readonly group_id: string;
  readonly state: string;
  readonly known_as: string;
  readonly since: number;
}

export function groupPinReader({ tenant, sql: db }: Scope): PinReader {
  return {
    async pinnedNames() {
      const rows = await db.all<Pick<PinColumns, "connection_id" | "name">>(
        sql`select connection_id, name from pinned_names where tenant_id = ${tenant}`,
      );
      return rows.map((row) => ({ connection: row.connection_id as ConnectionId, name: row.name }));
    },
    async pins() {
      const rows = await db.all<PinColumns & { readonly display_name: string; readonly idp_mapping_names: string }>(
        sql`select p.connection_id, p.name, p.group_id, p.state, p.since, g.display_name, g.idp_mapping_names
          from group_pins p
          join directory_groups g on g.tenant_id = p.tenant_id and g.id = p.group_id
          where p.tenant_id = ${tenant} order by p.connection_id, p.name, p.group_id`,
      );
      return rows.map((row) => ({
        connection: row.connection_id as ConnectionId,
        name: row.name,
        group: row.group_id as DirectoryGroupId,
        state: row.state as PinState,
        displayName: row.display_name,
        idpMappingNames: fromJson<readonly string[]>(row.idp_mapping_names),
        since: toInstant(row.since),
      }));
    },
  };
}

/** The pins of a connection's groups, for `directoryGroups`. */
export async function pinsByGroup(
  { tenant, sql: db }: Scope,
  connection: ConnectionId,
): Promise<ReadonlyMap<string, readonly GroupPin[]>> {
  const rows = await db.all<PinColumns>(
    sql`select name, group_id, state, known_as, since from group_pins
      where tenant_id = ${tenant} and connection_id = ${connection} order by group_id, since, name`,
  );
  const pins = new Map<string, GroupPin[]>();
  for (const { group_id, name, state, known_as, since } of rows) {
    const pin = { name, state: state as PinState, knownAs: fromJson<string[]>(known_as), since: toInstant(since) };
    pushTo(pins, group_id, pin);
  }
  return pins;
}

function outcomeOf(row: Pick<PinColumns, "name" | "group_id" | "state">): PinOutcome {
  return { name: row.name, group: row.group_id as DirectoryGroupId, state: row.state as PinState };
}

export function groupPinWriter(scope: Scope): PinWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async lockPins(connections) {
      await db.run(
        sql`update connection_counters set groups_version = groups_version + 1
          where tenant_id = ${tenant} and connection_id in ${dialect.list(connections)}`,
      );
    },
    writePins: (writes, now) => writePins(scope, writes, now),
    claimNames: (connection, group, names, now) => claimNames(scope, connection, group, names, now),
    async leaveNames(group, names) {
      await db.run(
        sql`delete from group_pins where tenant_id = ${tenant} and group_id = ${group} and state = 'contends'
          and name not in ${dialect.list(names)}`,
      );
      await db.run(
        sql`update group_pins set known_as = ${dialect.json(text(toJson(names)))}
          where tenant_id = ${tenant} and group_id = ${group} and state = 'contends'`,
      );
      const held = await db.all<{ readonly name: string }>(
        sql`select name from group_pins where tenant_id = ${tenant} and group_id = ${group} and state <> 'contends'
          order by name`,
      );
      return held.map((row) => row.name);
    },
    async freeNames(connection, group, remember) {
      const rows = await db.all<{ readonly name: string; readonly state: string }>(
        sql`delete from group_pins where tenant_id = ${tenant} and group_id = ${group} returning name, state`,
      );
      const held = rows.filter((row) => row.state !== "contends").map((row) => row.name);
      if (remember && held.length > 0) {
        await db.run(
          sql`update pinned_names set vacated = true where tenant_id = ${tenant} and connection_id = ${connection}
            and name in ${dialect.list(held)}`,
        );
      }
      return held.sort();
    },
    inheritNames: (connection, names, state, now) => inheritNames(scope, connection, names, state, now),
  };
}

async function claimNames(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  group: DirectoryGroupId,
  names: readonly string[],
  now: Instant,
): Promise<readonly PinOutcome[]> {
  const rows = await db.all<PinColumns>(
    sql`insert into group_pins (tenant_id, connection_id, name, group_id, state, known_as, since)
      select n.tenant_id, n.connection_id, n.name, ${text(group)},
        case when exists (select 1 from group_pins p where p.tenant_id = n.tenant_id
            and p.connection_id = n.connection_id and p.name = n.name and p.state <> 'contends') then 'contends'
          when exists (select 1 from group_pins p where p.tenant_id = n.tenant_id and p.group_id = ${text(group)}
            and p.state <> 'contends') then 'contends'
          when exists (select 1 from directory_groups d where d.tenant_id = n.tenant_id
            and d.connection_id = n.connection_id and d.external_id = n.name and d.deleted_at is null
            and d.id <> ${text(group)}) then 'contends'
          when exists (select 1 from directory_groups d where d.tenant_id = n.tenant_id and d.id = n.name
            and d.connection_id = n.connection_id and d.deleted_at is null and d.id <> ${text(group)}) then 'contends'
          when n.vacated then 'waiting' else 'held' end,
        ${dialect.json(text(toJson(names)))}, ${bigint(toMillis(now))}
      from pinned_names n
      where n.tenant_id = ${tenant} and n.connection_id = ${connection} and n.name in ${dialect.list(names)}
      on conflict do nothing returning name, group_id, state`,
  );
  return rows.map(outcomeOf);
}

async function inheritNames(
  { tenant, sql: db, dialect }: Scope,
  connection: ConnectionId,
  names: readonly string[],
  state: PinState,
  now: Instant,
): Promise<readonly PinOutcome[]> {
  if (names.length === 0) return [];
  // an heir holds no name of its own: one that does goes by that, whatever it is called now
  const rows = await db.all<PinColumns>(
    sql`with heirs as (select c.name, min(c.group_id) as group_id from group_pins c
        where c.tenant_id = ${tenant} and c.connection_id = ${connection} and c.state = 'contends'
          and c.name in ${dialect.list(names)}
          and not exists (select 1 from group_pins h where h.tenant_id = c.tenant_id
            and h.connection_id = c.connection_id and h.name = c.name and h.state <> 'contends')
          and not exists (select 1 from group_pins o where o.tenant_id = c.tenant_id and o.group_id = c.group_id
            and o.state <> 'contends')
        group by c.name)
      update group_pins set state = ${state}, since = ${toMillis(now)}
      where tenant_id = ${tenant} and connection_id = ${connection}
        and exists (select 1 from heirs where heirs.name = group_pins.name and heirs.group_id = group_pins.group_id)
      returning name, group_id, state`,
  );
  return rows.map(outcomeOf);
}

const NAME = { connection: "text", name: "text" } as const;

async function writePins(scope: Scope, { drop, add, remove, put }: PinWrites, now: Instant): Promise<void> {
  const { tenant, sql: db, dialect } = scope;
  const rowsOf = (names: readonly PinnedName[]) =>
    dialect.rows(
      NAME,
      names.map(({ connection, name }) => ({ connection, name })),
    );
  if (drop.length > 0) {
    await db.run(
      sql`delete from pinned_names where tenant_id = ${tenant}
        and (connection_id, name) in (select d.connection, d.name from ${rowsOf(drop)} as d)`,
    );
  }
  if (add.length > 0) {
    await db.run(
      sql`insert into pinned_names (tenant_id, connection_id, name)
        select ${bigint(tenant)}, a.connection, a.name from ${rowsOf(add)} as a
        join connections c on c.tenant_id = ${tenant} and c.id = a.connection where true on conflict do nothing`,
    );
  }
  if (remove.length > 0) {
    const rows = remove.map(({ connection, name, group }) => ({ connection, name, group_id: group }));
    await db.run(
      sql`delete from group_pins where tenant_id = ${tenant} and (connection_id, name, group_id) in
        (select r.connection, r.name, r.group_id from ${dialect.rows({ ...NAME, group_id: "text" }, rows)} as r)`,
    );
    await db.run(
      sql`update pinned_names set vacated = true where tenant_id = ${tenant}
        and (connection_id, name) in (select r.connection, r.name from ${rowsOf(remove)} as r)`,
    );
  }
  if (put.length > 0) await putPins(scope, put, now);
}

async function putPins({ tenant, sql: db, dialect }: Scope, put: PinWrites["put"], now: Instant): Promise<void> {
  const rows = put.map(({ connection, name, group, state, knownAs }) => {
    return { connection, name, group_id: group, state, known_as: toJson(knownAs) };
  });
  const listed = dialect.rows({ ...NAME, group_id: "text", state: "text", known_as: "text" }, rows);
  await db.run(
    sql`insert into group_pins (tenant_id, connection_id, name, group_id, state, known_as, since)
      select ${bigint(tenant)}, w.connection, w.name, w.group_id, w.state, ${dialect.json(sql`w.known_as`)},
        ${bigint(toMillis(now))}
      from ${listed} as w
      join pinned_names n on n.tenant_id = ${tenant} and n.connection_id = w.connection and n.name = w.name
      where true
      on conflict (tenant_id, connection_id, name, group_id)
        do update set state = excluded.state, known_as = excluded.known_as, since = excluded.since`,
  );
}
