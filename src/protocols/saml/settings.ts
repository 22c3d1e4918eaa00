/** Owns what the settings of a SAML connection are made of: metadata that an admin gives, or that is fetched where they say. */
import type { SamlChoices, SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import { type Problem, Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { didYouMean, suggest } from "../../model/suggest.js";
import type { GuardedFetch } from "../../platform/network.js";
import { type CertificateView, certificateView, isCertificate, readCertificate } from "./certificate.js";
import { addressMistake, type ReadMetadata, readIdpMetadata } from "./metadata.js";
import { fetchDocument, textOf } from "./metadata-fetch.js";

export interface SamlInput extends Partial<Omit<SamlChoices, "signRequests">> {
  /** `null`: as the metadata wants them, again. */
  readonly signRequests?: boolean | null;
  readonly metadataXml?: string;
  readonly metadataUrl?: string;
  /** Which one of several identity providers in the metadata is meant. */
  readonly entityId?: string;
}

export interface SamlSettingsDeps {
  readonly fetch: GuardedFetch;
  now(): Instant;
  /** Providers over plain http: development and tests only. */
  readonly allowHttp: boolean;
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
  readonly certificates: readonly CertificateView[];
}

/**
 * The settings of a new connection, from `metadataXml` or `metadataUrl`. Refusal `invalid_document` with every mistake, or
 * `address_refused`, `unavailable` or `metadata_refused` when the address does not answer with a document.
 */
export async function readSamlSettings(input: SamlInput, deps: SamlSettingsDeps): Promise<SamlSettings> {
  const { metadataXml, metadataUrl } = input;
  refuseBoth(input);
  if (metadataXml === undefined && metadataUrl === undefined) {
    const message = "one of the keys `metadataXml` and `metadataUrl` is missing";
    throw invalid([{ pointer: "", code: "missing_key", message }]);
  }
  const metadata = await metadataOf(input, input.entityId, deps);
  if (input.entityId === undefined || metadata.entityId === input.entityId)
    return { ...metadata, ...choicesOf(input, { requireSigned: "either" }) };
  const near = didYouMean(suggest(input.entityId, [metadata.entityId]));
  const message = `the metadata is that of ${quote(metadata.entityId)}, not of ${quote(input.entityId)}${near}`;
  throw invalid([{ pointer: "/entityId", code: "entity_not_found", message }]);
}

type Metadata = Omit<SamlSettings, keyof SamlChoices>;

/** What the input says, and where it says nothing what was chosen before. */
export function choicesOf(input: SamlInput, before: SamlChoices): SamlChoices {
  const { signRequests = before.signRequests, nameIdFormat = before.nameIdFormat } = input;
  const { forceAuthn = before.forceAuthn, legacyCbc = before.legacyCbc, newKeys = before.newKeys } = input;
  const { requireSigned = before.requireSigned, legacyTripleDes = before.legacyTripleDes } = input;
  const { allowIdpInitiated = before.allowIdpInitiated, singleLogout = before.singleLogout } = input;
  const { universalLogoutIssuer = before.universalLogoutIssuer } = input;
  return {
    requireSigned,
    ...(newKeys !== undefined && { newKeys }),
    ...(typeof signRequests === "boolean" && { signRequests }),
    ...(nameIdFormat !== undefined && { nameIdFormat }),
    ...(forceAuthn !== undefined && { forceAuthn }),
    ...(singleLogout !== undefined && { singleLogout }),
    ...(allowIdpInitiated !== undefined && { allowIdpInitiated }),
    ...(universalLogoutIssuer !== undefined && { universalLogoutIssuer }),
    ...(legacyCbc !== undefined && { legacyCbc }),
    ...(legacyTripleDes !== undefined && { legacyTripleDes }),
  };
}

/** Whether sign-in requests of the connection are signed. */
export function signsRequests({ signRequests, wantsSignedRequests = false }: SamlSettings): boolean {
  return signRequests ?? wantsSignedRequests;
}

async function metadataOf(
  { metadataXml, metadataUrl }: SamlInput,
  entityId: string | undefined,
  deps: SamlSettingsDeps,
): Promise<Metadata> {
  if (metadataUrl !== undefined) return fetchedMetadata(metadataUrl.trim(), entityId, deps);
  return metadataFrom(metadataXml ?? "", "/metadataXml", entityId, deps).metadata;
}

/**
 * The same for a change: what is left out stays, and `metadataUrl` given again is fetched again. Refuses alike, also the
 * metadata of another identity provider. INVARIANT: the people of a connection are known by names that one provider gave.
 */
export async function changedSamlSettings(
  before: SamlSettings,
  input: SamlInput,
  deps: SamlSettingsDeps,
): Promise<SamlSettings> {
  const choices = choicesOf(input, before);
  if (input.entityId !== undefined && input.entityId !== before.entityId) {
    const message = `is not ${quote(before.entityId)}, which the connection is for: make another connection for another identity provider`;
    throw invalid([{ pointer: "/entityId", code: "entity_id_changed", message }]);
  }
  const { signRequests: _chosen, ...kept } = before;
  if (input.metadataXml === undefined && input.metadataUrl === undefined) return { ...kept, ...choices };
  refuseBoth(input);
  const after = await metadataOf(input, before.entityId, deps);
  refuseAnother(before, after, input.metadataXml === undefined ? "/metadataUrl" : "/metadataXml");
  return { ...after, ...choices };
}

export function refuseAnother(before: SamlSettings, after: Pick<SamlSettings, "entityId">, pointer: Pointer): void {
  if (after.entityId === before.entityId) return;
  const message = `is that of ${quote(after.entityId)}, not of ${quote(before.entityId)}: make another connection for another identity provider`;
  throw invalid([{ pointer, code: "entity_id_changed", message }]);
}

function refuseBoth({ metadataXml, metadataUrl }: SamlInput): void {
  if (metadataXml === undefined || metadataUrl === undefined) return;
  const message = "give `metadataXml` or `metadataUrl`, not both";
  throw invalid(["/metadataXml", "/metadataUrl"].map((pointer) => ({ pointer, code: "not_allowed", message })));
}

export function samlIdpView(settings: SamlSettings, now: Instant): SamlIdpView {
  const { entityId, ssoRedirectUrl = null, ssoPostUrl = null, metadataUrl = null, validUntil = null } = settings;
  const { sloRedirectUrl = null, sloPostUrl = null, wantsSignedRequests = false } = settings;
  const certificates = settings.certificates.map(readCertificate).filter(isCertificate);
  return {
    ...{ entityId, ssoRedirectUrl, ssoPostUrl, sloRedirectUrl, sloPostUrl, wantsSignedRequests },
    ...{ metadataUrl, validUntil },
    requireSigned: settings.requireSigned,
    newKeys: settings.newKeys ?? "confirm",
    signRequests: signsRequests(settings),
    nameIdFormat: settings.nameIdFormat ?? "any",
    forceAuthn: settings.forceAuthn ?? false,
    singleLogout: settings.singleLogout ?? true,
    allowIdpInitiated: settings.allowIdpInitiated ?? false,
    universalLogoutIssuer: settings.universalLogoutIssuer ?? null,
    legacyCbc: settings.legacyCbc ?? false,
    legacyTripleDes: settings.legacyTripleDes ?? false,
    certificates: certificates.map((certificate) => certificateView(certificate, now)),
  };
}

type Pointer = "/metadataXml" | "/metadataUrl";

/** Refusal `invalid_document` with every mistake of the text. */
export function metadataFrom(
  text: string,
  pointer: Pointer,
  entityId: string | undefined,
  { now, allowHttp }: SamlSettingsDeps,
): ReadMetadata {
  const rules = { now: now(), allowHttp, pointer, ...(entityId !== undefined && { entityId }) };
  const reading = readIdpMetadata(text, rules);
  if (!reading.ok) throw invalid(reading.problems);
  return reading;
}

async function fetchedMetadata(url: string, entityId: string | undefined, deps: SamlSettingsDeps): Promise<Metadata> {
  const mistake = addressMistake(url, deps);
  if (mistake !== undefined)
    throw invalid([{ pointer: "/metadataUrl", code: "metadata_url_refused", message: mistake }]);
  const text = await textOf(await fetchDocument(url, deps.fetch), url);
  return { ...metadataFrom(text, "/metadataUrl", entityId, deps).metadata, metadataUrl: url };
}

function invalid(problems: readonly Problem[]): Refusal {
  const [first] = problems;
  const text = `the connection's settings have problems: ${first?.pointer} ${first?.message}`;
  return new Refusal("invalid_document", text, { problems });
}
