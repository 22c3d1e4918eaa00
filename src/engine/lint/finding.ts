import type { Json } from "../../model/json.js";
import type { Problem } from "../../model/problem.js";

/** `error`: the document cannot be saved. `warning`: it does not do what it seems to say. `hint`: worth a look. */
export type LintSeverity = "error" | "warning" | "hint";

/** One operation of a JSON Patch (RFC 6902); `path` is a pointer into the document, inside its wrapper if it has one. */
export type PatchOperation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string };

/** Something that lint says of a document. */
export interface LintFinding extends Problem {
  readonly severity: LintSeverity;
  /** Applied alone, it makes this finding go away and leaves a valid document valid. */
  readonly fix?: readonly PatchOperation[];
}

/** What lint can find, beside what a save refuses or warns of: how much it matters, and what it means. */
export const LINT_CODES = {
  shadowed_rule: {
    severity: "warning",
    meaning: "An earlier rule matches everybody whom this rule matches, and `first` lets the earlier one decide.",
  },
  conflicting_rules: {
    severity: "warning",
    meaning: "Another rule gives the same people another role in the same place, and always wins.",
  },
  redundant_rule: {
    severity: "warning",
    meaning: "Another rule already gives everybody whom this rule matches at least as much in the same place.",
  },
  order_dependent: {
    severity: "hint",
    meaning:
      "Two rules give members of one group different roles in one place: which one they get hangs on the order of rules.",
  },
  disabled_rule: { severity: "hint", meaning: "The rule is switched off and gives nothing." },
  expired_rule: { severity: "warning", meaning: "The rule's `expires_at` has passed: it gives nothing." },
  open_role_capture: {
    severity: "warning",
    meaning: "A captured text becomes the role as it is: whoever may name a group chooses the role, `admin` too.",
  },
  privileged_pattern: {
    severity: "hint",
    meaning: "A pattern gives what looks like a privileged role: whoever may name a group can give it.",
  },
  no_examples: { severity: "hint", meaning: "The document has rules and no examples: nothing tests it at a save." },
  uncovered_rule: { severity: "hint", meaning: "No example of the document matches the rule." },
  unknown_group: {
    severity: "warning",
    meaning:
      "The rule, its condition or an invariant names a group that none of its connections ever sent, or that was deleted.",
  },
  unknown_alias: {
    severity: "warning",
    meaning: "The alias book says a name or id of a group that the connection never sent, or whose group was deleted.",
  },
  renamed_group: {
    severity: "hint",
    meaning: "The group that a name means is called something else now; rules go on knowing it by the name.",
  },
  name_taken: {
    severity: "warning",
    meaning: "A group bears a name by which rules mean another group, and gets nothing by it.",
  },
  unconfirmed_group: {
    severity: "warning",
    meaning: "A group took the name over from a deleted one: what is privileged waits until an admin confirms it.",
  },
  unmatched_pattern: { severity: "warning", meaning: "No group that was sent matches the pattern." },
  misspelt_value: {
    severity: "warning",
    meaning:
      "A condition, an invariant or `app_role` asks for a text that nobody has, and that is almost one that somebody has.",
  },
  unknown_value: {
    severity: "hint",
    meaning: "A condition, an invariant or `app_role` asks for a text that nobody has.",
  },
  unknown_claim: { severity: "warning", meaning: "An expression reads a claim that nobody's last sign-in brought." },
  unmapped_groups: { severity: "hint", meaning: "Groups that have members are mapped by no rule." },
  nested_group: {
    severity: "warning",
    meaning:
      "Groups that rules map have groups inside: whoever is only in an inner group gets nothing by the outer one.",
  },
  never_matched: {
    severity: "warning",
    meaning: "The rule is older than the days asked for and gave nobody anything in them.",
  },
  privileged_match: {
    severity: "hint",
    meaning:
      "A pattern gives members of these groups a privileged role, or one that looks privileged; or anything, where the groups' names look privileged.",
  },
  new_privileged_match: {
    severity: "warning",
    meaning: "The same, by groups that came after the mapping was saved: nobody who reviewed it saw them.",
  },
  misspelt_team: {
    severity: "warning",
    meaning: "The rule speaks of a team that is not there, by a name that is almost that of an existing one.",
  },
  disabled_connection: { severity: "warning", meaning: "The rule reads a connection that is disabled." },
} as const satisfies Readonly<Record<string, { readonly severity: LintSeverity; readonly meaning: string }>>;

export type LintCode = keyof typeof LINT_CODES;

/** A finding of lint's own. `suggestion` is part of what the message says already. */
export function lintFinding(
  code: LintCode,
  pointer: string,
  message: string,
  more: { readonly suggestion?: string; readonly fix?: readonly PatchOperation[] | undefined } = {},
): LintFinding {
  const { suggestion, fix } = more;
  return {
    severity: LINT_CODES[code].severity,
    pointer,
    code,
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(fix === undefined ? {} : { fix }),
  };
}
