/** Owns the XML parser: a text becomes a tree of plain values, or is refused; nothing here repairs or guesses. */
import { DOMParser } from "@xmldom/xmldom";
import { quote } from "../../model/quote.js";
import { refusal, type SamlFailure } from "./failure.js";
import { prescan, type XmlCaps } from "./prescan.js";

const XMLNS = "http://www.w3.org/2000/xmlns/";
const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

export interface XmlAttribute {
  /** Empty for an attribute without prefix. */
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

export interface XmlElement {
  /** Empty where the element is in none. */
  readonly namespace: string;
  /** Without its prefix. */
  readonly name: string;
  /** Without namespace declarations. */
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** The characters directly inside, without those of child elements. */
  readonly text: string;
  /** The parser's own node, for canonicalisation. INVARIANT: no meaning is read from it. */
  readonly node: Element;
}

/** The document element. What the pre-scan, the parser or the look at the tree does not like is a `SamlFailure`. */
export function parseXml(text: string, caps: XmlCaps): XmlElement {
  const [root, ...others] = [...nodesIn(domOf(prescan(text, caps)))].filter((node) => node.nodeType !== TEXT_NODE);
  if (root === undefined || !isElement(root) || others.length > 0) throw malformed("it is not one element");
  return treeOf(root);
}

function domOf(text: string): Document {
  let complaints = 0;
  let document: Document | undefined;
  const parser = new DOMParser({
    errorHandler: () => {
      complaints += 1;
    },
  });
  try {
    document = parser.parseFromString(text, "text/xml");
  } catch {
    // Its errors quote the text; what is refused below says enough.
  }
  if (document === undefined || complaints > 0) throw malformed("the parser complained about it");
  return document;
}

function treeOf(node: Element): XmlElement {
  const children: XmlElement[] = [];
  let text = "";
  for (const child of nodesIn(node)) {
    if (isElement(child)) children.push(treeOf(child));
    else if (child.nodeType === TEXT_NODE) text += child.nodeValue ?? "";
    else throw malformed("it has something that is neither an element nor text");
  }
  const { namespace, name } = nameOf(node);
  return { namespace, name, attributes: attributesOf(node), children, text, node };
}

function attributesOf(node: Element): XmlAttribute[] {
  const attributes: XmlAttribute[] = [];
  const seen = new Set<string>();
  for (let index = 0; index < node.attributes.length; index += 1) {
    const attribute = node.attributes.item(index);
    if (attribute === null || attribute.namespaceURI === XMLNS) continue;
    const { namespace, name } = nameOf(attribute);
    const key = `${namespace} ${name}`;
    if (seen.has(key)) throw malformed(`one element has the attribute ${quote(name)} twice`);
    seen.add(key);
    attributes.push({ namespace, name, value: attribute.value });
  }
  return attributes;
}

/** For an undeclared prefix the parser leaves no namespace, or what every object inherits under that name. */
function nameOf(node: Element | Attr): { readonly namespace: string; readonly name: string } {
  const { prefix, localName, namespaceURI } = node;
  if (prefix && typeof namespaceURI !== "string") throw malformed(`its prefix ${quote(prefix)} is not declared`);
  return { namespace: namespaceURI ?? "", name: localName };
}

/** The parser's lists of children cannot be iterated, whatever their types say. */
function* nodesIn(parent: Node): Generator<Node> {
  for (let node = parent.firstChild; node; node = node.nextSibling) yield node;
}

function isElement(node: Node): node is Element {
  return node.nodeType === ELEMENT_NODE;
}

function malformed(what: string): SamlFailure {
  return refusal("xml", `the XML is not well-formed: ${what}`);
}

/** Children of that name, in document order. */
export function childrenOf(parent: XmlElement, namespace: string, name: string): readonly XmlElement[] {
  return parent.children.filter((child) => child.namespace === namespace && child.name === name);
}

/** The value of an attribute without namespace, unless `namespace` says otherwise. */
export function attributeOf(element: XmlElement, name: string, namespace = ""): string | undefined {
  return element.attributes.find((attribute) => attribute.name === name && attribute.namespace === namespace)?.value;
}

/** The text of an element that holds nothing else; `undefined` if it has child elements, so that none is read in part. */
export function textOf(element: XmlElement): string | undefined {
  return element.children.length === 0 ? element.text : undefined;
}

/** Without XML's white space around it, and no other: other blanks belong to a name. Linear, unlike a regular expression. */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** The element and everything below it, in document order. */
export function* elementsIn(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* elementsIn(child);
}
