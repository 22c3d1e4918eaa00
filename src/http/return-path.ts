const LONGEST = 2_048;

/**
 * Where somebody may be sent after a sign-in: a path on our own origin, or `undefined` for anything else. Browsers
 * drop tabs and line breaks and read `\` as `/`, so that only what parses to our origin and looks like it passes.
 */
export function returnPath(text: string | undefined, publicUrl: string): string | undefined {
  if (text === undefined || text.length > LONGEST || !/^\/(?![/\\])[!-~]*$/.test(text) || text.includes("\\"))
    return undefined;
  const base = new URL(publicUrl);
  const url = URL.canParse(text, base.href) ? new URL(text, base) : undefined;
  return url?.origin === base.origin && !url.pathname.startsWith("//")
    ? url.pathname + url.search + url.hash
    : undefined;
}
