const POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors";

/** The headers of a page that pages of these origins may hold in a frame. */
export function framedBy(origins: readonly string[]): Readonly<Record<string, string>> {
  return { "content-security-policy": `${POLICY} ${origins.join(" ")}` };
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
