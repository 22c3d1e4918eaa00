/** A request and its answer as the rooms see them: nothing of the web framework shows. */

import type { Logger } from "../platform/log.js";

export interface HttpRequest {
  readonly id: string;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The query as it was sent, not decoded: for whoever verifies a signature over its text. */
  readonly queryText: string;
  /** The client's address; forwarded ones count only behind a trusted proxy. */
  readonly address: string;
  /** What limits and shares count it by, as `networkOf` says; the address itself is only shown. */
  readonly network: string;
  /** Writes the request's id with every line. */
  readonly log: Logger;
  /** By lower-case name; several headers of one name are joined as node joins them. */
  header(name: string): string | undefined;
  cookie(name: string): string | undefined;
  /** Tells the access log whom the request is about, and what it took to read it. */
  identify(about: About): void;
}

export interface About {
  readonly tenant?: number | string;
  readonly connection?: string;
  readonly user?: string;
  readonly token?: string;
  /** Deviations of the client, by name, joined by commas. */
  readonly quirks?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `Set-Cookie` lines, as http/cookies builds them. */
  readonly cookies?: readonly string[];
  /**
   * Text and bytes are sent as they are (give `content-type`), texts of an async iterable one after another as the client
   * takes them, anything else as JSON, `undefined` as no body.
   */
  readonly body?: unknown;
}

export function redirect(location: string, cookies: readonly string[] = []): Answer {
  return { status: 303, headers: { location }, cookies };
}
