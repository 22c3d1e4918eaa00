import type { RateLimiter } from "../http/rate-limit.js";
import type { OidcSettings, SamlChoices, SamlSettings } from "../model/connection.js";
import type { Instant } from "../model/ids.js";
import type { Problem } from "../model/problem.js";
import type { Config } from "../platform/config.js";
import type { Provisioning } from "../provisioning/deps.js";

/** What an admin says of an OpenID provider; the secret itself is nobody's business there. */
export interface OidcInput extends Partial<Omit<OidcSettings, "issuer" | "clientId">> {
  readonly issuer: string;
  readonly clientId: string;
  readonly hasSecret: boolean;
}

/** What an admin says of a SAML identity provider; its metadata comes in one of two ways. */
export interface SamlInput extends Partial<SamlChoices> {
  readonly metadataXml?: string;
  readonly metadataUrl?: string;
  /** Which one of several identity providers in the metadata is meant. */
  readonly entityId?: string;
}

/** What an admin compares with what the identity provider shows. */
export interface SamlIdpView extends Required<SamlChoices> {
  readonly entityId: string;
  readonly ssoRedirectUrl: string | null;
  readonly ssoPostUrl: string | null;
  readonly sloRedirectUrl: string | null;
  readonly sloPostUrl: string | null;
  readonly wantsSignedRequests: boolean;
  readonly metadataUrl: string | null;
  readonly validUntil: Instant | null;
  readonly certificates: readonly {
    readonly fingerprint: string;
    readonly subject: string;
    readonly notAfter: Instant;
    readonly expired: boolean;
  }[];
}

/** The protocol's own reading of metadata, which may fetch it first. Both refuse with every mistake and its pointer. */
export interface SamlReader {
  read(input: SamlInput): Promise<SamlSettings>;
  /** Keeps what the input leaves out; another identity provider is refused. */
  change(before: SamlSettings, input: SamlInput): Promise<SamlSettings>;
  idpView(settings: SamlSettings): SamlIdpView;
}

export interface AdminDeps {
  readonly p: Provisioning;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly operatorToken: string;
  readonly rateLimiter: RateLimiter;
  readonly limits: Pick<
    Config["limits"],
    "adminBodyBytes" | "mappingBytes" | "requestsPerMinutePerToken" | "signInsPerMinutePerAddress"
  >;
  /** Every mistake in the settings of an OIDC connection; the protocol's own judgement. */
  checkOidcSettings(input: OidcInput): readonly Problem[];
  readonly saml: SamlReader;
}
