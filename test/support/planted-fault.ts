import type { ExpressionJob } from "../../src/model/expression.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { expressionsThrough } from "./expressions-through.js";

/** A fault that tests switch on: while it is planted, expressions cannot be run, for everybody or for some people. */
export interface PlantedFault {
  planted: boolean | ((job: ExpressionJob) => boolean);
  /** Expressions are run, and all of them fail, or are stopped. */
  failing: boolean | "timeout";
  readonly into: (p: Provisioning) => Provisioning;
}

export function expressionFault(): PlantedFault {
  const fault: PlantedFault = {
    planted: false,
    failing: false,
    into: (p) => ({
      ...p,
      expressions: expressionsThrough(p.expressions, (port) => async (tenant, jobs) => {
        const { planted } = fault;
        if (typeof planted === "function" ? jobs.some(planted) : planted) throw new Error("planted");
        const code = fault.failing === "timeout" ? "timeout" : "error";
        if (fault.failing) return jobs.map(() => ({ ok: false, code, message: "planted" }) as const);
        return port.run(tenant, jobs);
      }),
    }),
  };
  return fault;
}
