/**
 * Walks a parsed expression before anything runs: what it may not use, which facts it reads, and where it will surprise.
 * INVARIANT: a fact object (`user`, `claims` ...) is never a value, so that every fact read is found by its name.
 */
import { quote } from "../../model/quote.js";
import { suggest } from "../../model/suggest.js";
import { reservedName, visitCall } from "./calls.js";
import {
  type ExpressionUse,
  type FactPath,
  onePart,
  PROTOTYPE_KEYS,
  readName,
  rootNames,
  type Shape,
} from "./facts.js";
import type { BinaryNode, BindNode, ConditionNode, PathNode, SyntaxNode, TokenNode, UnaryNode } from "./syntax.js";
import {
  ANY,
  entryOf,
  type Finding,
  findings,
  isList,
  isReserved,
  isWhole,
  noteRead,
  PLAIN,
  positionOf,
  refuse,
  refuseConstruct,
  type Scope,
  startWalk,
  type Walk,
  warn,
} from "./walk.js";

/** Most entries of a range that is written out, as in `[1..12]`. */
const LONGEST_RANGE = 1000;

export interface Analysis {
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** Sorted, each once. */
  readonly reads: readonly FactPath[];
  /** Facts that it asks for by `$exists`. */
  readonly guarded: ReadonlySet<FactPath>;
}

/** Judges a syntax tree for one use. */
export function analyse(source: string, tree: SyntaxNode, use: ExpressionUse): Analysis {
  const walk = startWalk(source, use);
  visitValue(walk, tree, { context: { kind: "facts" }, variables: new Map(), negated: false });
  for (const [path, position] of walk.negated) {
    if (walk.guarded.has(path)) continue;
    const message = `${quote(path)} may be absent, and a negation then may not say what you mean: ask first, by \`$exists(${path})\``;
    warn(walk, position, "negation_over_absent", message, `$exists(${path})`);
  }
  const { problems, warnings, reads, guarded } = walk;
  return { problems: findings(problems), warnings: findings(warnings), reads: [...reads].sort(), guarded };
}

function visitValue(walk: Walk, node: SyntaxNode, scope: Scope): Shape {
  const shape = visit(walk, node, scope);
  if (!isWhole(shape)) return shape;
  const [whole, instead] =
    "name" in shape ? [`\`${shape.name}\``, onePart(shape.name)] : ["all facts", "user.department"];
  const message = `an expression cannot take ${whole} whole: name one fact, as in \`${instead}\``;
  return refuse(walk, positionOf(walk, node), "whole_object", message, instead);
}

/** Visits a node whose result may be a fact object that something else goes on reading. */
function visit(walk: Walk, node: SyntaxNode, scope: Scope): Shape {
  const position = positionOf(walk, node);
  const shape = visitBare(walk, node, scope, position);
  if (node.group !== undefined) return refuseConstruct(walk, position, "group");
  if (node.focus !== undefined || node.index !== undefined) {
    return refuseConstruct(walk, position, "binding");
  }
  for (const stage of [...(node.stages ?? []), ...(node.predicate ?? [])]) {
    if (stage.type === "index") return refuseConstruct(walk, position, "binding");
    visitValue(walk, stage.expr, { ...scope, context: entryOf(shape) });
  }
  return shape;
}

function visitBare(walk: Walk, node: SyntaxNode, scope: Scope, position: number): Shape {
  switch (node.type) {
    case "string":
    case "number":
    case "value":
      return PLAIN;
    case "name":
      return visitName(walk, node, scope, position);
    case "variable":
      return visitVariable(walk, node, scope, position);
    case "path":
      return visitPath(walk, node, scope);
    case "binary":
      return visitBinary(walk, node, scope, position);
    case "unary":
      return visitUnary(walk, node, scope);
    case "condition":
      return visitCondition(walk, node, scope);
    case "block":
      return visitBlock(walk, node.expressions, scope);
    case "bind":
      return visitBind(walk, node, scope);
    case "function":
      return visitCall(walk, node, scope, visitValue);
    case "lambda":
      // A thunk is a call in tail position, wrapped by the parser.
      return node.thunk ? visit(walk, node.body, scope) : refuseConstruct(walk, position, "lambda");
    default:
      return refuseConstruct(walk, position, node.type);
  }
}

function visitName(walk: Walk, node: TokenNode, scope: Scope, position: number): Shape {
  const reading = readName(scope.context, node.value, walk.use);
  if (!reading.ok) return refuse(walk, position, reading.code, reading.message, reading.suggestion);
  if ("path" in reading.shape) noteRead(walk, reading.shape.path, position, scope);
  return reading.shape;
}

