/** Single steps that somebody could take to change what a person holds, as data and in words. */
import type { UserAttribute } from "../../model/facts.js";
import type { Evidence, Grant } from "../../model/grant.js";
import { quote } from "../../model/quote.js";

export type Step =
  /** Any one of the groups, roles or connections will do. */
  | { readonly do: "join_group"; readonly anyOf: readonly string[] }
  | { readonly do: "leave_group"; readonly group: string }
  | { readonly do: "get_app_role"; readonly anyOf: readonly string[] }
  | { readonly do: "lose_app_role"; readonly role: string }
  | { readonly do: "lose_scim_role"; readonly role: string; readonly group?: string }
  /** `null`: be empty. */
  | {
      readonly do: "set_attribute";
      readonly attribute: UserAttribute;
      readonly anyOf: readonly (string | boolean | null)[];
    }
  | { readonly do: "change_attribute"; readonly attribute: UserAttribute; readonly from: string }
  | { readonly do: "set_claim"; readonly claim: string; readonly anyOf: readonly string[] }
  | { readonly do: "meet_condition" | "fail_condition"; readonly condition: string }
  | { readonly do: "change_result"; readonly expression: string }
  | { readonly do: "assert_fact"; readonly fact: string }
  | { readonly do: "confirm_group"; readonly group: string }
  | { readonly do: "use_connection"; readonly anyOf: readonly string[] }
  | { readonly do: "allow_owners"; readonly connection: string }
  | {
      readonly do: "change_rule";
      readonly rule: string;
      readonly how: "enable" | "extend" | "remove" | "repair";
    }
  /** To stand before the rule that wins now. */
  | { readonly do: "change_rule"; readonly rule: string; readonly how: "move_up"; readonly above: string }
  | { readonly do: "create_team"; readonly target: string }
  | { readonly do: "end_grant"; readonly origin: Grant["origin"] };

/**
 * What would end a grant: for a rule's, to take away one kind of thing that it matched by, all of it; for an assignment of
 * SCIM's, to take that away.
 */
export function stepsToLose({ origin, rule, evidence }: Pick<Grant, "origin" | "rule" | "evidence">): readonly Step[] {
  if (origin === "scim_role") return evidence.map(unassign);
  if (origin !== "rule") return [{ do: "end_grant", origin }];
  const groups = evidence.filter(({ kind }) => kind === "group");
  if (groups.length > 0) return groups.map(({ label }) => ({ do: "leave_group", group: label }));
  const roles = evidence.filter(({ kind }) => kind === "app_role");
  if (roles.length > 0) return roles.map(({ label }) => ({ do: "lose_app_role", role: label }));
  const conditions = evidence.filter(({ kind }) => kind === "expression");
  if (conditions.length > 0) return conditions.map(({ label }) => ({ do: "fail_condition", condition: label }));
  const results = evidence.filter(({ kind }) => kind === "grants");
  if (results.length > 0) return results.map(({ label }) => ({ do: "change_result", expression: label }));
  return [{ do: "change_rule", rule: String(rule), how: "remove" }];
}

function unassign({ label, group }: Evidence): Step {
  return { do: "lose_scim_role", role: label, ...(group === undefined ? {} : { group }) };
}

/** Steps that are all needed, in words. */
export function stepsText(steps: readonly Step[], nameOf: (rule: string) => string): string {
  return steps.map((step) => stepText(step, nameOf)).join(", and ");
}

/** A step in words, as an order; `nameOf` tells what people call a rule. */
export function stepText(step: Step, nameOf: (rule: string) => string): string {
  switch (step.do) {
    case "join_group":
      return `join group ${step.anyOf.map((one) => quote(one)).join(" or ")}`;
    case "leave_group":
      return `leave group ${quote(step.group)}`;
    case "get_app_role":
      return `get app role ${step.anyOf.map((one) => quote(one)).join(" or ")}`;
    case "lose_app_role":
      return `lose app role ${quote(step.role)}`;
    case "lose_scim_role":
      return step.group === undefined
        ? `have SCIM take away role ${quote(step.role)}`
        : `leave group ${quote(step.group)}, or have SCIM take role ${quote(step.role)} away from it`;
    case "set_attribute":
      return `have ${quote(`user.${step.attribute}`)} be ${step.anyOf.map(valueText).join(" or ")}`;
    case "change_attribute":
      return `have ${quote(`user.${step.attribute}`)} be something else than ${quote(step.from)}`;
    case "set_claim":
      return `have claim ${quote(step.claim)} hold ${step.anyOf.map(valueText).join(" or ")}`;
    case "meet_condition":
      return `meet the condition ${quote(step.condition)}`;
    case "fail_condition":
      return `stop meeting the condition ${quote(step.condition)}`;
    case "change_result":
      return `have ${quote(step.expression)} yield something else`;
    case "assert_fact":
      return `have the identity provider say ${quote(step.fact)} again`;
    case "confirm_group":
      return `confirm group ${quote(step.group)}`;
    case "use_connection":
      return `come by connection ${step.anyOf.map((one) => quote(one)).join(" or ")}`;
    case "allow_owners":
      return `set \`mayGrantOwner\` for connection ${quote(step.connection)}`;
    case "change_rule":
      if (step.how === "move_up") return `move rule ${nameOf(step.rule)} above ${nameOf(step.above)}`;
      return `${RULE_CHANGES[step.how]} rule ${nameOf(step.rule)}`;
    case "create_team":
      return `create the team of ${quote(step.target)}`;
    case "end_grant":
      return `end the ${step.origin} grant`;
  }
}

const RULE_CHANGES = {
  enable: "enable",
  extend: "put off the expiry of",
  remove: "remove",
  repair: "repair",
} as const;

function valueText(value: string | boolean | null): string {
  return value === null ? "empty" : quote(String(value));
}
