import type { ExpressionHost, ExpressionPort } from "../../src/provisioning/deps.js";

/** An expression host that runs through something else, whatever it is asked for. */
export function expressionsThrough(
  host: ExpressionHost,
  run: (through: ExpressionPort) => ExpressionPort["run"],
): ExpressionHost {
  const wrap = (port: ExpressionPort) => ({ run: run(port) });
  return {
    ...wrap(host),
    live: (version) => wrap(host.live(version)),
    apart: (version) => wrap(host.apart(version)),
  };
}
