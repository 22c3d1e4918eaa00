import { defineRoute, type Route, type RouteDefinition, type RouteShape } from "../http/route.js";

/** A route of the admin API: query parameters that it does not name are refused, so that a misspelt one is not passed over. */
export function adminRoute<Shape extends RouteShape>(definition: RouteDefinition<Shape>): Route {
  return defineRoute<Shape>({ query: "admin/query#/$defs/none", ...definition });
}
