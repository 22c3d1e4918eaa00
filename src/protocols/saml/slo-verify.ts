/**
 * Owns the order in which a message of a logout is verified: its signature first, then, from what it covers and from nothing
 * else, who says it, to whom, and when (SAML profiles section 4.4.4).
 */
import type { KeyObject } from "node:crypto";
import type { SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import { checkIssueInstant, requireIssuer, sessionKey } from "./assertion.js";
import type { Decryption } from "./decrypt.js";
import { requireDetached } from "./detached-signature.js";
import { refusal } from "./failure.js";
import { CLOCK_SKEW, instantOf } from "./instants.js";
import { SAMLP } from "./namespaces.js";
import type { SamlStatus } from "./shape.js";
import { keysOf, signedElement } from "./signature.js";
import type { LogoutMessage } from "./slo-message.js";
import { type LogoutShape, logoutShape, logoutStatus } from "./slo-shape.js";
import { nameIdOf } from "./subject.js";
import type { NameId } from "./verified.js";
import { attributeOf, childrenOf, textOf, trimmed, type XmlElement } from "./xml.js";

export interface ExpectedLogout {
  readonly idp: Pick<SamlSettings, "entityId" | "certificates">;
  /** The address that the message was sent to. */
  readonly sloUrl: string;
  readonly now: Instant;
  /** Absent: no encrypted name is read. */
  readonly decryption?: Decryption;
}

export interface VerifiedLogoutRequest {
  readonly id: string;
  /** By the provider's clock: sign-ins that it vouched for until then are meant. */
  readonly issuedAt: Instant;
  /** Until when the id must be remembered: the request cannot be accepted after this, skew included. */
  readonly rememberUntil: Instant;
  readonly nameId: NameId;
  /** As sessions keep them; empty: every session of the person is meant. */
  readonly sessions: readonly string[];
}

/** A browser carries it from one side to the other, in milliseconds: what is older was kept by somebody. */
const LONGEST_AWAY = 600_000;

/** Who is to be signed out, as the connection's provider signed it for this connection and this moment. */
export function verifyLogoutRequest(message: LogoutMessage, expected: ExpectedLogout): VerifiedLogoutRequest {
  const { root, id, issuedAt } = verifiedMessage(message, expected);
  return {
    id,
    issuedAt: new Date(issuedAt).toISOString(),
    rememberUntil: new Date(issuedAt + LONGEST_AWAY + 2 * CLOCK_SKEW).toISOString(),
    nameId: nameIdOf(root, expected.decryption),
    sessions: sessionsIn(root),
  };
}

/** What the provider says became of our request with this ID. */
export function verifyLogoutResponse(
  message: LogoutMessage,
  { inResponseTo, ...expected }: ExpectedLogout & { readonly inResponseTo: string },
): SamlStatus & { readonly success: boolean } {
  const { root } = verifiedMessage(message, expected);
  const got = attributeOf(root, "InResponseTo");
  if (got !== inResponseTo)
    throw refusal("in_response_to", "the LogoutResponse answers another request", { wanted: inResponseTo, got });
  return logoutStatus(root);
}

function verifiedMessage(message: LogoutMessage, { idp, sloUrl, now }: ExpectedLogout) {
  const { root, id, issuer, kind } = signedShape(message, keysOf(idp.certificates));
  requireIssuer(issuer, idp.entityId, kind);
  requireDestination(root, sloUrl);
  return { root, id, issuedAt: checkTimes(root, Date.parse(now)) };
}

/** INVARIANT: always from signed octets, whichever binding brought them. */
function signedShape({ binding, shape, detached }: LogoutMessage, keys: readonly KeyObject[]): LogoutShape {
  const { root, id, signature, kind } = shape;
  if (binding === "redirect") {
    if (signature !== undefined)
      throw refusal("structure", `the ${kind} has a signature in it, which the HTTP-Redirect binding leaves out`);
    if (detached === undefined) throw unsigned(kind);
    requireDetached(detached, keys, kind);
    return shape;
  }
  if (signature === undefined) throw unsigned(kind);
  const signed = logoutShape(signedElement({ element: root, id, signature }, keys), kind);
  if (signed.id !== id) throw refusal("structure", "what is signed is not what stands in the message");
  return signed;
}

function unsigned(kind: string) {
  return refusal("unsigned", `the ${kind} is not signed: set the identity provider to sign its messages of logout`);
}

/** Signed messages name it (SAML bindings sections 3.4.5.2 and 3.5.5.2). */
function requireDestination(root: XmlElement, sloUrl: string): void {
  const got = attributeOf(root, "Destination");
  if (got === sloUrl) return;
  const problem = `the ${root.name} is for another address: give the identity provider this connection's logout address`;
  throw refusal("destination", problem, { wanted: sloUrl, got });
}

/** When it was made, in milliseconds. */
function checkTimes(root: XmlElement, now: number): number {
  const issuedAt = checkIssueInstant(root, now);
  const wanted = new Date(now).toISOString();
  if (issuedAt + LONGEST_AWAY + CLOCK_SKEW <= now)
    throw refusal("issue_instant", `the ${root.name} was made more than ten minutes ago`, {
      wanted,
      got: attributeOf(root, "IssueInstant"),
    });
  const got = attributeOf(root, "NotOnOrAfter");
  const until = instantOf(got, "expired", `NotOnOrAfter of the ${root.name}`);
  if (until !== undefined && now >= until + CLOCK_SKEW)
    throw refusal("expired", `the ${root.name} has expired: compare the clocks of both sides`, { wanted, got });
  return issuedAt;
}

/** An empty SessionIndex names no session: nobody stays signed in because of it. */
function sessionsIn(root: XmlElement): readonly string[] {
  const texts = childrenOf(root, SAMLP, "SessionIndex").map((index) => {
    const text = textOf(index);
    if (text === undefined) throw refusal("structure", "a SessionIndex has an element in it");
    return trimmed(text);
  });
  return [...new Set(texts.filter((text) => text !== "").map(sessionKey))];
}
