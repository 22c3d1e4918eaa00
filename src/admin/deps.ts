import type { RateLimiter } from "../http/rate-limit.js";
import type { OidcSettings } from "../model/connection.js";
import type { Problem } from "../model/problem.js";
import type { Config } from "../platform/config.js";
import type { Provisioning } from "../provisioning/deps.js";

/** What an admin says of an OpenID provider; the secret itself is nobody's business there. */
export interface OidcInput extends Partial<Omit<OidcSettings, "issuer" | "clientId">> {
  readonly issuer: string;
  readonly clientId: string;
  readonly hasSecret: boolean;
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
}
