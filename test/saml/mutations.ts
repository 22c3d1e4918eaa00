/** Changes at random places, in ways nobody thought of: what attackers do with a message in their hands, by text. */
import fc from "fast-check";
import { attackerKey } from "../support/saml-keys.js";
import { signElement } from "../support/saml-signature.js";
import { NOW } from "./corpus.js";
import { EVE, evil, evilAssertion, withoutSignatures } from "./forge.js";

/** Numbers of any size; each mutation takes them modulo what there is. */
export interface Mutation {
  readonly kind: keyof typeof KINDS;
  readonly a: number;
  readonly b: number;
}

const KINDS = {
  flip: (xml: string, a: number, b: number) => {
    const octets = Buffer.from(xml, "latin1");
    const at = a % octets.length;
    octets[at] = (octets[at] ?? 0) ^ (1 << (b % 8));
    return octets.toString("latin1");
  },
  remove: (xml: string, a: number) => {
    const [start, end] = pick(spans(xml), a);
    return xml.slice(0, start) + xml.slice(end);
  },
  duplicate: (xml: string, a: number, b: number) => {
    const [start, end] = pick(spans(xml), a);
    const at = pick(borders(xml), b);
    return xml.slice(0, at) + xml.slice(start, end) + xml.slice(at);
  },
  move: (xml: string, a: number, b: number) => {
    const [start, end] = pick(spans(xml), a);
    const rest = xml.slice(0, start) + xml.slice(end);
    const at = pick(borders(rest), b);
    return rest.slice(0, at) + xml.slice(start, end) + rest.slice(at);
  },
  wrap: (xml: string, a: number, b: number) => {
    const [start, end] = pick(spans(xml), a);
    const name = pick(["samlp:Extensions", "saml:Advice", "ds:Object", "saml:Subject", "samlp:Response"], b);
    return `${xml.slice(0, start)}<${name}>${xml.slice(start, end)}</${name}>${xml.slice(end)}`;
  },
  forge: (xml: string, a: number) => {
    const at = pick(borders(xml), a);
    return xml.slice(0, at) + evilAssertion(NOW) + xml.slice(at);
  },
  speak: (xml: string, a: number, b: number) => {
    const [start, end] = pick(texts(xml), a);
    return xml.slice(0, start) + pick([EVE.nameId, EVE.groups[0], "", "<x/>", "<!---->"], b) + xml.slice(end);
  },
  attribute: (xml: string, a: number, b: number) => {
    const [start, end] = pick(attributes(xml), a);
    const [from, to] = pick(attributes(xml), b);
    return xml.slice(0, start) + xml.slice(from, to) + xml.slice(end);
  },
  strip: (xml: string) => withoutSignatures(xml),
  accuse: (xml: string) => evil(xml),
  sign: (xml: string) => {
    const ids = ["_assertion-1", "_response-1"].filter((id) => xml.split(` ID="${id}"`).length === 2);
    try {
      return ids.reduce((signed, id) => signElement(signed, id, { key: attackerKey }), withoutSignatures(xml));
    } catch {
      // Of what is no XML any more, nothing can be signed.
      return withoutSignatures(xml);
    }
  },
  rename: (xml: string, a: number, b: number) => {
    const names = [...new Set(Array.from(xml.matchAll(/<([a-z]+:\w+)/g), ([, name]) => name ?? ""))];
    const name = pick(names, a);
    return xml.replaceAll(new RegExp(`(</?)${name}(?=[\\s>/])`, "g"), `$1${pick(names, b)}`);
  },
} as const;

type Span = readonly [number, number];

export function pick<Thing>(things: readonly Thing[], number: number): Thing {
  const thing = things[number % things.length];
  if (thing === undefined) throw new Error("nothing to pick from");
  return thing;
}

function matches(xml: string, pattern: RegExp): Span[] {
  return Array.from(xml.matchAll(pattern), ({ index, 0: text }) => [index, index + text.length] as const);
}

function texts(xml: string): Span[] {
  return matches(xml, /(?<=>)[^<>]+(?=<)/g);
}

/** Values of attributes, without their quotes. */
function attributes(xml: string): Span[] {
  return matches(xml, /(?<==")[^"<>]*(?=")/g);
}

/** Where one tag ends and the next thing begins. */
function borders(xml: string): number[] {
  return [0, ...matches(xml, /</g).map(([start]) => start), xml.length];
}

/** Whole elements. */
export function spans(xml: string): Span[] {
  const found: Span[] = [];
  const open: number[] = [];
  for (const [start, end] of matches(xml, /<[^>]*>/g)) {
    const tag = xml.slice(start, end);
    if (!tag.startsWith("</")) open.push(start);
    if (tag.startsWith("</") || tag.endsWith("/>")) {
      const from = open.pop();
      if (from !== undefined) found.push([from, end]);
    }
  }
  return found.length === 0 ? [[0, xml.length]] : found;
}

/** The text after each of these changes, as far as there is something to change. It is ASCII, so that each character is an octet and stays one. */
export function mutatedXml(message: string, mutations: readonly Mutation[]): string {
  let xml = message;
  for (const { kind, a, b } of mutations) {
    if (texts(xml).length === 0 || attributes(xml).length === 0) break;
    xml = KINDS[kind](xml, a, b);
  }
  return xml;
}

/** The same as the form posts it. */
export function mutated({ xml }: { readonly xml: string }, mutations: readonly Mutation[]): string {
  return Buffer.from(mutatedXml(xml, mutations), "latin1").toString("base64");
}

const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
/** One change, by a number for the place and one for what comes there. */
export const mutation = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(), b: fc.nat() });
