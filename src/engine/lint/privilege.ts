/** Lint's look at patterns that can give more than their author may think. */
import type { Json } from "../../model/json.js";
import type { MappingDocument, RuleDocument } from "../../model/mapping.js";
import { quote } from "../../model/quote.js";
import { escapePointer } from "../compile/pointer.js";
import type { Give } from "../give.js";
import { matchPattern, type Pattern } from "../pattern.js";
import { type LintFinding, lintFinding, type PatchOperation } from "./finding.js";
import { looksPrivileged } from "./privileged-name.js";
import type { LintRule, LintView } from "./view.js";

/** So many names of examples are held against open patterns, in all. */
const MOST_MATCHES = 1_000_000;

export function* privilegedPatterns(view: LintView): Generator<readonly LintFinding[]> {
  const names = [...view.tested.groups.name.keys()];
  let left = MOST_MATCHES;
  for (const one of view.alive) {
    const { groups, give } = one.rule;
    // With names beside it the pattern only reads them.
    if (!groups?.pattern || groups.any || !one.document) continue;
    const open = openRole(give, groups.pattern);
    if (open === undefined) yield listedPrivilege(one);
    else {
      const fix =
        left > 0 ? listing(view.document, names, one.document, one.rule.pointer, groups.pattern, open) : undefined;
      left -= names.length;
      yield [openCapture(one.document, one, open, fix)];
    }
  }
}

/** The capture that makes a role of any text. */
function openRole(give: Give, pattern: Pattern): string | undefined {
  return [...give.role.captures].find((name) => pattern.captures.get(name)?.others === true);
}

function listedPrivilege({ rule, place }: LintRule): readonly LintFinding[] {
  const roles = [...(rule.give.roles ?? [])].filter((role) => place?.kind === "tenant" || looksPrivileged(role));
  if (roles.length === 0) return [];
  const which = roles
    .slice(0, 3)
    .map((role) => quote(role))
    .join(", ");
  const message = `whoever may name a group can give ${which} by this pattern: name the groups in \`group_name\` if that is too much`;
  return [lintFinding("privileged_pattern", `${rule.pointer}/group_pattern`, message)];
}

function openCapture(
  written: RuleDocument,
  { rule }: LintRule,
  capture: string,
  fix: readonly PatchOperation[] | undefined,
): LintFinding {
  const listed = written.values?.[capture];
  const at = `${rule.pointer}/values/${escapePointer(capture)}`;
  const pointer = listed === undefined ? `${rule.pointer}/group_pattern` : `${at}/*`;
  const message = `any text of \`{${capture}}\` becomes the role, such as \`admin\`: list the roles that are meant in \`values\``;
  return lintFinding("open_role_capture", pointer, message, { fix });
}

/** What the schema lets a capture be. */
const MOST_VALUES = 2000;

/** Lists the roles that the document knows and nobody would call privileged, and those that its examples count on. */
function listing(
  document: MappingDocument,
  names: readonly string[],
  written: RuleDocument,
  pointer: string,
  pattern: Pattern,
  capture: string,
): readonly PatchOperation[] | undefined {
  const known = (document.role_order ?? []).filter((role) => !looksPrivileged(role));
  const tested = names.flatMap((name) => matchPattern(pattern, name)?.[capture] ?? []);
  const listed = written.values?.[capture];
  const kept = Object.entries(listed ?? {}).filter(([text]) => text !== "*");
  const values = {
    ...Object.fromEntries([...known, ...tested].map((text) => [text, true])),
    ...Object.fromEntries(kept),
  };
  const { length } = Object.keys(values);
  if (length === 0 || length > MOST_VALUES) return undefined;
  const whole: Json = { ...written.values, [capture]: values } as Json;
  return [{ op: "add", path: `${pointer}/values`, value: whole }];
}
