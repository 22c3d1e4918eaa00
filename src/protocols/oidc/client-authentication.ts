import * as client from "openid-client";
import type { OidcSettings } from "../../model/connection.js";

/**
 * How we show who we are at the token endpoint: what the connection says; otherwise `post` where the provider offers it,
 * because providers disagree on how Basic is encoded, and Basic where it is the only one (it is the default of OpenID
 * Connect Discovery section 3).
 */
export function clientAuthentication(
  metadata: client.ServerMetadata,
  { clientAuthMethod }: OidcSettings,
  secret: string | undefined,
): client.ClientAuth {
  if (clientAuthMethod === "none" || secret === undefined) return client.None();
  const offered = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const post = clientAuthMethod === "client_secret_post" || offered.includes("client_secret_post");
  return post && clientAuthMethod !== "client_secret_basic" ? client.ClientSecretPost(secret) : basic(secret);
}

/**
 * RFC 6749 section 2.3.1, with the characters `-_.!~*'()` as they are: the library would write `%2D`, which several
 * providers take literally, while those that decode read both.
 */
function basic(secret: string): client.ClientAuth {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll("%20", "+");
  return (_server, { client_id }, _body, headers) => {
    const credentials = `${encode(client_id)}:${encode(secret)}`;
    headers.set("authorization", `Basic ${Buffer.from(credentials, "utf8").toString("base64")}`);
  };
}
