/** Groups inside groups: kept as the source sends them, and followed by nobody. */
import type { DirectoryGroupId, MemberId } from "../model/ids.js";
import type { DirectoryReader } from "../provisioning/ports/directory.js";
import type { DirectoryWriter } from "../provisioning/ports/directory-writer.js";
import { text } from "./dialect.js";
import type { Scope } from "./scope.js";
import { NOTHING, sql } from "./sql.js";

type NestingReader = Pick<DirectoryReader, "nestedIn">;
type NestingWriter = Pick<DirectoryWriter, "addNested" | "removeNested" | "setNested">;

export function nestingReader({ tenant, sql: db, dialect }: Scope): NestingReader {
  return {
    async nestedIn(groups, only) {
      const among = only === undefined ? NOTHING : sql` and n.nested_id in ${dialect.list(only)}`;
      const rows = await db.all<{ readonly group_id: string; readonly id: string; readonly display_name: string }>(
        sql`select n.group_id, g.id, g.display_name from directory_nestings n
          join directory_groups g on g.tenant_id = n.tenant_id and g.id = n.nested_id
          where n.tenant_id = ${tenant} and n.group_id in ${dialect.list(groups)}${among}
          order by n.group_id, n.nested_id`,
      );
      return rows.map((row) => ({
        group: row.group_id as DirectoryGroupId,
        nested: row.id as DirectoryGroupId,
        displayName: row.display_name,
      }));
    },
  };
}

/**
 * Only live groups of the same connection come in. INVARIANT: whoever is inside is held against its deletion, and against
 * nothing else, so that groups which are put into one another at once never wait for one another.
 */
function join({ tenant, sql: db, dialect }: Scope, group: DirectoryGroupId, nested: readonly MemberId[]) {
  return db.run(
    sql`insert into directory_nestings (tenant_id, group_id, nested_id)
      select g.tenant_id, g.id, n.id from ${dialect.list(nested)} as listed
      join directory_groups g on g.tenant_id = ${tenant} and g.id = ${text(group)} and g.deleted_at is null
      join directory_groups n on n.tenant_id = ${tenant} and n.id = listed.value and n.connection_id = g.connection_id
        and n.deleted_at is null
      where true${dialect.lock("g")}${dialect.keyShare("n")}
      on conflict do nothing`,
  );
}

async function count({ tenant, sql: db }: Scope, group: DirectoryGroupId, step: number): Promise<void> {
  if (step === 0) return;
  await db.run(
    sql`update directory_groups set nested_count = nested_count + ${step} where tenant_id = ${tenant} and id = ${group}`,
  );
}

/** The caller has locked the group. */
export function nestingWriter(scope: Scope): NestingWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async addNested(group, nested) {
      const added = await join(scope, group, nested);
      await count(scope, group, added);
      return added;
    },
    async removeNested(group, nested) {
      const removed = await db.run(
        sql`delete from directory_nestings where tenant_id = ${tenant} and group_id = ${group}
          and nested_id in ${dialect.list(nested)}`,
      );
      await count(scope, group, -removed);
      return removed;
    },
    async setNested(group, nested) {
      const removed = await db.run(
        sql`delete from directory_nestings where tenant_id = ${tenant} and group_id = ${group}
          and nested_id not in ${dialect.list(nested)}`,
      );
      const added = nested.length === 0 ? 0 : await join(scope, group, nested);
      await count(scope, group, added - removed);
      return added + removed;
    },
  };
}

/** A group goes: what was inside it is free, and what it was inside of is another version without it. */
export async function leaveNestings({ tenant, sql: db, dialect }: Scope, id: string, at: number): Promise<void> {
  const left = await db.all<{ readonly group_id: string }>(
    sql`delete from directory_nestings where tenant_id = ${tenant} and (group_id = ${id} or nested_id = ${id})
      returning group_id`,
  );
  const outer = left.map((row) => row.group_id).filter((group) => group !== id);
  if (outer.length === 0) return;
  await db.run(
    sql`update directory_groups set nested_count = nested_count - 1, version = version + 1, modified_at = ${at}
      where tenant_id = ${tenant} and id in ${dialect.list(outer)}`,
  );
}
