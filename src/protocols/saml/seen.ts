/** What a trace may show of a response that nobody has verified: read leniently, and never acted on. */
import type { Json, JsonObject } from "../../model/json.js";
import { SAML } from "./namespaces.js";
import type { ResponseShape } from "./shape.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

/** Plain: whoever keeps it must redact it. What is absent from the message is absent here. */
export function seenIn({ root, status, assertion }: ResponseShape): JsonObject {
  return present({
    status: present({ code: status.code, subCode: status.subCode, message: status.message }),
    response: present({
      id: attributeOf(root, "ID"),
      issuer: textAt(root, "Issuer"),
      issueInstant: attributeOf(root, "IssueInstant"),
      destination: attributeOf(root, "Destination"),
      inResponseTo: attributeOf(root, "InResponseTo"),
    }),
    ...(assertion === undefined ? {} : seenInAssertion(assertion.root)),
  });
}

/** The InResponseTo of the first confirmation that has one. */
export function confirmedInResponseTo(assertion: XmlElement): string | undefined {
  const data = along(assertion, "Subject", "SubjectConfirmation", "SubjectConfirmationData");
  return data.map((one) => attributeOf(one, "InResponseTo")).find((id) => id !== undefined);
}

function seenInAssertion(assertion: XmlElement): JsonObject {
  const [nameId] = along(assertion, "Subject", "NameID");
  const [conditions] = along(assertion, "Conditions");
  const [authn] = along(assertion, "AuthnStatement");
  return present({
    assertion: present({
      id: attributeOf(assertion, "ID"),
      issuer: textAt(assertion, "Issuer"),
      issueInstant: attributeOf(assertion, "IssueInstant"),
    }),
    nameId: nameId && present({ format: attributeOf(nameId, "Format"), value: textOf(nameId) }),
    confirmations: along(assertion, "Subject", "SubjectConfirmation", "SubjectConfirmationData").map((data) =>
      present({
        recipient: attributeOf(data, "Recipient"),
        inResponseTo: attributeOf(data, "InResponseTo"),
        notOnOrAfter: attributeOf(data, "NotOnOrAfter"),
      }),
    ),
    audiences: along(assertion, "Conditions", "AudienceRestriction", "Audience").flatMap((one) => textOf(one) ?? []),
    notBefore: conditions && attributeOf(conditions, "NotBefore"),
    notOnOrAfter: conditions && attributeOf(conditions, "NotOnOrAfter"),
    sessionNotOnOrAfter: authn && attributeOf(authn, "SessionNotOnOrAfter"),
    attributes: attributesOf(assertion),
    friendlyNames: friendlyNamesOf(assertion),
  });
}

function friendlyNamesOf(assertion: XmlElement): JsonObject | undefined {
  const named = along(assertion, "AttributeStatement", "Attribute").flatMap((attribute): [string, Json][] => {
    const friendlyName = attributeOf(attribute, "FriendlyName");
    return friendlyName === undefined ? [] : [[attributeOf(attribute, "Name") ?? "", friendlyName]];
  });
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

function attributesOf(assertion: XmlElement): JsonObject {
  const values = new Map<string, string[]>();
  for (const attribute of along(assertion, "AttributeStatement", "Attribute")) {
    const name = attributeOf(attribute, "Name") ?? "";
    const known = values.get(name) ?? [];
    known.push(...childrenOf(attribute, SAML, "AttributeValue").map((value) => textOf(value) ?? ""));
    values.set(name, known);
  }
  return Object.fromEntries(values);
}

/** Elements of the assertion namespace, reached from here by these names. */
function along(from: XmlElement, ...names: readonly string[]): readonly XmlElement[] {
  return names.reduce<readonly XmlElement[]>(
    (reached, name) => reached.flatMap((element) => childrenOf(element, SAML, name)),
    [from],
  );
}

function textAt(parent: XmlElement, name: string): string | undefined {
  const [element] = childrenOf(parent, SAML, name);
  return element && textOf(element);
}

function present(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  const entries = Object.entries(values).flatMap(([name, value]): [string, Json][] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}
