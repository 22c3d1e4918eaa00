/** Owns the way of every request through the web framework: id, route, answer or error in the look of its prefix, log line. */

import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener } from "node:http";
import { Readable } from "node:stream";
import Router from "@koa/router";
import Koa from "koa";
import { Refusal } from "../model/problem.js";
import { parseRanges } from "../platform/addresses.js";
import type { Logger } from "../platform/log.js";
import { clientAddress } from "./client-address.js";
import { readCookie } from "./cookies.js";
import type { About, Answer, HttpRequest } from "./exchange.js";
import { createPlaces } from "./face-places.js";
import { failureHeaders, renderProblem } from "./failure.js";
import { type GuardedRoute, guardRoute } from "./guard.js";
import type { Metrics } from "./metrics.js";
import { plainPaths } from "./plain-paths.js";
import type { Arrival, Face } from "./route.js";
import { securityHeaders } from "./security-headers.js";
import { headTooLarge, LONGEST_HEAD } from "./unreadable.js";

export interface AppOptions {
  readonly logger: Logger;
  readonly publicUrl: string;
  /** CIDR ranges. */
  readonly trustedProxies: readonly string[];
  readonly metrics: Metrics;
  readonly faces: readonly Face[];
  /** Holds every answer against its documented schema: for tests and development. */
  readonly checkAnswers: boolean;
}

interface RouteState {
  trail?: Trail;
}

type Ctx = Koa.ParameterizedContext<RouteState>;

/** What is known of a request by the end of it. */
interface Trail {
  route: string;
  about: About;
  params: Readonly<Record<string, string>>;
  guarded?: GuardedRoute;
  readonly arrival: Arrival;
}

export function createApp(options: AppOptions): RequestListener {
  const { logger, metrics } = options;
  const standardHeaders = securityHeaders(options.publicUrl);
  const proxies = parseRanges(options.trustedProxies) ?? [];
  const routeOf = createRouting(options.faces, options.checkAnswers);
  const app = new Koa<RouteState>();
  // Everything else is answered below: what gets here are connections that broke off, and errors that cannot be rendered.
  app.on("error", (error: unknown) => logger.fault("connection_broken", error));
  app.use(async (ctx) => {
    const started = performance.now();
    const trail: Trail = { route: "unmatched", about: {}, params: {}, arrival: {} };
    const address = clientAddress(ctx.req.socket.remoteAddress ?? "", ctx.get("x-forwarded-for"), proxies);
    const request = requestOf(ctx, trail, logger, address);
    const { face, find } = routeOf(ctx.path);
    const standard = { ...standardHeaders, "x-request-id": request.id };
    let code = {};
    let answer: Answer;
    try {
      checkHead(ctx.req);
      await find(ctx, trail);
      if (trail.guarded === undefined) throw new Refusal("not_found", "there is nothing at this address");
      answer = await trail.guarded(request, ctx.req, trail.arrival);
      send(ctx, answer, standard);
    } catch (error) {
      for (const name of ctx.res.getHeaderNames()) ctx.remove(name);
      answer = (face?.renderError ?? renderProblem)(error, request);
      send(ctx, answer, { ...standard, ...failureHeaders(error) });
      if (answer.status >= 500) request.log.fault("request_failed", error);
      if (error instanceof Refusal) code = { code: error.code };
    }
    const { method, status } = ctx;
    const seconds = (performance.now() - started) / 1_000;
    metrics.observeRequest(method, trail.route, status, seconds);
    const milliseconds = Math.round(seconds * 1_000);
    const { route, about, arrival } = trail;
    logger.info("request", { requestId: request.id, method, route, status, milliseconds, ...about, ...code });
    face?.answered?.({ ...arrival, request, route, about, answer, milliseconds });
  });
  return app.callback();
}

type Finder = (ctx: Ctx, trail: Trail) => Promise<void>;
type Routing = (path: string) => { readonly face: Face | undefined; readonly find: Finder };

const nothingHere: Finder = async () => undefined;

function createRouting(faces: readonly Face[], checkAnswers: boolean): Routing {
  const placeOf = createPlaces(faces);
  const finders = new Map(faces.map((face) => [face, createFinder(face, checkAnswers)]));
  return (path) => {
    const place = placeOf(path);
    const finder = place && finders.get(place.face);
    if (place === undefined || finder === undefined) return { face: undefined, find: nothingHere };
    const { face, below } = place;
    if (below === face.prefix) return { face, find: finder };
    const findByAlias: Finder = (ctx, trail) => {
      ctx.path = face.prefix + ctx.path.slice(below.length);
      return finder(ctx, trail);
    };
    return { face, find: findByAlias };
  };
}

