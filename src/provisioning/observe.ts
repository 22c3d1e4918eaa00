/** Observe owns what a sign-in does to the directory ledger: it links the person and takes up what the assertion says. */
import type { Connection, Tenant } from "../model/connection.js";
import type { ClaimsDocument, ObserveUser } from "../model/directory.js";
import type { Instant, UserId } from "../model/ids.js";
import { linkAddress } from "../model/link-address.js";
import { admitSignIn } from "./admit.js";
import { mergeClaims, verifiedEmailAfter } from "./claims.js";
import { firstNames } from "./first-names.js";
import { type JoinNotice, keepFormerSubject, moveSignIn } from "./join-signed-in.js";
import { noteRefusal, reviewKeepers } from "./keep-out.js";
import { offBeside } from "./keep-out-across.js";
import { linkSignIn, reviewLink } from "./link.js";
import { type AcrossNotice, keepFormerEmail, linkAcross, linkedNotice, reviewAcross } from "./link-across.js";
import { reviewSubject } from "./other-subject.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { TenantWriter } from "./ports/store.js";
import { couldBe, heldAcross, keptOutBy } from "./refusal-problems.js";
import { signInNames } from "./sign-in-names.js";

/** Who signed in, as far as the directory can tell. */
export type Observed =
  | {
      readonly kind: "row";
      readonly user: UserId;
      /** Facts were taken from this sign-in. */
      readonly took: boolean;
      /** The account that stood for the sign-in until now, and ends: the caller says and reconciles it. */
      readonly joined?: JoinNotice;
      /** The account was known at other connections alone until now: the caller says so. */
      readonly across?: AcrossNotice;
    }
  | {
      readonly kind: "inactive";
      readonly user: UserId;
      /** Who keeps the person out, where that is not their own row. */
      readonly problem?: string | undefined;
    }
  | { readonly kind: "nobody" }
  | { readonly kind: "ambiguous"; readonly problem: string };

export interface ObserveOptions {
  /** Store what the sign-in says of the person. */
  readonly takeFacts: boolean;
  /** Only of a person of whom nothing was stored so far. */
  readonly onlyFirst?: boolean;
  /** Make a row and a pending user of somebody unknown; else nobody is made. */
  readonly create?: boolean;
  readonly now: Instant;
}

/**
 * Links a sign-in to its row and, where asked, stores its claims. The caller marks nothing: a person whose facts were taken
 * is marked here. Refusal `foreign_domain`: somebody unknown is not to be made.
 */
export async function observeUser(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  observed: ObserveUser,
  options: ObserveOptions,
): Promise<Observed> {
  const { now } = options;
  const linked = await linkSignIn(tx, connection, observed);
  if (linked.kind === "ambiguous") {
    const { meant, rows } = linked;
    if (meant) await reviewSubject(tx, connection, meant, observed.subject, now);
    else await reviewLink(tx, connection, rows, observed.userNames, now);
    return { kind: "ambiguous", problem: couldBe(rows, meant) };
  }
  if (linked.kind === "inactive") {
    const { user, was, own = was, keepers } = linked;
    // the account may be rightly somebody's who signs in elsewhere
    if (was !== undefined) await tx.endIdpSessions(connection.id, { subject: observed.subject }, now);
    else if (own !== undefined) await tx.endAllSessions([own]);
    const signIn = signInNames(observed);
    await noteRefusal(tx, connection, signIn, { keepers, own }, now);
    await reviewKeepers(tx, connection, signIn, { keepers, own }, now);
    return { kind: "inactive", user, problem: keptOutBy(keepers) };
  }
  if (linked.kind !== "row") {
    const known = await observeAcross(tx, tenant, connection, observed, options);
    if (known) return known;
    if (!options.create) return { kind: "nobody" };
    admitSignIn(tenant, connection, observed);
    const user = await insertObserved(tx, connection, observed, now);
    return { kind: "row", user, took: true };
  }
  const { joins, goesOn } = linked;
  const off = joins ? undefined : await offBeside(tx, tenant, connection, linked.row, observed);
  if (off) {
    const { across, address } = off;
    await tx.endAllSessions([linked.row.user]);
    await reviewAcross(tx, connection, across, address, { subject: observed.subject }, now);
    return { kind: "inactive", user: across.user, problem: heldAcross(across) };
  }
  const row = goesOn ? await goOn(tx, connection, linked.row, observed.subject, now) : linked.row;
  const joined = joins && (await moveSignIn(tx, connection, joins, row, now));
  if (joined) await tx.markDirty([joined.user], "sign_in", now);
  await keepFormerSubject(tx, row, observed.subject);
  if (row.hasScim && row.subject !== observed.subject)
    await tx.closeItemsOfSubject(connection.id, observed.subject, now);
  const took = await takeUp(tx, row, observed, options);
  if (!(await isRefused(tx, connection, row))) {
    await tx.keepSignInNames(row.id, signInNames(observed).names);
  }
  return { kind: "row", user: row.user, took, ...(joined && { joined }) };
}

