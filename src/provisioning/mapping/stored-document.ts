import { unwrapMapping } from "../../engine/compile/compile.js";
import type { Json } from "../../model/json.js";
import type { MappingDocument } from "../../model/mapping.js";

/** A saved document in the mapping's own terms, whatever it would be judged as today: it was valid when it was saved. */
export function storedDocument(text: string): MappingDocument {
  const json: Json = JSON.parse(text);
  return unwrapMapping(json) as MappingDocument;
}
