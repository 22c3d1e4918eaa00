import { quote } from "../../model/quote.js";
import { suggest } from "../../model/suggest.js";
import type { Shape } from "./facts.js";
import { ALLOWED_FUNCTIONS, type BuiltIn, REFUSED_FUNCTIONS } from "./functions.js";
import { checkRegex } from "./regex.js";
import type { CallNode, LambdaNode, RegexNode, SyntaxNode } from "./syntax.js";
import {
  ANY,
  entryOf,
  isList,
  isReserved,
  isWhole,
  PLAIN,
  positionOf,
  refuse,
  type Scope,
  type VisitValue,
  type Walk,
  warn,
} from "./walk.js";

/** Visits a call: only built-in functions that rules may use, by name, with all their arguments. */
export function visitCall(walk: Walk, node: CallNode, scope: Scope, visit: VisitValue): Shape {
  const position = positionOf(walk, node);
  if (node.procedure.type !== "variable") return notCallable(walk, node.procedure, position);
  const name = node.procedure.value;
  const called = ALLOWED_FUNCTIONS.get(name);
  if (called === undefined) return unknownFunction(walk, name, position);
  const [fewest, most] = called.arguments;
  const count = node.arguments.length;
  const fromContext = called.context === true && count === fewest - 1 && !isWhole(scope.context);
  if ((count < fewest && !fromContext) || count > most) {
    const wanted = fewest === most ? `${fewest}` : `${fewest} to ${most}`;
    return refuse(
      walk,
      position,
      "arguments",
      `\`$${name}\` takes ${wanted} argument${wanted === "1" ? "" : "s"}, not ${count}`,
      `$${name}(${Array(fewest).fill("...").join(", ")})`,
    );
  }
  const inner = name === "not" || name === "exists" ? { ...scope, negated: name === "not" } : scope;
  const shapes = visitArguments(walk, node, called, fromContext, inner, visit);
  const first = fromContext ? scope.context : (shapes[0] as Shape);
  if (name === "exists" && "path" in first) walk.guarded.add(first.path);
  if (called.text && isList(first)) {
    const instead = `${first.path}[$${name}($, ...)]`;
    const message = `${quote(first.path)} is a list, and \`$${name}\` reads one text: write ${quote(instead)}`;
    warn(walk, position, "list_as_text", message);
  }
  return { entries: first, plain: PLAIN, any: ANY }[called.yields];
}

function visitArguments(
  walk: Walk,
  node: CallNode,
  called: BuiltIn,
  fromContext: boolean,
  scope: Scope,
  visit: VisitValue,
): readonly Shape[] {
  const second = fromContext ? 0 : 1;
  const shapes: Shape[] = [];
  for (const [index, argument] of node.arguments.entries()) {
    if (index === second && called.higher) {
      shapes.push(visitFunction(walk, argument, shapes[0] as Shape, scope, visit));
    } else if (index === second && called.regex && argument.type === "regex") {
      shapes.push(visitRegex(walk, argument));
    } else {
      shapes.push(visit(walk, argument, scope));
    }
  }
  return shapes;
}

/** A function as an argument: written on the spot, or a built-in one that takes one value. */
function visitFunction(walk: Walk, node: SyntaxNode, over: Shape, scope: Scope, visit: VisitValue): Shape {
  if (node.type === "lambda") return visitLambda(walk, node, over, scope, visit);
  const position = positionOf(walk, node);
  const named = node.type === "variable" ? ALLOWED_FUNCTIONS.get(node.value) : undefined;
  if (named?.arguments[0] === 1) return ANY;
  return refuse(
    walk,
    position,
    "not_a_function",
    "here stands a function, as in `function($entry) { ... }` or `$uppercase`",
    "function($entry) { ... }",
  );
}

function visitLambda(walk: Walk, node: LambdaNode, over: Shape, scope: Scope, visit: VisitValue): Shape {
  const position = positionOf(walk, node);
  if (node.signature !== undefined) {
    const message = "signatures of functions are switched off: leave out `<...>`, as in `function($entry) { ... }`";
    return refuse(walk, position, "not_allowed", message, "function($entry) { ... }");
  }
  const variables = new Map(scope.variables);
  const given = [entryOf(over), PLAIN, over];
  for (const [index, parameter] of node.arguments.entries()) {
    if (isReserved(parameter.value)) return reservedName(walk, positionOf(walk, parameter), parameter.value);
    variables.set(parameter.value, given[index] ?? ANY);
  }
  return visit(walk, node.body, { ...scope, variables });
}

/** Refuses a name for a variable or parameter that means a function already. */
export function reservedName(walk: Walk, position: number, name: string): Shape {
  const other = name.replace("$", "") === "" ? "$mine" : `$my_${name}`;
  const message = `${quote(`$${name}`)} means something already: choose another name, such as ${quote(other)}`;
  return refuse(walk, position, "reserved_name", message, other);
}

function visitRegex(walk: Walk, node: RegexNode): Shape {
  const check = checkRegex(node.value, walk.regexBudget);
  if (!check.ok) return refuse(walk, positionOf(walk, node), "regex", check.message, check.instead);
  walk.regexBudget -= check.cost;
  return ANY;
}

function notCallable(walk: Walk, procedure: SyntaxNode, position: number): Shape {
  const [name] = procedure.type === "path" ? procedure.steps : [procedure];
  if (name.type === "name" && ALLOWED_FUNCTIONS.has(name.value)) {
    const meant = `$${name.value}`;
    return refuse(walk, position, "unknown_function", `functions start with \`$\`, did you mean \`${meant}\`?`, meant);
  }
  const message = "only functions of JSONata are called, by their names: `$count(...)`";
  return refuse(walk, position, "not_allowed", message, "$count(...)");
}

function unknownFunction(walk: Walk, name: string, position: number): Shape {
  const off = REFUSED_FUNCTIONS.get(name);
  if (off !== undefined) {
    const message = `\`$${name}\` is switched off: ${off.why}; write for instance \`${off.instead}\``;
    return refuse(walk, position, "refused_function", message, off.instead);
  }
  const meant = suggest(name, ALLOWED_FUNCTIONS.keys());
  if (meant === undefined) return refuse(walk, position, "unknown_function", `unknown function ${quote(`$${name}`)}`);
  const message = `unknown function ${quote(`$${name}`)}, did you mean \`$${meant}\`?`;
  return refuse(walk, position, "unknown_function", message, `$${meant}`);
}
