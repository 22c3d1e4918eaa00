/** Owns how we show who we are at a provider's token endpoint. */
import { createHash, webcrypto, X509Certificate } from "node:crypto";
import * as client from "openid-client";
import type { OidcSettings } from "../../model/connection.js";
import type { JsonObject } from "../../model/json.js";
import type { SigningKey } from "../../provisioning/connection-keys.js";
import type { ConnectionKey } from "../../provisioning/ports/connection-keys.js";
import { formEncoded } from "./basic-encodings.js";
import type { Provider, RelyingPartyDeps } from "./rp.js";

/** What the connection says; otherwise by the secret, as the provider's metadata offers. */
export async function clientAuthentication(
  deps: RelyingPartyDeps,
  provider: Provider,
  metadata: client.ServerMetadata,
): Promise<client.ClientAuth> {
  const { settings, tenant, connection, profile } = provider;
  if (settings.clientAuthMethod === "none") return client.None();
  if (settings.clientAuthMethod === "private_key_jwt") {
    const audience = profile.clientAssertionAudience === "token_endpoint" ? metadata.token_endpoint : metadata.issuer;
    return privateKeyJwt(await deps.signingKey(provider), audience ?? metadata.issuer);
  }
  const secret = await deps.clientSecret(tenant.id, connection.id);
  return secret === undefined ? client.None() : bySecret(metadata, settings, secret);
}

/**
 * `post` where the provider offers it, because providers disagree on how Basic is encoded, and Basic where it is the only
 * one (it is the default of OpenID Connect Discovery section 3).
 */
function bySecret(
  metadata: client.ServerMetadata,
  { clientAuthMethod }: OidcSettings,
  secret: string,
): client.ClientAuth {
  const offered = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const post = clientAuthMethod === "client_secret_post" || offered.includes("client_secret_post");
  return post && clientAuthMethod !== "client_secret_basic" ? client.ClientSecretPost(secret) : basic(secret);
}

/** The library would write `%2D`, which several providers take literally, while those that decode read both. */
function basic(secret: string): client.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    headers.set("authorization", formEncoded(client_id, secret));
  };
}

const ALGORITHM = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
/** Longer than the library's minute, because clocks differ, and shorter than any provider's limit. */
const ASSERTION_SECONDS = 180;

/**
 * RFC 7523 section 2.2. The key is named in both ways that providers look it up: by the name in our key set, and by its
 * certificate.
 */
async function privateKeyJwt(
  { id, certificate, privateKey }: SigningKey,
  audience: string,
): Promise<client.ClientAuth> {
  const der = privateKey.export({ format: "der", type: "pkcs8" });
  const key = await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
  return client.PrivateKeyJwt(
    { key, kid: id },
    {
      [client.modifyAssertion](header, payload) {
        header["x5t#S256"] = thumbprint(certificate);
        payload["aud"] = audience;
        payload["exp"] = Number(payload["iat"]) + ASSERTION_SECONDS;
        // A provider whose clock is behind ours would have to wait.
        delete payload["nbf"];
      },
    },
  );
}

/** The public half of a key that signs, as a provider reads it (RFC 7517). */
export function jsonWebKey({ id, certificate }: ConnectionKey): JsonObject {
  const { kty, n, e } = new X509Certificate(Buffer.from(certificate, "base64")).publicKey.export({ format: "jwk" });
  const named = { kid: id, use: "sig", alg: "RS256", x5c: [certificate], "x5t#S256": thumbprint(certificate) };
  return { kty: kty ?? "", n: n ?? "", e: e ?? "", ...named };
}

function thumbprint(certificate: string): string {
  return createHash("sha256").update(Buffer.from(certificate, "base64")).digest("base64url");
}
