/** What the OpenID provider process is told: who is there, who may ask, and how it answers. */
import type { Json } from "../../src/model/json.js";

export type ProviderClaims = Readonly<Record<string, Json>>;

export type ProviderAlgorithm = "RS256" | "PS256" | "ES256" | "EdDSA";

export interface ProviderClient {
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  readonly redirectUris: readonly string[];
  /** Exactly this method is accepted; Basic for clients with a secret unless told otherwise. */
  readonly authMethod?: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none";
  /** Where the keys of a `private_key_jwt` client are. */
  readonly jwksUri?: string;
  readonly algorithm?: ProviderAlgorithm;
  /** Userinfo comes as a signed JWT. */
  readonly userinfoAlgorithm?: ProviderAlgorithm;
  /** Where claims beyond name and e-mail are told. */
  readonly placement?: "both" | "id_token" | "userinfo";
  /** Its people have a `sub` of their own, which no other client is told. */
  readonly pairwise?: true;
  readonly backchannelLogoutUri?: string;
  /** Where people may be sent who signed out there. */
  readonly postLogoutRedirectUris?: readonly string[];
}

export interface OidcProviderConfig {
  /** 0 (the default): any free port. */
  readonly port?: number;
  /** Path of the issuer, for instance `/<tenant id>/v2.0`; none when absent. */
  readonly path?: string;
  /** By `sub`. `null`: the provider answers `access_denied`. */
  readonly accounts: Readonly<Record<string, ProviderClaims | null>>;
  readonly clients: readonly ProviderClient[];
  readonly algorithms?: readonly ProviderAlgorithm[];
  /** Sign-outs may come in a form, too, and its cookies with them. */
  readonly takesForms?: true;
  /** Claims that accounts may get later. */
  readonly claims?: readonly string[];
}
