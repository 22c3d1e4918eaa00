/** Owns whom an assertion speaks of, and by what right its bearer may hand it in (SAML core section 2.4). */
import { type Decryption, openerOf } from "./decrypt.js";
import { refusal, SamlFailure } from "./failure.js";
import { CLOCK_SKEW, instantOf, LONGEST_LIFETIME } from "./instants.js";
import { BEARER, SAML, UNSPECIFIED_FORMAT } from "./namespaces.js";
import type { Expected, NameId } from "./verified.js";
import { attributeOf, childrenOf, textOf, trimmed, type XmlElement } from "./xml.js";

/** Of UTF-8. The schema sets no limit; a longer one is nobody's name, and databases cannot index it. */
const LONGEST_NAME = 1024;
const NOT_BLANK = /[^ \t\r\n]/;
/**
 * What is not seen, or moves what is seen: two names that look alike must not be two people. U+2800 is a Braille pattern without dots;
 * a blank at an end, of those that XML does not count as such, is seen by nobody.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|^(?! )\p{Zs}|(?! )\p{Zs}$/u;

export function subjectOf(assertion: XmlElement): XmlElement {
  const [subject, another] = childrenOf(assertion, SAML, "Subject");
  if (subject === undefined || another !== undefined)
    throw refusal("subject", "the assertion needs exactly one Subject");
  if (NOT_BLANK.test(subject.text)) throw refusal("subject", "the Subject has text of its own");
  return subject;
}

/** INVARIANT: `holder`, a Subject or a LogoutRequest, was parsed from signed octets. Its name may be encrypted. */
export function nameIdOf(holder: XmlElement, decryption: Decryption | undefined): NameId {
  const [found, ...others] = ["NameID", "EncryptedID", "BaseID"].flatMap((name) => childrenOf(holder, SAML, name));
  if (found === undefined || found.name === "BaseID" || others.length > 0)
    throw refusal("name_id", `the ${holder.name} needs exactly one NameID: set the identity provider to send one`);
  const nameId = found.name === "NameID" ? found : decryptedNameId(found, decryption);
  const text = textOf(nameId);
  if (text === undefined) throw refusal("name_id", "the NameID has an element in it");
  const value = trimmed(text);
  if (value === "")
    throw refusal("name_id", "the NameID is empty: set the identity provider to send a value that each person has");
  const nameQualifier = attributeOf(nameId, "NameQualifier");
  const spNameQualifier = attributeOf(nameId, "SPNameQualifier");
  const spProvidedId = attributeOf(nameId, "SPProvidedID");
  const format = attributeOf(nameId, "Format") || UNSPECIFIED_FORMAT;
  for (const name of [value, format, nameQualifier, spNameQualifier, spProvidedId]) requireName(name ?? "");
  return {
    value,
    format,
    ...(nameQualifier !== undefined && { nameQualifier }),
    ...(spNameQualifier !== undefined && { spNameQualifier }),
    ...(spProvidedId !== undefined && { spProvidedId }),
  };
}

function decryptedNameId(encrypted: XmlElement, decryption: Decryption | undefined): XmlElement {
  if (decryption === undefined)
    throw refusal("encrypted", "the NameID is encrypted: switch NameID encryption off at the identity provider");
  const nameId = openerOf(encrypted, decryption, true)();
  if (nameId.namespace === SAML && nameId.name === "NameID") return nameId;
  throw refusal("name_id", "what is encrypted in place of a NameID is something else");
}

/** INVARIANT: what is refused is not shown: it names a person. */
function requireName(text: string): void {
  const got = Buffer.byteLength(text, "utf8");
  if (got > LONGEST_NAME)
    throw refusal("name_id", `the NameID, its format or a qualifier has more than ${LONGEST_NAME} bytes`, { got });
  if (INVISIBLE.test(text))
    throw refusal("name_id", "the NameID, its format or a qualifier has a control character or an invisible one");
}

/**
 * At least one `bearer` confirmation must hold (SAML profiles section 4.1.4.2). What the first one that does not hold
 * lacks is what the admin hears, since providers send one.
 */
