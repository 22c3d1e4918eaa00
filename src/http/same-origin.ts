import { Refusal } from "../model/problem.js";
import type { HttpRequest } from "./exchange.js";

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** Whether a browser says that another site's page made the request: it left out the cookies that are for our own pages. */
export function isFromAnotherSite(request: HttpRequest, publicUrl: string): boolean {
  const site = request.header("sec-fetch-site");
  if (site !== undefined) return site === "cross-site" || site === "same-site";
  const origin = request.header("origin");
  return origin !== undefined && origin !== new URL(publicUrl).origin;
}

/**
 * Refuses a request that would change something on the strength of a cookie and was made by another site's page.
 * Browsers tell by `Sec-Fetch-Site` on https and loopback, and by `Origin` everywhere; what carries neither was made
 * by no browser, and nobody can make another's program send its cookies.
 */
export function requireSameOrigin(request: HttpRequest, publicUrl: string): void {
  if (SAFE.has(request.method)) return;
  const site = request.header("sec-fetch-site");
  const origin = request.header("origin");
  const own =
    site === undefined
      ? origin === undefined || origin === new URL(publicUrl).origin
      : site === "same-origin" || site === "none";
  if (!own) throw new Refusal("forbidden", "this request came from another site: repeat it from our own page");
}
