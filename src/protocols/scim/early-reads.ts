/** Owns reads that go to the database together with the look-up of their token: a request that only reads waits once. */
import type { HttpRequest } from "../../http/exchange.js";
import { fold } from "../../model/fold.js";
import type { ConnectionId, DirectoryUserId, TenantId } from "../../model/ids.js";
import type { DirectoryQuery, DirectoryUserRow } from "../../provisioning/ports/directory.js";
import type { TokenOwner } from "../../provisioning/ports/instance.js";
import type { TenantReader } from "../../provisioning/ports/store.js";
import { isStorable } from "./storable-text.js";

/** The path of all users, and what of a path stands before the id of one. */
export interface UserPaths {
  readonly all: string;
  readonly one: string;
}

/** One user with groups, asked for in the name of whom the token was of when it was looked up last. */
export interface EarlyRead {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly by: "id" | "userName";
  /** A userName is folded. */
  readonly key: string;
  /** Of the connection's own rows alone. */
  readonly row: Promise<DirectoryUserRow | undefined>;
}

const ID = /^[0-9A-Z]{26}$/;
const FILTER = /^userName eq "([^"\\]{1,256})"$/;

/**
 * Begins to read whom the request asks for, where it asks for one user and nothing else; every other request is read as it is
 * served. INVARIANT: what comes of it is shown to nobody but by `isOf`.
 */
export function readEarly(
  { tenant, connection }: Pick<TokenOwner, "tenant" | "connection">,
  request: Pick<HttpRequest, "method" | "path" | "query">,
  paths: UserPaths,
  readerOf: (tenant: TenantId) => TenantReader,
): EarlyRead | undefined {
  const sought = request.method === "GET" ? soughtBy(request, paths) : undefined;
  if (sought === undefined) return undefined;
  const reader = readerOf(tenant.id);
  const { by, key } = sought;
  const row =
    by === "id"
      ? reader.directoryUser(connection.id, key as DirectoryUserId, undefined, true)
      : reader.directoryUsers(connection.id, byName(key)).then(({ rows }) => rows[0]);
  // whoever waits for it hears of it; nobody does where the token is refused
  row.catch(() => undefined);
  return { tenant: tenant.id, connection: connection.id, by, key, row };
}

/** Whether the token still is of the tenant and the connection in whose name was read. */
export function isOf(early: EarlyRead, { tenant, connection }: Pick<TokenOwner, "tenant" | "connection">): boolean {
  return early.tenant === tenant.id && early.connection === connection.id;
}

function soughtBy(
  { path, query }: Pick<HttpRequest, "path" | "query">,
  { all, one }: UserPaths,
): Pick<EarlyRead, "by" | "key"> | undefined {
  if (path === all) {
    const [, userName] = query.size === 1 ? (FILTER.exec(query.get("filter") ?? "") ?? []) : [];
    return userName === undefined || !isStorable(userName) ? undefined : { by: "userName", key: fold(userName) };
  }
  if (query.size > 0 || !path.startsWith(one)) return undefined;
  const id = path.slice(one.length);
  return ID.test(id) ? { by: "id", key: id } : undefined;
}

function byName(userName: string): DirectoryQuery {
  const path = [{ name: "userName", multi: false }];
  return { filter: { op: "compare", path, comparator: "eq", value: userName }, offset: 0, limit: 1, withGroups: true };
}

/** What was read early of whom this names; `undefined` where it was not, or found nobody and there are rows beside the own. */
export async function earlyRow(
  early: EarlyRead | undefined,
  by: EarlyRead["by"],
  key: string | undefined,
  besides: DirectoryQuery["adoptable"],
): Promise<{ readonly row?: DirectoryUserRow } | undefined> {
  if (early === undefined || early.by !== by || early.key !== key) return undefined;
  const row = await early.row;
  if (row !== undefined) return { row };
  return besides === undefined ? {} : undefined;
}
