/** What may sign for a SAML connection, as its audit entries tell of it: who changed keys stays visible. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { SamlSettings } from "../model/connection.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";

/** The names of the settings that differ, and the keys that came and went by their fingerprints. */
export function trustChange(before: SamlSettings | undefined, after: SamlSettings): JsonObject {
  return {
    entityId: after.entityId,
    requireSigned: after.requireSigned,
    ...(before && { changed: changedNames(before, after) }),
    certificatesAdded: missingFrom(before?.certificates ?? [], after.certificates),
    certificatesRemoved: missingFrom(after.certificates, before?.certificates ?? []),
  };
}

/**
 * INVARIANT: a connection's identity provider never becomes another one, through whatever door. People are known by what their
 * provider calls them, and the same name from another provider is another person. Refusal `conflict`.
 */
export function refuseAnotherProvider(before: SamlSettings | undefined, after: SamlSettings): void {
  if (before?.entityId === after.entityId) return;
  throw new Refusal("conflict", "the connection belongs to another identity provider: make a connection for this one");
}

function changedNames(before: SamlSettings, after: SamlSettings): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as ReadonlySet<keyof SamlSettings>;
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name])).sort();
}

function missingFrom(known: readonly string[], certificates: readonly string[]): readonly string[] {
  return certificates.filter((certificate) => !known.includes(certificate)).map(fingerprint);
}

/** SHA-256 of the DER, in the form that openssl prints. */
export function fingerprint(certificate: string): string {
  const digest = createHash("sha256").update(Buffer.from(certificate, "base64")).digest("hex").toUpperCase();
  return digest.replace(/(..)(?=.)/g, "$1:");
}
