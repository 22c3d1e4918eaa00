/** When the certificates of a connection's identity provider end, and who is told of it when. */
import { X509Certificate } from "node:crypto";
import type { Connection } from "../model/connection.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { Problem } from "../model/problem.js";
import type { Context } from "./deps.js";
import { recordNotices } from "./notices.js";
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
  const times = (saml?.certificates ?? []).flatMap(noticeTimes);
  const next = Math.min(...times.filter((time) => time > Date.parse(now)));
  if (Number.isFinite(next)) await tx.wakeAt(new Date(next).toISOString(), "certificates", `${id}:${next}`);
}

/** Tells owners of certificates whose time has come since the instant in `ref`. A certificate that is gone is not told of. */
export async function tellOfExpiry(tx: TenantWriter, ref: string, context: Context, now: Instant): Promise<void> {
  const [id, since = "0"] = ref.split(":");
  const connection = (await tx.connections()).find((one) => one.id === (id as ConnectionId));
  if (connection?.saml === undefined || connection.disabledAt !== undefined) return;
  const notices = connection.saml.certificates.flatMap((certificate) => {
    const end = endOf(certificate);
    const isDue = noticeTimes(certificate).some((time) => time >= Number(since) && time <= Date.parse(now));
    if (end === undefined || !isDue) return [];
    const notAfter = new Date(end).toISOString();
    const data = { slug: connection.slug, fingerprint: fingerprint(certificate), notAfter };
    return [{ type: "certificate.expiring", data }];
  });
  await recordNotices(tx, notices, context, now);
  await wakeBeforeExpiry(tx, connection, now);
}

/** What an admin should know of a connection's trust in its identity provider. None of it keeps anybody out. */
export function trustWarnings(
  { saml }: Pick<Connection, "saml">,
  state: MetadataState | undefined,
  now: Instant,
): readonly Problem[] {
  if (saml === undefined) return [];
  const ending = saml.certificates.flatMap((certificate, at) => {
    const end = endOf(certificate);
    if (end === undefined) return [];
    const left = end - Date.parse(now);
    if (left > NOTICE_DAYS[0] * DAY) return [];
    const [code, verb] = left < 0 ? ["certificate_expired", "ended"] : ["certificate_expiring", "ends"];
    const message = `the certificate ${verb} on ${new Date(end).toISOString()}: have the provider renew it`;
    return [warning(`/idp/certificates/${at}`, code, message)];
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
