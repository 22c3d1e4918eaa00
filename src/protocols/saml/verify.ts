/**
 * Owns the order in which a response is verified: every signature first, then, from the octets that they cover and from
 * nothing else, who says it, to whom, and when.
 */
import type { KeyObject } from "node:crypto";
import type { RequireSigned } from "../../model/connection.js";
import { checkIssueInstant, readAssertion, requireIssuer } from "./assertion.js";
import { opaque, openerOf } from "./decrypt.js";
import { refusal } from "./failure.js";
import type { OpenedResponse } from "./response.js";
import { type AssertionShape, assertionShape, type ResponseShape, responseShape } from "./shape.js";
import { keysOf, signedElement } from "./signature.js";
import { requireAddress, requireAnswer } from "./subject.js";
import type { Expected, VerifiedAssertion } from "./verified.js";
import { attributeOf } from "./xml.js";

/**
 * Whom the response is about, as the connection's provider signed it for this connection, this browser's request and this
 * moment; anything less is a `SamlFailure`. Whether its id was used before is not known here.
 */
export function verifyResponse(opened: OpenedResponse, expected: Expected): VerifiedAssertion {
  requireSuccess(opened.shape);
  const { response, assertion, isResponseSigned } = signedParts(opened, expected);
  checkEnvelope(response, isResponseSigned, expected);
  return readAssertion(assertion, expected);
}

function requireSuccess({ success, status: { code, subCode, message } }: ResponseShape): void {
  if (success) return;
  const got = [code, subCode, message].filter((part) => part !== undefined);
  throw refusal("status", "the identity provider did not sign this person in", { got });
}

interface SignedParts {
  /** From the signed octets where the Response is signed, else from the message as it came. */
  readonly response: ResponseShape;
  readonly isResponseSigned: boolean;
  /** INVARIANT: always from signed octets. */
  readonly assertion: AssertionShape;
}

/** INVARIANT: a signature that does not hold refuses the response, whatever else holds. */
function signedParts({ shape }: OpenedResponse, expected: Expected): SignedParts {
  const { idp } = expected;
  const keys = keysOf(idp.certificates);
  if (shape.encrypted !== undefined) return encryptedParts(shape, keys, expected);
  const counted = shape.assertion;
  if (counted === undefined) throw refusal("structure", "the Response has no Assertion");
  requireSignatures(shape, counted, idp.requireSigned);
  const signedResponse = octetsOf(shape, keys);
  const ownOctets = octetsOf(counted, keys);
  const response = signedResponse && responseShape(signedResponse);
  if (response !== undefined) requireSuccess(response);
  const own = ownOctets && assertionShape(ownOctets);
  const assertion = own ?? response?.assertion;
  if (assertion === undefined) throw refusal("unsigned", "no signature covers the assertion");
  const ids = [own?.id, response?.assertion?.id].filter((id) => id !== undefined && id !== counted.id);
  if (ids.length > 0 || (response !== undefined && response.id !== shape.id))
    throw refusal("structure", "what is signed is not what stands in the message");
  return { response: response ?? shape, isResponseSigned: response !== undefined, assertion };
}

/** Parsed anew from what was signed; `undefined` where there is no signature. */
function octetsOf({ root, id, signature }: ResponseShape | AssertionShape, keys: readonly KeyObject[]) {
  return signature && signedElement({ element: root, id, signature }, keys);
}

/**
 * The same where the assertion is encrypted. INVARIANT: a Response signature is verified before anything is decrypted, and
 * the ciphertext is then that of the signed octets. Without one, whatever is wrong with the plaintext, its signature
 * included, is wrong in one way only: anybody can encrypt for us, and try what becomes of it.
 */
function encryptedParts(shape: ResponseShape, keys: readonly KeyObject[], expected: Expected): SignedParts {
  const { idp, decryption } = expected;
  const signedResponse = octetsOf(shape, keys);
  const response = signedResponse && responseShape(signedResponse);
  if (response !== undefined) requireSuccess(response);
  const encrypted = (response ?? shape).encrypted;
  if (encrypted === undefined || (response !== undefined && response.id !== shape.id))
    throw refusal("structure", "what is signed is not what stands in the message");
  if (decryption === undefined)
    throw refusal("encrypted", "the assertion is encrypted: switch assertion encryption off at the identity provider");
  const isResponseSigned = response !== undefined;
  if (!isResponseSigned) requireSignatures(shape, { signature: encrypted }, idp.requireSigned);
  const open = openerOf(encrypted, decryption, isResponseSigned);
  const read = (): AssertionShape => {
    const inner = assertionShape(open());
    requireSignatures(shape, inner, idp.requireSigned);
    const own = octetsOf(inner, keys);
    const assertion = own === undefined ? inner : assertionShape(own);
    if (assertion.id !== inner.id) throw refusal("structure", "what is signed is not what stands in the message");
    return assertion;
  };
  return { response: response ?? shape, isResponseSigned, assertion: isResponseSigned ? read() : opaque(read) };
}

function requireSignatures(
  shape: Pick<ResponseShape, "signature">,
  assertion: Pick<AssertionShape, "signature">,
  policy: RequireSigned,
): void {
  const got = [shape.signature && "response", assertion.signature && "assertion"].filter((part) => part !== undefined);
  const wanted: readonly string[] = policy === "both" ? ["response", "assertion"] : policy === "either" ? [] : [policy];
  if (got.length > 0 && wanted.every((part) => got.some((signed) => signed === part))) return;
  const problem =
    got.length === 0
      ? "neither the response nor the assertion is signed: set the identity provider to sign them"
      : "less is signed than this connection asks for: set the identity provider to sign the rest too, or change `requireSigned`";
  throw refusal("unsigned", problem, { wanted: wanted.length === 0 ? ["response or assertion"] : wanted, got });
}

/** What the Response says must fit whether or not it is signed; its signature makes it say more (SAML bindings section 3.5.5.2). */
function checkEnvelope(
  { root, issuer }: ResponseShape,
  isSigned: boolean,
  { idp, sp, inResponseTo, now }: Expected,
): void {
  if (issuer !== undefined) requireIssuer(issuer, idp.entityId, "response");
  checkIssueInstant(root, Date.parse(now));
  const destination = attributeOf(root, "Destination");
  if (destination !== undefined || isSigned) requireAddress("destination", "response", destination, sp.acsUrl);
  requireAnswer(root, "response", inResponseTo);
}
