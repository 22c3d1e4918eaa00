/** Owns the border of a route: nothing unchecked gets to its handler, and in development nothing undocumented gets out. */

import type { IncomingMessage } from "node:http";
import { type Problem, Refusal, type RefusalCode } from "../model/problem.js";
import { type CheckMode, compileSchema } from "../platform/schemas.js";
import { readBody } from "./body.js";
import type { Answer, HttpRequest } from "./exchange.js";
import { fieldsOf } from "./fields.js";
import type { Arrival, BodyRule, Route, SchemaId } from "./route.js";

/** Notes in `arrival` how far the request got. */
export type GuardedRoute = (request: HttpRequest, message: IncomingMessage, arrival: Arrival) => Promise<Answer>;

/** The order matters: who calls comes before what is sent, so that strangers make nobody read or parse a body. */
export function guardRoute(route: Route, checkAnswers: boolean): GuardedRoute {
  const checkParams = partCheck(route.params, "query", "bad_request", "path");
  const checkQuery = partCheck(route.query, "query", "bad_request", "query");
  const rule = route.body;
  const checkBody =
    rule?.read === "text" ? passThrough : partCheck(rule?.schema, "request", "invalid_document", "body");

  return async (request, message, arrival) => {
    const principal = await route.auth.authenticate(request);
    arrival.principal = principal;
    const params = checkParams(request.params);
    const query = checkQuery(fieldsOf(request.query, "query parameter"));
    const sent = rule === undefined ? undefined : await bodyOf(request, message, rule);
    arrival.body = sent;
    const body = sent === undefined ? undefined : checkBody(sent);
    const answer = await route.run({ request, params, query, body, principal });
    if (checkAnswers) checkAnswer(route, answer);
    return answer;
  };
}

async function bodyOf(request: HttpRequest, message: IncomingMessage, rule: BodyRule): Promise<unknown> {
  try {
    return await readBody(message, rule);
  } catch (error) {
    const noted = error instanceof Refusal && error.code === "body_too_large" ? rule.tooLong : undefined;
    throw noted === undefined ? error : await noted(request);
  }
}

const passThrough = (value: unknown): unknown => value;

function partCheck(
  schema: SchemaId | undefined,
  mode: CheckMode,
  code: RefusalCode,
  part: string,
): (value: unknown) => unknown {
  if (schema === undefined) return passThrough;
  const check = compileSchema<unknown>(schema, mode);
  return (value) => {
    const checked = check(value);
    if (checked.ok) return checked.value;
    throw new Refusal(code, summary(part, checked.problems), { problems: checked.problems });
  };
}

function summary(part: string, problems: readonly Problem[]): string {
  const [first] = problems;
  if (first === undefined) return `the ${part} is not valid`;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more, see \`problems\`)` : "";
  return `the ${part} is not valid: ${first.pointer === "" ? "" : `${first.pointer} `}${first.message}${more}`;
}

/** Throws what is rendered as a fault: an answer that breaks its own documentation is our mistake, not the caller's. */
function checkAnswer(route: Route, answer: Answer): void {
  const schema = route.responses[answer.status];
  const name = `${route.method} ${route.path}`;
  if (schema === undefined) throw new Error(`${name} answered ${answer.status}, which it does not document`);
  const { body = null } = answer;
  const type = answer.headers?.["content-type"] ?? "application/json";
  // What is no JSON has no schema: a table for spreadsheets, for instance, beside the JSON that the route documents.
  if (schema === null || !type.startsWith("application/json")) return;
  // What the client reads is the JSON, not the value that it was made from.
  const checked = compileSchema<unknown>(schema)(JSON.parse(typeof body === "string" ? body : JSON.stringify(body)));
  if (checked.ok) return;
  const problems = checked.problems.map(({ pointer, message }) => `${pointer}: ${message}`).join("; ");
  throw new Error(`the ${answer.status} answer of ${name} breaks the schema ${schema}: ${problems}`);
}
