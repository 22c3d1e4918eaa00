/** Owns the way from the posted text to a response whose shape is known, of which nothing is verified yet. */
import { isUtf8 } from "node:buffer";
import type { JsonObject } from "../../model/json.js";
import { refusal } from "./failure.js";
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
export const LONGEST_FIELD = Math.ceil((RESPONSE_CAPS.bytes * 4) / 3) + 16_384;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The form field `SAMLResponse` of the HTTP-POST binding (SAML bindings section 3.5). */
export function openResponse(samlResponse: string): OpenedResponse {
  const root = parseXml(decoded(samlResponse), RESPONSE_CAPS);
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

/** Some providers wrap the lines of their base64; nothing else about it may be unusual. */
function decoded(field: string): string {
  if (field.length > LONGEST_FIELD)
    throw refusal("size", `the field SAMLResponse has more than ${LONGEST_FIELD} characters`, { got: field.length });
  const base64 = field.replace(/[ \t\r\n]+/g, "");
  const bytes = Buffer.from(base64, "base64");
  if (!BASE64.test(base64) || bytes.toString("base64") !== base64)
    throw refusal(
      "encoding",
      "the field SAMLResponse is no base64: the HTTP-POST binding wants plain base64 of the XML",
    );
  if (!isUtf8(bytes))
    throw refusal(
      "encoding",
      "the response is not UTF-8: the HTTP-POST binding wants plain XML, neither deflated nor in another encoding",
    );
  return bytes.toString("utf8");
}
