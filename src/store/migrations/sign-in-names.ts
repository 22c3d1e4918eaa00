import type { Migration } from "./migration.js";

/**
 * What sign-ins call people, for pushes that come later: of those who were here before, their first user name and what e-mail
 * is stored of them, which somebody vouched for in OpenID Connect alone. Deleted rows keep names from sign-ins where SCIM counted.
 */
export const SIGN_IN_NAMES: Migration = {
  name: "0028-sign-in-names",
  statements: ({ name: dialect, columns: { text, int, flag }, tableEnd: { narrow } }) => {
    const postgres = dialect === "postgres";
    const email = postgres
      ? `lower((d.claims #>> '{attributes,email,value}') collate "C")`
      : "lower(json_extract(d.claims, '$.attributes.email.value'))";
    const isAscii = (name: string) => (postgres ? `${name} !~ '[^!-~]'` : `${name} not glob '*[^!-~]*'`);
    const known = "d.deleted_at is null and d.subject is not null";
    const columns = "(tenant_id, directory_user_id, connection_id, kind, name)";
    return [
      `create table sign_in_names (
        tenant_id ${int} not null,
        directory_user_id ${text} not null,
        connection_id ${text} not null,
        kind ${text} not null,
        name ${text} not null,
        primary key (tenant_id, directory_user_id, kind, name),
        foreign key (tenant_id, directory_user_id) references directory_users (tenant_id, id)
      ) ${narrow}`,
      "create index sign_in_names_by_name on sign_in_names (tenant_id, connection_id, name)",
      `insert into sign_in_names ${columns}
        select d.tenant_id, d.id, d.connection_id, case when ${isAscii("d.user_name_ascii")} then 'name' else 'seen' end, d.user_name_ascii
        from directory_users d where ${known} and d.user_name_ascii <> ''`,
      `insert into sign_in_names ${columns}
        select d.tenant_id, d.id, d.connection_id, case when c.protocol = 'oidc' and ${isAscii(email)} then 'name' else 'seen' end, ${email}
        from directory_users d join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
        where ${known} and ${email} <> ''
        on conflict do nothing`,
      `alter table directory_users add column keeps_out ${flag} not null default false`,
      `update directory_users set keeps_out = true
        where deleted_at is not null and scim_resource is not null
          and exists (select 1 from connections c
            where c.tenant_id = directory_users.tenant_id and c.id = directory_users.connection_id and c.sync = 'live')
          and exists (select 1 from identity_links l join users u on u.tenant_id = l.tenant_id and u.id = l.user_id
            where l.tenant_id = directory_users.tenant_id and l.directory_user_id = directory_users.id and u.status = 'deactivated')`,
    ];
  },
};
