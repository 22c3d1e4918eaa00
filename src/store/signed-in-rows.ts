/** People of the directory ledger who are known by sign-in alone: whom a push may mean, and where their row ends. */
import { asciiLower } from "../model/fold.js";
import type { ConnectionId, TenantId } from "../model/ids.js";
import type { DirectoryWriter, DoubleReader } from "../provisioning/ports/directory.js";
import { bigint } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { type Fragment, sql, verbatim } from "./sql.js";
import { toMillis } from "./values.js";

export function signedInReader({ tenant, sql: db, dialect }: Scope): DoubleReader {
  const candidates = async (ids: readonly string[]) => {
    const rows = await db.all<CandidateColumns>(
      sql`select ${CANDIDATE_COLUMNS} from directory_users u
        join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
        where u.tenant_id = ${tenant} and u.id in ${dialect.list(ids)}`,
    );
    return new Map(rows.map((row) => [row.id, candidateOf(row)]));
  };
  return {
    async doubles(connection) {
      const pairs = await db.all<DoubleColumns>(
        sql`select p.id as pushed, s.id as signed_in, 0 as by_name ${doublesBy(tenant, connection, "p.external_id = s.subject")}
          union all
          select p.id, s.id, 1 ${doublesBy(tenant, connection, "p.user_name_ascii = s.user_name_ascii")}
          order by by_name, pushed, signed_in`,
      );
      if (pairs.length === 0) return [];
      const rows = await candidates(pairs.flatMap(({ pushed, signed_in }) => [pushed, signed_in]));
      return pairs.flatMap((pair) => {
        const [pushed, signedIn] = [rows.get(pair.pushed), rows.get(pair.signed_in)];
        return pushed && signedIn ? [{ pushed, signedIn }] : [];
      });
    },
  };
}

interface DoubleColumns {
  readonly pushed: string;
  readonly signed_in: string;
}

function doublesBy(tenant: TenantId, connection: ConnectionId, same: string): Fragment {
  return sql`from directory_users s
    join directory_users p on p.tenant_id = s.tenant_id and p.connection_id = s.connection_id and p.deleted_at is null
      and p.scim_resource is not null and ${verbatim(same)}
    where s.tenant_id = ${tenant} and s.connection_id = ${connection} and s.deleted_at is null
      and s.scim_resource is null and s.subject is not null`;
}

export function signedInWriter({
  tenant,
  sql: db,
  dialect,
}: Scope): Pick<DirectoryWriter, "signedInAlone" | "endSignedIn"> {
  return {
    async signedInAlone(connection, { subjects, userNames }) {
      if (subjects.length + userNames.length === 0) return [];
      const rows = await db.all<CandidateColumns>(
        sql`select ${CANDIDATE_COLUMNS} from directory_users u
          join identity_links l on l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
          where u.tenant_id = ${tenant} and u.scim_resource is null and u.subject is not null and u.id in (
            select id from directory_users where tenant_id = ${tenant} and connection_id = ${connection}
              and subject in ${dialect.list(subjects)} and subject is not null and deleted_at is null
            union all
            select id from directory_users where tenant_id = ${tenant} and connection_id = ${connection}
              and user_name_ascii in ${dialect.list(userNames.map(asciiLower))} and deleted_at is null)
          order by u.id`,
      );
      return rows.map(candidateOf);
    },
    async endSignedIn(id, now) {
      const at = toMillis(now);
      // a document without attributes: what sign-ins said goes on naming the account
      const ended = await db.run(
        sql`update directory_users set deleted_at = ${bigint(at)}, modified_at = ${bigint(at)}, version = version + 1,
            scim_attributes = '{}', scim_app_roles = '[]', scim_active = false, scim_created_at = ${bigint(at)}
          where tenant_id = ${tenant} and id = ${id} and deleted_at is null and scim_resource is null`,
      );
      return ended > 0;
    },
  };
}
