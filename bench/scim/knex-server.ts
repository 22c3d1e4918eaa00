/**
 * The path that a careful service on koa, knex and sqlite3 takes: each statement awaited, one transaction for each write, the
 * same rows as Rolecall writes on the same schema, and nothing decided by rules.
 */
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import knexOf, { type Knex } from "knex";
import Koa from "koa";
import getRawBody from "raw-body";
import type { JsonObject } from "../../src/model/json.js";
import { announce, contestOf, listOf } from "./plain-server.js";

const { shape, database } = contestOf();
const db = knexOf({
  client: "sqlite3",
  connection: { filename: database },
  useNullAsDefault: true,
  pool: { min: 1, max: 1 },
});
await db.raw("pragma journal_mode = wal");
await db.raw("pragma synchronous = normal");
await db.raw("pragma foreign_keys = on");
await db.raw("pragma cache_size = -32000");

interface Caller {
  readonly tenant_id: number;
  readonly connection_id: string;
}

interface Stored {
  readonly id: string;
  readonly user_id: string;
  readonly scim_resource: string;
}

async function callerOf(header: string): Promise<Caller> {
  const hash = createHash("sha256").update(header.slice("Bearer ".length)).digest("hex");
  const caller = await db("scim_tokens as k")
    .join("tenants as t", "t.id", "k.tenant_id")
    .join("connections as c", { "c.id": "k.connection_id", "c.tenant_id": "k.tenant_id" })
    .where("k.hash", hash)
    .first<Caller>("k.tenant_id", "k.connection_id", "t.slug", "c.profile");
  if (caller === undefined) throw new Error("no such token");
  return caller;
}

function stored(on: Knex, { tenant_id }: Caller, where: Readonly<Record<string, string>>) {
  return on("directory_users as u")
    .join("identity_links as l", { "l.directory_user_id": "u.id", "l.tenant_id": "u.tenant_id" })
    .where({ "u.tenant_id": tenant_id, ...where })
    .whereNull("u.deleted_at")
    .first<Stored | undefined>("u.id", "l.user_id", "u.scim_resource");
}

async function rendered({ tenant_id }: Caller, { id, scim_resource }: Pick<Stored, "id" | "scim_resource">) {
  const groups: readonly { readonly id: string; readonly display_name: string }[] = await db(
    "directory_memberships as m",
  )
    .join("directory_groups as g", { "g.id": "m.group_id", "g.tenant_id": "m.tenant_id" })
    .where({ "m.tenant_id": tenant_id, "m.directory_user_id": id })
    .select("g.id", "g.display_name");
  return {
    ...(JSON.parse(scim_resource) as JsonObject),
    id,
    groups: groups.map((group) => ({ value: group.id, display: group.display_name, type: "direct" })),
  };
}

interface Line {
  readonly action: string;
  readonly detail: object;
}

async function journal(tx: Knex, { tenant_id }: Caller, user: string, lines: readonly Line[]): Promise<void> {
  const at = Date.now();
  const entries = lines.map(({ action, detail }) => ({
    ...{ tenant_id, id: randomUUID(), at, actor_kind: "scim_token", door: "scim", action, user_id: user },
    detail: JSON.stringify(detail),
  }));
  await tx("audit_entries").insert(entries);
  const events = lines.map(({ action, detail }) => ({
    ...{ tenant_id, id: randomUUID(), type: action, user_id: user, data: JSON.stringify(detail), created_at: at },
  }));
  await tx("outbox_events").insert(events);
}

async function create(caller: Caller, body: JsonObject) {
  const { tenant_id, connection_id } = caller;
  const [id, user, at] = [randomUUID(), randomUUID(), Date.now()];
  const text = JSON.stringify(body);
  const userName = String(body["userName"]);
  await db.transaction(async (tx) => {
    const names = { user_name: userName, user_name_folded: userName.toLowerCase() };
    const search_text = userName.toLowerCase();
    await tx("users").insert({
      ...{ tenant_id, id: user, ...names, email: userName, email_folded: userName.toLowerCase(), search_text },
      ...{ status: "registered", ever_registered: 1, reconciled_version: 1, seat: 1, facts_version: 1, created_at: at },
    });
    await tx("directory_users").insert({
      ...{ tenant_id, id, connection_id, ...names, user_name_ascii: userName, external_id: body["externalId"] },
      ...{ scim_resource: text, scim_search: text, scim_attributes: text, scim_active: 1, scim_version: 1, version: 1 },
      ...{ scim_created_at: at, created_at: at, modified_at: at },
    });
    const link = { directory_user_id: id, user_id: user, connection_id, linked_by: "created", linked_at: at };
    await tx("identity_links").insert({ tenant_id, id: randomUUID(), ...link });
    await tx("connection_counters")
      .where({ tenant_id, connection_id })
      .increment({ live_users: 1, registered_synced: 1 });
    await tx("tenants").where({ id: tenant_id }).increment({ seats_used: 1 });
    await journal(tx, caller, user, [{ action: "user.created", detail: { userName, reason: "pushed" } }]);
  });
  return rendered(caller, { id, scim_resource: text });
}

