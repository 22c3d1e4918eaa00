/** Owns the look at XML before any parser sees it: one pass over a stranger's text, linear, that refuses what no SAML message needs. */
import { quote } from "../../model/quote.js";
import { refusal, type SamlFailure } from "./failure.js";

/** How large a document may be in each of the directions in which parsing or canonicalising it grows. */
export interface XmlCaps {
  /** As UTF-8. */
  readonly bytes: number;
  readonly depth: number;
  readonly elements: number;
  /** Of one element, namespace declarations included. */
  readonly attributesPerElement: number;
  /** Of the whole document, namespace declarations included. */
  readonly attributes: number;
  /** Declarations in force at any one place: canonicalisation carries them to every element below. */
  readonly namespacesInScope: number;
  /** The parser looks through the whole text once for each element name. */
  readonly elementNames: number;
  readonly nameLength: number;
}

/** A response with 5,000 values fits in. */
export const RESPONSE_CAPS: XmlCaps = {
  bytes: 512 * 1024,
  depth: 24,
  elements: 6_500,
  attributesPerElement: 30,
  attributes: 16_000,
  namespacesInScope: 40,
  elementNames: 100,
  nameLength: 128,
};

/**
 * What comes out of a signed response once its signature held: canonical XML declares namespaces anew at each element
 * that uses them, and writes no empty elements.
 */
export const SIGNED_CAPS: XmlCaps = {
  ...RESPONSE_CAPS,
  bytes: 8 * RESPONSE_CAPS.bytes,
  attributesPerElement: 2 * RESPONSE_CAPS.attributesPerElement,
  attributes: 4 * RESPONSE_CAPS.attributes,
  namespacesInScope: 2 * RESPONSE_CAPS.namespacesInScope,
};

/** A request or response of a logout: a name, and the sessions that are meant. */
export const LOGOUT_CAPS: XmlCaps = { ...RESPONSE_CAPS, bytes: 64 * 1024, elements: 300, attributes: 1_000 };

/** The metadata of one identity provider, with its certificates, logos and texts in many languages. */
export const METADATA_CAPS: XmlCaps = {
  ...RESPONSE_CAPS,
  bytes: 1024 * 1024,
  elements: 12_000,
  attributes: 24_000,
  elementNames: 200,
};

const NAME = "[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?";
const START_TAG = new RegExp(`<(${NAME})`, "y");
const ATTRIBUTE = new RegExp(`[ \\t\\r\\n]+(${NAME})[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"([^"<]*)"|'([^'<]*)')`, "y");
const TAG_END = /[ \t\r\n]*(\/?)>/y;
const END_TAG = new RegExp(`</(${NAME})[ \\t\\r\\n]*>`, "y");
const REFERENCE = /&(?:amp|lt|gt|quot|apos|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));/y;
const FORBIDDEN_CHARACTER = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
const PROLOG =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*["']1\.0["'](?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]*)["'])?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*["'](?:yes|no)["'])?[ \t\r\n]*\?>/;
const NOT_BLANK = /[^ \t\r\n]/;
/** Canonicalisation leaves out attributes of such names, so that they could be added to what was signed. */
const LIKE_DECLARATION = /^xmlns/i;
const DECLARATION = /^xmlns(?::|$)/;
const PREFIX_LIKE_DECLARATION = /^xmlns[^:]*:/i;
const MAX_NAMESPACE_LENGTH = 256;
/** The one namespace that the prefix `xml` may be declared for; Shibboleth's metadata does so. */
const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";
/** Of XHTML the parser reads scripts by the rules of HTML; the two others belong to the prefixes `xml` and `xmlns`. */
const NEVER_DECLARED: ReadonlySet<string> = new Set([
  "http://www.w3.org/1999/xhtml",
  XML_NAMESPACE,
  "http://www.w3.org/2000/xmlns/",
]);

interface OpenElement {
  readonly name: string;
  readonly declarations: number;
}

interface Scan {
  readonly body: string;
  readonly caps: XmlCaps;
  readonly open: OpenElement[];
  readonly names: Set<string>;
  at: number;
  roots: number;
  elements: number;
  attributes: number;
  declarations: number;
}

/**
 * The document without byte order mark and prolog, once it is known to be well-formed, to fit the caps, and to hold
 * nothing but elements, attributes and text. Names of elements and attributes are ASCII.
 */
export function prescan(text: string, caps: XmlCaps): string {
  if (text.length > caps.bytes || Buffer.byteLength(text) > caps.bytes) throw tooMany("bytes", caps.bytes);
  if (FORBIDDEN_CHARACTER.test(text)) throw markup("it has a character that XML does not allow");
  const body = withoutProlog(text.startsWith("\uFEFF") ? text.slice(1) : text);
  if (body.includes("<!")) throw markup("comments, CDATA sections and document types are not accepted");
  if (body.includes("<?")) throw markup("processing instructions are not accepted");
  refuseUnknownReferences(body);
  scanElements(body, caps);
  // The parser takes these two for line breaks, as XML 1.1 does; as references they stay what the sender signed.
  return body.replaceAll("\u0085", "&#x85;").replaceAll("\u2028", "&#x2028;");
}

function withoutProlog(text: string): string {
  if (!text.startsWith("<?xml")) return text;
  const prolog = PROLOG.exec(text);
  if (prolog === null) throw markup("its XML prolog is not one of XML 1.0");
  const encoding = prolog[1];
  if (encoding !== undefined && encoding.toUpperCase() !== "UTF-8")
    throw markup(`its prolog names the encoding ${quote(encoding)}: only UTF-8 is accepted`);
  return text.slice(prolog[0].length);
}

/** Entities need a document type, which there is none of: only the five of XML itself and characters by number. */
function refuseUnknownReferences(body: string): void {
  for (let at = body.indexOf("&"); at >= 0; at = body.indexOf("&", at + 1)) {
    REFERENCE.lastIndex = at;
    const found = REFERENCE.exec(body);
    if (found === null) throw markup("it has an `&` that starts no known reference");
    const [, decimal, hexadecimal] = found;
    if (decimal === undefined && hexadecimal === undefined) continue;
    const code = decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal);
    if (code > 0x10ffff || FORBIDDEN_CHARACTER.test(String.fromCodePoint(code)))
      throw markup("it names a character that XML does not allow");
  }
}

