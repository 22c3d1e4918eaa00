/** Single steps that somebody could take to change what a person holds, as data and in words. */
import type { Evidence, Grant } from "../model/grant.js";
import { quote } from "../model/quote.js";

export type Step =
  /** Any one of the groups, roles or connections will do. */
  | { readonly do: "join_group"; readonly anyOf: readonly string[] }
  | { readonly do: "leave_group"; readonly group: string }
  | { readonly do: "get_app_role"; readonly anyOf: readonly string[] }
  | { readonly do: "lose_app_role"; readonly role: string }
  | { readonly do: "lose_scim_role"; readonly role: string; readonly group?: string }
  | { readonly do: "meet_condition" | "fail_condition"; readonly condition: string }
  | { readonly do: "change_result"; readonly expression: string }
  | { readonly do: "assert_fact"; readonly fact: string }
  | { readonly do: "confirm_group"; readonly group: string }
  | { readonly do: "use_connection"; readonly anyOf: readonly string[] }
  | { readonly do: "allow_owners"; readonly connection: string }
  | {
      readonly do: "change_rule";
      readonly rule: string;
      readonly how: "enable" | "extend" | "remove" | "repair" | "move_up";
    }
  | { readonly do: "create_team"; readonly target: string }
  | { readonly do: "end_grant"; readonly origin: Grant["origin"] };

/** What would end a grant: for a rule's, to take away what it matched by. */
export function stepsToLose({ origin, rule, evidence }: Grant): readonly Step[] {
  if (origin === "scim_role") return evidence.map(unassign);
  if (origin !== "rule") return [{ do: "end_grant", origin }];
  const steps = evidence.flatMap((one): readonly Step[] => {
    if (one.kind === "group") return [{ do: "leave_group", group: one.label }];
    if (one.kind === "app_role") return [{ do: "lose_app_role", role: one.label }];
    if (one.kind === "grants") return [{ do: "change_result", expression: one.label }];
    return one.kind === "expression" ? [{ do: "fail_condition", condition: one.label }] : [];
  });
  return steps.length > 0 ? steps : [{ do: "change_rule", rule: String(rule), how: "remove" }];
}

function unassign({ label, group }: Evidence): Step {
  return { do: "lose_scim_role", role: label, ...(group === undefined ? {} : { group }) };
}

/** A step in words, as an order. */
export function stepText(step: Step): string {
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
      return `${RULE_CHANGES[step.how]} rule ${quote(step.rule)}`;
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
  move_up: "move up",
} as const;
