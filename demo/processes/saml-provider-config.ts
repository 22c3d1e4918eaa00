/** What a SAML identity provider process is told: who is there, which services may ask, and how it answers. */

export interface SamlAccount {
  readonly password: string;
  /** What the NameID says; without it, what its format asks for. Transient ones are made anew each time. */
  readonly nameId?: string;
  /** By short name, for instance `mail` or `groups`. A name that is not here is not sent; one without values is, as far as the library can. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

export type NameIdFormat = "persistent" | "transient" | "emailAddress" | "unspecified";

export interface SamlServiceProvider {
  /** Its name, and where its metadata is read, when it asks for the first time. */
  readonly entityId: string;
  /** Where answers go, for a provider that reads nobody's metadata: samlp's. */
  readonly acsUrl?: string;
  /** `both` unless told otherwise. */
  readonly signs?: "assertion" | "both" | "response";
  /** `short` unless told otherwise. */
  readonly attributeNames?: "oid" | "short" | "uri";
  /** `persistent` unless told otherwise. */
  readonly nameIdFormat?: NameIdFormat;
}

export interface SamlProviderConfig {
  /** 0 (the default): any free port. */
  readonly port?: number;
  /** What browsers call it: `127.0.0.1` unless told otherwise. To a browser, `localhost` is another site. */
  readonly host?: "127.0.0.1" | "localhost";
  /** By user name. `null`: somebody whom the provider lets into nothing. */
  readonly accounts: Readonly<Record<string, SamlAccount | null>>;
  readonly serviceProviders: readonly SamlServiceProvider[];
}

export const NAME_ID_FORMATS: Readonly<Record<NameIdFormat, string>> = {
  persistent: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
  transient: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
  emailAddress: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
  unspecified: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
};
