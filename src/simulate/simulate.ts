/** Simulated identity providers own what Okta's and Entra's provisioning sends to a SCIM server, and what they would complain of in its answers. */
import { cleanUp } from "./clean-up.js";
import type { Complaint } from "./complaint.js";
import type { CycleResult, OnItem } from "./cycle.js";
import { PHASES, type Phase } from "./phases.js";
import type { Play } from "./play.js";
import { openPlayer, type Player, type PlayerOptions, type Variant } from "./player.js";
import { type Exchange, hasGivenUp, startAfresh, takeReport } from "./scim-http.js";
import { type IdentityProvider, type Size, simulatedDirectory } from "./simulated-directory.js";

export interface Simulation extends PlayerOptions {
  readonly idp: IdentityProvider;
  readonly variant: Variant;
  readonly size: Size;
  /** Names of phases. The test of the connection goes before every one, the first push before every other. Absent: all. */
  readonly only?: readonly string[];
  /** Leaves at the server what was made there. */
  readonly keep?: boolean;
  readonly onPhase?: (name: string, what: string) => void;
  readonly onPhaseEnd?: (phase: PhaseReport) => void;
  readonly onItem?: OnItem;
  /** Ends the simulation before its time; what was made is deleted all the same. */
  readonly signal?: AbortSignal;
}

export interface PhaseReport {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
  readonly complaints: readonly Complaint[];
  readonly ms: number;
}

export interface SimulationReport {
  readonly phases: readonly PhaseReport[];
  /** Why not everything was played. */
  readonly stopped?: string;
  /** Paths of what was made and could not be deleted. */
  readonly left: readonly string[];
}

/** So many failures in a row, and the client sends nothing more. */
const PATIENCE = 6;

const CONNECT = { name: "connect", what: "the connection is tested" };

/** The phases that a client can be asked for by name. */
export function phasesOf(idp: IdentityProvider): readonly Phase[] {
  return PHASES.filter((phase) => phase.idp === undefined || phase.idp === idp);
}

/** Never throws for anything that a server answers. Throws where the base URL is none that HTTP can reach. */
export async function simulate(simulation: Simulation): Promise<SimulationReport> {
  const { idp, variant, size, signal, only, keep = false, ...options } = simulation;
  const player = openPlayer(idp, variant, options);
  const play: Play = { player, size, directory: { people: [], groups: [] }, onItem: options.onItem };
  const phases: PhaseReport[] = [];
  const perform = async (name: string, what: string, run: () => Promise<void>) => {
    options.onPhase?.(name, what);
    const started = performance.now();
    await run();
    const phase = { name, ...takeReport(player.http), ms: performance.now() - started };
    phases.push(phase);
    options.onPhaseEnd?.(phase);
  };
  const interrupt = () => {
    player.http.isClosed = true;
  };
  signal?.addEventListener("abort", interrupt);
  try {
    let stopped: string | undefined;
    await perform(CONNECT.name, CONNECT.what, async () => {
      stopped = await connect(player);
    });
    for (const { name, what, run } of phasesChosen(idp, only)) {
      stopped ??= reasonToStop(player, signal);
      if (stopped !== undefined) break;
      await perform(name, what, () => run(play));
    }
    stopped ??= reasonToStop(player, signal);
    signal?.removeEventListener("abort", interrupt);
    player.http.isClosed = false;
    const left = keep ? [] : await cleanUp(play);
    return { phases, ...(stopped === undefined ? {} : { stopped }), left };
  } finally {
    player.http.agent.destroy();
  }
}

function phasesChosen(idp: IdentityProvider, only: readonly string[] | undefined): readonly Phase[] {
  if (only === undefined) return phasesOf(idp);
  const writes = only.some((name) => name !== CONNECT.name);
  return writes ? phasesOf(idp).filter(({ name }) => name === "initial" || only.includes(name)) : [];
}

// An identity provider saves no connection whose first answers are not what they should be, and does not try for long.
async function connect(player: Player): Promise<string | undefined> {
  startAfresh(player.http, 1);
  if (!(await player.testConnection()))
    return "the connection test failed, and no identity provider goes on after that";
  await player.probe?.();
  startAfresh(player.http, PATIENCE);
  return undefined;
}

function reasonToStop({ http }: Player, signal: AbortSignal | undefined): string | undefined {
  if (signal?.aborted === true) return "interrupted";
  if (!hasGivenUp(http)) return undefined;
  return `the client gave up after ${PATIENCE} failures in a row`;
}

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
