/** Connection bodies: from what an admin writes to what provisioning takes, with the protocol's own judgement. */
import type { Connection, OidcSettings } from "../model/connection.js";
import { type Problem, Refusal } from "../model/problem.js";
import type { ConnectionInput, ConnectionPatch } from "../provisioning/connections.js";
import type { AdminDeps, SamlInput } from "./deps.js";
import { notAvailableAtAll } from "./not-available.js";

type Settings = Omit<ConnectionInput, "slug" | "protocol" | "oidc" | "saml" | "clientSecret" | "priority">;
type OidcKeys = Partial<OidcSettings> & { readonly clientSecret?: string };
/** `null`: as the provider's metadata offers, again. */
type AsOffered = { readonly [Key in "clientAuthMethod" | "idTokenAlg"]?: OidcSettings[Key] | null };

/** Keys that only connections of the protocol have. */
const OIDC_KEYS = [
  "issuer",
  "clientId",
  "clientAuthMethod",
  "idTokenAlg",
  "scopes",
  "singleLogout",
  "clientSecret",
] as const;
const SAML_KEYS = [
  ...["metadataXml", "metadataUrl", "entityId", "requireSigned", "signRequests", "nameIdFormat", "forceAuthn"],
  ...["newKeys", "allowIdpInitiated", "universalLogoutIssuer", "singleLogout", "legacyCbc", "legacyTripleDes"],
] as const satisfies readonly (keyof SamlInput)[];

/** Keys of the API's contract that wait for a later version. */
const LATER = ["directory", "onLastGroupRemoved", "directWhen"] as const;
type LaterKeys = { readonly [Key in (typeof LATER)[number]]?: unknown };

export type NewConnectionBody = { readonly slug: string; readonly protocol: "oidc" | "scim" | "saml" } & Settings &
  OidcKeys &
  SamlInput &
  LaterKeys;

export type ConnectionChangeBody = Omit<ConnectionPatch, "oidc" | "saml" | "ifVersion"> &
  Omit<OidcKeys, keyof AsOffered> &
  AsOffered &
  SamlInput &
  LaterKeys;

/** Fetches metadata where the body names its address. Refusal `invalid_document` with every mistake, and those of fetching. */
export async function connectionInput(deps: AdminDeps, body: NewConnectionBody): Promise<ConnectionInput> {
  refuseLater(body);
  const { slug, protocol, clientSecret, issuer, clientId, clientAuthMethod, idTokenAlg, scopes, ...others } = body;
  const settings = withoutSaml(others);
  if (protocol === "scim") return { ...settings, slug, protocol };
  if (protocol === "saml") return { ...settings, slug, protocol, saml: await deps.saml.read(body) };
  const oidc = {
    issuer: issuer ?? "",
    clientId: clientId ?? "",
    scopes: scopes ?? [],
    ...(clientAuthMethod && { clientAuthMethod }),
    ...(idTokenAlg && { idTokenAlg }),
    ...(body.singleLogout !== undefined && { singleLogout: body.singleLogout }),
  };
  checkOidc(deps, oidc, clientSecret !== undefined);
  return { ...settings, slug, protocol, oidc, ...(clientSecret !== undefined && { clientSecret }) };
}

/** The same for a change. `hasSecret`: one is stored already. */
export async function connectionPatch(
  deps: AdminDeps,
  before: Connection,
  body: ConnectionChangeBody,
  hasSecret: boolean,
): Promise<ConnectionPatch> {
  refuseForeign(before, body);
  refuseLater(body);
  const { issuer, clientId, clientAuthMethod, idTokenAlg, scopes, ...others } = body;
  const settings = withoutSaml(others);
  // What is made of the settings as they were read must not put back what somebody changed meanwhile.
  const seen = { ...settings, ifVersion: before.version };
  if (before.oidc !== undefined && OIDC_KEYS.some((key) => Object.hasOwn(body, key))) {
    const { clientAuthMethod: formerMethod, idTokenAlg: formerAlg, ...kept } = before.oidc;
    const method = clientAuthMethod === undefined ? formerMethod : clientAuthMethod;
    const alg = idTokenAlg === undefined ? formerAlg : idTokenAlg;
    const oidc = {
      ...kept,
      ...(issuer !== undefined && { issuer }),
      ...(clientId !== undefined && { clientId }),
      ...(method && { clientAuthMethod: method }),
      ...(alg && { idTokenAlg: alg }),
      ...(body.singleLogout !== undefined && { singleLogout: body.singleLogout }),
      ...(scopes !== undefined && { scopes }),
    };
    checkOidc(deps, oidc, hasSecret || body.clientSecret !== undefined);
    return { ...seen, oidc };
  }
  if (before.saml === undefined || !SAML_KEYS.some((key) => Object.hasOwn(body, key))) return settings;
  return { ...seen, saml: await deps.saml.change(before.saml, body) };
}

/** The settings that are not of SAML alone. */
function withoutSaml<Body extends SamlInput>(body: Body) {
  const { metadataXml, metadataUrl, entityId, newKeys, allowIdpInitiated, universalLogoutIssuer, ...others } = body;
  const { requireSigned, signRequests, nameIdFormat, forceAuthn, singleLogout, ...more } = others;
  const { legacyCbc, legacyTripleDes, ...settings } = more;
  return settings;
}

/** What it costs to accept encryption that is not up to date: said to whoever switches it on. */
export function legacyWarnings({ legacyCbc, legacyTripleDes }: SamlInput): readonly Problem[] {
  const code = "weak_encryption";
  return [
    ...(legacyCbc === true
      ? [
          {
            ...{ pointer: "/legacyCbc", code },
            message:
              "assertions in CBC are now read without a signature around them: whoever gets hold of one, and may try changed ones often enough, may read it; have the identity provider sign the response or use AES-GCM, then switch this off",
          },
        ]
      : []),
    ...(legacyTripleDes === true
      ? [
          {
            ...{ pointer: "/legacyTripleDes", code },
            message:
              "3DES is now read, which can be broken by whoever collects enough of it: have the identity provider use AES-GCM, then switch this off",
          },
        ]
      : []),
  ];
}

function checkOidc(deps: AdminDeps, oidc: OidcSettings, hasSecret: boolean): void {
  const problems = deps.checkOidcSettings({ ...oidc, hasSecret });
  const [first] = problems;
  if (first === undefined) return;
  throw new Refusal("invalid_document", `the connection's settings have problems: ${first.pointer} ${first.message}`, {
    problems,
  });
}

function refuseForeign({ slug, protocol, oidc, saml }: Connection, body: object): void {
  const spoken: readonly string[] = [...(oidc ? OIDC_KEYS : []), ...(saml ? SAML_KEYS : [])];
  const keys = new Set<string>([...OIDC_KEYS, ...SAML_KEYS]);
  const foreign = [...keys].filter((key) => Object.hasOwn(body, key) && !spoken.includes(key));
  if (foreign.length === 0) return;
  const problems = foreign.map((key) => ({
    pointer: `/${key}`,
    code: "unknown_key",
    message: `connection \`${slug}\` speaks \`${protocol}\`, which has no \`${key}\``,
  }));
  throw new Refusal("invalid_document", problems.map(({ message }) => message).join("; "), { problems });
}

function refuseLater(body: LaterKeys): void {
  const parts = LATER.filter((key) => Object.hasOwn(body, key)).map((key) => ({
    pointer: `/${key}`,
    what: `\`${key}\``,
  }));
  if (parts.length > 0) throw notAvailableAtAll(parts);
}
