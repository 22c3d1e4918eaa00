import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AppOptions } from "../../src/http/app.js";
import { createApp } from "../../src/http/app.js";
import { createMetrics, type Metrics } from "../../src/http/metrics.js";
import {
  anybody,
  defineRoute,
  type Face,
  type Route,
  type RouteDefinition,
  type RouteShape,
} from "../../src/http/route.js";
import { createLogger, type LogLevel } from "../../src/platform/log.js";

export interface TestApp {
  readonly listener: ReturnType<typeof createApp>;
  readonly lines: string[];
  readonly metrics: Metrics;
}

const PUBLIC_URL = "http://rolecall.test";

export function testApp(
  faces: readonly Face[],
  more: Partial<AppOptions> & { readonly logLevel?: LogLevel } = {},
): TestApp {
  const lines: string[] = [];
  const metrics = createMetrics();
  const { logLevel = "debug", ...options } = more;
  const logger = createLogger(logLevel, { write: (line) => lines.push(line) });
  const listener = createApp({
    logger,
    publicUrl: PUBLIC_URL,
    trustedProxies: [],
    metrics,
    faces,
    checkAnswers: true,
    ...options,
  });
  return { listener, lines, metrics };
}

type Unimportant = "summary" | "tags" | "auth" | "responses" | "method";

/** A route with only what matters to a test. */
export function testRoute<Shape extends RouteShape>(
  route: Omit<RouteDefinition<Shape>, Unimportant> & Partial<Pick<RouteDefinition<Shape>, Unimportant>>,
): Route {
  const auth = anybody as RouteDefinition<Shape>["auth"];
  return defineRoute<Shape>({ method: "GET", summary: "", tags: [], auth, responses: { 200: null }, ...route });
}

/** For what supertest cannot say: runs `use` with the port of a real server. */
export async function onSocket(listener: TestApp["listener"], use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
