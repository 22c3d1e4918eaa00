/** Reads a rule's target backwards: from what is asked for to what its pattern's captures have to stand for. */
import type { Target } from "../../model/target.js";
import type { Give } from "../give.js";
import { type Captured, type CaptureValues, matchPattern, type Pattern } from "../pattern.js";
import { roleName } from "../role-name.js";

/**
 * What the captures have to stand for so that they fill in the target's scope and role; `undefined` when nothing does. Of
 * several ways, the one in which earlier captures take as much text as they can. Where scope and role ask the same capture
 * for different texts, only one of them is met: who asks fills in again to be sure.
 */
export function capturedFor(
  { scope, role }: Give,
  captures: ReadonlyMap<string, CaptureValues>,
  target: Target,
): Captured | undefined {
  const inScope = matchPattern(
    asPattern(scope, captures, (text) => text),
    target.scope,
  );
  const inRole = matchPattern(asPattern(role, captures, roleName), target.role);
  return inScope && inRole ? { ...inScope, ...inRole } : undefined;
}

/** A template as the pattern of what it can become; `spelled` is how a text looks in a target. */
function asPattern(
  { parts, captures: used }: Give["scope"],
  captures: ReadonlyMap<string, CaptureValues>,
  spelled: (text: string) => string,
): Pattern {
  const segments = parts.map((part): Pattern["segments"][number] => {
    if (typeof part === "string") return { kind: "text", text: used.size === 0 ? spelled(part) : part };
    const { written: meanings, others } = captures.get(part.capture) as CaptureValues;
    const texts = [...meanings.values(), ...(typeof others === "string" ? [others] : [])];
    const written = new Map(texts.map((text) => [spelled(text), text]));
    const longestFirst = [...written.keys()].sort((a, b) => b.length - a.length);
    return { kind: "capture", name: part.capture, values: { written, others: others === true }, texts: longestFirst };
  });
  return { text: "", prefix: "", suffix: "", segments, captures };
}
