/** Owns what machines ask of the process itself: whether it lives, whether it can serve, and its figures. */

import { Refusal } from "../model/problem.js";
import { tokensEqual } from "../platform/secrets.js";
import { bearerToken } from "./bearer.js";
import type { Metrics } from "./metrics.js";
import { type Authenticator, anybody, defineRoute, type Route } from "./route.js";

export interface HealthOptions {
  /** Why the service cannot serve, as a code; `undefined` when it can. */
  obstacle(): Promise<string | undefined>;
  readonly metrics: Metrics;
  readonly operatorToken: string;
}

export interface Health {
  readonly routes: readonly Route[];
  /** From now on `/readyz` says no, so that load balancers send nobody new. */
  drain(): void;
}

/** A database that hangs is as good as none, and whoever asks wants to know soon. */
const LONGEST_CHECK = 2_000;

export function createHealth({ obstacle, metrics, operatorToken }: HealthOptions): Health {
  let draining = false;
  const operator: Authenticator<undefined> = {
    name: "operator",
    scheme: "bearer",
    async authenticate(request) {
      if (!tokensEqual(bearerToken(request), operatorToken))
        throw new Refusal("unauthorized", "the bearer token is not the operator's");
      return undefined;
    },
  };
  const alive = defineRoute({
    method: "GET",
    path: "/healthz",
    summary: "The process is alive",
    tags: ["operations"],
    auth: anybody,
    responses: { 200: null },
    handler: async () => ({ status: 200, body: { status: "alive" } }),
  });
  const ready = defineRoute({
    method: "GET",
    path: "/readyz",
    summary: "The database is reachable and migrated, and the process is not about to stop",
    tags: ["operations"],
    auth: anybody,
    responses: { 200: null, 503: null },
    async handler() {
      const reason = draining ? "draining" : await within(obstacle());
      return reason === undefined
        ? { status: 200, body: { status: "ready" } }
        : { status: 503, body: { status: "unavailable", reason } };
    },
  });
  const figures = defineRoute({
    method: "GET",
    path: "/metrics",
    summary: "Figures in the text format of Prometheus",
    tags: ["operations"],
    auth: operator,
    responses: { 200: null },
    handler: async () => ({
      status: 200,
      headers: { "content-type": metrics.contentType },
      body: await metrics.text(),
    }),
  });
  return {
    routes: [alive, ready, figures],
    drain: () => {
      draining = true;
    },
  };
}

async function within(check: Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, LONGEST_CHECK, "database_slow");
  });
  try {
    return await Promise.race([check, late]);
  } catch {
    return "database_unreachable";
  } finally {
    clearTimeout(timer);
  }
}
