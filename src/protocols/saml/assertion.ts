/** Owns what an assertion says once it is known to be signed: every check of its content, and what it comes to. */
import { createHash } from "node:crypto";
import { attributesOf } from "./attributes.js";
import { checkConditions } from "./conditions.js";
import { refusal } from "./failure.js";
import { CLOCK_SKEW, instantOf, LONGEST_LIFETIME } from "./instants.js";
import { ENTITY_FORMAT, SAML } from "./namespaces.js";
import { type AssertionShape, requireVersion } from "./shape.js";
import { nameIdOf, requireBearer, subjectOf } from "./subject.js";
import type { Expected, VerifiedAssertion } from "./verified.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

/** Of UTF-8: databases index none that are much longer. */
const LONGEST_SESSION_INDEX = 255;

/** INVARIANT: `root` was parsed from signed octets, and nothing else is read here. */
export function readAssertion({ root, id }: AssertionShape, expected: Expected): VerifiedAssertion {
  requireVersion(root);
  checkIssuer(root, expected.idp.entityId);
  const now = Date.parse(expected.now);
  const issuedAt = checkIssueInstant(root, now);
  const subject = subjectOf(root);
  const nameId = nameIdOf(subject, expected.decryption);
  requireBearer(subject, issuedAt, expected);
  const until = checkConditions(root, issuedAt, expected);
  return {
    id,
    rememberUntil: new Date(until + CLOCK_SKEW).toISOString(),
    issuedAt: new Date(issuedAt).toISOString(),
    nameId,
    attributes: attributesOf(root),
    ...sessionOf(root, expected),
  };
}

function checkIssuer(assertion: XmlElement, entityId: string): void {
  const [issuer, another] = childrenOf(assertion, SAML, "Issuer");
  if (issuer === undefined || another !== undefined)
    throw refusal("issuer", "the assertion needs exactly one Issuer", { wanted: entityId });
  requireIssuer(issuer, entityId, "assertion");
}

/** The very entityID, in a form that can be nothing else (SAML profiles section 4.1.4.2, core section 8.3.6). */
export function requireIssuer(issuer: XmlElement, entityId: string, of: string): void {
  const got = textOf(issuer);
  if (got !== entityId)
    throw refusal("issuer", `the ${of} is from another issuer: compare the entityID of the connection's metadata`, {
      wanted: entityId,
      got,
    });
  const format = attributeOf(issuer, "Format");
  const qualifiers = ["NameQualifier", "SPNameQualifier", "SPProvidedID"];
  if (
    (format !== undefined && format !== ENTITY_FORMAT) ||
    qualifiers.some((name) => attributeOf(issuer, name) !== undefined)
  )
    throw refusal("issuer", `the Issuer of the ${of} is not the name of an entity`, {
      wanted: ENTITY_FORMAT,
      got: format,
    });
}

/** When the element was made, in milliseconds: not before its lifetime could have begun, and not in the future. */
export function checkIssueInstant(element: XmlElement, now: number): number {
  const got = attributeOf(element, "IssueInstant");
  const issuedAt = instantOf(got, "issue_instant", `IssueInstant of the ${element.name}`);
  if (issuedAt === undefined) throw refusal("issue_instant", `the ${element.name} has no IssueInstant`);
  const wanted = new Date(now).toISOString();
  if (issuedAt - CLOCK_SKEW > now)
    throw refusal("issue_instant", `the ${element.name} was made in the future: compare the clocks of both sides`, {
      wanted,
      got,
    });
  if (issuedAt + LONGEST_LIFETIME + CLOCK_SKEW <= now)
    throw refusal("issue_instant", `the ${element.name} was made more than 24 hours ago`, { wanted, got });
  return issuedAt;
}

/** INVARIANT: each statement's session must be open, so that a second statement cannot hide an end. */
function sessionOf(
  assertion: XmlElement,
  expected: Expected,
): Pick<VerifiedAssertion, "sessionIndex" | "sessionEndsAt" | "authnContext"> {
  const statements = childrenOf(assertion, SAML, "AuthnStatement");
  const [first] = statements;
  if (first === undefined)
    throw refusal("authn_statement", "the assertion has no AuthnStatement: it does not say that anybody signed in");
  requireNoDenial(assertion);
  const ends = statements.flatMap((statement) => sessionEnd(statement, expected) ?? []);
  const sessionIndex = attributeOf(first, "SessionIndex");
  const [context] = childrenOf(first, SAML, "AuthnContext");
  const [classRef] = context === undefined ? [] : childrenOf(context, SAML, "AuthnContextClassRef");
  const authnContext = classRef === undefined ? undefined : textOf(classRef)?.trim();
  return {
    ...(sessionIndex !== undefined && { sessionIndex: sessionKey(sessionIndex) }),
    ...(ends.length > 0 && { sessionEndsAt: new Date(Math.min(...ends)).toISOString() }),
    ...(authnContext !== undefined && { authnContext }),
  };
}

/** INVARIANT: statements of other kinds give nobody anything, and one that denies something is not overheard (SAML core section 2.7.4). */
function requireNoDenial(assertion: XmlElement): void {
  for (const statement of childrenOf(assertion, SAML, "AuthzDecisionStatement")) {
    const got = attributeOf(statement, "Decision");
    if (got !== "Permit")
      throw refusal("authn_statement", "the assertion has a decision that permits nothing", { wanted: "Permit", got });
  }
}

/** What the provider's session is found by; a long SessionIndex is kept as its digest, so that no provider is kept out. */
export function sessionKey(sessionIndex: string): string {
  if (Buffer.byteLength(sessionIndex, "utf8") <= LONGEST_SESSION_INDEX) return sessionIndex;
  return `sha256:${createHash("sha256").update(sessionIndex, "utf8").digest("hex")}`;
}

/** When the provider's session ends, if it says so. */
function sessionEnd(statement: XmlElement, expected: Expected): number | undefined {
  const now = Date.parse(expected.now);
  const since = attributeOf(statement, "AuthnInstant");
  const authenticated = instantOf(since, "authn_statement", "AuthnInstant of the AuthnStatement");
  if (authenticated === undefined) throw refusal("authn_statement", "the AuthnStatement has no AuthnInstant");
  const wanted = new Date(now).toISOString();
  if (authenticated - CLOCK_SKEW > now)
    throw refusal(
      "authn_statement",
      "the AuthnStatement is of a sign-in in the future: compare the clocks of both sides",
      { wanted, got: since },
    );
  requireAnew(authenticated, since, expected);
  const until = attributeOf(statement, "SessionNotOnOrAfter");
  const end = instantOf(until, "authn_statement", "SessionNotOnOrAfter of the AuthnStatement");
  if (end !== undefined && now >= end + CLOCK_SKEW)
    throw refusal("session_ended", "the session at the identity provider has ended: compare the clocks of both sides", {
      wanted,
      got: until,
    });
  return end;
}

function requireAnew(authenticated: number, got: string | undefined, { authenticatedSince }: Expected): void {
  if (authenticatedSince === undefined || authenticated + CLOCK_SKEW >= Date.parse(authenticatedSince)) return;
  throw refusal(
    "authn_statement",
    "the person had to show the identity provider anew who they are, and did not: it does not do what `forceAuthn` asks",
    { wanted: authenticatedSince, got },
  );
}
