const LONGEST = 1_024;

/**
 * Where a sign-in returns to: a path of our own origin, or `undefined` for what leads anywhere else. Browsers drop tabs
 * and line breaks and read `\` as `/`. INVARIANT: what is answered is the parsed path, and never one that begins with
 * two slashes: `/.//evil.example` is a path before parsing and a host after.
 */
export function safeReturnTo(returnTo: string | null, publicUrl: string): string | undefined {
  if (returnTo === null || returnTo.length > LONGEST || !/^\/(?![/\\])[^\\]*$/.test(returnTo)) return undefined;
  if (/[\p{Cc}\p{Cf}\p{Z}\p{Surrogate}]/u.test(returnTo) || !URL.canParse(returnTo, publicUrl)) return undefined;
  const url = new URL(returnTo, publicUrl);
  const path = url.pathname + url.search + url.hash;
  return url.origin === new URL(publicUrl).origin && !path.startsWith("//") ? path : undefined;
}
