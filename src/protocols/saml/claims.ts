/** Owns how a verified assertion becomes claims: its attributes under both their names, and its NameID under names of ours. */
import { asciiLower } from "../../model/fold.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { SignInClaims } from "../sign-in/claims.js";
import type { IdpProfile } from "../sign-in/idp-profile.js";
import { boundedKey, canBeBare, keyPart, markedKey } from "../sign-in/subject-key.js";
import { cut, SamlFailure } from "./failure.js";
import type { NameId, SamlAttribute, VerifiedAssertion } from "./verified.js";
import { trimmed } from "./xml.js";

/** The entityIDs of the identity provider and of ourselves at this connection. */
export interface Parties {
  readonly idp: string;
  readonly sp: string;
}

/** The last part of the formats that SAML names, whichever version's URN stands before it: providers mix those up. */
const STANDARD_FORMAT = /^urn:oasis:names:tc:SAML:[12]\.[01]:nameid-format:([A-Za-z0-9]+)$/;

/** Some providers put a bare user name into a NameID of the format emailAddress. */
const ONE_ADDRESS = /^[^\s@]+@[^\s@]+$/;

/**
 * What a NameID calls the person: at sign-in the lasting key, unless it is transient, and at logout what sessions are
 * found by. Format and value count, and qualifiers that name other parties than the two that speak (SAML core section
 * 2.2.2); an SPProvidedID does not, as none was ever given out from here. INVARIANT: two NameIDs have one key only if they mean the same person; a key without `=` before it is the bare
 * value of a persistent NameID, so that it can be compared with an externalId.
 */
export function subjectKey(nameId: NameId, parties: Parties): string {
  const format = formatOf(nameId);
  const value = trimmed(nameId.value);
  const qualifiers = [
    ...qualifier("idp", nameId.nameQualifier, parties.idp),
    ...qualifier("sp", nameId.spNameQualifier, parties.sp),
  ];
  const same = ignoresCase(format, value) ? asciiLower(value) : value;
  const isBare = format === "persistent" && qualifiers.length === 0 && canBeBare(same);
  return isBare ? boundedKey(same) : markedKey([keyPart(format), ...qualifiers].join(";"), same);
}

/** Identity providers change the letter case of addresses between sign-ins. */
function ignoresCase(format: string, value: string): boolean {
  return format === "emailAddress" || (format === "unspecified" && value.includes("@"));
}

function qualifier(name: string, said: string | undefined, party: string): readonly string[] {
  return said === undefined || said === "" || said === party ? [] : [`${name}=${keyPart(said)}`];
}

function formatOf({ format }: NameId): string {
  return STANDARD_FORMAT.exec(format)?.[1] ?? (format === "" ? "unspecified" : format);
}

/**
 * The attributes by Name, with what the NameID says under names in braces (`schemas/idp-profile.schema.json`), then the
 * same attributes by FriendlyName, where they have one. INVARIANT: nothing that was sent gets a name in braces.
 */
export function samlClaims({ nameId, attributes }: VerifiedAssertion, parties: Parties): SignInClaims {
  const listed = attributes.map((attribute) => ({ ...attribute, values: attribute.values.map(trimmed) }));
  const byName = listed.filter(({ name }) => !name.startsWith("{")).map(({ name, values }) => [name, values] as const);
  const byFriendlyName = friendly(listed).map(([name, { values }]) => [name, values] as const);
  return {
    sources: [
      Object.fromEntries<Json>([...byName, ...Object.entries(nameIdClaims(nameId, parties))]),
      Object.fromEntries<Json>(byFriendlyName),
    ],
  };
}

function nameIdClaims(nameId: NameId, parties: Parties): JsonObject {
  const format = formatOf(nameId);
  const value = trimmed(nameId.value);
  // INVARIANT: a NameID that changes each time, or says nothing, is nobody's key (SAML core section 8.3.8).
  if (format === "transient" || value === "") return {};
  const key = subjectKey(nameId, parties);
  // INVARIANT: a persistent NameID that another party gave out is not the identifier that this provider pushes.
  const isOwn = key === subjectKey({ value, format: nameId.format }, parties);
  return {
    "{subject}": key,
    "{name_id}": value,
    ...(format === "persistent" ? isOwn && { "{persistent_name_id}": value } : { "{readable_name_id}": value }),
    ...(format === "emailAddress" && ONE_ADDRESS.test(value) ? { "{email_name_id}": value } : {}),
  };
}

/** Attributes by FriendlyName; one that two of them bear names neither. */
function friendly(attributes: readonly SamlAttribute[]): readonly (readonly [string, SamlAttribute])[] {
  const times = new Map<string, number>();
  for (const { friendlyName = "" } of attributes) times.set(friendlyName, (times.get(friendlyName) ?? 0) + 1);
  return attributes.flatMap((attribute) => {
    const { friendlyName = "" } = attribute;
    const names = friendlyName !== "" && !friendlyName.startsWith("{") && times.get(friendlyName) === 1;
    return names ? [[friendlyName, attribute] as const] : [];
  });
}

/**
 * The NameID as the name that people were pushed under, where it is the very subject and nobody else's word: readable, and
 * qualified by no third party.
 */
export function assertedNameOf(nameId: NameId, subject: string, parties: Parties): string | undefined {
  const isTheSubject = subject === subjectKey({ value: nameId.value, format: nameId.format }, parties);
  const name = nameIdClaims(nameId, parties)["{readable_name_id}"];
  return isTheSubject && typeof name === "string" ? name : undefined;
}

/** Why nobody could be recognised: for the admin, who can change that at the identity provider. */
export function nobodyNamed({ nameId }: VerifiedAssertion, { identity }: IdpProfile): SamlFailure {
  const problem =
    formatOf(nameId) === "transient"
      ? "the NameID is another one at each sign-in, and no attribute that lasts comes with it: make the identity provider send a persistent or an e-mail NameID, or one of the attributes in `wanted`"
      : "the NameID is empty, or holds characters that cannot be printed";
  const wanted = identity.subject.map(String).filter((name) => !name.startsWith("{"));
  return new SamlFailure("name_id", { problem, format: cut(nameId.format), wanted });
}
