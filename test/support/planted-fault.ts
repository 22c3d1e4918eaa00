import type { ExpressionJob } from "../../src/model/expression.js";
import type { Provisioning } from "../../src/provisioning/deps.js";

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
      expressions: {
        async run(tenant, jobs) {
          const { planted } = fault;
          if (typeof planted === "function" ? jobs.some(planted) : planted) throw new Error("planted");
          const code = fault.failing === "timeout" ? "timeout" : "error";
          if (fault.failing) return jobs.map(() => ({ ok: false, code, message: "planted" }) as const);
          return p.expressions.run(tenant, jobs);
        },
        forget: (tenant) => p.expressions.forget(tenant),
      },
    }),
  };
  return fault;
}
