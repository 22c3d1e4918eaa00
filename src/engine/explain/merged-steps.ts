import type { Step } from "./steps.js";

/**
 * One set of steps for several of the same size: where they are a single step of the same kind, any one of its values will
 * do; else the first stands for all. No set: no steps.
 */
export function mergedSteps(sets: readonly (readonly Step[])[]): readonly Step[] {
  const [first = [], ...others] = sets;
  const [only, ...further] = first;
  if (!only || further.length > 0 || !("anyOf" in only)) return first;
  const same = others.flat().flatMap((step) => ("anyOf" in step && kindOf(step) === kindOf(only) ? [step] : []));
  const anyOf = [...new Set([only, ...same].flatMap((step): readonly (string | boolean | null)[] => step.anyOf))];
  return [{ ...only, anyOf } as Step];
}

function kindOf(step: Step): string {
  if (step.do === "set_attribute") return `${step.do} ${step.attribute}`;
  return step.do === "set_claim" ? `${step.do} ${step.claim}` : step.do;
}
