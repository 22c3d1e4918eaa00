/** A browser without a screen: follows redirects across hosts and keeps cookies as browsers do. */

export interface Visit {
  readonly status: number;
  /** Where the redirects ended. */
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
  /** Every address that was asked for, in order. */
  readonly hops: readonly string[];
}

export interface VisitOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams;
  /** Stops in front of the first redirect to an address that begins like this. */
  readonly stopBefore?: string;
}

export interface Browser {
  visit(url: string, options?: VisitOptions): Promise<Visit>;
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
}

const MOST_HOPS = 20;

export function createBrowser(): Browser {
  const jar = new Map<string, Cookie>();
  const keep = (cookie: Cookie): void => {
    const key = `${cookie.host} ${cookie.path} ${cookie.name}`;
    if (cookie.expires <= Date.now()) jar.delete(key);
    else jar.set(key, cookie);
  };
  const sent = (url: URL): string =>
    [...jar.values()]
      .filter(
        (cookie) => cookie.host === url.hostname && covers(cookie.path, url.pathname) && cookie.expires > Date.now(),
      )
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join("; ");

  return {
    async visit(address, options = {}) {
      const hops: string[] = [];
      let url = new URL(address);
      let { method = "GET", body } = options;
      for (;;) {
        hops.push(url.href);
        const headers = { accept: "text/html", ...options.headers, cookie: sent(url) };
        const answer = await fetch(url, {
          method,
          headers,
          redirect: "manual",
          ...(body === undefined ? {} : { body }),
        });
        for (const line of answer.headers.getSetCookie()) keep(parseCookie(line, url));
        const text = await answer.text();
        const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get("location") : null;
        const next = location === null ? undefined : new URL(location, url);
        if (next === undefined || (options.stopBefore !== undefined && next.href.startsWith(options.stopBefore))) {
          return { status: answer.status, url: next?.href ?? url.href, headers: answer.headers, text, hops };
        }
        if (hops.length > MOST_HOPS) throw new Error(`redirected more than ${MOST_HOPS} times: ${hops.join(" -> ")}`);
        url = next;
        if (answer.status !== 307 && answer.status !== 308) {
          method = "GET";
          body = undefined;
        }
      }
    },
    cookie: (name) => [...jar.values()].find((cookie) => cookie.name === name)?.value,
    setCookie(address, name, value) {
      keep({ host: new URL(address).hostname, path: "/", name, value, expires: Number.POSITIVE_INFINITY });
    },
  };
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
  return {
    host: url.hostname,
    path: named.get("path") ?? (url.pathname.replace(/\/[^/]*$/, "") || "/"),
    name: pair.slice(0, pair.indexOf("=")),
    value: pair.slice(pair.indexOf("=") + 1),
    expires: Number.isNaN(ends) ? Number.POSITIVE_INFINITY : ends,
  };
}
