/** Pushed people whose subject may be somebody else's, by what sign-ins and pushes name. */
import { asciiLower, fold } from "../model/fold.js";
import type { AskedSignIn } from "../provisioning/ports/kept-out.js";
import type { NamedPushedWriter } from "../provisioning/ports/named-pushed.js";
import type { Scope } from "./scope.js";
import { calledBy, candidates, withNames } from "./signed-in-rows.js";
import { type Fragment, join, one, sql, verbatim } from "./sql.js";

export function namedPushedWriter(scope: Scope): NamedPushedWriter {
  const { tenant, sql: db, dialect } = scope;
  return {
    async namesAnother(connection, signIn, known) {
      const { ids, names, folded } = askedOf(signIn);
      const by = (values: readonly string[], key: string, where: string): Fragment => {
        const counts = sql`k.tenant_id = ${tenant} and k.connection_id = ${connection} and k.scim_resource is not null
          and ${verbatim(where)}`;
        const table = { table: "directory_users", as: "k", key, where: counts };
        return sql`select 1 as named ${dialect.each(dialect.list(values), table)} and k.id <> ${known}`;
      };
      const ways = [
        by(ids, "external_id", "k.external_id is not null and (k.deleted_at is null or k.keeps_out)"),
        ...(names.length > 0
          ? [
              by(names, "user_name_ascii", "k.deleted_at is null"),
              sql`${by(folded, "user_name_folded", "k.deleted_at is not null and k.keeps_out")} and k.id > ${known}`,
            ]
          : []),
      ];
      return (await one(db, sql`${join(ways, " union all ")} limit 1`)) !== undefined;
    },
    async pushedSignIns(connection, externalIds, rows = []) {
      if (externalIds.length + rows.length === 0) return [];
      const found = sql`(${calledBy(scope, connection, dialect.list(externalIds))} union all select * from ${dialect.list(rows)} as r)`;
      const isPushed = verbatim("u.scim_resource is not null and u.subject is not null and u.deleted_at is null");
      const pushed = await candidates(scope, found, sql`u.connection_id = ${connection} and ${isPushed}`);
      return withNames(scope, pushed);
    },
  };
}

/** Names that link, as they are compared. */
function askedOf({ subject, names }: AskedSignIn) {
  const ids = names.flatMap(({ kind, name }) => (kind === "id" ? [name] : []));
  const linking = names.flatMap(({ kind, name }) => (kind === "asserted" || kind === "name" ? [asciiLower(name)] : []));
  return {
    ids: [...new Set([subject, ...ids])],
    names: [...new Set(linking)],
    folded: [...new Set(linking.map(fold))],
  };
}
