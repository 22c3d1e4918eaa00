/** Metadata for tests: as real providers publish it, and made up from its parts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/platform/root.js";
import { attackerKey, globexKey, idpKey, idpNextKey } from "../support/saml-keys.js";

/** What the certificates in the files stand for: the first two sign, the other two do not, or not for this role. */
const KEYS: Readonly<Record<string, string>> = {
  first: idpKey.certificate,
  second: idpNextKey.certificate,
  encryption: globexKey.certificate,
  other: attackerKey.certificate,
};

/** A file of test/saml/metadata, with `{{first}}`, `{{first wrapped}}` and `{{first armoured}}` filled in. */
export function metadataFile(name: string): string {
  const text = readFileSync(join(projectRoot, "test", "saml", "metadata", `${name}.xml`), "utf8");
  return text.replace(/\{\{(\w+)(?: (\w+))?\}\}/g, (_all, key: string, form?: string) => {
    const certificate = KEYS[key] ?? "";
    if (form === undefined) return certificate;
    return form === "wrapped" ? wrapped(certificate) : armoured(certificate);
  });
}

/** In lines that are indented, as pretty printers leave them. */
export function wrapped(certificate: string): string {
  return (certificate.match(/.{1,64}/g) ?? []).map((line) => `\r\n\t    ${line}`).join("");
}

export function armoured(certificate: string): string {
  return `-----BEGIN CERTIFICATE-----\n${(certificate.match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----`;
}

export const SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol";
export const BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:";

/** A KeyDescriptor; `use` absent: without the attribute. Several certificates: in one X509Data. */
export function keyDescriptor(certificates: string | readonly string[], use?: string): string {
  const all = [certificates].flat().map((one) => `<ds:X509Certificate>${one}</ds:X509Certificate>`);
  const attribute = use === undefined ? "" : ` use="${use}"`;
  return `<md:KeyDescriptor${attribute}><ds:KeyInfo><ds:X509Data>${all.join("")}</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
}

export function ssoService(location: string, binding = "HTTP-Redirect"): string {
  return `<md:SingleSignOnService Binding="${BINDING}${binding}" Location="${location}"/>`;
}

export function sloService(location: string, binding: string, responseLocation?: string): string {
  const response = responseLocation === undefined ? "" : ` ResponseLocation="${responseLocation}"`;
  return `<md:SingleLogoutService Binding="${BINDING}${binding}" Location="${location}"${response}/>`;
}

/** The SingleLogoutServices in real providers' metadata. */
export function sloServices(metadataXml: string): readonly string[] {
  return metadataXml.match(/<SingleLogoutService\b[^>]*>(?:<\/SingleLogoutService>)?/g) ?? [];
}

/** The metadata of one that does not take messages of a logout by that binding. */
export function withoutService(metadataXml: string, binding: string): string {
  const service = sloServices(metadataXml).find((one) => one.includes(`:${binding}"`));
  return service === undefined ? metadataXml : metadataXml.replace(service, "");
}

export interface MetadataWishes {
  readonly entityId: string;
  /** Further attributes of the EntityDescriptor and of the IDPSSODescriptor. */
  readonly entityAttributes: string;
  readonly roleAttributes: string;
  readonly protocols: string;
  readonly keys: string;
  readonly services: string;
  /** The whole IDPSSODescriptor, and what stands behind it. */
  readonly role: string;
  readonly otherRoles: string;
}

export function idpRole({ roleAttributes = "", protocols = SAML2, ...wishes }: Partial<MetadataWishes> = {}): string {
  const { keys = keyDescriptor(idpKey.certificate, "signing"), services = ssoService("https://idp.example/sso") } =
    wishes;
  return `<md:IDPSSODescriptor protocolSupportEnumeration="${protocols}"${roleAttributes}>${keys}${services}</md:IDPSSODescriptor>`;
}

/** An EntityDescriptor that is accepted, unless told otherwise. */
export function idpMetadata({
  entityId = "https://idp.example/metadata",
  entityAttributes = "",
  otherRoles = "",
  ...wishes
}: Partial<MetadataWishes> = {}): string {
  const { role = idpRole(wishes) } = wishes;
  const namespaces = 'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"';
  return `<md:EntityDescriptor ${namespaces} entityID="${entityId}"${entityAttributes}>${role}${otherRoles}</md:EntityDescriptor>`;
}

export function entities(content: string, attributes = ""): string {
  return `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"${attributes}>${content}</md:EntitiesDescriptor>`;
}

export function spRole(keys = ""): string {
  const acs = `<md:AssertionConsumerService index="0" Binding="${BINDING}HTTP-POST" Location="https://sp.example/acs"/>`;
  return `<md:SPSSODescriptor protocolSupportEnumeration="${SAML2}">${keys}${acs}</md:SPSSODescriptor>`;
}
