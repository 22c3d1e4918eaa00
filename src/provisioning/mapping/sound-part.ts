/** The sound part of a document whose form is wrong, by which mistakes of meaning are found beside those of form. */
import { compileMapping } from "../../engine/compile/compile.js";
import type { Json, JsonObject } from "../../model/json.js";
import type { MappingDocument } from "../../model/mapping.js";
import type { Problem } from "../../model/problem.js";

/** What is left of a document without its unknown keys and broken rules: good for finding what else is wrong. */
export interface SoundPart {
  readonly document: MappingDocument;
  /** Where each rule that is left stands in the whole document. */
  readonly places: readonly number[];
}

type CheckedForm = { readonly ok: true; readonly value: MappingDocument } | { readonly ok: false };

/**
 * Takes unknown keys and broken rules out of a document, going by the `problems` of its form; `check` holds what is left
 * against the schema. `undefined` where more than unknown keys and single rules is wrong: what is left would
 * mean something else.
 */
export function soundPart(
  value: Json,
  problems: readonly Problem[],
  check: (value: Json) => CheckedForm,
): SoundPart | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const unknown = new Set<string>();
  const broken = new Set<number>();
  for (const { pointer, code } of problems) {
    const [, top = "", index] = pointer.split("/");
    if (top === "mappings" && index !== undefined && /^\d+$/.test(index)) broken.add(Number(index));
    else if (code === "unknown_key" && index === undefined) unknown.add(top);
    else return undefined;
  }
  const { mappings = [], ...others } = value as { readonly mappings?: readonly Json[] } & JsonObject;
  const places = mappings.flatMap((_, at) => (broken.has(at) ? [] : [at]));
  const kept = Object.entries(others).filter(([key]) => !unknown.has(key.replaceAll("~", "~0").replaceAll("/", "~1")));
  const rules = places.flatMap((at) => mappings[at] ?? []);
  const checked = check({ ...Object.fromEntries(kept), ...(rules.length > 0 && { mappings: rules }) });
  return checked.ok ? { document: checked.value, places } : undefined;
}

/** Mistakes of meaning that stand beside mistakes of form, so that an author sees all of them at once. */
export function hiddenProblems(
  sound: SoundPart | undefined,
  context: Parameters<typeof compileMapping>[1],
): readonly Problem[] {
  if (!sound) return [];
  const compiled = compileMapping(sound.document, context);
  if (compiled.ok) return [];
  return compiled.problems.map((one) => ({
    ...one,
    pointer: one.pointer.replace(
      /^\/mappings\/(\d+)/,
      (_, at: string) => `/mappings/${sound.places[Number(at)] ?? at}`,
    ),
  }));
}
