/** Refreshing the metadata of SAML connections: what is believed of it without anybody's word, and who is told. */
import { randomInt } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Connection, SamlSettings } from "../model/connection.js";
import type { ConnectionId, Instant, TenantId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { wakeBeforeExpiry } from "./certificate-expiry.js";
import type { Context, Provisioning } from "./deps.js";
import { type Notice, recordNotices } from "./notices.js";
import type { FetchedMetadata, MetadataState } from "./ports/metadata.js";
import type { TenantWriter } from "./ports/store.js";
import { secondsFrom } from "./runs/back-off.js";
import { fingerprint, trustChange } from "./saml-trust.js";

const HOUR = 3_600;
const REVIEW = "new_signing_keys";

export interface RefreshOrder {
  /** Fingerprints of new keys that an admin confirms; any others wait as ever. */
  readonly acceptKeys?: readonly string[];
}

type Settled = Extract<FetchedMetadata, { readonly kind: "read" }>;

/**
 * Asks for the metadata of a connection again and keeps what it says. Keys that it does not name any more end at once; new
 * ones wait for an admin unless the connection accepts them, and are told either way. `undefined`: the connection has no
 * address of metadata, or was changed while the answer came. Refusal `bad_request`: a key that is to be accepted is not there.
 */
export async function refreshMetadata(
  p: Provisioning,
  tenant: TenantId,
  id: ConnectionId,
  context: Context,
  order: RefreshOrder = {},
): Promise<MetadataState | undefined> {
  const reader = p.store.read(tenant);
  const before = refreshable(await reader.connections(), id);
  if (before === undefined) return undefined;
  const known = await reader.metadataState(id);
  // Keys that wait are looked at again: what becomes of them may have changed since.
  const validators = known === undefined || known.waiting.length > 0 ? {} : validatorsOf(known);
  const found = await p.metadata.fetchAgain(before.saml, validators);
  return p.store.write(tenant, async (tx) => {
    await tx.lockTenant();
    const present = refreshable(await tx.connections(), id);
    if (present === undefined || present.version !== before.version) return undefined;
    const now = p.now();
    if (found.kind === "failed") return keepFailure(p, tx, present, known, found, context, now);
    if (found.kind === "read") return keepDocument(p, tx, { present, known, found, order }, context, now);
    refuseUnknownKeys(order, []);
    const state = succeeded(now, known?.waiting ?? [], validators);
    await tx.keepMetadataState(id, state);
    await wakeForRefresh(p, tx, present, now);
    return state;
  });
}

/** When the metadata of a connection is looked at next: not sooner than in an hour, and not all connections at the same time. */
export async function wakeForRefresh(
  p: Pick<Provisioning, "settings">,
  tx: TenantWriter,
  { id, saml }: Pick<Connection, "id" | "saml">,
  now: Instant,
  atMost = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (saml?.metadataUrl === undefined) return;
  const untilEnd = saml.validUntil === undefined ? atMost : (Date.parse(saml.validUntil) - Date.parse(now)) / 1_000;
  const longest = Math.min(p.settings.metadataRefreshHours * HOUR, atMost, untilEnd);
  const seconds = Math.max(HOUR, (longest * (90 + randomInt(11))) / 100);
  await tx.wakeAt(secondsFrom(now, seconds), "metadata", id);
}

/**
 * Those of the connections that still have an address of metadata. INVARIANT: whoever takes a refresh has it for an hour, and
 * if they end before it, it is due again.
 */
export async function leaseRefreshes(
  tx: TenantWriter,
  ids: readonly ConnectionId[],
  now: Instant,
): Promise<readonly ConnectionId[]> {
  if (ids.length === 0) return [];
  const connections = await tx.connections();
  const due = ids.filter((id) => refreshable(connections, id) !== undefined);
  for (const id of due) await tx.wakeAt(secondsFrom(now, HOUR), "metadata", id);
  return due;
}

/** An admin has given metadata: nothing that a refresh found waits any more. */
export async function forgetRefresh(
  p: Pick<Provisioning, "settings">,
  tx: TenantWriter,
  before: Connection | undefined,
  after: Connection,
  now: Instant,
): Promise<void> {
  if (after.saml === undefined) return;
  const [was, is] = [before?.saml, after.saml].map(givenOf);
  if (isDeepStrictEqual(was, is)) return;
  await endRefresh(tx, after.id, now);
  await wakeForRefresh(p, tx, after, now);
  await wakeBeforeExpiry(tx, after, now);
}

/** Nothing that a refresh found waits for anybody any more. */
export async function endRefresh(tx: TenantWriter, id: ConnectionId, now: Instant): Promise<void> {
  await tx.keepMetadataState(id, undefined);
  await tx.closeReviewItems(id, REVIEW, now);
}

function givenOf(saml: SamlSettings | undefined) {
  return [saml?.metadataUrl, saml?.certificates, saml?.ssoRedirectUrl, saml?.ssoPostUrl];
}

type Refreshable = Connection & { readonly saml: SamlSettings };

function refreshable(connections: readonly Connection[], id: ConnectionId): Refreshable | undefined {
  const found = connections.find((one) => one.id === id && one.disabledAt === undefined);
  return found?.saml?.metadataUrl === undefined ? undefined : { ...found, saml: found.saml };
}

async function keepDocument(
  p: Provisioning,
  tx: TenantWriter,
  {
    present,
    known,
    found,
    order,
  }: { present: Refreshable; known: MetadataState | undefined; found: Settled; order: RefreshOrder },
  context: Context,
  now: Instant,
): Promise<MetadataState> {
  const { id, slug, saml: before } = present;
  const added = found.settings.certificates.filter((one) => !before.certificates.includes(one));
  refuseUnknownKeys(order, added);
  const isAccepted = (one: string) =>
    before.newKeys === "accept" || order.acceptKeys?.includes(fingerprint(one)) === true;
  const waiting = added.filter((one) => !isAccepted(one));
  // INVARIANT: a key that nobody vouched for signs nothing.
  const saml = {
    ...found.settings,
    certificates: found.settings.certificates.filter((one) => !waiting.includes(one)),
  };
  if (!isDeepStrictEqual(saml, before)) await tx.updateConnection(id, { saml }, now);
  const news = newsOf(slug, before, saml, waiting);
  const areNew = !isDeepStrictEqual(waiting, known?.waiting ?? []);
  if (news !== undefined || areNew) {
    const notice = news ?? changeNotice(slug, before, saml, waiting);
    await recordNotices(tx, [notice], context, now);
    if (areNew || !sameKeys(saml, before)) {
      await tx.closeReviewItems(id, REVIEW, now);
      const keys = order.acceptKeys === undefined ? added : waiting;
      const problem = waiting.length > 0 ? "keys_waiting" : "keys_added";
      const detail = { fingerprints: keys.map(fingerprint), problem };
      if (keys.length > 0) await tx.insertReviewItem({ kind: REVIEW, connection: id, detail }, now);
    }
    await wakeBeforeExpiry(tx, { id, saml }, now);
  }
  const state = succeeded(now, waiting, found.validators);
  await tx.keepMetadataState(id, state);
  await wakeForRefresh(p, tx, { id, saml }, now, found.cacheSeconds);
  return state;
}

function sameKeys({ certificates: one }: SamlSettings, { certificates: other }: SamlSettings): boolean {
  return isDeepStrictEqual([...one].sort(), [...other].sort());
}

/** Something that people sign in by has changed; `undefined`: nothing but how long the document holds. */
function newsOf(
  slug: string,
  before: SamlSettings,
  after: SamlSettings,
  waiting: readonly string[],
): Notice | undefined {
  const { validUntil: _was, ...then } = before;
  const { validUntil: _is, ...today } = after;
  return isDeepStrictEqual(then, today) ? undefined : changeNotice(slug, before, after, waiting);
}

function changeNotice(slug: string, before: SamlSettings, after: SamlSettings, waiting: readonly string[]): Notice {
  const addresses = { before: addressesOf(before), after: addressesOf(after) };
  const moved = isDeepStrictEqual(addresses.before, addresses.after) ? {} : { addresses };
  const data = { slug, ...trustChange(before, after), certificatesWaiting: waiting.map(fingerprint), ...moved };
  return { type: "connection.metadata_changed", data };
}

function addressesOf({ ssoRedirectUrl, ssoPostUrl }: SamlSettings): JsonObject {
  return { ssoRedirectUrl: ssoRedirectUrl ?? null, ssoPostUrl: ssoPostUrl ?? null };
}

/** Told once for each reason: what fails hourly must not drown what else is told. */
async function keepFailure(
  p: Provisioning,
  tx: TenantWriter,
  { id, slug, saml }: Refreshable,
  known: MetadataState | undefined,
  { code, message }: { readonly code: string; readonly message: string },
  context: Context,
  now: Instant,
): Promise<MetadataState> {
  const failures = (known?.failures ?? 0) + 1;
  const state = { waiting: [], ...known, checkedAt: now, failures, problem: { code, message } };
  await tx.keepMetadataState(id, state);
  if (known?.problem?.code !== code) {
    await recordNotices(tx, [{ type: "connection.refresh_failed", data: { slug, code } }], context, now);
  }
  await wakeForRefresh(p, tx, { id, saml }, now, HOUR * 2 ** Math.min(failures - 1, 10));
  return state;
}

function succeeded(
  now: Instant,
  waiting: readonly string[],
  validators: Pick<MetadataState, "etag" | "lastModified">,
): MetadataState {
  return { checkedAt: now, succeededAt: now, failures: 0, waiting, ...validators };
}

function validatorsOf({ etag, lastModified }: MetadataState): Pick<MetadataState, "etag" | "lastModified"> {
  return { ...(etag !== undefined && { etag }), ...(lastModified !== undefined && { lastModified }) };
}

function refuseUnknownKeys({ acceptKeys = [] }: RefreshOrder, added: readonly string[]): void {
  const there = added.map(fingerprint);
  const unknown = acceptKeys.find((one) => !there.includes(one));
  if (unknown === undefined) return;
  throw new Refusal(
    "bad_request",
    `no new key of the metadata has the fingerprint ${quote(unknown)}: look at it again`,
  );
}
