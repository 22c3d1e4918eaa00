/** When the certificates of a connection's identity provider, and of its own keys, end, and who is told of it when. */
import { X509Certificate } from "node:crypto";
import type { Connection } from "../model/connection.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { Problem } from "../model/problem.js";
import type { Context } from "./deps.js";
import { type Notice, recordNotices } from "./notices.js";
import type { ConnectionKey } from "./ports/connection-keys.js";
import type { MetadataState } from "./ports/metadata.js";
import type { TenantWriter } from "./ports/store.js";
import { fingerprint } from "./saml-trust.js";

const DAY = 24 * 3_600_000;
/** Days before its end at which a certificate is told of. */
const NOTICE_DAYS = [30, 7] as const;
/** Failures in a row that are no accident of one day. */
const FAILURES_TO_SHOW = 2;

/** Wakes the worker at the next time when a certificate of the connection is to be told of, if there is one. */
export async function wakeBeforeExpiry(
  tx: TenantWriter,
  { id, saml }: Pick<Connection, "id" | "saml">,
  now: Instant,
): Promise<void> {
  const next = nextNotice(saml?.certificates ?? [], now);
  if (next !== undefined) await tx.wakeAt(new Date(next).toISOString(), "certificates", `${id}:${next}`);
}

/** The same for the connection's own keys, of which nobody else knows when they end. */
export async function wakeBeforeOwnExpiry(
  tx: TenantWriter,
  { id }: Pick<Connection, "id">,
  now: Instant,
): Promise<void> {
  const certificates = (await tx.connectionKeys(id)).filter(isMeantToLast).map(({ certificate }) => certificate);
  const next = nextNotice(certificates, now);
  if (next !== undefined) await tx.wakeAt(new Date(next).toISOString(), "certificates", `${id}:${next}:${OWN}`);
}

const OWN = "own";

/** Tells owners of certificates whose time has come since the instant in `ref`. A certificate that is gone is not told of. */
export async function tellOfExpiry(tx: TenantWriter, ref: string, context: Context, now: Instant): Promise<void> {
  const [id, since = "0", whose] = ref.split(":");
  const connection = (await tx.connections()).find((one) => one.id === (id as ConnectionId));
  if (connection === undefined || connection.disabledAt !== undefined) return;
  const endIfDue = (certificate: string): string | undefined => {
    const end = endOf(certificate);
    const isDue = noticeTimes(certificate).some((time) => time >= Number(since) && time <= Date.parse(now));
    return end !== undefined && isDue ? new Date(end).toISOString() : undefined;
  };
  if (whose === OWN) {
    await recordNotices(tx, ownNotices(connection, await tx.connectionKeys(connection.id), endIfDue), context, now);
    await wakeBeforeOwnExpiry(tx, connection, now);
    return;
  }
  const notices = (connection.saml?.certificates ?? []).flatMap((certificate) => {
    const notAfter = endIfDue(certificate);
    if (notAfter === undefined) return [];
    const data = { slug: connection.slug, fingerprint: fingerprint(certificate), notAfter };
    return [{ type: "certificate.expiring", data }];
  });
  await recordNotices(tx, notices, context, now);
  await wakeBeforeExpiry(tx, connection, now);
}

function ownNotices(
  { slug }: Connection,
  keys: readonly ConnectionKey[],
  endIfDue: (certificate: string) => string | undefined,
): readonly Notice[] {
  return keys.filter(isMeantToLast).flatMap(({ id, use, certificate }) => {
    const notAfter = endIfDue(certificate);
    if (notAfter === undefined) return [];
    const data = { connection: slug, key: id, use, fingerprint: fingerprint(certificate), notAfter };
    return [{ type: "connection.key_expiring", data }];
  });
}

/** A key that retires is on its way out, whatever its certificate says. */
function isMeantToLast({ state }: ConnectionKey): boolean {
  return state !== "retiring";
}

/** What an admin should know of the connection's own keys. None of it keeps anybody out here; a provider may mind. */
export function ownKeyWarnings(
  { protocol }: Pick<Connection, "protocol">,
  keys: readonly ConnectionKey[],
  now: Instant,
): readonly Problem[] {
  return keys.filter(isMeantToLast).flatMap(({ id, use, certificate }) => {
    const ending = endingOf(certificate, now);
    if (ending === undefined) return [];
    const what = `the certificate of the connection's own key \`${id}\` (${use}) ${ending.says}`;
    const remedy = "make the next key, give it to the provider, then activate it";
    return [warning(`/${protocol}`, `own_key_${ending.state}`, `${what}: ${remedy}`)];
  });
}

/** What an admin should know of a connection's trust in its identity provider. None of it keeps anybody out. */
export function trustWarnings(
  { saml }: Pick<Connection, "saml">,
  state: MetadataState | undefined,
  now: Instant,
): readonly Problem[] {
  if (saml === undefined) return [];
  const ending = saml.certificates.flatMap((certificate, at) => {
    const ending = endingOf(certificate, now);
    if (ending === undefined) return [];
    const message = `the certificate ${ending.says}: have the provider renew it`;
    return [warning(`/idp/certificates/${at}`, `certificate_${ending.state}`, message)];
  });
  return [...ending, ...metadataWarnings(saml.validUntil, state, now)];
}

function metadataWarnings(
  validUntil: Instant | undefined,
  state: MetadataState | undefined,
  now: Instant,
): readonly Problem[] {
  const isOver = validUntil !== undefined && validUntil <= now;
  const waits = state !== undefined && state.waiting.length > 0;
  const fails = state?.problem !== undefined && state.failures >= FAILURES_TO_SHOW;
  return [
    ...(isOver
      ? [warning("/idp/validUntil", "metadata_expired", `the provider stood by this metadata until ${validUntil}`)]
      : []),
    ...(waits
      ? [
          warning(
            "/metadataRefresh/keysWaiting",
            "keys_waiting",
            `${state.waiting.length} new keys may not sign until they are confirmed: compare their fingerprints with the provider's`,
          ),
        ]
      : []),
    ...(fails
      ? [
          warning(
            "/metadataRefresh/problem",
            "refresh_failing",
            `the metadata could not be refreshed ${state.failures} times in a row: ${state.problem?.message}`,
          ),
        ]
      : []),
  ];
}

function warning(pointer: string, code: string, message: string): Problem {
  return { pointer, code, message };
}

/** `undefined`: it goes on for longer than anybody need be told. */
function endingOf(certificate: string, now: Instant): { readonly state: string; readonly says: string } | undefined {
  const end = endOf(certificate);
  if (end === undefined) return undefined;
  const left = end - Date.parse(now);
  if (left > NOTICE_DAYS[0] * DAY) return undefined;
  const [state, verb] = left < 0 ? ["expired", "ended"] : ["expiring", "ends"];
  return { state, says: `${verb} on ${new Date(end).toISOString()}` };
}

function nextNotice(certificates: readonly string[], now: Instant): number | undefined {
  const times = certificates.flatMap(noticeTimes).filter((time) => time > Date.parse(now));
  return times.length === 0 ? undefined : Math.min(...times);
}

function noticeTimes(certificate: string): readonly number[] {
  const end = endOf(certificate);
  return end === undefined ? [] : NOTICE_DAYS.map((days) => end - days * DAY);
}

/** `undefined`: what was stored is no certificate, signs nothing, and keeps nobody from changing the connection. */
function endOf(certificate: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(Buffer.from(certificate, "base64")).validTo);
  } catch {
    return undefined;
  }
}
