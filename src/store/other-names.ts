/** What rows of the directory are or were known by, beside their own columns for it. */
import type { Scope } from "./scope.js";
import { join, NOTHING, sql, verbatim } from "./sql.js";

export interface OtherName {
  /** Of the row. */
  readonly id: string;
  readonly connection: string;
  readonly name: string;
}

/** E-mails, former names and what sign-ins call or called the person. Not what is by now somebody else's subject there, or e-mail anywhere. */
export function otherNames(
  { tenant, sql: db, dialect }: Scope,
  rows: readonly string[],
): Promise<readonly OtherName[]> {
  const ids = dialect.list(rows);
  const kept = ["sign_in_names k", "former_names k", "(select *, email as name from former_emails) as k"].map(
    (table) => sql`select u.id, u.connection_id as connection, k.name
      from ${verbatim(table)} join directory_users u on u.tenant_id = k.tenant_id and u.id = k.directory_user_id
      where k.tenant_id = ${tenant} and k.directory_user_id in ${ids}`,
  );
  const emails = ["pushed_email", "signed_in_email"].map(
    (column) => sql`select id, connection_id as connection, ${verbatim(column)} as name
      from directory_users where tenant_id = ${tenant} and id in ${ids} and ${verbatim(column)} is not null`,
  );
  const isElses = (key: string, more = NOTHING) =>
    dialect.finds(verbatim("n.name"), {
      ...{ table: "directory_users", as: "o", key },
      where: sql`o.tenant_id = ${tenant} and o.deleted_at is null and o.id not in ${ids} ${more}`,
    });
  return db.all<OtherName>(
    sql`select n.id, n.connection, n.name from (${join([...kept, ...emails], " union ")}) as n
      where not ${isElses("subject", verbatim("and o.connection_id = n.connection"))}
        and not ${isElses("pushed_email")} and not ${isElses("signed_in_email")} order by n.id, n.name`,
  );
}
