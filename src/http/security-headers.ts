const POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors";

/** A source of a Content-Security-Policy: nothing in it ends the source or the directive, or stands for several. */
const ORIGIN = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?$/;

/** The headers of a page that pages of these origins may hold in a frame. An origin that is no plain one may not. */
export function framedBy(origins: readonly string[]): Readonly<Record<string, string>> {
  const sources = origins.filter((origin) => ORIGIN.test(origin));
  return { "content-security-policy": `${POLICY} ${sources.length === 0 ? "'none'" : sources.join(" ")}` };
}

/** What every answer of the service says to browsers and caches. */
export function securityHeaders(publicUrl: string): Readonly<Record<string, string>> {
  return {
    "content-security-policy": `${POLICY} 'none'`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    ...(publicUrl.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
