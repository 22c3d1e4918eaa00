/** Owns exclusive canonicalisation (without comments): xml-crypto writes it, in the order that the recommendation asks for. */
import { ExclusiveCanonicalization } from "xml-crypto";
import { refusal } from "./failure.js";

const XMLNS = "http://www.w3.org/2000/xmlns/";

/** Names the default namespace in a `PrefixList`. */
export const DEFAULT_NAMESPACE = "#default";

type Prefixes = readonly string[];

/** The enveloped-signature transform and canonicalisation; the tree is as it was afterwards. */
export function canonicalWithout(parent: Element, signature: Element, prefixes: Prefixes): string {
  const next = signature.nextSibling;
  parent.removeChild(signature);
  try {
    return canonical(parent, prefixes);
  } finally {
    parent.insertBefore(signature, next);
  }
}

/** `prefixes`: of the `PrefixList`. Of what stands above the element they alone come in. */
export function canonical(node: Element, prefixes: Prefixes): string {
  const inherited = prefixes.flatMap((prefix) => inheritedNamespace(node, prefix));
  try {
    return new OrderedCanonicalization().process(node, {
      inclusiveNamespacesPrefixList: [...prefixes],
      ancestorNamespaces: inherited,
    });
  } finally {
    // It writes what is inherited into the node itself.
    for (const { prefix } of inherited) node.removeAttributeNS(XMLNS, prefix);
  }
}

/** The library sorts prefixes as a dictionary of this process's language does, and attributes by name and namespace run together. */
class OrderedCanonicalization extends ExclusiveCanonicalization {
  override nsCompare(one: Pick<Attr, "prefix">, other: Pick<Attr, "prefix">): number {
    return compared(one.prefix ?? "", other.prefix ?? "");
  }

  override attrCompare(one: Attr, other: Attr): -1 | 0 | 1 {
    return compared(one.namespaceURI ?? "", other.namespaceURI ?? "") || compared(one.localName, other.localName);
  }

  override renderNs(
    node: Element,
    prefixesInScope: unknown,
    defaultNs: string | null | undefined,
    defaultNsForPrefix: unknown,
    listed: string[],
  ): ReturnType<ExclusiveCanonicalization["renderNs"]> {
    if (listed.length > 0) refuseLookAlikes(node, listed);
    const said = super.renderNs(node, prefixesInScope, defaultNs, defaultNsForPrefix, listed);
    if (!node.prefix || !listed.includes(DEFAULT_NAMESPACE)) return said;
    const inScope = defaultNamespaceAt(node);
    if (inScope === (defaultNs ?? "")) return said;
    return { rendered: ` xmlns="${inScope}"${said.rendered}`, newDefaultNs: inScope };
  }
}

/**
 * The default namespace, which a listed `#default` has written where it changes, though nothing visible uses it (Exclusive XML
 * Canonicalization section 3). The library does not know it.
 */
function defaultNamespaceAt(node: Element): string {
  for (let above: Node | null = node; above !== null && above.nodeType === node.nodeType; above = above.parentNode) {
    const element = above as Element;
    if (element.hasAttribute("xmlns")) return element.getAttribute("xmlns") ?? "";
  }
  return "";
}

/** INVARIANT: the library takes any attribute with a prefix that is called like a listed one for the declaration of that one. */
function refuseLookAlikes({ attributes }: Element, listed: Prefixes): void {
  for (let index = 0; index < attributes.length; index += 1) {
    const { prefix, localName } = attributes.item(index) ?? {};
    if (prefix && prefix !== "xmlns" && localName !== undefined && listed.includes(localName))
      throw refusal("signature_form", "an attribute is called like a prefix that the signature lists", {
        got: localName,
      });
  }
}

/** By code point, as long as all is ASCII, which names are. */
function compared(one: string, other: string): -1 | 0 | 1 {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** What a listed prefix means where the node itself does not declare it. */
function inheritedNamespace(node: Element, prefix: string): readonly { prefix: string; namespaceURI: string }[] {
  if (node.hasAttributeNS(XMLNS, prefix)) return [];
  for (let above = node.parentNode; above !== null && above.nodeType === node.nodeType; above = above.parentNode) {
    const namespaceURI = (above as Element).getAttributeNS(XMLNS, prefix);
    if (namespaceURI) return [{ prefix, namespaceURI }];
  }
  return [];
}
