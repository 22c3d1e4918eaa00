/** The sentences that plans and explanations give as reasons. */
import type { Open } from "../model/evaluation.js";
import type { Evidence } from "../model/grant.js";
import type { Instant } from "../model/ids.js";
import { quote } from "../model/quote.js";

/** Why a rule cannot be judged to its end; `name` is what people call it. */
export function openReason(name: string, open: Open): string {
  return `rule ${name} cannot be judged: ${openText(open)}`;
}

/** Why something is undecided or failed, in words. */
export function openText({ reason, detail }: Pick<Open, "reason" | "detail">): string {
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
    case "expression_stopped":
    case "expression_suspended":
    case "not_boolean":
    case "not_targets":
    case "too_many_targets":
    case "not_text":
    case "ambiguous_connection":
    case "settling":
      return detail;
  }
}

/** The same with source and age, as in: group `Engineering` (by SCIM, since 2026-11-01, 21 days). */
export function agedEvidence(evidence: readonly Evidence[], now: Instant | undefined): string {
  return evidence
    .map((one) => {
      const said = [
        ...(one.source === undefined ? [] : [one.source === "scim" ? "by SCIM" : "by sign-in"]),
        ...(one.since === undefined ? [] : [`since ${dayOf(one.since)}`]),
        ...(one.since === undefined || now === undefined ? [] : [ageText(one.since, now)]),
        ...(one.staleSince === undefined ? [] : [`not asserted any more since ${dayOf(one.staleSince)}`]),
      ];
      return said.length === 0 ? oneText(one) : `${oneText(one)} (${said.join(", ")})`;
    })
    .join(" and ");
}

/** To the second, as in: 14:05:00 UTC on 2026-11-22. */
export function instantText(instant: Instant): string {
  return `${instant.slice(11, 19)} UTC on ${dayOf(instant)}`;
}

/** The UTC day. */
export function dayOf(instant: Instant): string {
  return instant.slice(0, 10);
}

const DAY = 86_400_000;

/** How long that is, in whole days. */
export function ageText(since: Instant, now: Instant): string {
  const days = Math.floor((Date.parse(now) - Date.parse(since)) / DAY);
  if (days < 1) return "less than a day";
  return days === 1 ? "1 day" : `${days} days`;
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
