import type { Answer, HttpRequest } from "../http/exchange.js";
import { renderProblem } from "../http/failure.js";
import type { PlanLine } from "../model/plan.js";
import { Refusal } from "../model/problem.js";
import { changeView } from "./previews.js";

/** Problem documents in which changes look as they do in previews. */
export function renderAdminError(error: unknown, request: HttpRequest): Answer {
  const changes = error instanceof Refusal ? error.detail["changes"] : undefined;
  if (!(error instanceof Refusal) || !Array.isArray(changes)) return renderProblem(error, request);
  const shown = (changes as readonly PlanLine[]).map(changeView);
  return renderProblem(new Refusal(error.code, error.message, { ...error.detail, changes: shown }), request);
}
