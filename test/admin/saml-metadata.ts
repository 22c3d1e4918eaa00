/** What an admin gets from a SAML identity provider, and a server that such metadata is fetched from. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { idpKey } from "../support/saml-keys.js";

export interface IdpMetadata {
  readonly entityId?: string;
  /** DER in base64. */
  readonly certificates?: readonly string[];
  readonly ssoUrl?: string;
  readonly validUntil?: string;
  /** XML that goes before the endpoints. */
  readonly more?: string;
}

export const ENTITY_ID = "https://idp.acme.example/saml";
export const SSO_URL = "https://idp.acme.example/sso";

export function idpMetadata(idp: IdpMetadata = {}): string {
  const { entityId = ENTITY_ID, certificates = [idpKey.certificate], ssoUrl = SSO_URL, validUntil, more = "" } = idp;
  const keys = certificates.map(
    (certificate) =>
      `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>` +
      `<ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
  );
  const until = validUntil === undefined ? "" : ` validUntil="${validUntil}"`;
  const endpoints = ["Redirect", "POST"].map(
    (binding) =>
      `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${binding}" Location="${ssoUrl}"/>`,
  );
  return [
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"${until}>`,
    `<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`,
    ...[...keys, more, ...endpoints],
    "</md:IDPSSODescriptor></md:EntityDescriptor>",
  ].join("\n");
}

export interface MetadataServer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** What it answers from now on. The answer waits for `meanwhile`. */
  serve(xml: string, meanwhile?: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export async function startMetadataServer(): Promise<MetadataServer> {
  let body = "";
  let before: () => Promise<unknown> = async () => undefined;
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    before().then(
      () => response.writeHead(200, { "content-type": "application/samlmetadata+xml" }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/metadata`,
    asked: () => asked,
    serve(xml, meanwhile = async () => undefined) {
      body = xml;
      before = meanwhile;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