/** A row of their own for somebody whom a push deleted, where pushes say nothing any more. */
async function goOn(
  tx: TenantWriter,
  connection: Connection,
  { user, userName, claims }: LinkCandidate,
  subject: string,
  now: Instant,
): Promise<LinkCandidate> {
  const row = { connection: connection.id, user, linkedBy: "kept", subject, userName, ...(claims && { claims }) };
  await tx.insertUserRow(row, now);
  const made = await tx.rowBySubject(connection.id, subject);
  if (made === undefined) throw new Error("a row that was just made is missing");
  return made;
}

/** INVARIANT: what whoever is switched off calls themselves is no name of theirs: it would close the door for colleagues. */
async function isRefused(tx: TenantWriter, { sync }: Connection, row: LinkCandidate): Promise<boolean> {
  if (sync !== "live" || !row.hasScim || row.scimActive) return false;
  const [account] = await tx.people([row.user]);
  return account?.status !== "registered";
}

/** Somebody who is nobody here, and somebody at the tenant's other connections; `undefined`: nobody there either. */
async function observeAcross(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  observed: ObserveUser,
  { takeFacts, now }: ObserveOptions,
): Promise<Observed | undefined> {
  const { subject, verifiedEmail, claimedEmail } = observed;
  const email = verifiedEmail ?? claimedEmail;
  const stranger = { subject, email, verified: verifiedEmail !== undefined, door: "sign_in" } as const;
  const { address, ...across } = await linkAcross(tx, tenant, connection, stranger);
  if (address === undefined) return undefined;
  if (across.kind !== "nobody") admitSignIn(tenant, connection, observed);
  const who = { subject, ...(!stranger.verified && { claimed: true }) };
  await reviewAcross(tx, connection, across, address, who, now);
  if (across.kind === "nobody") return undefined;
  if (across.kind !== "account") {
    const problem = heldAcross(across);
    return across.kind === "off" ? { kind: "inactive", user: across.user, problem } : { kind: "ambiguous", problem };
  }
  const { user } = across;
  const claims = takeFacts ? mergeClaims(undefined, observed, now) : untaught(undefined, observed, now);
  const row = {
    connection: connection.id,
    user,
    linkedBy: "verified_email",
    emailDomain: address.domain,
    claims,
    subject,
  };
  const { names } = signInNames(observed);
  await tx.insertUserRow({ ...row, names, userName: observed.userNames[0] ?? subject }, now);
  await tx.markDirty([user], "sign_in", now);
  return { kind: "row", user, took: takeFacts, across: linkedNotice(connection, user, address) };
}

/** Stores what the sign-in says of the person, as far as asked. */
async function takeUp(
  tx: TenantWriter,
  row: LinkCandidate,
  observed: ObserveUser,
  options: ObserveOptions,
): Promise<boolean> {
  const { now } = options;
  const take = options.takeFacts && !(options.onlyFirst && hasFacts(row.claims));
  const claims = take ? mergeClaims(row.claims, observed, now) : untaught(row.claims, observed, now);
  const before = row.claims?.verifiedEmail;
  // INVARIANT: whose an address is, the latest sign-in says, also one that teaches nothing: it may be somebody else's by now
  if (!take && row.subject === observed.subject && claims.verifiedEmail === before) return false;
  await keepFormerEmail(tx, row.id, linkAddress(before)?.address, claims.verifiedEmail);
  await tx.updateClaims(row.id, claims, observed.subject, now);
  if (take) await tx.markDirty([row.user], "sign_in", now);
  return take;
}

async function insertObserved(
  tx: TenantWriter,
  connection: Connection,
  observed: ObserveUser,
  now: Instant,
): Promise<UserId> {
  const userName = observed.userNames[0] ?? observed.subject;
  const user = await tx.insertPendingUser(
    {
      userName,
      ...(observed.verifiedEmail === undefined ? {} : { email: observed.verifiedEmail }),
      ...firstNames((name) => {
        const said = observed.attributes[name];
        return said?.known ? said.value : null;
      }),
    },
    now,
  );
  const claims = mergeClaims(undefined, observed, now);
  const { subject } = observed;
  const { names } = signInNames(observed);
  const row = { connection: connection.id, user, linkedBy: "created", claims, subject, names, userName };
  await tx.insertUserRow(row, now);
  await tx.markDirty([user], "sign_in", now);
  return user;
}

/** Whether a sign-in taught anything: one whose facts were not taken leaves an empty document beside the subject. */
function hasFacts(claims: ClaimsDocument | undefined): boolean {
  if (claims === undefined) return false;
  return claims.groupsUnknown !== "never_asserted" || Object.keys(claims.attributes).length > 0;
}

/** After a sign-in that teaches nothing but whose address it is. */
function untaught(before: ClaimsDocument | undefined, observed: ObserveUser, now: Instant): ClaimsDocument {
  const { verifiedEmail: was, ...claims } = before ?? emptyClaims(now);
  const verifiedEmail = verifiedEmailAfter(was, observed);
  return { ...claims, ...(verifiedEmail !== undefined && { verifiedEmail }) };
}

/** Of somebody whose sign-ins taught nothing. */
export function emptyClaims(now: Instant): ClaimsDocument {
  return { attributes: {}, groupsUnknown: "never_asserted", claims: {}, at: now };
}
