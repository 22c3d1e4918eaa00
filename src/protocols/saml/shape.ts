/**
 * Owns what a response looks like before anybody asks whether it is true: one Response with one Assertion, signatures
 * where they belong, and nothing that a careless reader could take for any of them.
 */
import { type Compared, cut, refusal, type SamlFailure } from "./failure.js";
import { DS, SAML, SAMLP, STATUS_PREFIX } from "./namespaces.js";
import { attributeOf, childrenOf, elementsIn, textOf, type XmlElement } from "./xml.js";

/** Cut for a trace; codes without the prefix that SAML's own ones share (SAML core section 3.2.2.2): `NoPassive`. */
export interface SamlStatus {
  readonly code: string;
  readonly subCode?: string;
  readonly message?: string;
}

export interface AssertionShape {
  readonly root: XmlElement;
  readonly id: string;
  readonly signature?: XmlElement;
}

export interface ResponseShape {
  readonly root: XmlElement;
  readonly id: string;
  readonly issuer?: XmlElement;
  readonly signature?: XmlElement;
  readonly status: SamlStatus;
  readonly success: boolean;
  /** With success there is one of the two. */
  readonly assertion?: AssertionShape;
  /** The EncryptedAssertion, of which nothing is known yet. */
  readonly encrypted?: XmlElement;
}

/** Children in the order of the schema; a Signature may stand anywhere among them, since some providers append theirs. */
const RESPONSE_PARTS: readonly (readonly string[])[] = [
  [`${SAML} Issuer`],
  [`${SAMLP} Extensions`],
  [`${SAMLP} Status`],
  [`${SAML} Assertion`, `${SAML} EncryptedAssertion`],
];
const ASSERTION_PARTS: readonly (readonly string[])[] = [
  [`${SAML} Issuer`],
  [`${SAML} Subject`],
  [`${SAML} Conditions`],
  [`${SAML} Advice`],
  ["AuthnStatement", "AttributeStatement", "AuthzDecisionStatement", "Statement"].map((name) => `${SAML} ${name}`),
];
export const SUCCESS = `${STATUS_PREFIX}Success`;
const SIGNATURE = `${DS} Signature`;
/** Under whatever namespace: nothing else in a message has these names. */
const ONLY_IN_PLACE: ReadonlySet<string> = new Set([
  ...["Response", "Assertion", "EncryptedAssertion", "LogoutRequest", "LogoutResponse", "Signature"],
]);
const ID_NAMES: ReadonlySet<string> = new Set(["id", "assertionid", "responseid"]);
const ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}$/;
const NOT_BLANK = /[^ \t\r\n]/;

export function responseShape(root: XmlElement): ResponseShape {
  if (root.namespace !== SAMLP || root.name !== "Response")
    throw misshapen("the message is no SAML 2.0 Response", { wanted: `${SAMLP} Response`, got: keyOf(root) });
  requireVersion(root);
  refuseStrayParts(root, RESPONSE_PARTS);
  const statusElement = only(root, SAMLP, "Status", "Response");
  const statusCode = only(statusElement, SAMLP, "StatusCode", "Status");
  const success = attributeOf(statusCode, "Value") === SUCCESS;
  const issuer = atMostOne(root, SAML, "Issuer", "Response");
  const signature = atMostOne(root, DS, "Signature", "Response");
  const { assertion, encrypted } = assertionIn(root, success);
  refuseElsewhere(root, [root, signature, assertion?.root, assertion?.signature, encrypted]);
  return {
    root,
    id: idOf(root),
    status: statusOf(statusElement, statusCode),
    success,
    ...(issuer && { issuer }),
    ...(signature && { signature }),
    ...(assertion && { assertion }),
    ...(encrypted && { encrypted }),
  };
}

/** An assertion that stands for itself, as its own signature's octets give it. */
export function assertionShape(root: XmlElement): AssertionShape {
  const shape = shapeOfAssertion(root);
  refuseElsewhere(root, [root, shape.signature]);
  return shape;
}

function shapeOfAssertion(root: XmlElement): AssertionShape {
  if (root.namespace !== SAML || root.name !== "Assertion")
    throw misshapen("what is signed is no SAML 2.0 Assertion", { wanted: `${SAML} Assertion`, got: keyOf(root) });
  refuseStrayParts(root, ASSERTION_PARTS);
  const signature = atMostOne(root, DS, "Signature", "Assertion");
  return { root, id: idOf(root), ...(signature && { signature }) };
}

