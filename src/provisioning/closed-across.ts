/**
 * Closed across owns which sign-ins of people known by sign-in alone are closed by somebody who is off at another connection: by the
 * e-mail that both vouch for, as a stranger's would be.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { ConnectionId, UserId } from "../model/ids.js";
import { linkAddress } from "../model/link-address.js";
import { type BesideKnown, decideKnown } from "./decide-across.js";
import { addressOf, holderOf, isLive } from "./email-holders.js";
import type { SignInAt, VouchedSignIn } from "./ports/across.js";
import type { TenantWriter } from "./ports/store.js";

/** What is known elsewhere of a sign-in. */
export interface SignInBeside {
  readonly signIn: VouchedSignIn;
  readonly across: BesideKnown;
}

/**
 * What other connections say of these sign-ins, but for accounts that a live push describes as active: their source can switch them off.
 * A constant number of statements.
 */
export async function besideKnown(
  tx: TenantWriter,
  tenant: Pick<Tenant, "domains">,
  signIns: readonly VouchedSignIn[],
): Promise<readonly SignInBeside[]> {
  if (signIns.length === 0 || tenant.domains.length === 0) return [];
  const connections = new Map((await tx.connections()).map((one) => [one.id, one]));
  const pushed = await describedAsActive(tx, connections, [...new Set(signIns.map(({ user }) => user))]);
  const asked = signIns.flatMap((signIn) => {
    const at = pushed.has(signIn.user) ? undefined : connections.get(signIn.connection);
    const address = at && addressOf(tenant, at, signIn.address);
    return at && address ? [{ signIn, at, address }] : [];
  });
  if (asked.length === 0) return [];
  const all = await tx.holdersOfEmails([...new Set(asked.map(({ address }) => address.address))]);
  const apart = await tx.toldApart(asked.map(({ signIn: { connection, subject } }) => ({ connection, subject })));
  const isApart = (at: SignInAt, user: UserId) =>
    apart.some((one) => one.connection === at.connection && one.subject === at.subject && one.user === user);
  return asked.map(({ signIn, at, address }) => {
    const others = (all.get(address.address) ?? []).filter(
      ({ user }) => user !== signIn.user && !isApart(signIn, user),
    );
    const holders = others.flatMap((one) => holderOf(one, address, at, connections, "sign_in") ?? []);
    return { signIn, across: decideKnown(holders) };
  });
}

async function describedAsActive(
  tx: TenantWriter,
  connections: ReadonlyMap<ConnectionId, Connection>,
  users: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const links = await tx.links(users);
  return new Set(
    links.flatMap((link) => (!link.deleted && link.scim?.active && isLive(link, connections) ? [link.user] : [])),
  );
}

/** Of these accounts, which no push describes, the sign-ins that are closed. */
export async function closedAcross(tx: TenantWriter, users: readonly UserId[]): Promise<readonly SignInBeside[]> {
  const tenant = await tx.tenantNow();
  if (users.length === 0 || tenant.domains.length === 0) return [];
  const beside = await besideKnown(tx, tenant, await tx.vouchedSignInsOf(users));
  return beside.filter(({ across }) => across.kind === "off");
}

/** The e-mails by which a sign-in of somebody known is asked about: what it vouches for, and what the last one did. */
export function vouchedEmails(
  tenant: Pick<Tenant, "domains">,
  connection: Connection,
  emails: readonly (string | undefined)[],
): readonly string[] {
  const counts = emails.flatMap((email) => addressOf(tenant, connection, linkAddress(email)?.address)?.address ?? []);
  return [...new Set(counts)];
}
