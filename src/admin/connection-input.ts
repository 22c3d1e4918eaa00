/** Connection bodies: from what an admin writes to what provisioning takes, with the protocol's own judgement. */
import type { Connection, OidcSettings } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import type { ConnectionInput, ConnectionPatch } from "../provisioning/connections.js";
import type { AdminDeps } from "./deps.js";
import { notAvailable, notAvailableAtAll } from "./not-available.js";

type Settings = Omit<ConnectionInput, "slug" | "protocol" | "oidc" | "clientSecret" | "priority">;
type OidcKeys = Partial<OidcSettings> & { readonly clientSecret?: string };

/** Keys of the API's contract that wait for a later version. */
const LATER = ["directory", "manages", "rolesFrom", "onLastGroupRemoved", "directWhen"] as const;
type LaterKeys = { readonly [Key in (typeof LATER)[number]]?: unknown };

export type NewConnectionBody = { readonly slug: string; readonly protocol: "oidc" | "scim" | "saml" } & Settings &
  OidcKeys &
  LaterKeys;

export type ConnectionChangeBody = Omit<ConnectionPatch, "oidc"> & OidcKeys & LaterKeys;

/** Refusal `invalid_document` with every mistake. */
export function connectionInput(deps: AdminDeps, body: NewConnectionBody): ConnectionInput {
  const { protocol } = body;
  if (protocol === "saml") throw notAvailable("/protocol", "the protocol `saml`");
  refuseLater(body);
  const { slug, clientSecret, issuer, clientId, clientAuthMethod, scopes, ...settings } = body;
  if (protocol === "scim") return { ...settings, slug, protocol };
  const oidc = {
    issuer: issuer ?? "",
    clientId: clientId ?? "",
    scopes: scopes ?? [],
    ...(clientAuthMethod && { clientAuthMethod }),
  };
  checkOidc(deps, oidc, clientSecret !== undefined);
  return { ...settings, slug, protocol, oidc, ...(clientSecret !== undefined && { clientSecret }) };
}

/** Refusal `invalid_document` with every mistake. `hasSecret`: one is stored already. */
export function connectionPatch(
  deps: AdminDeps,
  before: Connection,
  body: ConnectionChangeBody,
  hasSecret: boolean,
): ConnectionPatch {
  refuseLater(body);
  const { issuer, clientId, clientAuthMethod, scopes, ...settings } = body;
  const said = {
    ...(issuer !== undefined && { issuer }),
    ...(clientId !== undefined && { clientId }),
    ...(clientAuthMethod !== undefined && { clientAuthMethod }),
    ...(scopes !== undefined && { scopes }),
  };
  const touched = [...Object.keys(said), ...(body.clientSecret === undefined ? [] : ["clientSecret"])];
  if (touched.length === 0) return settings;
  if (before.oidc === undefined) throw notOfOidc(before, touched);
  const oidc = { ...before.oidc, ...said };
  checkOidc(deps, oidc, hasSecret || body.clientSecret !== undefined);
  return { ...settings, oidc };
}

function checkOidc(deps: AdminDeps, oidc: OidcSettings, hasSecret: boolean): void {
  const problems = deps.checkOidcSettings({ ...oidc, hasSecret });
  const [first] = problems;
  if (first === undefined) return;
  throw new Refusal("invalid_document", `the connection's settings have problems: ${first.pointer} ${first.message}`, {
    problems,
  });
}

function notOfOidc({ slug, protocol }: Connection, keys: readonly string[]): Refusal {
  const problems = keys.map((key) => ({
    pointer: `/${key}`,
    code: "unknown_key",
    message: `connection \`${slug}\` speaks \`${protocol}\`, which has no \`${key}\``,
  }));
  return new Refusal("invalid_document", problems.map(({ message }) => message).join("; "), { problems });
}

function refuseLater(body: LaterKeys): void {
  const parts = LATER.filter((key) => Object.hasOwn(body, key)).map((key) => ({
    pointer: `/${key}`,
    what: `\`${key}\``,
  }));
  if (parts.length > 0) throw notAvailableAtAll(parts);
}
