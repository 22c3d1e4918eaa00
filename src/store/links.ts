/** Identity links with their documents and memberships: what facts are made of. */
import type { ClaimsDocument } from "../model/directory.js";
import type { ConnectionId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { ScimRole } from "../model/scim-role.js";
import type { AccessReader, LinkRow, MembershipRow } from "../provisioning/ports/access.js";
import type { Scope } from "./scope.js";
import { quick, sql, verbatim } from "./sql.js";
import { type Flag, fromJson, isTrue, toInstant } from "./values.js";

interface LinkColumns {
  readonly user_id: string;
  readonly id: string;
  readonly connection_id: string;
  readonly linked_at: number;
  readonly deleted_at: number | null;
  readonly scim_attributes: string | null;
  readonly scim_app_roles: string | null;
  readonly scim_roles: string | null;
  readonly scim_active: Flag | null;
  readonly scim_created_at: number | null;
  readonly claims: string | null;
  /** In one text, `group time group time ...`: a row for each would cost ten times as much to read. */
  readonly memberships: string | null;
}

function scimOf(row: LinkColumns): Pick<LinkRow, "scim"> {
  if (row.scim_attributes === null || row.scim_active === null || row.scim_created_at === null) return {};
  type Scim = NonNullable<LinkRow["scim"]>;
  return {
    scim: {
      active: isTrue(row.scim_active),
      attributes: fromJson<Scim["attributes"]>(row.scim_attributes),
      appRoles: row.scim_app_roles === null ? [] : fromJson<readonly string[]>(row.scim_app_roles),
      ...(row.scim_roles === null ? {} : { roles: fromJson<readonly ScimRole[]>(row.scim_roles) }),
      createdAt: toInstant(row.scim_created_at),
    },
  };
}

function linkOf(row: LinkColumns, instant: (text: string) => Instant): LinkRow {
  return {
    user: row.user_id as UserId,
    directoryUser: row.id as DirectoryUserId,
    connection: row.connection_id as ConnectionId,
    linkedAt: toInstant(row.linked_at),
    deleted: row.deleted_at !== null,
    ...scimOf(row),
    ...(row.claims === null ? {} : { claims: fromJson<ClaimsDocument>(row.claims) }),
    memberships: row.memberships === null ? [] : membershipsOf(row.memberships, instant),
  };
}

function membershipsOf(text: string, instant: (text: string) => Instant): MembershipRow[] {
  const words = text.split(" ");
  const rows: MembershipRow[] = [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    rows.push({ group: words[index] ?? "", since: instant(words[index + 1] ?? "") });
  }
  return rows;
}

/** The same few moments come back for many memberships. */
function rememberedInstants(): (text: string) => Instant {
  const known = new Map<string, Instant>();
  return (text) => {
    const instant = known.get(text) ?? toInstant(Number(text));
    known.set(text, instant);
    return instant;
  };
}

export function linkReader(scope: Scope): Pick<AccessReader, "links"> {
  const { tenant, sql: db, dialect } = scope;
  return {
    async links(ids) {
      if (ids.length === 0) return [];
      const glued = dialect.glue(verbatim("m.group_id || ' ' || cast(m.created_at as text)"), " ");
      const rows = await db.all<LinkColumns>(
        quick(
          sql`select l.user_id, l.linked_at, u.id, u.connection_id, u.deleted_at, u.scim_attributes, u.scim_app_roles,
            u.scim_roles, u.scim_active, u.scim_created_at, u.claims,
            (select ${glued} from directory_memberships m
              where m.tenant_id = l.tenant_id and m.directory_user_id = u.id) as memberships
          from identity_links l
          join directory_users u on u.tenant_id = l.tenant_id and u.id = l.directory_user_id
          where l.tenant_id = ${tenant} and l.user_id in ${dialect.list(ids)} and l.ended_at is null
          order by l.user_id, u.id`,
          ids.length,
        ),
      );
      const instant = rememberedInstants();
      return rows.map((row) => linkOf(row, instant));
    },
  };
}
