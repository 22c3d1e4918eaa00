import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GroupSeparator, ScimProfile } from "../../src/model/connection.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { projectRoot } from "../../src/platform/root.js";
import { NAME_FORMAT, NAME_ID, type ResponseWishes } from "../support/saml-response.js";

/** One file of test/sign-in/wire; its README says what the parts mean. */
export type SignInFixture = OidcFixture | SamlFixture;

interface Provider {
  readonly file: string;
  readonly title: string;
  readonly issuer: string;
  /** The profile of rules/idp by which it must be read. */
  readonly profile: string;
  readonly connectionProfile?: ScimProfile;
}

export interface OidcFixture extends Provider {
  readonly protocol: "oidc";
  readonly cases: readonly OidcCase[];
}

export interface SamlFixture extends Provider {
  readonly protocol: "saml";
  readonly cases: readonly SamlCase[];
}

export interface SignInCase {
  readonly title: string;
  readonly settings?: {
    readonly groupAttribute?: string;
    readonly groupSeparator?: GroupSeparator;
    readonly absentGroups?: "unknown" | "empty";
    readonly provedDomains?: readonly string[];
  };
  readonly expect: Expectation;
}

export interface OidcCase extends SignInCase {
  readonly idToken: JsonObject;
  readonly userinfo?: JsonObject;
}

export interface SamlCase extends SignInCase {
  readonly nameId: {
    readonly value: string;
    readonly format: keyof typeof NAME_ID | null;
    readonly nameQualifier?: "idp" | "sp";
    readonly spNameQualifier?: "idp" | "sp";
  };
  readonly wire?: Pick<ResponseWishes, "prefixes" | "signed"> & { readonly issuerFormat: keyof typeof NAME_ID };
  readonly attributes: readonly {
    readonly name: string;
    readonly values: readonly string[];
    readonly friendlyName?: string;
    readonly nameFormat?: keyof typeof NAME_FORMAT;
    readonly type?: string | null;
  }[];
}

/** What must be known of the person; what is not listed may be anything. */
export interface Expectation {
  readonly subject?: string;
  readonly externalIds?: readonly string[];
  readonly userNames?: readonly string[];
  readonly verifiedEmail?: string | null;
  readonly groups?: ExpectedList;
  readonly appRoles?: ExpectedList;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly claims?: JsonObject;
}

/** Names that are all, `unknown: <reason>`, or names that are some of them. */
export type ExpectedList =
  | readonly string[]
  | `unknown: ${string}`
  | { readonly value: readonly string[]; readonly partial: string };

const folder = join(projectRoot, "test", "sign-in", "wire");

export function signInFixtures(): readonly SignInFixture[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => ({ ...(read(file) as object as SignInFixture), file }));
}

function read(file: string): Json {
  return written(JSON.parse(readFileSync(join(folder, file), "utf8")) as Json);
}

/** `{"$numbered": 3}` stands for `["g0", "g1", "g2"]`. */
function written(json: Json): Json {
  if (Array.isArray(json)) return json.map((value: Json) => written(value));
  if (typeof json !== "object" || json === null) return json;
  const count = (json as JsonObject)["$numbered"];
  if (typeof count === "number") return Array.from({ length: count }, (_, at) => `g${at}`);
  return Object.fromEntries(Object.entries(json as JsonObject).map(([key, value]) => [key, written(value)]));
}

/** What the response of a case says beside times and addresses; `parties` are the entityIDs of both. */
export function wishesOf(
  { nameId, attributes, wire }: SamlCase,
  parties: { readonly idp: string; readonly sp: string },
): Partial<ResponseWishes> {
  const { value, format, nameQualifier, spNameQualifier } = nameId;
  return {
    nameId: value,
    nameIdFormat: format === null ? null : NAME_ID[format],
    ...(nameQualifier === undefined ? {} : { nameQualifier: parties[nameQualifier] }),
    ...(spNameQualifier === undefined ? {} : { spNameQualifier: parties[spNameQualifier] }),
    ...(wire === undefined ? {} : { ...wire, issuerFormat: NAME_ID[wire.issuerFormat] }),
    attributes: attributes.map(({ nameFormat, ...attribute }) => ({
      ...attribute,
      ...(nameFormat === undefined ? {} : { nameFormat: NAME_FORMAT[nameFormat] }),
    })),
  };
}