function assertionIn(response: XmlElement, required: boolean): Pick<ResponseShape, "assertion" | "encrypted"> {
  const [encrypted, ...others] = childrenOf(response, SAML, "EncryptedAssertion");
  const plain = childrenOf(response, SAML, "Assertion");
  if (Number(encrypted !== undefined) + others.length + plain.length > 1)
    throw misshapen("the Response has more than one Assertion");
  if (encrypted !== undefined) return { encrypted };
  if (plain[0] !== undefined) return { assertion: shapeOfAssertion(plain[0]) };
  if (required) throw misshapen("the Response says `Success` and has no Assertion");
  return {};
}

/** What a Status says; `code` is its StatusCode. */
export function statusOf(status: XmlElement, code: XmlElement): SamlStatus {
  const value = attributeOf(code, "Value");
  if (value === undefined) throw misshapen("the StatusCode has no Value");
  const subCode = childrenOf(code, SAMLP, "StatusCode")[0];
  const subValue = subCode === undefined ? undefined : attributeOf(subCode, "Value");
  const messageElement = childrenOf(status, SAMLP, "StatusMessage")[0];
  const message = messageElement === undefined ? undefined : textOf(messageElement);
  return {
    code: shortCode(value),
    ...(subValue !== undefined && { subCode: shortCode(subValue) }),
    ...(message !== undefined && { message: cut(message) }),
  };
}

function shortCode(uri: string): string {
  return cut(uri.startsWith(STATUS_PREFIX) ? uri.slice(STATUS_PREFIX.length) : uri);
}

/** INVARIANT: the children are these and no others, in this order; Signatures are counted by whoever looks for them. */
export function refuseStrayParts(parent: XmlElement, order: readonly (readonly string[])[]): void {
  if (NOT_BLANK.test(parent.text)) throw misshapen(`the ${parent.name} has text of its own`);
  let reached = 0;
  for (const child of parent.children) {
    const key = keyOf(child);
    if (key === SIGNATURE) continue;
    const place = order.findIndex((names) => names.includes(key));
    if (place < 0) throw misshapen(`the ${parent.name} has an element that does not belong there`, { got: key });
    if (place < reached)
      throw misshapen(`the ${parent.name} has its elements in another order than SAML's`, { got: key });
    reached = place;
  }
}

/** INVARIANT: whoever searches the document for these names, or for an ID, finds what is in its place and nothing else. */
export function refuseElsewhere(root: XmlElement, places: readonly (XmlElement | undefined)[]): void {
  const inPlace = new Set(places);
  const ids = new Set<string>();
  for (const element of elementsIn(root)) {
    if (ONLY_IN_PLACE.has(element.name) && !inPlace.has(element))
      throw misshapen("an element stands where none of its kind may be", { got: keyOf(element) });
    if (element.namespace === DS && element.name === "Object") throw misshapen("a signature has an Object in it");
    for (const { name, value } of element.attributes) {
      if (!ID_NAMES.has(name.toLowerCase())) continue;
      if (ids.has(value)) throw misshapen("two elements have the same ID", { got: value });
      ids.add(value);
    }
  }
}

export function idOf(element: XmlElement): string {
  const id = attributeOf(element, "ID");
  if (id === undefined || !ID.test(id)) throw misshapen(`the ${element.name} has no usable ID`, { got: id });
  return id;
}

/** The one child of that name; `of` says whose it is. */
export function only(parent: XmlElement, namespace: string, name: string, of: string): XmlElement {
  const found = atMostOne(parent, namespace, name, of);
  if (found === undefined) throw misshapen(`the ${of} has no ${name}`);
  return found;
}

export function atMostOne(parent: XmlElement, namespace: string, name: string, of: string): XmlElement | undefined {
  const [found, another] = childrenOf(parent, namespace, name);
  if (another !== undefined) throw misshapen(`the ${of} has more than one ${name}`);
  return found;
}

/** SAML 1 has no attribute of this name. */
export function requireVersion(element: XmlElement): void {
  const got = attributeOf(element, "Version");
  if (got !== "2.0") throw refusal("version", `the ${element.name} is not of SAML 2.0`, { wanted: "2.0", got });
}

export function keyOf({ namespace, name }: XmlElement): string {
  return `${namespace} ${name}`;
}

export function misshapen(problem: string, compared: Compared = {}): SamlFailure {
  return refusal("structure", problem, compared);
}
