/** What an admin gets from a SAML identity provider, and a server that such metadata is fetched from. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { keyDescriptor, idpMetadata as madeMetadata, ssoService } from "../saml/idp-metadata.js";
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
  return madeMetadata({
    entityId,
    entityAttributes: validUntil === undefined ? "" : ` validUntil="${validUntil}"`,
    keys: certificates.map((certificate) => keyDescriptor(certificate, "signing")).join(""),
    services: more + ["HTTP-Redirect", "HTTP-POST"].map((binding) => ssoService(ssoUrl, binding)).join(""),
  });
}

export interface MetadataServer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** What it answers from now on. The answer waits for `meanwhile`. */
  serve(xml: string, meanwhile?: () => Promise<unknown>): void;
  /** The same with what else the answer says; one with an `etag` is not sent to whoever has it. */
  answerWith(more: { readonly etag?: string; readonly status?: number }): void;
  /** What the last question was made to hang on. */
  readonly condition: () => string | undefined;
  close(): Promise<void>;
}

export async function startMetadataServer(): Promise<MetadataServer> {
  let body = "";
  let before: () => Promise<unknown> = async () => undefined;
  let asked = 0;
  let more: { readonly etag?: string; readonly status?: number } = {};
  let condition: string | undefined;
  const server = createServer(({ headers }, response) => {
    asked += 1;
    condition = headers["if-none-match"];
    const { etag, status = 200 } = more;
    const type = { "content-type": "application/samlmetadata+xml", ...(etag !== undefined && { etag }) };
    before().then(
      () =>
        etag !== undefined && condition === etag
          ? response.writeHead(304, { etag }).end()
          : response.writeHead(status, type).end(body),
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
    answerWith(next) {
      more = next;
    },
    condition: () => condition,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
