/** Owns one whole initial cycle with a look at every request: what a bench times. */
import type { Complaint } from "./complaint.js";
import type { CycleResult, OnItem } from "./cycle.js";
import { openPlayer, type PlayerOptions, type Variant } from "./player.js";
import { takeReport } from "./scim-http.js";
import { type IdentityProvider, type Size, simulatedDirectory } from "./simulated-directory.js";

export interface InitialCycle extends PlayerOptions {
  readonly idp: IdentityProvider;
  readonly variant: Variant;
  readonly size: Size;
  readonly onItem?: OnItem;
}

export interface InitialCycleResult extends CycleResult {
  readonly requests: number;
  readonly complaints: readonly Complaint[];
}

/** Pushes a simulated directory to a server that has never seen it. Each request is told to `onExchange` as it ends, with its milliseconds. */
export async function playInitialCycle({
  idp,
  variant,
  size,
  onItem,
  ...options
}: InitialCycle): Promise<InitialCycleResult> {
  const player = openPlayer(idp, variant, options);
  try {
    const result = await player.sync(simulatedDirectory(idp, size), onItem);
    const { exchanges, complaints } = takeReport(player.http);
    return { ...result, requests: exchanges.length, complaints };
  } finally {
    player.http.agent.destroy();
  }
}
