import type { Provisioning } from "../../src/provisioning/deps.js";

/** A fault that tests switch on: while it is planted, no expression can be run. */
export interface PlantedFault {
  planted: boolean;
  readonly into: (p: Provisioning) => Provisioning;
}

export function expressionFault(): PlantedFault {
  const fault: PlantedFault = {
    planted: false,
    into: (p) => ({
      ...p,
      expressions: {
        run: (...call) => (fault.planted ? Promise.reject(new Error("planted")) : p.expressions.run(...call)),
        forget: (tenant) => p.expressions.forget(tenant),
      },
    }),
  };
  return fault;
}
