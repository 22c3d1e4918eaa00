/** Owns how a browser is called where people tell their sessions apart: its kind and its system, and nothing by which it is one of few. */

/** The first that the header names: others call themselves by the names of those below. */
const BROWSERS: readonly (readonly [name: string, sign: RegExp])[] = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\b(OPR|Opera)\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Chrome|CriOS|HeadlessChrome)\//],
  ["Safari", /\bSafari\//],
];

const SYSTEMS: readonly (readonly [name: string, sign: RegExp])[] = [
  ["iOS", /\b(iPhone|iPad|iPod)\b/],
  ["Android", /\bAndroid\b/],
  ["Windows", /\bWindows\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
];

/** `Firefox on Linux`, of a User-Agent; `undefined` for what is no browser that is known. */
export function browserName(userAgent: string | undefined): string | undefined {
  const said = (userAgent ?? "").slice(0, 512);
  const named = (list: typeof BROWSERS) => list.find(([, sign]) => sign.test(said))?.[0];
  const browser = named(BROWSERS);
  const system = named(SYSTEMS);
  return browser === undefined ? undefined : system === undefined ? browser : `${browser} on ${system}`;
}
