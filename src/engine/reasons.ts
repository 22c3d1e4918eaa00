/** The sentences that plans and explanations give as reasons. */
import type { Open } from "../model/evaluation.js";
import type { Evidence } from "../model/grant.js";
import { quote } from "../model/quote.js";

/** Why a rule cannot be judged to its end. */
export function openReason(rule: string, { reason, detail }: Open): string {
  return `rule ${quote(rule)} cannot be judged: ${openText(reason, detail)}`;
}

function openText(reason: Open["reason"], detail: string): string {
  switch (reason) {
    case "never_asserted":
      return `${quote(detail)} was never asserted`;
    case "absent_claim":
      return `the sign-in did not carry ${quote(detail)}`;
    case "overage":
      return `the identity provider left ${quote(detail)} out, as there are too many`;
    case "truncated_at_100":
      return `the identity provider stops at 100 ${quote(detail)}`;
    case "rehired":
      return `${quote(detail)} from before a long absence wait to be asserted again`;
    case "stale":
      return `${quote(detail)} was known once and is no longer asserted`;
    case "unconfirmed_group":
      return `group ${quote(detail)} took its name over from a deleted group, and waits to be confirmed`;
    case "expression_failed":
    case "expression_suspended":
    case "not_boolean":
    case "not_targets":
    case "ambiguous_connection":
      return detail;
  }
}

/** What made a rule match, as in: group `Engineering`. */
export function evidenceText(evidence: readonly Evidence[]): string {
  return evidence.map(oneText).join(" and ");
}

function oneText({ kind, label, group }: Evidence): string {
  switch (kind) {
    case "group":
      return `group ${quote(label)}`;
    case "app_role":
      return `app role ${quote(label)}`;
    case "expression":
      return `condition ${quote(label)}`;
    case "grants":
      return `the result of ${quote(label)}`;
    case "everyone":
      return "everyone";
    case "scim_role":
      return group === undefined ? `SCIM role ${quote(label)}` : `SCIM role ${quote(label)} of group ${quote(group)}`;
  }
}
