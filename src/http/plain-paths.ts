/** Owns the short way to a route: paths of plain words are found by comparing them, any other is the router's to read. */

import { pushTo } from "../model/push-to.js";

/** A route and the parameters in a path. */
interface Match<Route> {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Candidate<Route> {
  readonly route: Route;
  /** `undefined` where a parameter stands. */
  readonly words: readonly (string | undefined)[];
  readonly names: readonly string[];
}

/** INVARIANT: a word is what it is written as: nothing is decoded, and no slash stands at the end. */
const PLAIN = /^(?:\/[\w.-]+)+$/;

/** The first of the routes that fits, as the router would choose; `undefined`: ask the router. */
export function plainPaths<Route extends { readonly method: string; readonly path: string }>(
  routes: readonly Route[],
  anyCase: boolean,
): (method: string, path: string) => Match<Route> | undefined {
  const folded = (word: string) => (anyCase ? word.toLowerCase() : word);
  const byLength = new Map<string, Candidate<Route>[]>();
  for (const route of routes) {
    const parts = route.path.split("/").slice(1);
    const key = `${route.method} ${parts.length}`;
    const candidate = {
      route,
      words: parts.map((part) => (part.startsWith(":") ? undefined : folded(part))),
      names: parts.map((part) => part.slice(1)),
    };
    pushTo(byLength, key, candidate);
  }
  return (method, path) => {
    if (!PLAIN.test(path)) return undefined;
    const parts = path.split("/").slice(1);
    const candidates = byLength.get(`${method} ${parts.length}`) ?? [];
    const found = candidates.find(({ words }) =>
      words.every((word, at) => word === undefined || word === folded(parts[at] ?? "")),
    );
    if (found === undefined) return undefined;
    const { route, words, names } = found;
    const params: Record<string, string> = {};
    for (const [at, part] of parts.entries()) if (words[at] === undefined) params[names[at] ?? ""] = part;
    return { route, params };
  };
}
