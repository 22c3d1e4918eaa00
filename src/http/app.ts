/** Owns the way of every request through the web framework: id, route, answer or error in the look of its prefix, log line. */

import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import Router from "@koa/router";
import Koa from "koa";
import { Refusal } from "../model/problem.js";
import { parseRanges } from "../platform/addresses.js";
import type { Logger } from "../platform/log.js";
import { clientAddress } from "./client-address.js";
import type { Answer } from "./exchange.js";
import { createPlaces } from "./face-places.js";
import { failureHeaders, renderProblem } from "./failure.js";
import { guardRoute } from "./guard.js";
import type { Metrics } from "./metrics.js";
import { plainPaths } from "./plain-paths.js";
import { checkHead, requestOf, type Sent, type Trail } from "./request-of.js";
import type { Face } from "./route.js";
import { securityHeaders } from "./security-headers.js";
import { isStreamed, type Ready, sendText, textOf } from "./text-answer.js";

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

export function createApp(options: AppOptions): RequestListener {
  const { logger } = options;
  const routeOf = createRouting(options.faces, options.checkAnswers);
  const app = new Koa<RouteState>();
  // Everything else is answered below: what gets here are connections that broke off, and errors that cannot be rendered.
  app.on("error", (error: unknown) => logger.fault("connection_broken", error));
  const made = new WeakMap<IncomingMessage, Ready>();
  const serve = createServing(options);
  app.use(async (ctx) => {
    const ready = made.get(ctx.req);
    if (ready !== undefined) {
      send(ctx, ready);
      return;
    }
    const { req: message, res: response, method, path, querystring: query } = ctx;
    const { face, find } = routeOf(path);
    const found = { face, find: (trail: Trail) => find(ctx, trail), send: (next: Ready) => send(ctx, next) };
    await serve({ message, response, method, path, query, ...found });
  });
  const byKoa = app.callback();
  return (message, response) => {
    const { url = "", method = "" } = message;
    const [path = "", query = ""] = DIRECT.exec(url)?.slice(1) ?? [];
    const plain = path === "" ? undefined : routeOf(path).plain?.(method, path);
    if (plain === undefined) {
      void byKoa(message, response);
      return;
    }
    const sendNow = (ready: Ready): void => {
      const text = textOf(ready.answer);
      if (text !== undefined) {
        sendText(response, ready, text);
        return;
      }
      // what cannot be sent is known by that, while another answer can be given
      const headers = { ...ready.standard, ...ready.answer.headers };
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      made.set(message, ready);
      void byKoa(message, response);
    };
    serve({ message, response, method, path, query, ...plain, send: sendNow }).catch((error: unknown) => {
      logger.fault("connection_broken", error);
      response.destroy();
    });
  };
}

/** From a request to its answer and what is told of both, whichever way the answer goes. */
function createServing({ logger, metrics, ...options }: AppOptions): (served: Served) => Promise<void> {
  const standardHeaders = securityHeaders(options.publicUrl);
  const proxies = parseRanges(options.trustedProxies) ?? [];
  return async (served) => {
    const started = performance.now();
    const { message, response, face } = served;
    const trail: Trail = { route: "unmatched", about: {}, params: {}, arrival: {} };
    const forwarded = message.headers["x-forwarded-for"];
    const address = clientAddress(message.socket.remoteAddress ?? "", forwarded?.toString(), proxies);
    const request = requestOf(served, trail, logger, address);
    const standard = { ...standardHeaders, "x-request-id": request.id };
    let code = {};
    let answer: Answer;
    try {
      checkHead(message);
      const found = served.find(trail);
      if (found !== undefined) await found;
      if (trail.guarded === undefined) throw new Refusal("not_found", "there is nothing at this address");
      answer = await trail.guarded(request, message, trail.arrival);
      served.send({ answer, standard });
    } catch (error) {
      for (const name of response.headersSent ? [] : response.getHeaderNames()) response.removeHeader(name);
      answer = (face?.renderError ?? renderProblem)(error, request);
      served.send({ answer, standard: { ...standard, ...failureHeaders(error) } });
      if (answer.status >= 500) request.log.fault("request_failed", error);
      if (error instanceof Refusal) code = { code: error.code };
    }
    const { method } = request;
    const { status } = answer;
    const seconds = (performance.now() - started) / 1_000;
    metrics.observeRequest(method, trail.route, status, seconds);
    const milliseconds = Math.round(seconds * 1_000);
    const { route, about, arrival } = trail;
    logger.info("request", { requestId: request.id, method, route, status, milliseconds, ...about, ...code });
    face?.answered?.({ ...arrival, request, route, about, answer, milliseconds });
  };
}

/** Addresses that mean what they are written as, with what stands behind the question mark. */
const DIRECT = /^(\/[!"$->@-~]*)(?:\?([!"$-~]*))?$/;

/** A request on its way, by Koa or, where its path is plain words and its answer text, by node alone: Koa costs as much as a handler. */
interface Served extends Sent {
  readonly response: ServerResponse;
  readonly face: Face | undefined;
  find(trail: Trail): Promise<void> | undefined;
  send(ready: Ready): void;
}

type Finder = (ctx: Ctx, trail: Trail) => Promise<void>;
type PlainFinder = (method: string, path: string) => Pick<Served, "face" | "find"> | undefined;
interface Place {
  readonly face: Face | undefined;
  readonly find: Finder;
  /** Without the router, where the path is plain words. */
  readonly plain?: PlainFinder;
}

const NOTHING_HERE: Place = { face: undefined, find: async () => undefined };

function createRouting(faces: readonly Face[], checkAnswers: boolean): (path: string) => Place {
  const placeOf = createPlaces(faces);
  const found = new Map(faces.map((face) => [face, createFinder(face, checkAnswers)]));
  return (path) => {
    const place = placeOf(path);
    const here = place && found.get(place.face);
    if (place === undefined || here === undefined) return NOTHING_HERE;
    const { face, below } = place;
    if (below === face.prefix) return here;
    const findByAlias: Finder = (ctx, trail) => {
      ctx.path = face.prefix + ctx.path.slice(below.length);
      return here.find(ctx, trail);
    };
    return { face, find: findByAlias };
  };
}

function createFinder(face: Face, checkAnswers: boolean): Place {
  const router = new Router<RouteState>({ sensitive: face.anyCase !== true });
  const routes = face.routes.map((route) => {
    const { method, path } = route;
    const guarded = guardRoute(route, checkAnswers);
    return {
      method,
      path,
      found(trail: Trail, params: Trail["params"]): undefined {
        Object.assign(trail, { route: path, params, guarded });
      },
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
  const findPlainly: PlainFinder = (method, path) => {
    const match = plain(method, path);
    if (match === undefined) return undefined;
    const { route, params } = match;
    return { face, find: (trail) => route.found(trail, params) };
  };
  const find: Finder = async (ctx, trail) => {
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
  return { face, find, plain: findPlainly };
}

function send(ctx: Ctx, ready: Ready): void {
  const { answer, standard } = ready;
  const text = textOf(answer);
  if (text !== undefined) {
    ctx.respond = false;
    sendText(ctx.res, ready, text);
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
