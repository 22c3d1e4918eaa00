/** Owns the data files that say how each identity provider's claims become facts (`rules/idp`). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScimProfile } from "../../model/connection.js";
import type { UserAttribute } from "../../model/facts.js";
import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { parseJson } from "../../platform/json.js";
import { projectRoot } from "../../platform/root.js";
import { compileSchema } from "../../platform/schemas.js";
import { isObject, own } from "./claims.js";

/** A claim's exact name, or the steps into nested objects. */
export type ClaimPath = string | readonly string[];

/** A file of `rules/idp`; `schemas/idp-profile.schema.json` says what each key means. */
export interface IdpProfile {
  readonly name: string;
  readonly title: string;
  readonly protocol: "oidc" | "saml";
  readonly applies?: {
    readonly hosts?: readonly string[];
    readonly profile?: ScimProfile;
    readonly paths?: readonly string[];
  };
  readonly identity: {
    readonly subject: readonly ClaimPath[];
    readonly externalIds: readonly ClaimPath[];
    readonly userNames: readonly ClaimPath[];
    readonly tenantClaim?: string;
    readonly sharedTenants?: readonly string[];
  };
  readonly email: {
    readonly claims: readonly string[];
    readonly verifiedBy: readonly { readonly claim: string; readonly values: readonly (string | number | boolean)[] }[];
    readonly domainClaim?: string;
    readonly provedDomains?: boolean;
    readonly asserted?: boolean;
  };
  readonly attributes: Readonly<Partial<Record<UserAttribute, readonly ClaimPath[]>>>;
  readonly groups: {
    readonly claims: readonly ClaimPath[];
    readonly objectNames?: readonly string[];
    readonly separator?: string;
    readonly overageFlags?: readonly string[];
    readonly overageLinks?: readonly string[];
    readonly overageValues?: readonly string[];
    readonly truncatedAt?: number;
  };
  readonly appRoles: readonly ClaimPath[];
  readonly idTokenAtSignOut?: "form" | "query";
  readonly clientAssertionAudience?: "issuer" | "token_endpoint";
  readonly leaveOut?: readonly string[];
}

/** Every profile that ships, read and checked once at start. Throws when a file is not what its schema says. */
export function loadIdpProfiles(folder: string = join(projectRoot, "rules", "idp")): readonly IdpProfile[] {
  const check = compileSchema<IdpProfile>("idp-profile", "document");
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const files = names.sort().map((name) => ({ name, said: parseJson(readFileSync(join(folder, name), "utf8")) }));
  const all = files.map(({ said }) => said).filter(isObject);
  return files.map(({ name, said }) => {
    const checked = check(isObject(said) ? completed(name, said, all) : said);
    if (checked.ok) return checked.value;
    const [first] = checked.problems;
    throw new Error(`rules/idp/${name}: ${first?.pointer ?? ""} ${first?.message ?? "is not an IdP profile"}`);
  });
}

const SECTIONS = ["identity", "email", "attributes", "groups"] as const;

/** A profile with what it leaves out, from the one that it extends; but for when it applies, which each says for itself. */
function completed(file: string, said: JsonObject, all: readonly JsonObject[]): JsonObject {
  const { extends: wanted, ...mine } = said;
  if (wanted === undefined) return said;
  const base = all.find((one) => own(one, "name") === wanted && own(one, "extends") === undefined);
  if (base === undefined) {
    throw new Error(`rules/idp/${file}: /extends must name a profile that extends none, is ${quote(String(wanted))}`);
  }
  const { applies: _, ...theirs } = base;
  const sections = SECTIONS.map((section): [string, Json] => {
    const [kept, inherited] = [own(said, section), own(base, section)];
    return [section, isObject(kept) && isObject(inherited) ? { ...inherited, ...kept } : (kept ?? inherited ?? {})];
  });
  return { ...theirs, ...mine, ...Object.fromEntries(sections) };
}

/** What an identity provider is recognised by: its address, and what the connection says of it. */
export interface IdpAddress {
  readonly protocol: "oidc" | "saml";
  /** The OIDC issuer or the SAML entityID. */
  readonly issuer: string;
  readonly profile: ScimProfile;
}

/** The profile for a provider: by host, else by what the connection says, else by path, else the protocol's generic one. */
export function profileFor(profiles: readonly IdpProfile[], { protocol, issuer, profile }: IdpAddress): IdpProfile {
  const mine = profiles.filter((one) => one.protocol === protocol);
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const found =
    mine.find((one) => url !== undefined && livesAt(one, url.hostname)) ??
    mine.find(({ applies }) => applies?.profile !== undefined && applies.profile === profile) ??
    mine.find(({ applies }) => applies?.paths?.some((path) => url?.pathname.includes(path))) ??
    mine.find(({ applies }) => applies === undefined);
  if (found === undefined) throw new Error(`rules/idp holds no generic profile for ${protocol}`);
  return found;
}

/**
 * Whether the host is one that the profile lists: by name, or with `*.` at the front any name below, never the bare one. A dot
 * at its end changes nothing: the same host answers.
 */
export function livesAt({ applies }: IdpProfile, hostname: string): boolean {
  const host = hostname.replace(/\.$/, "");
  const hosts = applies?.hosts ?? [];
  return hosts.some((listed) => (listed.startsWith("*.") ? host.endsWith(listed.slice(1)) : host === listed));
}
