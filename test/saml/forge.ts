/** Cuts signed messages apart and puts them together otherwise, as attackers do: by text, so that no signed octet changes unasked. */
import { ACME, replaceOnly, SAML, SAMLP, samlAssertion } from "../support/saml-response.js";

export const EVE = { nameId: "eve@evil.example", groups: ["Owners"], id: "_evil-1" } as const;

/** The first element of this qualified name, from its start tag to its end tag. */
export function elementOf(xml: string, name: string): string {
  const start = xml.search(new RegExp(`<${name}[\\s>/]`));
  if (start < 0) throw new Error(`no \`${name}\` in the message`);
  const empty = /^<[^>]*\/>/.exec(xml.slice(start));
  if (empty !== null) return empty[0];
  const tags = new RegExp(`<(/?)${name}(?=[\\s>/])[^>]*?(/?)>`, "g");
  tags.lastIndex = start;
  let depth = 0;
  for (let tag = tags.exec(xml); tag !== null; tag = tags.exec(xml)) {
    if (tag[1] === "/") depth -= 1;
    else if (tag[2] !== "/") depth += 1;
    if (depth === 0) return xml.slice(start, tags.lastIndex);
  }
  throw new Error(`\`${name}\` has no end`);
}

export function assertionOf(xml: string): string {
  return elementOf(xml, "saml:Assertion");
}

/** The signature that stands in the element itself, before the ones of its children. */
export function signatureOf(xml: string): string {
  return elementOf(xml, "ds:Signature");
}

export function assertionSignatureOf(xml: string): string {
  return signatureOf(assertionOf(xml));
}

export function without(xml: string, part: string): string {
  return replaceOnly(xml, part, "");
}

export function withoutSignatures(xml: string): string {
  return xml.replaceAll(/<ds:Signature .*?<\/ds:Signature>/g, "");
}

/** Puts text in front of the first place where `before` stands. */
export function insertBefore(xml: string, before: string, text: string): string {
  const at = xml.indexOf(before);
  if (at < 0) throw new Error(`no \`${before}\` in the message`);
  return xml.slice(0, at) + text + xml.slice(at);
}

/** Puts text behind the last place where `after` stands. */
export function insertAfter(xml: string, after: string, text: string): string {
  const at = xml.lastIndexOf(after);
  if (at < 0) throw new Error(`no \`${after}\` in the message`);
  return xml.slice(0, at + after.length) + text + xml.slice(at + after.length);
}

/** The same text about another person, with another ID for the element whose ID this is. */
export function evil(xml: string, id?: string): string {
  const about = xml
    .replaceAll(`>${ACME.nameId}<`, `>${EVE.nameId}<`)
    .replaceAll(`>${ACME.groups[0]}<`, `>${EVE.groups[0]}<`);
  return id === undefined ? about : about.replaceAll(`ID="${id}"`, `ID="${EVE.id}"`);
}

/** An assertion about the attacker that says all that ours should, unsigned. */
export function evilAssertion(now: string): string {
  return evil(samlAssertion({ now, signed: "none", assertionId: EVE.id }));
}

export function inExtensions(content: string): string {
  return `<samlp:Extensions>${content}</samlp:Extensions>`;
}

export function inObject(content: string): string {
  return `<ds:Object>${content}</ds:Object>`;
}

export function inAdvice(content: string): string {
  return `<saml:Advice>${content}</saml:Advice>`;
}

/** A Response around this content, unsigned, that says everything a good one does. */
export function outerResponse(xml: string, content: string): string {
  const attributes = /^<samlp:Response([^>]*)>/.exec(xml)?.[1]?.replace(/ ID="[^"]*"/, ` ID="_outer-1"`) ?? "";
  const issuer = `<saml:Issuer xmlns:saml="${SAML}">${ACME.idp}</saml:Issuer>`;
  const status = elementOf(xml, "samlp:Status");
  return `<samlp:Response${attributes}>${issuer}${status}${content}</samlp:Response>`.replace(
    /^<samlp:Response (?!.*xmlns:samlp=)/,
    `<samlp:Response xmlns:samlp="${SAMLP}" `,
  );
}