type Grant = Readonly<Record<string, string | number | null>>;

/** Grants end with the account, and come back with it. */
async function setActive(caller: Caller, id: string, body: JsonObject) {
  const { tenant_id, connection_id } = caller;
  const [operation] = body["Operations"] as readonly [{ readonly value: boolean }];
  const at = Date.now();
  const row = await db.transaction(async (tx) => {
    const present = await stored(tx, caller, { "u.id": id });
    if (present === undefined) throw new Error("no such user");
    const resource = JSON.stringify({ ...(JSON.parse(present.scim_resource) as JsonObject), active: operation.value });
    const changed = { scim_resource: resource, scim_active: operation.value ? 1 : 0, modified_at: at };
    await tx("directory_users")
      .where({ tenant_id, id })
      .update({ ...changed, scim_attributes: resource, scim_search: resource })
      .increment({ version: 1, scim_version: 1 });
    const user = present.user_id;
    const grants = await (operation.value ? reopen : end)(tx, caller, user, at);
    const status = operation.value ? "registered" : "deactivated";
    await tx("users")
      .where({ tenant_id, id: user })
      .update({ status, seat: operation.value ? 1 : 0, facts_version: at });
    const step = operation.value ? 1 : -1;
    await tx("connection_counters").where({ tenant_id, connection_id }).increment({ registered_synced: step });
    await tx("tenants").where({ id: tenant_id }).increment({ seats_used: step });
    await journal(tx, caller, user, [
      { action: `user.${status}`, detail: { reason: "pushed" } },
      ...grants.map(({ role, rule }) => ({ action: "grant.changed", detail: { role, rule } })),
    ]);
    return { id, scim_resource: resource };
  });
  return rendered(caller, row);
}

async function end(tx: Knex, { tenant_id }: Caller, user: string, at: number): Promise<readonly Grant[]> {
  const open: readonly Grant[] = await tx("grants").where({ tenant_id, user_id: user }).whereNull("ended_at").select();
  const ids = open.map((grant) => grant["id"] ?? "");
  await tx("grants").where({ tenant_id }).whereIn("id", ids).update({ ended_at: at, end_reason: "deactivated" });
  await tx("sessions").where({ tenant_id, user_id: user }).whereNull("ended_at").update({ ended_at: at });
  return open;
}

async function reopen(tx: Knex, { tenant_id }: Caller, user: string, at: number): Promise<readonly Grant[]> {
  const last = tx("grants").where({ tenant_id, user_id: user }).max("ended_at");
  const ended: readonly Grant[] = await tx("grants").where({ tenant_id, user_id: user, ended_at: last }).select();
  const fresh = { since: at, ended_at: null, end_reason: null };
  if (ended.length > 0) await tx("grants").insert(ended.map((grant) => ({ ...grant, id: randomUUID(), ...fresh })));
  return ended;
}

async function find(caller: Caller, filter: string) {
  const userName = /^userName eq "(.*)"$/.exec(filter)?.[1] ?? "";
  const { connection_id } = caller;
  const where = { "u.connection_id": connection_id, "u.user_name_folded": userName.toLowerCase() };
  const row = await stored(db, caller, where);
  return listOf(row === undefined ? [] : [await rendered(caller, row)]);
}

async function read(caller: Caller, id: string) {
  const row = await stored(db, caller, { "u.id": id });
  if (row === undefined) throw new Error("no such user");
  return rendered(caller, row);
}

const app = new Koa();
app.use(async (ctx) => {
  const caller = await callerOf(ctx.get("authorization"));
  const id = ctx.path.slice("/Users/".length);
  const body = ctx.method === "GET" ? {} : (JSON.parse(await getRawBody(ctx.req, "utf8")) as JsonObject);
  ctx.set("content-type", "application/scim+json");
  if (ctx.method === "POST") {
    ctx.body = JSON.stringify(await create(caller, body));
    ctx.status = 201;
  } else if (ctx.method === "PATCH") {
    ctx.body = JSON.stringify(await setActive(caller, id, body));
  } else {
    ctx.body = JSON.stringify(await (id === "" ? find(caller, String(ctx.query["filter"])) : read(caller, id)));
  }
});

const positions: readonly { readonly id: string; readonly external_id: string }[] = await db("directory_users").select(
  "id",
  "external_id",
);
const byPosition = new Map(positions.map((row) => [row.external_id, row.id]));
const server = createServer(app.callback());
server.listen(0, "127.0.0.1");
await once(server, "listening");
announce({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ids: Array.from({ length: shape.users }, (_, at) => byPosition.get(`e${at}`) ?? ""),
});
