/** Owns what of an identity provider's metadata is believed (SAML metadata sections 2.3 and 2.4): its name, its keys, its addresses. */
import type { SamlChoices, SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import type { Problem } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { isCertificate, readCertificates } from "./certificate.js";
import { parseInstant } from "./instants.js";
import { findIdentityProvider, isMistake, METADATA, type Mistake, nameOf } from "./metadata-document.js";
import { DS } from "./namespaces.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

export interface MetadataRules {
  readonly now: Instant;
  /** Development and tests, where providers live on loopback. */
  readonly allowHttp: boolean;
  /** What the admin gave, for problems to point at. */
  readonly pointer: "/metadataXml" | "/metadataUrl";
  /** Which one of several identity providers is meant. */
  readonly entityId?: string;
}

export type IdpMetadata = Omit<SamlSettings, "metadataUrl" | keyof SamlChoices>;

export interface ReadMetadata {
  readonly ok: true;
  readonly metadata: IdpMetadata;
  /** For how long the provider wants it kept, where it says so. */
  readonly cacheSeconds?: number;
}

export type MetadataReading = ReadMetadata | { readonly ok: false; readonly problems: readonly Problem[] };

const BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:";
/** SAML metadata section 2.2.1. */
const LONGEST_ENTITY_ID = 1_024;
const LONGEST_ADDRESS = 2_000;
/** Each of them may be tried on each signature. */
const MOST_CERTIFICATES = 20;
/** What URLs may have besides means something to a Content-Security-Policy. */
const PLAIN_HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;
const ZONE = /(?:Z|[+-]\d\d:\d\d)$/;

/** Every mistake at once. */
export function readIdpMetadata(text: string, rules: MetadataRules): MetadataReading {
  const found = findIdentityProvider(text, rules.entityId);
  if (isMistake(found)) return refused([found], rules);
  const mistakes: Mistake[] = [];
  const report: Report = (code, message) => mistakes.push({ code, message });
  const entityId = readEntityId(found.entity, report);
  const certificates = readSigningCertificates(found.role, report);
  const addresses = readAddresses(found.role, rules, report);
  const validUntil = readValidUntil(found.around, rules.now, report);
  if (mistakes.length > 0) return refused(mistakes, rules);
  const optional = { ...readLogoutAddresses(found.role, rules), ...readWishes(found.role) };
  const metadata = { entityId, ...addresses, ...optional, certificates, ...(validUntil && { validUntil }) };
  const cacheSeconds = readCacheSeconds(found.around);
  return { ok: true, metadata, ...(cacheSeconds !== undefined && { cacheSeconds }) };
}

/** What keeps a URL from being one that browsers are sent to or that we call; `undefined` when nothing does. */
export function addressMistake(address: string, { allowHttp }: Pick<MetadataRules, "allowHttp">): string | undefined {
  if (address.length > LONGEST_ADDRESS) return `must have at most ${LONGEST_ADDRESS} characters`;
  // The URL parser would repair what is left out here, and browsers and providers would not agree how.
  const url =
    /^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(address) && URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) return `must be an https URL, is ${quote(address)}`;
  if (url.protocol !== "https:" && !allowHttp) return `must be an https URL: ${quote(address)} can be read on its way`;
  if (!PLAIN_HOST.test(url.hostname))
    return `must have a plain name or address as its host, has ${quote(url.hostname)}`;
  if (url.username !== "" || url.password !== "") return "must be a URL without user and password";
  return address.includes("#") ? `must be a URL without fragment, is ${quote(address)}` : undefined;
}

type LogoutAddresses = Pick<
  SamlSettings,
  "sloPostResponseUrl" | "sloPostUrl" | "sloRedirectResponseUrl" | "sloRedirectUrl"
>;
type Report = (code: string, message: string) => void;

function readEntityId(entity: XmlElement, report: Report): string {
  const entityId = nameOf(entity);
  if (entityId === "") report("entity_id_invalid", "has an `EntityDescriptor` without `entityID`, the provider's name");
  if (entityId.length > LONGEST_ENTITY_ID) {
    report("entity_id_invalid", `has an \`entityID\` of more than ${LONGEST_ENTITY_ID} characters`);
  }
  if (/\p{Cc}/u.test(entityId)) report("entity_id_invalid", "has an `entityID` with control characters");
  return entityId;
}

/** INVARIANT: keys of this role alone, and none that is there for encryption only. */
function readSigningCertificates(role: XmlElement, report: Report): readonly string[] {
  const keys = childrenOf(role, METADATA, "KeyDescriptor").filter(maySign);
  const data = keys
    .flatMap((key) => childrenOf(key, DS, "KeyInfo"))
    .flatMap((info) => childrenOf(info, DS, "X509Data"))
    .map((one) => childrenOf(one, DS, "X509Certificate").map((text) => textOf(text) ?? ""));
  const count = data.flat().length;
  if (count > MOST_CERTIFICATES) {
    report("certificate_too_many", `has ${count} certificates for signing: leave at most ${MOST_CERTIFICATES}`);
    return [];
  }
  const readings = data.flatMap(readCertificates);
  const usable = [...new Set(readings.filter(isCertificate).map(({ der }) => der))];
  for (const reading of readings) {
    if (isCertificate(reading)) continue;
    // Beside a key that is accepted, one that is not does no harm: nothing that it signed is accepted.
    if (reading.code === "certificate_invalid" || usable.length === 0) {
      report(reading.code, `has a certificate for signing that ${reading.message}`);
    }
  }
  if (count === 0) {
    const where = "a `KeyDescriptor` for signing with an `X509Certificate`";
    report("certificate_missing", `has no key that may sign: its \`IDPSSODescriptor\` needs ${where}`);
  }
  return usable;
}

