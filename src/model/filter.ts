/**
 * A resource filter after the protocol resolved it against the schema: canonical paths, folded and typed operands.
 * It compares with a row's *search document*: the resource with every case-insensitive string folded (NFC, lower case)
 * and every dateTime as epoch milliseconds, so that a database compares plain values (RFC 7644 section 3.4.2.2).
 */
export type ResourceFilter =
  | { readonly op: "and" | "or"; readonly items: readonly ResourceFilter[] }
  | { readonly op: "not"; readonly item: ResourceFilter }
  | { readonly op: "present"; readonly path: AttributePath }
  | {
      readonly op: "compare";
      readonly path: AttributePath;
      readonly comparator: Comparator;
      readonly value: string | number | boolean | null;
    }
  /** One element of a multi-valued attribute satisfies `where`, whose paths are relative to the element. */
  | { readonly op: "element"; readonly path: AttributePath; readonly where: ResourceFilter };

/**
 * `eq null` asks for what is absent, `ne null` for what is present. Any other `ne` holds when a value differs or when
 * there is none: null and what is not there are no values, an empty text is one. Of several values any may differ.
 */
export type Comparator = "eq" | "ne" | "co" | "sw" | "ew" | "gt" | "ge" | "lt" | "le";

/**
 * Steps from the resource's root, for instance `emails` (multi) then `value`; an extension's URN is a step of its own.
 * A multi-valued attribute matches when any of its values does. A path that ends in a simple multi-valued attribute
 * compares its values; inside `element` over such an attribute, a path of the one step `[]` is the value itself.
 */
export type AttributePath = readonly PathStep[];
export interface PathStep {
  readonly name: string;
  readonly multi: boolean;
}

export interface ResourceSort {
  readonly path: AttributePath;
  /** Sorts instead of the path's value, where that is not as it is stored: false before true, absent nowhere. */
  readonly holds?: ResourceFilter;
  readonly descending: boolean;
}
