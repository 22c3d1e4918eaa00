/**
 * A browser without a screen: follows redirects across hosts, keeps cookies and their sites as browsers do, and sends
 * forms. It runs no scripts; a form that carries a SAML message is sent on without.
 */
import { formsOf, samlForm } from "./html-form.js";

export interface Visit {
  readonly status: number;
  /** Where the redirects ended. */
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
  /** Every address that was asked for, in order. */
  readonly hops: readonly string[];
  /** What was about to be posted to `url`, where a visit stopped in front of that. */
  readonly unsent?: Readonly<Record<string, string>>;
}

export interface VisitOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
  /** Stops in front of the first redirect, or form, to an address that begins like this. */
  readonly stopBefore?: string;
  /** The page on which somebody clicked; absent where they typed the address. */
  readonly from?: string;
}

export interface Browser {
  visit(url: string, options?: VisitOptions): Promise<Visit>;
  /** Fills in the page's first form that is posted, and sends it. */
  submit(page: Visit, fields?: Readonly<Record<string, string>>, options?: VisitOptions): Promise<Visit>;
  /** The value of a cookie by name, wherever it is from. */
  cookie(name: string): string | undefined;
  setCookie(url: string, name: string, value: string): void;
}

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
  readonly expires: number;
  readonly sameSite: "lax" | "none" | "strict";
}

interface Request {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly body?: string | URLSearchParams;
  /** The page that made it. */
  readonly from?: URL;
}

const MOST_HOPS = 20;

export function createBrowser(): Browser {
  const jar = createJar();

  async function send({ url, method, body, from }: Request, options: VisitOptions): Promise<Response> {
    const answer = await fetch(url, {
      method,
      headers: {
        accept: "text/html",
        "sec-fetch-site": from === undefined ? "none" : siteOf(from, url),
        ...(method === "POST" && from !== undefined ? { origin: from.origin } : {}),
        ...options.headers,
        cookie: jar.sent(url, method, from),
      },
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    for (const line of answer.headers.getSetCookie()) jar.keep(parseCookie(line, url));
    return answer;
  }

  async function visit(address: string, options: VisitOptions = {}): Promise<Visit> {
    const { method = "GET", body, from, stopBefore } = options;
    const hops: string[] = [];
    let request: Request = {
      url: new URL(address),
      method,
      ...(body === undefined ? {} : { body }),
      ...(from === undefined ? {} : { from: new URL(from) }),
    };
    for (;;) {
      hops.push(request.url.href);
      const answer = await send(request, options);
      const page = { status: answer.status, headers: answer.headers, text: await answer.text(), hops };
      const next = nextOf(request, page);
      if (next === undefined) return { ...page, url: request.url.href };
      if (stopBefore !== undefined && next.url.href.startsWith(stopBefore)) {
        const unsent = next.body instanceof URLSearchParams ? { unsent: Object.fromEntries(next.body) } : {};
        return { ...page, url: next.url.href, ...unsent };
      }
      if (hops.length > MOST_HOPS) throw new Error(`sent on more than ${MOST_HOPS} times: ${hops.join(" -> ")}`);
      request = next;
    }
  }

  return {
    visit,
    submit(page, fields = {}, options = {}) {
      const [form] = formsOf(page.text, new URL(page.url));
      if (form === undefined) throw new Error(`there is no form to send at ${page.url}: ${page.text}`);
      const body = new URLSearchParams({ ...form.fields, ...fields });
      return visit(form.action.href, { ...options, method: "POST", body, from: page.url });
    },
    cookie: jar.value,
    setCookie(address, name, value) {
      const { hostname: host } = new URL(address);
      jar.keep({ host, path: "/", name, value, expires: Number.POSITIVE_INFINITY, sameSite: "lax" });
    },
  };
}

/** Where an answer sends the browser on to. */
function nextOf(request: Request, page: Pick<Visit, "headers" | "status" | "text">): Request | undefined {
  const location = page.status >= 300 && page.status < 400 ? page.headers.get("location") : null;
  if (location !== null) {
    const url = new URL(location, request.url);
    const from = request.from === undefined ? {} : { from: request.from };
    return page.status === 307 || page.status === 308 ? { ...request, url } : { url, method: "GET", ...from };
  }
  if (!page.headers.get("content-type")?.startsWith("text/html")) return undefined;
  const form = samlForm(page.text, request.url);
  if (form === undefined) return undefined;
  return { url: form.action, method: "POST", body: new URLSearchParams(form.fields), from: request.url };
}

interface Jar {
  keep(cookie: Cookie): void;
  /** The line of cookies for a request that a page made. */
  sent(url: URL, method: "GET" | "POST", from: URL | undefined): string;
  value(name: string): string | undefined;
}

function createJar(): Jar {
  const jar = new Map<string, Cookie>();
  return {
    keep(cookie) {
      const key = `${cookie.host} ${cookie.path} ${cookie.name}`;
      if (cookie.expires <= Date.now()) jar.delete(key);
      else jar.set(key, cookie);
    },
    sent: (url, method, from) =>
      [...jar.values()]
        .filter(
          (cookie) =>
            cookie.host === url.hostname &&
            covers(cookie.path, url.pathname) &&
            cookie.expires > Date.now() &&
            mayCome(cookie, method, from !== undefined && siteOf(from, url) === "cross-site"),
        )
        .map((cookie) => `${cookie.name}=${cookie.value}`)
        .join("; "),
    value: (name) => [...jar.values()].find((cookie) => cookie.name === name)?.value,
  };
}

/** RFC 6265bis section 5.6.7.2: what another site's page posts comes without `Lax` cookies, and its links without `Strict` ones. */
function mayCome({ sameSite }: Cookie, method: "GET" | "POST", fromAnotherSite: boolean): boolean {
  return !fromAnotherSite || sameSite === "none" || (sameSite === "lax" && method === "GET");
}

/** Hosts of tests are sites of their own: there is no list of public suffixes here. */
function siteOf(from: URL, to: URL): "cross-site" | "same-origin" | "same-site" {
  if (from.origin === to.origin) return "same-origin";
  return from.hostname === to.hostname && from.protocol === to.protocol ? "same-site" : "cross-site";
}

/** RFC 6265 section 5.1.4. */
function covers(cookiePath: string, path: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);
}

function parseCookie(line: string, url: URL): Cookie {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const named = new Map(
    attributes.map((one) => [one.split("=")[0]?.toLowerCase() ?? "", one.slice(one.indexOf("=") + 1)]),
  );
  const age = named.get("max-age");
  const date = named.get("expires");
  const ends = age !== undefined ? Date.now() + Number(age) * 1000 : Date.parse(date ?? "");
  const sameSite = named.get("samesite")?.toLowerCase();
  return {
    host: url.hostname,
    path: named.get("path") ?? (url.pathname.replace(/\/[^/]*$/, "") || "/"),
    name: pair.slice(0, pair.indexOf("=")),
    value: pair.slice(pair.indexOf("=") + 1),
    expires: Number.isNaN(ends) ? Number.POSITIVE_INFINITY : ends,
    sameSite: sameSite === "none" || sameSite === "strict" ? sameSite : "lax",
  };
}
