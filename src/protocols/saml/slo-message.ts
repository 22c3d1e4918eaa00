/** Owns the way from what a browser brings to a message of a logout whose shape is known, of which nothing is verified yet. */
import { inflateRawSync } from "node:zlib";
import type { JsonObject } from "../../model/json.js";
import type { DetachedSignature } from "./detached-signature.js";
import { cut, refusal } from "./failure.js";
import { type MessageField, octetsOf, utf8Of } from "./message-field.js";
import { LOGOUT_CAPS } from "./prescan.js";
import { type LogoutKind, type LogoutShape, logoutShape } from "./slo-shape.js";
import { attributeOf, parseXml, textOf } from "./xml.js";

export type LogoutBinding = "redirect" | "post";

export interface LogoutMessage {
  readonly binding: LogoutBinding;
  readonly shape: LogoutShape;
  /** To be given back as it came; left out where it is longer than SAML allows. */
  readonly relayState?: string;
  /** By HTTP-Redirect alone. */
  readonly detached?: DetachedSignature;
  /** For the trace, plain, without the person. */
  readonly seen: JsonObject;
}

const KINDS: Readonly<Record<MessageField, LogoutKind>> = {
  SAMLRequest: "LogoutRequest",
  SAMLResponse: "LogoutResponse",
};
const DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
/** Bytes (SAML bindings sections 3.4.3 and 3.5.3). */
const LONGEST_RELAY_STATE = 80;
const LONGEST_SIGNATURE = 2_048;

/** The form of the HTTP-POST binding (SAML bindings section 3.5). */
export function postedLogout(fields: Readonly<Record<string, string>>): LogoutMessage {
  const [field, text] = onlyMessage(fields);
  const xml = utf8Of(octetsOf(field, text, LOGOUT_CAPS.bytes), "message");
  return { binding: "post", ...opened(field, xml), ...relayStateIn(fields) };
}

/**
 * The query of the HTTP-Redirect binding (SAML bindings section 3.4), as it was sent. INVARIANT: what is read and what is
 * verified as signed are the same pieces of this text; nothing is decoded and encoded again on the way.
 */
export function redirectedLogout(queryText: string): LogoutMessage {
  const raw = rawParameters(queryText);
  const fields = Object.fromEntries([...raw].map(([name, text]) => [name, decoded(name, text)]));
  const [field, text] = onlyMessage(fields);
  const encoding = fields["SAMLEncoding"];
  if (encoding !== undefined && encoding !== DEFLATE)
    throw refusal("encoding", "the message is encoded in another way than by DEFLATE", {
      wanted: DEFLATE,
      got: encoding,
    });
  const detached = detachedIn(field, raw, fields);
  return {
    ...{ binding: "redirect", ...opened(field, inflated(octetsOf(field, text, LOGOUT_CAPS.bytes))) },
    ...relayStateIn(fields),
    ...(detached && { detached }),
  };
}

/** Names by the text that stands for each. A name that is written in escapes is another one than that which is signed. */
function rawParameters(queryText: string): ReadonlyMap<string, string> {
  const raw = new Map<string, string>();
  for (const pair of queryText.split("&")) {
    const [, name, text] =
      /^(SAMLRequest|SAMLResponse|SAMLEncoding|RelayState|SigAlg|Signature)=(.*)$/s.exec(pair) ?? [];
    if (name === undefined || text === undefined) continue;
    if (raw.has(name)) throw refusal("structure", `the query has the parameter ${name} twice`);
    raw.set(name, text);
  }
  return raw;
}

function decoded(name: string, text: string): string {
  const clear = unescaped(text);
  if (clear === undefined) throw refusal("encoding", `the parameter ${name} of the query is not escaped as URLs are`);
  return clear;
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

function onlyMessage(fields: Readonly<Record<string, string>>): readonly [MessageField, string] {
  const { SAMLRequest, SAMLResponse } = fields;
  if (SAMLRequest !== undefined && SAMLResponse === undefined) return ["SAMLRequest", SAMLRequest];
  if (SAMLResponse !== undefined && SAMLRequest === undefined) return ["SAMLResponse", SAMLResponse];
  throw refusal("structure", "there must be exactly one of SAMLRequest and SAMLResponse");
}

function detachedIn(
  field: MessageField,
  raw: ReadonlyMap<string, string>,
  fields: Readonly<Record<string, string>>,
): DetachedSignature | undefined {
  const { SigAlg: algorithm, Signature: signature } = fields;
  if (algorithm === undefined || signature === undefined) return undefined;
  if (signature.length > LONGEST_SIGNATURE)
    throw refusal("signature_form", `the Signature has more than ${LONGEST_SIGNATURE} characters`);
  const signed = [field, "RelayState", "SigAlg"].flatMap((name) => {
    const text = raw.get(name);
    return text === undefined ? [] : [`${name}=${text}`];
  });
  return {
    octets: Buffer.from(signed.join("&"), "latin1"),
    algorithm,
    value: Buffer.from(signature, "base64"),
  };
}

/** INVARIANT: no more comes out of a stranger's few bytes than any message may have. */
function inflated(octets: Buffer): string {
  let xml: Buffer;
  try {
    xml = inflateRawSync(octets, { maxOutputLength: LOGOUT_CAPS.bytes });
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    throw isTooLarge
      ? refusal("size", `the message has more than ${LOGOUT_CAPS.bytes} bytes`)
      : refusal("encoding", "the message is not deflated: the HTTP-Redirect binding wants it so");
  }
  return utf8Of(xml, "message");
}

function opened(field: MessageField, xml: string): Pick<LogoutMessage, "shape" | "seen"> {
  const shape = logoutShape(parseXml(xml, LOGOUT_CAPS), KINDS[field]);
  return { shape, seen: seenIn(shape) };
}

function relayStateIn({ RelayState }: Readonly<Record<string, string>>): Pick<LogoutMessage, "relayState"> {
  if (RelayState === undefined || Buffer.byteLength(RelayState, "utf8") > LONGEST_RELAY_STATE) return {};
  return { relayState: RelayState };
}

function seenIn({ kind, root, id, issuer }: LogoutShape): JsonObject {
  const said = ["IssueInstant", "Destination", "InResponseTo", "NotOnOrAfter"].flatMap((name) => {
    const value = attributeOf(root, name);
    return value === undefined ? [] : [[`${name.charAt(0).toLowerCase()}${name.slice(1)}`, cut(value)] as const];
  });
  const by = textOf(issuer);
  return { message: kind, id, ...(by !== undefined && { issuer: cut(by) }), ...Object.fromEntries(said) };
}