function visitVariable(walk: Walk, node: TokenNode, scope: Scope, position: number): Shape {
  if (node.value === "") return scope.context;
  if (node.value === "$") return { kind: "facts" };
  const bound = scope.variables.get(node.value);
  if (bound !== undefined) return bound;
  if (isReserved(node.value)) {
    return refuse(
      walk,
      position,
      "not_allowed",
      `\`$${node.value}\` is a function: call it with its arguments in brackets`,
      `$${node.value}(...)`,
    );
  }
  const near = suggest(node.value, [...scope.variables.keys()]);
  const meant = near === undefined ? suggest(node.value, rootNames(walk.use)) : `$${near}`;
  if (meant === undefined)
    return refuse(walk, position, "unknown_variable", `unknown variable ${quote(`$${node.value}`)}`);
  const message = `unknown variable ${quote(`$${node.value}`)}, did you mean \`${meant}\`?`;
  return refuse(walk, position, "unknown_variable", message, meant);
}

function visitPath(walk: Walk, node: PathNode, scope: Scope): Shape {
  const [first, ...rest] = node.steps;
  let shape = visit(walk, first, scope);
  for (const step of rest) shape = visit(walk, step, { ...scope, context: entryOf(shape) });
  return shape;
}

function visitCondition(walk: Walk, { condition, then, else: otherwise }: ConditionNode, scope: Scope): Shape {
  const branches = otherwise === undefined ? [then] : [then, otherwise];
  const negates = isFalse(then) && otherwise !== undefined && !isFalse(otherwise);
  const asked = visitValue(walk, condition, negates ? { ...scope, negated: true } : scope);
  return together([asked, ...branches.map((part) => visitValue(walk, part, scope))]);
}

/** `false` as it is written, perhaps in brackets. */
function isFalse(node: SyntaxNode): boolean {
  if (node.type === "block") return node.expressions.slice(-1).some(isFalse);
  return node.type === "value" && node.value === false;
}

/** An answer that is compared with `false` is negated; a fact itself is never `false`, and its absence is not either. */
function isNegation({ value, lhs, rhs }: BinaryNode): boolean {
  const asksForFalse = (one: SyntaxNode, other: SyntaxNode) => isFalse(one) && other.type !== "path";
  return value === "!=" || (value === "=" && (asksForFalse(lhs, rhs) || asksForFalse(rhs, lhs)));
}

function visitBinary(walk: Walk, node: BinaryNode, scope: Scope, position: number): Shape {
  if (node.value === "..") return visitRange(walk, node, position);
  const inner = { ...scope, negated: scope.negated || isNegation(node) };
  const list = [visitValue(walk, node.lhs, inner), visitValue(walk, node.rhs, inner)].find(isList);
  if (list !== undefined && (node.value === "=" || node.value === "!=")) {
    const message = `${quote(list.path)} is a list: \`${node.value}\` compares an entry only if there is exactly one; write ${quote(`'...' in ${list.path}`)}`;
    warn(walk, position, "list_compared", message);
  }
  return PLAIN;
}

function visitRange(walk: Walk, { lhs, rhs }: BinaryNode, position: number): Shape {
  if (lhs.type === "number" && rhs.type === "number" && Number(rhs.value) - Number(lhs.value) < LONGEST_RANGE)
    return PLAIN;
  const message = `a range runs between two numbers that are written out, over at most ${LONGEST_RANGE} entries, as in \`[1..12]\``;
  return refuse(walk, position, "range", message, "[1..12]");
}

function visitUnary(walk: Walk, node: UnaryNode, scope: Scope): Shape {
  if (node.value === "-") return together([visitValue(walk, node.expression, scope)]);
  if (node.value === "[") return together(node.expressions.map((entry) => visitValue(walk, entry, scope)));
  for (const [key, entry] of node.lhs) {
    const position = positionOf(walk, key);
    if (key.type !== "string") refuseConstruct(walk, position, "key");
    else if (PROTOTYPE_KEYS.has(String(key.value))) {
      refuse(walk, position, "prototype_key", `\`${key.value}\` cannot be a key`);
    }
    visitValue(walk, entry, scope);
  }
  return ANY;
}

/** What several values have in common. */
function together(shapes: readonly Shape[]): Shape {
  return shapes.every((shape) => shape.kind === "plain" || shape.kind === "text") ? PLAIN : ANY;
}

function visitBlock(walk: Walk, expressions: readonly SyntaxNode[], scope: Scope): Shape {
  const inner = { ...scope, variables: new Map(scope.variables) };
  let last = ANY;
  for (const expression of expressions) last = visit(walk, expression, inner);
  return last;
}

function visitBind(walk: Walk, node: BindNode, scope: Scope): Shape {
  const shape = visit(walk, node.rhs, scope);
  const name = node.lhs.value;
  const position = positionOf(walk, node.lhs);
  if (isReserved(name)) return reservedName(walk, position, name);
  const before = scope.variables.get(name);
  if (before !== undefined && (isWhole(before) || isWhole(shape))) {
    return refuse(
      walk,
      position,
      "reserved_name",
      `${quote(`$${name}`)} is set twice, once to a fact object: choose another name`,
      `$other_${name}`,
    );
  }
  scope.variables.set(name, before === undefined ? shape : ANY);
  return shape;
}
