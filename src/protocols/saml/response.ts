/** Owns the way from the posted text to a response whose shape is known, of which nothing is verified yet. */
import type { JsonObject } from "../../model/json.js";
import { longestField, octetsOf, utf8Of } from "./message-field.js";
import { XENC } from "./namespaces.js";
import { RESPONSE_CAPS } from "./prescan.js";
import { confirmedInResponseTo, seenIn } from "./seen.js";
import { type ResponseShape, responseShape, type SamlStatus } from "./shape.js";
import { attributeOf, elementsIn, parseXml } from "./xml.js";

export interface OpenedResponse {
  /** The request that it says it answers. INVARIANT: it finds the pending login, and decides nothing. */
  readonly inResponseTo?: string;
  /** Whether the provider says that it knows the person; there is an assertion if so. */
  readonly success: boolean;
  readonly status: SamlStatus;
  /** There is something in it that only we can read. */
  readonly isEncrypted: boolean;
  /** For the trace, plain: to be redacted by whoever keeps it. */
  readonly seen: JsonObject;
  /** For the verifier alone. */
  readonly shape: ResponseShape;
}

/** Of the form's text: what is longer is refused unread. */
export const LONGEST_FIELD = longestField(RESPONSE_CAPS.bytes);

/** The form field `SAMLResponse` of the HTTP-POST binding (SAML bindings section 3.5). */
export function openResponse(samlResponse: string): OpenedResponse {
  const root = parseXml(utf8Of(octetsOf("SAMLResponse", samlResponse, RESPONSE_CAPS.bytes), "response"), RESPONSE_CAPS);
  const shape = responseShape(root);
  const inResponseTo =
    attributeOf(root, "InResponseTo") ?? (shape.assertion && confirmedInResponseTo(shape.assertion.root));
  return {
    ...(inResponseTo !== undefined && { inResponseTo }),
    success: shape.success,
    status: shape.status,
    isEncrypted: [...elementsIn(root)].some(({ namespace }) => namespace === XENC),
    seen: seenIn(shape),
    shape,
  };
}

/** No request of ours has a longer ID. */
const REQUEST = /InResponseTo\s*=\s*["']([^"'<]{1,256})["']/;

/** The request that the text of a response names first, without reading it: good for knowing which login to look for. */
export function requestNamed(samlResponse: string): string | undefined {
  return REQUEST.exec(Buffer.from(samlResponse, "base64").toString("latin1"))?.[1];
}
