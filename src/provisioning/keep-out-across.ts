/**
 * Keep-out across owns whom an account that is off reaches at other connections: whoever signs in with its e-mail, and has nothing but
 * sign-ins to be known by. Nobody's account ends by it; sessions do, and the next sign-in is refused.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { ObserveUser } from "../model/directory.js";
import type { UserId } from "../model/ids.js";
import type { LinkAddress } from "../model/link-address.js";
import { linkAddress } from "../model/link-address.js";
import { besideKnown, vouchedEmails } from "./closed-across.js";
import type { Across } from "./decide-across.js";
import { mayKeepOut } from "./keep-out.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { TenantWriter } from "./ports/store.js";

/** Who keeps a sign-in out, and by which e-mail. */
export interface OffAcross {
  readonly across: Extract<Across, { kind: "off" }>;
  readonly address: LinkAddress;
}

/**
 * Who is off elsewhere with the e-mail of somebody known. One statement where nobody else has it. INVARIANT: an e-mail that comes anew is
 * asked about one sign-in or deactivation after the other; and by that of the last sign-in, too: a rename opens nothing.
 */
export async function offBeside(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  { user, hasScim, claims }: LinkCandidate,
  { subject, verifiedEmail }: ObserveUser,
): Promise<OffAcross | undefined> {
  if (hasScim && connection.sync === "live") return undefined;
  const before = claims?.verifiedEmail;
  const emails = vouchedEmails(tenant, connection, [verifiedEmail, before]);
  if (emails.length === 0) return undefined;
  if (linkAddress(verifiedEmail)?.address !== linkAddress(before)?.address) await tx.lockTenant();
  if (!(await tx.isKnownToOthers(emails, user))) return undefined;
  const signIns = emails.map((address) => ({ connection: connection.id, subject, user, address }));
  for (const { signIn, across } of await besideKnown(tx, tenant, signIns)) {
    const address = linkAddress(signIn.address);
    if (across.kind !== "off" || address === undefined) continue;
    return (await mayKeepOut(tx, user)) ? { across, address } : undefined;
  }
  return undefined;
}

/** Ends the sessions of those who sign in at other connections with the e-mails of these, who are off by now. */
export async function endBeside(tx: TenantWriter, users: readonly UserId[]): Promise<void> {
  if (users.length === 0) return;
  const signIns = await tx.signInsWithEmailsOf(users);
  if (signIns.length === 0) return;
  const beside = await besideKnown(tx, await tx.tenantNow(), signIns);
  const closed = new Set(beside.flatMap(({ signIn, across }) => (across.kind === "off" ? [signIn.user] : [])));
  if (closed.size === 0) return;
  const owners = new Set(await tx.ownerIds());
  const ended: UserId[] = [];
  for (const user of closed) if (!owners.has(user) || (await mayKeepOut(tx, user, { closed: ended }))) ended.push(user);
  if (ended.length > 0) await tx.endAllSessions(ended);
}
