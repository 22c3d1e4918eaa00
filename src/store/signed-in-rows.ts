/** People of the directory ledger who are known by sign-in alone: whom a push may mean, and where their row ends. */
import { asciiLower } from "../model/fold.js";
import type { DirectoryWriter } from "../provisioning/ports/directory.js";
import { bigint } from "./dialect.js";
import { CANDIDATE_COLUMNS, type CandidateColumns, candidateOf } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { sql } from "./sql.js";
import { toMillis } from "./values.js";

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
