/**
 * Ways in which a condition could become true (or false), read from its syntax: each is a set of facts. They are guesses,
 * made to be tried: what is not understood is taken to hold as it is.
 */
import { USER_ATTRIBUTES, type UserAttribute } from "../../model/facts.js";
import type { SyntaxNode, TokenNode } from "../expression/syntax.js";
import type { FactChange } from "./fact-changes.js";

export type Way = readonly FactChange[];

const MOST_WAYS = 24;
const AS_IT_IS: readonly Way[] = [[]];
/** Functions around an attribute that a plain value passes through well enough for a guess. */
const TRANSPARENT: ReadonlySet<string> = new Set(["lowercase", "uppercase", "trim", "string"]);

/** The smallest ways first. */
export function waysTo(node: SyntaxNode, truth: boolean): readonly Way[] {
  return waysOf(node, truth)
    .toSorted((a, b) => a.length - b.length)
    .slice(0, MOST_WAYS);
}

function waysOf(node: SyntaxNode, truth: boolean): readonly Way[] {
  switch (node.type) {
    case "block":
      return node.expressions.length === 1 ? waysOf(node.expressions[0] as SyntaxNode, truth) : AS_IT_IS;
    case "binary":
      return ofBinary(node, truth);
    case "function":
      return ofCall(node, truth);
    case "condition": {
      const { condition, then, else: otherwise } = node;
      const first = both(waysOf(condition, true), waysOf(then, truth));
      return otherwise ? [...first, ...both(waysOf(condition, false), waysOf(otherwise, truth))] : first;
    }
    case "path": {
      const attribute = attributeOf(node);
      return attribute === undefined ? AS_IT_IS : [[{ kind: "attribute", attribute, value: truth }]];
    }
    case "value":
      return node.value === truth ? AS_IT_IS : [];
    default:
      return AS_IT_IS;
  }
}

function ofBinary(node: Extract<SyntaxNode, { readonly type: "binary" }>, truth: boolean): readonly Way[] {
  const { value, lhs, rhs } = node;
  switch (value) {
    case "and":
    case "or":
      return (value === "and") === truth
        ? both(waysOf(lhs, truth), waysOf(rhs, truth))
        : [...waysOf(lhs, truth), ...waysOf(rhs, truth)];
    case "=":
    case "!=":
      return compared(lhs, rhs, (value === "=") === truth) ?? compared(rhs, lhs, (value === "=") === truth) ?? AS_IT_IS;
    case "in":
      return listed(lhs, rhs, truth) ?? AS_IT_IS;
    default:
      return AS_IT_IS;
  }
}

function both(left: readonly Way[], right: readonly Way[]): readonly Way[] {
  return left.flatMap((one) => right.map((other) => [...one, ...other])).slice(0, MOST_WAYS);
}

function ofCall(node: Extract<SyntaxNode, { readonly type: "function" }>, truth: boolean): readonly Way[] {
  const [first, second] = node.arguments;
  const name = functionName(node);
  if (!first) return AS_IT_IS;
  if (name === "not") return waysOf(first, !truth);
  if (name === "contains" && second) return compared(first, second, truth) ?? AS_IT_IS;
  if (name === "exists" && !truth) return emptied(first) ?? AS_IT_IS;
  return AS_IT_IS;
}

/** Nothing but named functions is accepted when a mapping is saved. */
function functionName({ procedure }: Extract<SyntaxNode, { readonly type: "function" }>): string {
  return (procedure as TokenNode).value;
}

/** An attribute or claim beside a literal. */
function compared(fact: SyntaxNode, literal: SyntaxNode, equal: boolean): readonly Way[] | undefined {
  const value = literalOf(literal);
  if (value === undefined) return undefined;
  const attribute = attributeOf(fact);
  if (attribute !== undefined) return equal ? [[{ kind: "attribute", attribute, value }]] : other(attribute, value);
  const claim = pathOf(fact);
  if (claim?.[0] !== "claims" || !equal || typeof value !== "string") return undefined;
  return [[{ kind: "claim", claim: claim[1] as string, value }]];
}

/** Another value, as JSONata takes nothing for unequal; and nothing, as that is not equal either. */
function other(attribute: UserAttribute, value: string | boolean): readonly Way[] {
  if (typeof value === "boolean") return [[{ kind: "attribute", attribute, value: !value }]];
  const another = { kind: "attribute", attribute, value: `not ${value}`, not: value } as const;
  return [[another], [{ kind: "attribute", attribute, value: null }]];
}

function emptied(fact: SyntaxNode): readonly Way[] | undefined {
  const attribute = attributeOf(fact);
  return attribute === undefined ? undefined : [[{ kind: "attribute", attribute, value: null }]];
}

function listed(lhs: SyntaxNode, rhs: SyntaxNode, truth: boolean): readonly Way[] | undefined {
  if (rhs.type === "unary" && rhs.value === "[") {
    if (!truth) return emptied(lhs);
    const ways = rhs.expressions.flatMap((one) => compared(lhs, one, true) ?? []);
    return ways.length > 0 ? ways : undefined;
  }
  const value = literalOf(lhs);
  const path = pathOf(rhs);
  if (typeof value !== "string" || !path) return undefined;
  switch (path[0]) {
    case "groups":
      return [[{ kind: "group", name: value, member: truth }]];
    case "group_ids":
      return [[{ kind: "group", name: value, id: value, member: truth }]];
    case "app_roles":
      return [[{ kind: "app_role", role: value, held: truth }]];
    case "claims":
      return truth ? [[{ kind: "claim", claim: path[1] as string, value }]] : undefined;
    default:
      return undefined;
  }
}

function literalOf(node: SyntaxNode): string | boolean | undefined {
  if (node.type !== "string" && node.type !== "value") return undefined;
  return typeof node.value === "string" || typeof node.value === "boolean" ? node.value : undefined;
}

function attributeOf(node: SyntaxNode): UserAttribute | undefined {
  const [root, name] = pathOf(node) ?? [];
  return root === "user" ? USER_ATTRIBUTES.find((one) => one === name) : undefined;
}

/** The names of a plain path, as `user` and `department`; through functions that only change letters. */
function pathOf(node: SyntaxNode): readonly string[] | undefined {
  if (node.type === "function" && TRANSPARENT.has(functionName(node)) && node.arguments[0]) {
    return pathOf(node.arguments[0]);
  }
  if (node.type !== "path") return undefined;
  const names = node.steps.flatMap((step) => (step.type === "name" && !step.stages ? [step.value] : []));
  return names.length === node.steps.length ? names : undefined;
}
