/** Owns the way from a text that should be SAML metadata to the one identity provider in it, and what is said of other texts. */
import { quote } from "../../model/quote.js";
import { didYouMean, suggest } from "../../model/suggest.js";
import { SamlFailure } from "./failure.js";
import { SAML, SAMLP } from "./namespaces.js";
import { METADATA_CAPS } from "./prescan.js";
import { attributeOf, childrenOf, parseXml, type XmlElement } from "./xml.js";

/** Of a federation's hundreds, so many are listed in a problem. */
const MOST_NAMES = 50;

export const METADATA = "urn:oasis:names:tc:SAML:2.0:metadata";

/** A code, and a clause that the metadata is the subject of. */
export interface Mistake {
  readonly code: string;
  readonly message: string;
}

export interface IdentityProvider {
  readonly entity: XmlElement;
  /** Its IDPSSODescriptor for SAML 2.0. */
  readonly role: XmlElement;
  /** Each element that may say how long this holds, outermost first. */
  readonly around: readonly XmlElement[];
}

/**
 * Of several identity providers the one of this name; where there is one alone, that one, whatever its name.
 * INVARIANT: a signature on metadata is not looked at and adds no trust; an admin vouches for what is given here.
 */
export function findIdentityProvider(text: string, entityId?: string): IdentityProvider | Mistake {
  const xml = withoutComments(text).trim();
  const strange = otherThanXml(xml);
  if (strange !== undefined) return notMetadata(strange);
  try {
    return inDocument(parseXml(xml, METADATA_CAPS), entityId);
  } catch (error) {
    if (!(error instanceof SamlFailure)) throw error;
    const code = error.guard === "size" ? "metadata_too_large" : "xml_refused";
    return { code, message: `cannot be read: ${String(error.detail["problem"])}` };
  }
}

export function isMistake(found: object): found is Mistake {
  return "code" in found;
}

/**
 * Metadata is read by people too and has comments, which the pre-scan refuses like all else that begins with `<!`. A blank
 * takes the place of each, so that nothing grows together; no value that is read here has a meaning for blanks.
 */
function withoutComments(text: string): string {
  let kept = "";
  let at = 0;
  for (let start = text.indexOf("<!--"); start >= 0; start = text.indexOf("<!--", at)) {
    const end = text.indexOf("-->", start + "<!--".length);
    if (end < 0) break;
    kept += `${text.slice(at, start)} `;
    at = end + "-->".length;
  }
  return kept + text.slice(at);
}

const OTHERS: readonly [form: RegExp, message: string][] = [
  [/^$/, "is empty: give the identity provider's metadata as XML"],
  [/^[{[]/, "is JSON and not XML: an OpenID provider needs a connection of the protocol `oidc`"],
  [
    /^(?:-----BEGIN CERTIFICATE-----|MII[\w+/=\s]*$)/,
    "is a certificate alone: give the whole metadata, which names the provider and its addresses too",
  ],
  [/^https?:\/\/\S+$/i, "is an address: give it as `metadataUrl`"],
  [
    /^(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+)?html\b/i,
    "is a web page, perhaps that of a login: give the metadata document itself, which the provider offers for download",
  ],
  [/^[^<]/, "is not XML: give the identity provider's metadata, which begins with an `EntityDescriptor`"],
];

function otherThanXml(text: string): string | undefined {
  return OTHERS.find(([form]) => form.test(text))?.[1];
}

function inDocument(root: XmlElement, entityId: string | undefined): IdentityProvider | Mistake {
  if (isMetadata(root, "EntityDescriptor")) return inEntity(root, []);
  if (!isMetadata(root, "EntitiesDescriptor")) return notMetadata(otherRoot(root));
  const entities = [...entitiesIn(root, [])];
  const found = entities.map(({ entity, above }) => inEntity(entity, above));
  const providers = found.filter((one): one is IdentityProvider => !isMistake(one));
  const [only = found[0]] = providers;
  if (providers.length <= 1) return only ?? noProvider("describes nobody: its `EntitiesDescriptor` is empty");
  const names = providers.map(({ entity }) => nameOf(entity));
  if (entityId === undefined) {
    return { code: "several_entities", message: `${severalOf(names)}: say as \`entityId\` which one is meant` };
  }
  const [named, again] = entities.flatMap(({ entity }, at) => (nameOf(entity) === entityId ? (found[at] ?? []) : []));
  if (again !== undefined) {
    const message = `describes ${quote(entityId)} more than once: give the metadata of one identity provider`;
    return { code: "several_entities", message };
  }
  if (named !== undefined) return named;
  const near = didYouMean(suggest(entityId, names));
  const message = `does not describe ${quote(entityId)}${near === "" ? "" : near.slice(0, -1)}; it ${severalOf(names)}`;
  return { code: "entity_not_found", message };
}

/** The provider's own name; empty where it has none. */
export function nameOf(entity: XmlElement): string {
  return attributeOf(entity, "entityID")?.trim() ?? "";
}

function severalOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => quote(name));
  const more = names.length > shown.length ? `, and ${names.length - shown.length} more` : "";
  return `describes ${names.length} identity providers (${shown.join(", ")}${more})`;
}

