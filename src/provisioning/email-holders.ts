/** E-mail holders owns what the connections of a tenant say of whom an address means, for the decision across them. */
import type { Connection, Tenant } from "../model/connection.js";
import type { ConnectionId } from "../model/ids.js";
import { type LinkAddress, linkAddress } from "../model/link-address.js";
import type { Holder } from "./decide-across.js";
import type { AccountRow, EmailHolder } from "./ports/across.js";

/** Domains whose proof is gone open nothing, and go on closing. */
export function addressOf(
  { domains }: Pick<Tenant, "domains">,
  connection: Connection,
  email: string | undefined,
): LinkAddress | undefined {
  if (connection.protocol === "local" || domains.length === 0) return undefined;
  const address = linkAddress(email);
  const counts = address && domains.includes(address.domain) && isTakingPart(connection, address.domain);
  return counts ? address : undefined;
}

export type Connections = ReadonlyMap<ConnectionId, Connection>;

/** `undefined`: no connection that takes part says anything of them. */
export function holderOf(
  { user, rows, before }: EmailHolder,
  { address, domain }: LinkAddress,
  { id: at, mayGrantOwner }: Connection,
  connections: Connections,
  door: "sign_in" | "push",
): Holder | undefined {
  const takesPart = ({ connection }: AccountRow) => isTakingPart(connections.get(connection), domain);
  const isMet = (row: AccountRow) =>
    row.pushedEmail === address || row.signedInEmail === address || before.includes(row.id);
  const met = rows.filter((row) => isMet(row) && takesPart(row));
  if (met.length === 0) return undefined;
  // whom a row of the connection itself keeps out is decided there, and what an admin said of it holds
  const isElsewhere = met.some(({ connection }) => connection !== at);
  const here = rows.filter(({ connection }) => connection === at);
  const isGoneHere =
    door === "sign_in" &&
    here.length > 0 &&
    here.every(({ deleted }) => deleted) &&
    here.some(({ keepsOut }) => keepsOut);
  const current = rows.filter((row) => !row.deleted && mailOf(row) === address && takesPart(row));
  return {
    user,
    wasIn: rows.some(({ status }) => status !== "pending"),
    off: isElsewhere && (isOff(rows, connections) || isGoneHere),
    here: here.some(({ deleted }) => !deleted),
    otherSubject: door === "sign_in" && here.some(({ deleted, signsIn }) => !deleted && signsIn),
    pushed: rows.some((row) => !row.deleted && row.pushed && isLive(row, connections)),
    now: current.length > 0,
    stale: !current.some((row) => isFresh(row, connections.get(row.connection))),
    privileged: false,
    mayOwn: mayGrantOwner && rows.some((row) => isLesser(row, connections.get(row.connection))),
  };
}

/**
 * What admins made by hand always does: nobody signs in to it, so that nobody has taken its name. INVARIANT: a connection with domains of
 * its own says nothing of an address in another, neither to link by it nor to close a door, whether it says so of who comes or of whom it knows.
 */
export function isTakingPart(connection: Connection | undefined, domain: string): boolean {
  if (connection === undefined || connection.protocol === "local") return connection !== undefined;
  const { allowedDomains, linkAcross: mode } = connection;
  return mode === "verified_email" && (allowedDomains.length === 0 || allowedDomains.includes(domain));
}

/** What SCIM sent goes before what a sign-in said. */
function mailOf({ pushedEmail, signedInEmail }: AccountRow): string | undefined {
  return pushedEmail ?? signedInEmail;
}

/** People sign in by it, and nobody trusts it to say who owns the tenant. */
function isLesser({ deleted, signsIn }: AccountRow, connection: Connection | undefined): boolean {
  return !deleted && signsIn && connection?.mayGrantOwner === false;
}

function isFresh({ pushedEmail }: AccountRow, connection: Connection | undefined): boolean {
  if (connection === undefined || connection.disabledAt !== undefined) return false;
  return pushedEmail === undefined || connection.sync !== "off";
}

/** As the engine will have it, also where it has not looked yet: whoever a live push speaks of is in while one of them says so. */
function isOff(rows: readonly AccountRow[], connections: Connections): boolean {
  const [row] = rows;
  if (row?.status === "deactivated" && ["scim", "admin"].includes(row.deactivatedBy ?? "")) return true;
  const said = rows.filter((one) => one.pushed && isLive(one, connections) && (!one.deleted || one.keepsOut));
  return said.length > 0 && !said.some(({ deleted, pushed }) => !deleted && pushed?.active);
}

export function isLive({ connection }: Pick<AccountRow, "connection">, connections: Connections): boolean {
  const found = connections.get(connection);
  return found?.sync === "live" && found.disabledAt === undefined;
}