function scanElements(body: string, caps: XmlCaps): void {
  const scan: Scan = {
    body,
    caps,
    open: [],
    names: new Set(),
    at: 0,
    roots: 0,
    elements: 0,
    attributes: 0,
    declarations: 0,
  };
  for (let next = body.indexOf("<"); next >= 0; next = body.indexOf("<", scan.at)) {
    checkText(scan, next);
    scan.at = next;
    if (body.charAt(next + 1) === "/") scanEndTag(scan);
    else scanStartTag(scan);
  }
  checkText(scan, body.length);
  if (scan.open.length > 0) throw malformed("it ends before its elements do");
  if (scan.roots === 0) throw malformed("it has no element");
}

function checkText(scan: Scan, end: number): void {
  const text = scan.body.slice(scan.at, end);
  if (scan.open.length === 0 && NOT_BLANK.test(text)) throw malformed("it has text outside its element");
  if (text.includes("]]>")) throw malformed("it ends a CDATA section that did not begin");
}

function scanStartTag(scan: Scan): void {
  const { caps } = scan;
  const name = matchAt(START_TAG, scan)?.[1];
  if (name === undefined) throw malformed("it has a `<` that starts no element");
  if (name.length > caps.nameLength) throw tooMany("characters in a name", caps.nameLength);
  if (PREFIX_LIKE_DECLARATION.test(name)) throw likeDeclaration(name);
  if (scan.open.length === 0) scan.roots += 1;
  if (scan.roots > 1) throw malformed("it has more than one document element");
  scan.elements += 1;
  if (scan.elements > caps.elements) throw tooMany("elements", caps.elements);
  scan.names.add(name);
  if (scan.names.size > caps.elementNames) throw tooMany("different element names", caps.elementNames);
  const declarations = scanAttributes(scan);
  const end = matchAt(TAG_END, scan);
  if (end === null) throw malformed(`the start tag of ${quote(name)} is not well-formed`);
  if (scan.open.length + 1 > caps.depth) throw tooMany("levels of elements", caps.depth);
  scan.declarations += declarations;
  if (scan.declarations > caps.namespacesInScope) throw tooMany("namespaces in force at once", caps.namespacesInScope);
  if (end[1] === "/") scan.declarations -= declarations;
  else scan.open.push({ name, declarations });
}

function scanAttributes(scan: Scan): number {
  const { caps } = scan;
  const seen = new Set<string>();
  let declarations = 0;
  for (let found = matchAt(ATTRIBUTE, scan); found !== null; found = matchAt(ATTRIBUTE, scan)) {
    const name = found[1] ?? "";
    if (name.length > caps.nameLength) throw tooMany("characters in a name", caps.nameLength);
    if (seen.has(name)) throw malformed(`one element has the attribute ${quote(name)} twice`);
    seen.add(name);
    if (seen.size > caps.attributesPerElement) throw tooMany("attributes of one element", caps.attributesPerElement);
    scan.attributes += 1;
    if (scan.attributes > caps.attributes) throw tooMany("attributes", caps.attributes);
    if (!LIKE_DECLARATION.test(name)) continue;
    if (!DECLARATION.test(name)) throw likeDeclaration(name);
    declarations += 1;
    refuseStrangeNamespace(name, found[2] ?? found[3] ?? "");
  }
  return declarations;
}

/** Canonicalisation writes a namespace's name as it stands, without escaping. */
function refuseStrangeNamespace(declaration: string, namespace: string): void {
  if (declaration === "xmlns:xml" && namespace === XML_NAMESPACE) return;
  if (namespace.length > MAX_NAMESPACE_LENGTH) throw tooMany("characters in a namespace", MAX_NAMESPACE_LENGTH);
  const undeclared = declaration !== "xmlns" && namespace === "";
  if (undeclared || /[&"'>\s]/.test(namespace) || NEVER_DECLARED.has(namespace))
    throw markup(`its namespace ${quote(namespace)} is not accepted`);
  if (declaration === "xmlns:xml" || declaration === "xmlns:xmlns")
    throw markup(`its prefix ${quote(declaration.slice("xmlns:".length))} is reserved`);
}

function scanEndTag(scan: Scan): void {
  const name = matchAt(END_TAG, scan)?.[1];
  const opened = scan.open.pop();
  if (name === undefined || opened === undefined || opened.name !== name)
    throw malformed("it has an end tag that closes no element");
  scan.declarations -= opened.declarations;
}

/** What the pattern matches exactly here; the scan moves on behind it. */
function matchAt(pattern: RegExp, scan: Scan): RegExpExecArray | null {
  pattern.lastIndex = scan.at;
  const found = pattern.exec(scan.body);
  if (found !== null) scan.at = pattern.lastIndex;
  return found;
}

function tooMany(what: string, limit: number): SamlFailure {
  return refusal("size", `the XML has more than ${limit} ${what}`);
}

function markup(what: string): SamlFailure {
  return refusal("markup", `the XML is refused: ${what}`);
}

function likeDeclaration(name: string): SamlFailure {
  return markup(`its name ${quote(name)} begins like a namespace declaration and is none`);
}

function malformed(what: string): SamlFailure {
  return refusal("xml", `the XML is not well-formed: ${what}`);
}