export function requireBearer(subject: XmlElement, issuedAt: number, expected: Expected): void {
  const bearers = childrenOf(subject, SAML, "SubjectConfirmation").filter(
    (confirmation) => attributeOf(confirmation, "Method") === BEARER,
  );
  if (expected.inResponseTo === undefined) requireUnasked(subject);
  const failures = bearers.map((confirmation) => whyNot(confirmation, issuedAt, expected));
  if (failures.includes(undefined)) return;
  throw (
    failures[0] ??
    refusal("subject_confirmation", "the Subject has no confirmation by the method `bearer`", { wanted: BEARER })
  );
}

/** INVARIANT: what answers a request is never taken for something that nobody asked for, whichever confirmation says so. */
function requireUnasked(subject: XmlElement): void {
  for (const confirmation of childrenOf(subject, SAML, "SubjectConfirmation"))
    for (const data of childrenOf(confirmation, SAML, "SubjectConfirmationData"))
      requireAnswer(data, "assertion", undefined);
}

/** Why this confirmation does not hold; `undefined`: it does. */
function whyNot(confirmation: XmlElement, issuedAt: number, expected: Expected): SamlFailure | undefined {
  try {
    requireConfirmed(confirmation, issuedAt, expected);
    return undefined;
  } catch (error) {
    if (error instanceof SamlFailure) return error;
    throw error;
  }
}

function requireConfirmed(confirmation: XmlElement, issuedAt: number, { sp, inResponseTo, now }: Expected): void {
  const [data, another] = childrenOf(confirmation, SAML, "SubjectConfirmationData");
  if (data === undefined || another !== undefined)
    throw refusal("subject_confirmation", "the bearer confirmation needs exactly one SubjectConfirmationData");
  requireAddress("recipient", "assertion", attributeOf(data, "Recipient"), sp.acsUrl);
  requireAnswer(data, "assertion", inResponseTo);
  requireNow(data, issuedAt, Date.parse(now));
}

/** The very address of this connection, as a text (SAML profiles section 4.1.4.3). */
export function requireAddress(
  guard: "destination" | "recipient",
  of: "assertion" | "response",
  got: string | undefined,
  acsUrl: string,
): void {
  if (got === acsUrl) return;
  const problem = `the ${of} is for another address: give the identity provider this connection's ACS URL`;
  throw refusal(guard, problem, { wanted: acsUrl, got });
}

/** `undefined`: it must answer nothing. */
export function requireAnswer(
  element: XmlElement,
  of: "assertion" | "response",
  inResponseTo: string | undefined,
): void {
  const got = attributeOf(element, "InResponseTo");
  if (got === inResponseTo) return;
  const problem = `the ${of} answers another sign-in than the one that this browser began`;
  throw refusal("in_response_to", problem, { wanted: inResponseTo ?? "no request", got });
}

function requireNow(data: XmlElement, issuedAt: number, now: number): void {
  const what = "of the bearer confirmation";
  const from = instantOf(attributeOf(data, "NotBefore"), "subject_confirmation", `NotBefore ${what}`);
  const until = instantOf(attributeOf(data, "NotOnOrAfter"), "subject_confirmation", `NotOnOrAfter ${what}`);
  if (until === undefined) throw refusal("subject_confirmation", "the bearer confirmation has no NotOnOrAfter");
  const [got, wanted] = [attributeOf(data, "NotOnOrAfter"), new Date(now).toISOString()];
  if (now >= until + CLOCK_SKEW)
    throw refusal("expired", "the bearer confirmation has expired: compare the clocks of both sides", { wanted, got });
  if (from !== undefined && now < from - CLOCK_SKEW)
    throw refusal("not_yet_valid", "the bearer confirmation is not valid yet: compare the clocks of both sides", {
      wanted,
      got: attributeOf(data, "NotBefore"),
    });
  if (until - issuedAt > LONGEST_LIFETIME + CLOCK_SKEW)
    throw refusal(
      "lifetime",
      "the bearer confirmation is valid for more than 24 hours: shorten its lifetime at the identity provider",
      { got },
    );
}
