import type { HttpRequest } from "../../http/exchange.js";
import type { ListRequest } from "./list-query.js";
import type { ProjectionRequest } from "./project.js";

/** Parameters of the address that say what is listed; all others are ignored. */
export function listRequest(request: HttpRequest): ListRequest {
  return {
    filter: textOf(request, "filter"),
    sortBy: textOf(request, "sortBy"),
    sortOrder: textOf(request, "sortOrder"),
    startIndex: textOf(request, "startIndex"),
    count: textOf(request, "count"),
    cursor: textOf(request, "cursor"),
  };
}

export function projectionRequest(request: HttpRequest): ProjectionRequest {
  return {
    attributes: textOf(request, "attributes"),
    excludedAttributes: textOf(request, "excludedAttributes"),
  };
}

function textOf({ query }: HttpRequest, name: string): string | undefined {
  return query.get(name) ?? undefined;
}