function maySign(key: XmlElement): boolean {
  const use = attributeOf(key, "use");
  return use === undefined || use.trim() === "signing";
}

/** The first address of either binding; other bindings are left out, and so is what is there for artifacts. */
function readAddresses(
  role: XmlElement,
  rules: MetadataRules,
  report: Report,
): Pick<SamlSettings, "ssoRedirectUrl" | "ssoPostUrl"> {
  const services = childrenOf(role, METADATA, "SingleSignOnService");
  const addressesBy = (binding: string) => {
    const offered = services.filter((one) => attributeOf(one, "Binding")?.trim() === `${BINDINGS}${binding}`);
    const addresses = offered.map((one) => attributeOf(one, "Location")?.trim() ?? "");
    for (const address of addresses) {
      const mistake = addressMistake(address, rules);
      if (mistake !== undefined) report("sso_url_refused", `has a sign-in address (${binding}) that ${mistake}`);
    }
    return addresses[0];
  };
  const ssoRedirectUrl = addressesBy("HTTP-Redirect");
  const ssoPostUrl = addressesBy("HTTP-POST");
  if (ssoRedirectUrl === undefined && ssoPostUrl === undefined) {
    const needed = "a `SingleSignOnService` with the binding HTTP-Redirect or HTTP-POST";
    report("sso_url_missing", `has no address to send people to: its \`IDPSSODescriptor\` needs ${needed}`);
  }
  return { ...(ssoRedirectUrl !== undefined && { ssoRedirectUrl }), ...(ssoPostUrl !== undefined && { ssoPostUrl }) };
}

/** The same of logout. Nobody needs it to sign in: an address that is not accepted is left out, and logout ends at us. */
function readLogoutAddresses(role: XmlElement, rules: MetadataRules): LogoutAddresses {
  const services = childrenOf(role, METADATA, "SingleLogoutService");
  const usable = (address: string | undefined) =>
    address !== undefined && addressMistake(address.trim(), rules) === undefined ? address.trim() : undefined;
  const addressesBy = (binding: string) => {
    const offered = services.filter((one) => attributeOf(one, "Binding")?.trim() === `${BINDINGS}${binding}`);
    const service = offered.find((one) => usable(attributeOf(one, "Location")) !== undefined);
    if (service === undefined) return {};
    const [url, response] = ["Location", "ResponseLocation"].map((name) => usable(attributeOf(service, name)));
    return { ...(url !== undefined && { url }), ...(response !== undefined && { response }) };
  };
  const [redirect = {}, post = {}] = ["HTTP-Redirect", "HTTP-POST"].map(addressesBy);
  return {
    ...(redirect.url !== undefined && { sloRedirectUrl: redirect.url }),
    ...(redirect.response !== undefined && { sloRedirectResponseUrl: redirect.response }),
    ...(post.url !== undefined && { sloPostUrl: post.url }),
    ...(post.response !== undefined && { sloPostResponseUrl: post.response }),
  };
}

/** A boolean of XML Schema; anything else says nothing. */
function readWishes(role: XmlElement): Pick<SamlSettings, "wantsSignedRequests"> {
  const wanted = attributeOf(role, "WantAuthnRequestsSigned")?.trim();
  return wanted === "true" || wanted === "1" ? { wantsSignedRequests: true } : {};
}

/** The earliest end, of whichever element it is said; times are UTC, with `Z` or without (SAML core section 1.3.3). */
function readValidUntil(around: readonly XmlElement[], now: Instant, report: Report): Instant | undefined {
  const ends: Instant[] = [];
  for (const element of around) {
    const text = attributeOf(element, "validUntil")?.trim();
    if (text === undefined) continue;
    const end = parseInstant(ZONE.test(text) ? text : `${text}Z`);
    if (end === undefined) report("valid_until_invalid", `has a \`validUntil\` that is no time in UTC: ${quote(text)}`);
    else ends.push(new Date(end).toISOString());
  }
  const [earliest] = ends.sort();
  if (earliest !== undefined && earliest <= now) {
    report("metadata_expired", `was valid until ${earliest}: give what the provider publishes now`);
  }
  return earliest;
}

const DURATION = /^P(?:(\d{1,5})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?$/;

/** The shortest `cacheDuration` of any element around; one in years or months, or none at all, says nothing. */
function readCacheSeconds(around: readonly XmlElement[]): number | undefined {
  const said = around.flatMap((element) => {
    const found = DURATION.exec(attributeOf(element, "cacheDuration")?.trim() ?? "");
    if (found === null) return [];
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((text) => Number(text ?? 0));
    return [((days * 24 + hours) * 60 + minutes) * 60 + seconds];
  });
  return said.length === 0 ? undefined : Math.min(...said);
}

function refused(mistakes: readonly Mistake[], { pointer }: MetadataRules): MetadataReading {
  const problems = new Map(mistakes.map(({ code, message }) => [message, { pointer, code, message }]));
  return { ok: false, problems: [...problems.values()] };
}
