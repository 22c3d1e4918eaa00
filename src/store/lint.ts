/** What lint asks beside a document: groups with their sizes, and what rules gave lately. */
import type { ClaimsDocument } from "../model/directory.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { ClaimedGroup, LintReader, SaidRow, SentGroup } from "../provisioning/ports/lint.js";
import { bigint } from "./dialect.js";
import { VERSION_COLUMNS, type VersionColumns, versionOf } from "./mappings.js";
import type { Scope } from "./scope.js";
import { one, sql, verbatim } from "./sql.js";
import { fromJson, given, page, toInstant, toMillis } from "./values.js";

interface SentColumns {
  readonly id: string;
  readonly connection_id: string;
  readonly display_name: string;
  readonly external_id: string | null;
  readonly idp_mapping_names: string;
  readonly member_count: number;
  readonly nested_count: number;
  readonly created_at: number;
  readonly deleted_at: number | null;
}

function sentOf(row: SentColumns): SentGroup {
  return {
    id: row.id,
    connection: row.connection_id as ConnectionId,
    displayName: row.display_name,
    ...given("externalId", row.external_id),
    idpMappingNames: fromJson<readonly string[]>(row.idp_mapping_names),
    members: row.member_count,
    nested: row.nested_count,
    createdAt: toInstant(row.created_at),
    deleted: row.deleted_at !== null,
  };
}

interface ClaimedColumns {
  readonly connection_id: string;
  readonly value: string;
  readonly people: number;
}

interface SaidColumns {
  readonly id: string;
  readonly connection_id: string;
  readonly scim_attributes: string | null;
  readonly scim_app_roles: string | null;
  readonly claims: string | null;
}

function saidOf(row: SaidColumns): SaidRow {
  return {
    connection: row.connection_id as ConnectionId,
    ...given("attributes", documentOf<NonNullable<SaidRow["attributes"]>>(row.scim_attributes)),
    ...given("appRoles", documentOf<readonly string[]>(row.scim_app_roles)),
    ...given("claims", documentOf<ClaimsDocument>(row.claims)),
  };
}

function documentOf<T>(text: string | null): T | null {
  return text === null ? null : fromJson<T>(text);
}

const CLAIMED = ["groups", "value"] as const;

export function lintReader(scope: Scope): LintReader {
  const { tenant, sql: db, dialect } = scope;
  return {
    async sentGroups({ after, limit }) {
      const rows = await db.all<SentColumns>(
        sql`select id, connection_id, display_name, external_id, idp_mapping_names, member_count, nested_count, created_at,
            deleted_at
          from directory_groups where tenant_id = ${tenant} and id > ${after ?? ""} order by id limit ${limit + 1}`,
      );
      return page(rows, limit, sentOf, (row) => row.id);
    },
    async claimedGroups({ after = "", limit }) {
      const bound = await one<{ readonly last: string | null; readonly people: number }>(
        db,
        sql`select max(id) as last, count(*) as people from
          (select id from directory_users where tenant_id = ${tenant} and id > ${after} order by id limit ${limit}) as next`,
      );
      if (bound === undefined || bound.last === null) return { items: [] };
      const groups = dialect.jsonTexts(verbatim("u.claims"), CLAIMED, "g");
      const rows = await db.all<ClaimedColumns>(
        sql`select u.connection_id, g.value, count(*) as people from directory_users u cross join ${groups}
          where u.tenant_id = ${tenant} and u.id > ${after} and u.id <= ${bound.last} and u.deleted_at is null
            and u.claims is not null
          group by u.connection_id, g.value`,
      );
      const items = rows.map(claimedOf);
      return bound.people < limit ? { items } : { items, next: bound.last };
    },
    async saidFacts({ after, limit }) {
      const rows = await db.all<SaidColumns>(
        sql`select id, connection_id, scim_attributes, scim_app_roles, claims from directory_users
          where tenant_id = ${tenant} and id > ${after ?? ""} and deleted_at is null order by id limit ${limit + 1}`,
      );
      return page(rows, limit, saidOf, (row) => row.id);
    },
    async mappingAt(at) {
      const row = await one<VersionColumns>(
        db,
        sql`select ${VERSION_COLUMNS} from mapping_versions v
          where v.tenant_id = ${tenant} and v.created_at <= ${toMillis(at)} order by v.version desc limit 1`,
      );
      return row && versionOf(row);
    },
    async lastGiven(rules, now): Promise<ReadonlyMap<string, Instant>> {
      const ofRule = sql`from grants g where g.tenant_id = ${tenant} and g.origin = 'rule' and g.rule = named.value`;
      const rows = await db.all<{ readonly rule: string; readonly last: number | null }>(
        sql`select named.value as rule,
            case when exists (select 1 ${ofRule} and g.ended_at is null) then ${bigint(toMillis(now))}
              else (select max(g.ended_at) ${ofRule}) end as last
          from ${dialect.list(rules)} as named`,
      );
      return new Map(
        rows.flatMap(({ rule, last }) => (last === null ? [] : [[rule, toInstant(Number(last))] as const])),
      );
    },
  };
}

function claimedOf({ connection_id, value, people }: ClaimedColumns): ClaimedGroup {
  return { connection: connection_id as ConnectionId, value, people: Number(people) };
}
