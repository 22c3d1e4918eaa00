/** The log of SCIM requests: written in batches, read latest first, and what of a connection's requests is counted. */
import type { ConnectionId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type {
  KeptRequest,
  KeptRequestQuery,
  NewKeptRequest,
  RequestLogReader,
  RequestLogWriter,
  SightingKind,
} from "../provisioning/ports/requests.js";
import type { RowType } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, one, sql, verbatim } from "./sql.js";
import { fromJson, given, page, toInstant, toInstantOrNull, toJson, toMillis } from "./values.js";

interface RequestColumns {
  readonly id: string;
  readonly connection_id: string;
  readonly at: number;
  readonly method: string;
  readonly status: number;
  readonly quirks: string;
  readonly client: string;
  readonly request_id: string;
  readonly resource_id: string | null;
  readonly token_id: string | null;
  readonly alike: number;
  readonly alike_until: number | null;
  readonly detail: string;
}

interface SightingColumns {
  readonly kind: SightingKind;
  readonly name: string;
  readonly count: number;
  readonly first_at: number;
  readonly last_at: number;
}

const COLUMNS = verbatim(
  `id, connection_id, at, method, status, quirks, client, request_id, resource_id, token_id, alike, alike_until,
    cast(detail as text) as detail`,
);

/** JSON is looked into only where a bulk request may be: no answer of another names a resource that was not asked for. */
const FAILED = verbatim(
  `(status >= 400 or (status = 200 and method = 'POST' and resource_id is null and detail ->> 'failedOperations' is not null))`,
);

function requestOf(row: RequestColumns): KeptRequest {
  return {
    id: row.id,
    connection: row.connection_id as ConnectionId,
    at: toInstant(row.at),
    method: row.method,
    status: row.status,
    quirks: row.quirks.split(",").filter((name) => name !== ""),
    client: row.client,
    requestId: row.request_id,
    ...given("resource", row.resource_id),
    ...given("token", row.token_id),
    alike: row.alike,
    ...given("alikeUntil", toInstantOrNull(row.alike_until)),
    detail: fromJson<JsonObject>(row.detail),
  };
}

export function requestLogReader({ tenant, sql: db, dialect }: Scope): RequestLogReader {
  const conditions = (query: KeptRequestQuery): readonly Fragment[] => {
    const { after, status, method, failed, quirk, client, resource, requestId } = query;
    return [
      ...(after === undefined ? [] : [sql`id < ${after}`]),
      ...(status === undefined ? [] : [sql`status = ${status}`]),
      ...(method === undefined ? [] : [sql`method = ${method}`]),
      ...(failed === undefined ? [] : [failed ? FAILED : sql`not ${FAILED}`]),
      ...(quirk === undefined ? [] : [dialect.test(verbatim("quirks"), "co", `,${quirk},`)]),
      ...(client === undefined ? [] : [sql`client = ${client}`]),
      ...(resource === undefined ? [] : [sql`resource_id = ${resource}`]),
      ...(requestId === undefined ? [] : [sql`request_id = ${requestId}`]),
    ];
  };
  return {
    async keptRequests(connection, query) {
      const { limit } = query;
      const where = [sql`tenant_id = ${tenant}`, sql`connection_id = ${connection}`, ...conditions(query)];
      const rows = await db.all<RequestColumns>(
        sql`select ${COLUMNS} from scim_requests where ${join(where, " and ")} order by id desc limit ${limit + 1}`,
      );
      return page(rows, limit, requestOf, (row) => row.id);
    },
    async keptRequest(connection, id) {
      const row = await one<RequestColumns>(
        db,
        sql`select ${COLUMNS} from scim_requests
          where tenant_id = ${tenant} and connection_id = ${connection} and id = ${id}`,
      );
      return row && requestOf(row);
    },
    async sightings(connection) {
      const rows = await db.all<SightingColumns>(
        sql`select kind, name, count, first_at, last_at from scim_sightings
          where tenant_id = ${tenant} and connection_id = ${connection} order by kind, name`,
      );
      return rows.map(({ kind, name, count, first_at, last_at }) => ({
        ...{ kind, name, count, firstAt: toInstant(first_at), lastAt: toInstant(last_at) },
      }));
    },
  };
}

const REQUEST_ROW = {
  ...{ id: "text", connection_id: "text", at: "bigint", method: "text", status: "bigint", quirks: "text" },
  ...{ client: "text", request_id: "text", resource_id: "text", token_id: "text", expires_at: "bigint" },
  detail: "text",
} as const satisfies Record<string, RowType>;

function requestRow(request: NewKeptRequest) {
  return {
    id: request.id,
    connection_id: request.connection,
    at: toMillis(request.at),
    method: request.method,
    status: request.status,
    quirks: request.quirks.length === 0 ? "" : `,${request.quirks.join(",")},`,
    client: request.client,
    request_id: request.requestId,
    resource_id: request.resource ?? null,
    token_id: request.token ?? null,
    expires_at: toMillis(request.expiresAt),
    detail: toJson(request.detail),
  };
}

export function requestLogWriter({ tenant, sql: db, dialect }: Scope): RequestLogWriter {
  return {
    async keepRequests(requests) {
      if (requests.length === 0) return;
      const { detail: _detail, ...plain } = REQUEST_ROW;
      const names = verbatim(Object.keys(plain).join(", "));
      await db.run(
        sql`insert into scim_requests (tenant_id, ${names}, detail)
          select ${tenant}, ${names}, ${dialect.json(verbatim("r.detail"))}
          from ${dialect.rows(REQUEST_ROW, requests.map(requestRow))} as r`,
      );
    },
    async addRepeats(repeats) {
      if (repeats.length === 0) return;
      const rows = repeats.map(({ id, count, until }) => ({ id, count, until_at: toMillis(until) }));
      await db.run(
        sql`update scim_requests set alike = alike + r.count, alike_until = r.until_at
          from ${dialect.rows({ id: "text", count: "bigint", until_at: "bigint" }, rows)} as r
          where scim_requests.tenant_id = ${tenant} and scim_requests.id = r.id`,
      );
    },
    async addSightings(sightings) {
      if (sightings.length === 0) return;
      const types = { connection_id: "text", kind: "text", name: "text", count: "bigint", first_at: "bigint" } as const;
      const times = { last_at: "bigint", expires_at: "bigint" } as const;
      const rows = sightings.map((seen) => ({
        ...{ connection_id: seen.connection, kind: seen.kind, name: seen.name, count: seen.count },
        ...{ first_at: toMillis(seen.firstAt), last_at: toMillis(seen.lastAt), expires_at: toMillis(seen.expiresAt) },
      }));
      // In one order, whoever writes: instances that add to the same rows never wait for each other in a circle.
      await db.run(
        sql`insert into scim_sightings (tenant_id, connection_id, kind, name, count, first_at, last_at, expires_at)
          select ${tenant}, connection_id, kind, name, count, first_at, last_at, expires_at
          from ${dialect.rows({ ...types, ...times }, rows)} as r where true order by connection_id, kind, name
          on conflict (tenant_id, connection_id, kind, name) do update set count = scim_sightings.count + excluded.count,
            last_at = excluded.last_at, expires_at = excluded.expires_at`,
      );
    },
    trimRequests: (connection, most, limit) =>
      db.run(
        sql`delete from scim_requests where tenant_id = ${tenant} and id in (
          select id from scim_requests where tenant_id = ${tenant} and connection_id = ${connection} and id <= (
            select id from scim_requests where tenant_id = ${tenant} and connection_id = ${connection}
            order by id desc limit 1 offset ${most})
          order by id limit ${limit})`,
      ),
  };
}
