/** Owns what a message of a logout looks like before anybody asks whether it is true (SAML core section 3.7). */
import { DS, SAML, SAMLP } from "./namespaces.js";
import {
  atMostOne,
  idOf,
  keyOf,
  misshapen,
  only,
  refuseElsewhere,
  refuseStrayParts,
  requireVersion,
  type SamlStatus,
  SUCCESS,
  statusOf,
} from "./shape.js";
import { attributeOf, type XmlElement } from "./xml.js";

export type LogoutKind = "LogoutRequest" | "LogoutResponse";

export interface LogoutShape {
  readonly kind: LogoutKind;
  readonly root: XmlElement;
  readonly id: string;
  readonly issuer: XmlElement;
  readonly signature?: XmlElement;
}

const PARTS: Readonly<Record<LogoutKind, readonly (readonly string[])[]>> = {
  LogoutRequest: [
    [`${SAML} Issuer`],
    [`${SAMLP} Extensions`],
    [`${SAML} BaseID`, `${SAML} NameID`, `${SAML} EncryptedID`],
    [`${SAMLP} SessionIndex`],
  ],
  LogoutResponse: [[`${SAML} Issuer`], [`${SAMLP} Extensions`], [`${SAMLP} Status`]],
};

export function logoutShape(root: XmlElement, kind: LogoutKind): LogoutShape {
  if (root.namespace !== SAMLP || root.name !== kind)
    throw misshapen(`the message is no SAML 2.0 ${kind}`, { wanted: `${SAMLP} ${kind}`, got: keyOf(root) });
  requireVersion(root);
  refuseStrayParts(root, PARTS[kind]);
  const issuer = only(root, SAML, "Issuer", kind);
  const signature = atMostOne(root, DS, "Signature", kind);
  refuseElsewhere(root, [root, signature]);
  return { kind, root, id: idOf(root), issuer, ...(signature && { signature }) };
}

/** What a LogoutResponse says became of the logout. */
export function logoutStatus(root: XmlElement): SamlStatus & { readonly success: boolean } {
  const status = only(root, SAMLP, "Status", "LogoutResponse");
  const code = only(status, SAMLP, "StatusCode", "Status");
  return { ...statusOf(status, code), success: attributeOf(code, "Value") === SUCCESS };
}