function* entitiesIn(
  group: XmlElement,
  outside: readonly XmlElement[],
): Generator<{ readonly entity: XmlElement; readonly above: readonly XmlElement[] }> {
  const above = [...outside, group];
  for (const child of group.children) {
    if (isMetadata(child, "EntityDescriptor")) yield { entity: child, above };
    else if (isMetadata(child, "EntitiesDescriptor")) yield* entitiesIn(child, above);
  }
}

function inEntity(entity: XmlElement, above: readonly XmlElement[]): IdentityProvider | Mistake {
  const roles = childrenOf(entity, METADATA, "IDPSSODescriptor");
  const [role, ...others] = roles.filter(speaksSaml2);
  if (others.length > 0) {
    const message = "has more than one `IDPSSODescriptor` for SAML 2.0: leave only the one that people sign in with";
    return { code: "several_roles", message };
  }
  if (role !== undefined) return { entity, role, around: [...above, entity, role] };
  if (roles.length > 0) {
    return noProvider(`has no \`IDPSSODescriptor\` whose \`protocolSupportEnumeration\` lists ${quote(SAMLP)}`);
  }
  if (childrenOf(entity, METADATA, "SPSSODescriptor").length > 0) {
    return noProvider("is that of a service provider, perhaps our own: give the identity provider's");
  }
  if (childrenOf(entity, METADATA, "RoleDescriptor").length > 0) {
    return noProvider("describes WS-Federation alone: let the identity provider publish SAML 2.0 metadata");
  }
  return noProvider("has no `IDPSSODescriptor`: give the metadata of an identity provider");
}

function speaksSaml2(role: XmlElement): boolean {
  return (attributeOf(role, "protocolSupportEnumeration") ?? "").split(/\s+/).includes(SAMLP);
}

function otherRoot({ namespace, name }: XmlElement): string {
  if (namespace === SAMLP || namespace === SAML) {
    return `is a SAML ${quote(name)}, a message of a sign-in: give the identity provider's metadata`;
  }
  if (name === "EntityDescriptor" || name === "EntitiesDescriptor") {
    return `has its ${quote(name)} in the namespace ${quote(namespace)}: SAML 2.0 metadata has it in ${quote(METADATA)}`;
  }
  if (/^(?:FederationMetadata|definitions|Metadata)$/.test(name)) {
    return "describes WS-Federation or WS-Trust: let the identity provider publish SAML 2.0 metadata";
  }
  return `begins with ${quote(name)}: metadata begins with an \`EntityDescriptor\``;
}

function isMetadata(element: XmlElement, name: string): boolean {
  return element.namespace === METADATA && element.name === name;
}

function notMetadata(message: string): Mistake {
  return { code: "not_metadata", message };
}

function noProvider(message: string): Mistake {
  return { code: "no_identity_provider", message };
}
