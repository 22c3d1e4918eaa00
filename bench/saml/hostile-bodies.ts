/** Responses that were made to keep a parser busy, up to the longest that is read, and forms that were. */
import { ACME, SAMLP, samlResponse } from "../../test/support/saml-response.js";

export interface HostileBody {
  readonly name: string;
  readonly samlResponse: string;
}

const KIBIBYTES = [12, 48, 128, 500];
const MANY_NAMES = Array.from({ length: 29 }, (_, number) => `a${number}`);

/** Unsigned ones, which anybody can post, and ones that a tenant's own provider signed. */
export function hostileBodies(now: string): readonly HostileBody[] {
  return KIBIBYTES.flatMap((size) => [
    ...Object.entries(PATTERNS).map(([name, { piece, most }]) => ({
      name: `${name}, ${size} KiB`,
      samlResponse: unsigned(piece.repeat(Math.min(most, Math.floor((size * 1024) / piece.length)))),
    })),
    ...["g", "a group with quite a long name, &quot;as some are&quot;"].map((name) => ({
      name: `signed values of ${name.length} characters, ${size} KiB`,
      samlResponse: signed(now, size * 1024, name),
    })),
  ]);
}

/** Bodies of so many bytes, as posts bring them. */
export function hostileForms(bytes: number): readonly { readonly name: string; readonly form: Buffer }[] {
  return ["+", "+A", "+=+&", "%41", "%C3%A9", "%ff", "%", "&", "a=&", "=", "Ab9%2B"].map((piece) => ({
    name: `form of ${piece}`,
    form: Buffer.from(`SAMLResponse=${piece.repeat(Math.floor(bytes / piece.length))}`),
  }));
}

/** `most`: as many as the caps on elements and attributes let through. */
const PATTERNS: Readonly<Record<string, { readonly piece: string; readonly most: number }>> = {
  elements: { piece: "<a/>", most: 6_400 },
  attributes: { piece: `<a ${MANY_NAMES.map((name) => `${name}=""`).join(" ")}/>`, most: 550 },
  namespaces: { piece: `<a ${MANY_NAMES.map((name) => `xmlns:${name}="u:${name}"`).join(" ")}/>`, most: 550 },
  references: { piece: "&amp;&#65;&lt;", most: Number.POSITIVE_INFINITY },
  text: { piece: "text without end ", most: Number.POSITIVE_INFINITY },
};

function unsigned(content: string): string {
  const xml = `<samlp:Response xmlns:samlp="${SAMLP}" ID="_r" Version="2.0">${content}</samlp:Response>`;
  return Buffer.from(xml).toString("base64");
}

function signed(now: string, bytes: number, name: string): string {
  const element = `<saml:AttributeValue>${name}0000</saml:AttributeValue>`;
  const values = Array.from({ length: Math.min(4_900, Math.floor(bytes / element.length)) }, (_, at) => `${name}${at}`);
  return samlResponse({ now, nameId: ACME.nameId, attributes: [{ name: "groups", values, type: null }] }).base64;
}
