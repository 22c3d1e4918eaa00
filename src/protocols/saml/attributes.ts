/** Owns the attributes of an assertion: names with their values as text (SAML core section 2.7.3). */
import { refusal } from "./failure.js";
import { SAML, XSI } from "./namespaces.js";
import type { SamlAttribute } from "./verified.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

const MOST_NAMES = 300;
const MOST_VALUES = 5_000;
const BLANK = /^[ \t\r\n]*$/;

interface Gathered {
  readonly name: string;
  friendlyName?: string;
  readonly values: string[];
}

/**
 * Of all statements, each name once, in the order of first appearance. Elements of one name are one attribute whatever
 * their NameFormat, because providers write one for each role or group, and mappings know attributes by name alone.
 */
export function attributesOf(assertion: XmlElement): readonly SamlAttribute[] {
  const gathered = new Map<string, Gathered>();
  let values = 0;
  for (const statement of childrenOf(assertion, SAML, "AttributeStatement")) {
    if (!BLANK.test(statement.text)) throw refusal("attributes", "an AttributeStatement has text of its own");
    for (const element of statement.children) {
      values += gather(element, gathered);
      if (values > MOST_VALUES)
        throw refusal(
          "attributes",
          `the assertion has more than ${MOST_VALUES} attribute values: let the identity provider send fewer groups`,
        );
      if (gathered.size > MOST_NAMES)
        throw refusal("attributes", `the assertion has more than ${MOST_NAMES} attributes`);
    }
  }
  return [...gathered.values()];
}

/** Adds one `Attribute`; the number of its values. */
function gather(element: XmlElement, gathered: Map<string, Gathered>): number {
  if (element.namespace === SAML && element.name === "EncryptedAttribute")
    throw refusal("encrypted", "an attribute is encrypted: switch attribute encryption off at the identity provider");
  const name = element.namespace === SAML && element.name === "Attribute" ? attributeOf(element, "Name") : undefined;
  if (name === undefined || BLANK.test(name)) throw refusal("attributes", "an attribute has no name");
  if (!BLANK.test(element.text))
    throw refusal("attributes", "an attribute has text outside of its values", { got: name });
  const known = gathered.get(name) ?? { name, values: [] };
  const friendlyName = attributeOf(element, "FriendlyName");
  if (friendlyName) known.friendlyName ??= friendlyName;
  for (const value of element.children) known.values.push(valueText(value, name));
  gathered.set(name, known);
  return element.children.length;
}

/** INVARIANT: a value is read whole or refused: text that stops at an element within would be another value. */
function valueText(element: XmlElement, name: string): string {
  if (element.namespace !== SAML || element.name !== "AttributeValue")
    throw refusal("attributes", "an attribute has something else in it than values", { got: name });
  const text = textOf(element) ?? textOfNameId(element);
  if (text === undefined)
    throw refusal("attributes", "an attribute's value has an element in it: set the identity provider to send text", {
      got: name,
    });
  const isNil = ["true", "1"].includes(attributeOf(element, "nil", XSI) ?? "");
  if (isNil && !BLANK.test(text))
    throw refusal("attributes", "an attribute's value says that it is nil, and is not", { got: name });
  return isNil ? "" : text;
}

/** `eduPersonTargetedID` is sent as a NameID and nothing beside it. */
function textOfNameId({ children, text }: XmlElement): string | undefined {
  const [nameId, another] = children;
  const isAlone = another === undefined && BLANK.test(text);
  return nameId !== undefined && isAlone && nameId.namespace === SAML && nameId.name === "NameID"
    ? textOf(nameId)
    : undefined;
}