function createFinder(face: Face, checkAnswers: boolean): Finder {
  const router = new Router<RouteState>({ sensitive: face.anyCase !== true });
  const routes = face.routes.map((route) => {
    const { method, path } = route;
    const guarded = guardRoute(route, checkAnswers);
    return {
      method,
      path,
      found: (trail: Trail, params: Trail["params"]) => void Object.assign(trail, { route: path, params, guarded }),
    };
  });
  for (const { method, path, found } of routes) {
    router.register(path, [method], (ctx) => {
      if (ctx.state.trail !== undefined) found(ctx.state.trail, ctx.params);
    });
  }
  const plain = plainPaths(routes, face.anyCase === true);
  // The router itself adds what its type asks of the context.
  const dispatch = router.routes() as Koa.Middleware<RouteState>;
  return async (ctx, trail) => {
    const match = plain(ctx.method, ctx.path);
    if (match !== undefined) {
      match.route.found(trail, match.params);
      return;
    }
    ctx.state.trail = trail;
    await dispatch(ctx, async () => {
      const matching = router.match(ctx.path, ctx.method).path;
      // a word that a route names is no parameter of another
      const fewest = Math.min(...matching.map(({ paramNames }) => paramNames.length));
      const named = matching.filter(({ paramNames }) => paramNames.length === fewest);
      const allowed = [...new Set(named.flatMap((layer) => layer.methods))];
      if (allowed.length === 0) return;
      throw new Refusal("method_not_allowed", `${ctx.method} is not possible here, only ${allowed.join(", ")}`, {
        allow: allowed.join(", "),
      });
    });
  };
}

/** What node lets through, so that it is answered as anything else. */
function checkHead({ method = "", url = "", rawHeaders, headers, httpVersion }: IncomingMessage): void {
  // what stands between and behind: " ", " HTTP/1.1\r\n" and the empty line, ": " and "\r\n" of each header
  let bytes = method.length + url.length + 14 + rawHeaders.length * 2;
  for (const part of rawHeaders) bytes += part.length;
  if (bytes > LONGEST_HEAD) throw headTooLarge();
  if (headers.host === undefined && httpVersion === "1.1")
    throw new Refusal("bad_request", "a header is missing: `Host`");
}

function requestOf(ctx: Ctx, trail: Trail, logger: Logger, address: string): HttpRequest {
  const sentId = ctx.get("x-request-id");
  const id = /^[\w.-]{1,64}$/.test(sentId) ? sentId : randomUUID();
  let log: Logger | undefined;
  return {
    id,
    method: ctx.method,
    path: ctx.path,
    get params() {
      return trail.params;
    },
    query: new URLSearchParams(ctx.querystring),
    address,
    get log() {
      log ??= logger.with({ requestId: id });
      return log;
    },
    header: (name) => (name in ctx.req.headers ? ctx.get(name) : undefined),
    cookie: (name) => readCookie(ctx.req.headers.cookie, name),
    identify: (about) => {
      trail.about = { ...trail.about, ...about };
    },
  };
}

const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

function send(ctx: Ctx, answer: Answer, standard: Readonly<Record<string, string>>): void {
  const text = textOf(answer);
  if (text !== undefined) {
    sendText(ctx, answer, standard, text);
    return;
  }
  ctx.respond = true;
  ctx.status = answer.status;
  ctx.set({ ...standard, ...answer.headers });
  if (answer.cookies !== undefined && answer.cookies.length > 0) ctx.set("set-cookie", [...answer.cookies]);
  const { body } = answer;
  if (body === undefined) {
    ctx.body = null;
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    ctx.body = typeof body === "string" ? body : Buffer.from(body);
  } else if (isStreamed(body)) {
    ctx.body = Readable.from(body);
  }
  // Koa takes a body of null for 204 unless it is told that the status is meant.
  ctx.status = answer.status;
}

/** The whole body as text, where it is one and its type is known. */
function textOf({ status, body, headers }: Answer): string | undefined {
  if (BODYLESS.has(status) || body === undefined || body instanceof Uint8Array || isStreamed(body)) return undefined;
  if (typeof body !== "string") return JSON.stringify(body);
  return headers?.["content-type"] === undefined ? undefined : body;
}

/** By node itself: most answers are such, and what Koa makes of a body costs as much as all the rest of it. */
function sendText(
  ctx: Ctx,
  { status, headers, cookies = [] }: Answer,
  standard: Readonly<Record<string, string>>,
  text: string,
): void {
  ctx.respond = false;
  ctx.res.writeHead(status, {
    "content-type": "application/json",
    ...standard,
    ...headers,
    ...(cookies.length > 0 && { "set-cookie": [...cookies] }),
    "content-length": Buffer.byteLength(text),
  });
  ctx.res.end(text);
}

function isStreamed(body: unknown): body is AsyncIterable<string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}
