/** Simulated identity providers own what Okta's and Entra's provisioning sends to a SCIM server, and what they would complain of in its answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { cleanUp, isOfDelete } from "./clean-up.js";
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

const INTERRUPTED = "interrupted";
const CLEAN_UP = "clean-up";
const CONNECT = { name: "connect", what: "the connection is tested" };

/** The phases that a client can be asked for by name. */
export function phasesOf(idp: IdentityProvider): readonly Phase[] {
  return PHASES.filter((phase) => phase.idp === undefined || phase.idp === idp);
}

/** Never throws for anything that a server answers. Throws where the base URL is none that HTTP can reach. */
export async function simulate(simulation: Simulation): Promise<SimulationReport> {
  const { idp, variant, size, keep = false, ...options } = simulation;
  const tuning = { wait: interruptible(options.signal), ...options.tuning };
  const player = openPlayer(idp, variant, { ...options, tuning });
  const play: Play = { player, size, directory: { people: [], groups: [] }, onItem: options.onItem };
  const phases: PhaseReport[] = [];
  const interrupt = () => {
    player.http.isClosed = true;
  };
  options.signal?.addEventListener("abort", interrupt);
  let left: readonly string[] = [];
  let stopped: string | undefined;
  try {
    stopped = await playPhases(play, simulation, phases);
  } finally {
    options.signal?.removeEventListener("abort", interrupt);
    player.http.isClosed = false;
    if (!keep) left = await cleanedUp(play, phases, options.onPhaseEnd);
    player.http.agent.destroy();
  }
  return { phases, ...(stopped === undefined ? {} : { stopped }), left };
}

/** The clean-up is no phase that a client is asked for: it is one of the report's only where there is something to tell of it. */
async function cleanedUp(
  play: Play,
  phases: PhaseReport[],
  onPhaseEnd: Simulation["onPhaseEnd"],
): Promise<readonly string[]> {
  const started = performance.now();
  const knowsOfStatus = phases.some(({ complaints }) => complaints.some(isOfDelete));
  const left = await cleanUp(play, { knowsOfStatus });
  const phase = { name: CLEAN_UP, ...takeReport(play.player.http), ms: performance.now() - started };
  if (phase.complaints.length === 0) return left;
  phases.push(phase);
  onPhaseEnd?.(phase);
  return left;
}

/** Answers with why it did not play them all. */
async function playPhases(
  play: Play,
  { idp, only, signal, onPhase, onPhaseEnd }: Simulation,
  phases: PhaseReport[],
): Promise<string | undefined> {
  const { player } = play;
  const perform = async <Result>(name: string, what: string, run: () => Promise<Result>): Promise<Result> => {
    onPhase?.(name, what);
    const started = performance.now();
    const result = await run();
    const phase = { name, ...takeReport(player.http), ms: performance.now() - started };
    phases.push(phase);
    onPhaseEnd?.(phase);
    return result;
  };
  const isInterrupted = (): boolean => signal?.aborted === true;
  const isConnected = await perform(CONNECT.name, CONNECT.what, () => connect(player));
  if (isInterrupted()) return INTERRUPTED;
  if (!isConnected) return "the connection test failed, and no identity provider goes on after that";
  for (const { name, what, run } of phasesChosen(idp, only)) {
    await perform(name, what, () => run(play));
    if (isInterrupted()) return INTERRUPTED;
    if (hasGivenUp(player.http)) return `the client gave up after ${PATIENCE} failures in a row`;
  }
  return undefined;
}

/** Pauses that end when the simulation is to end; those of the clean-up after it are whole. */
function interruptible(signal: AbortSignal | undefined): (ms: number) => Promise<unknown> {
  return (ms) => sleep(ms, undefined, signal === undefined || signal.aborted ? {} : { signal }).catch(() => undefined);
}

function phasesChosen(idp: IdentityProvider, only: readonly string[] | undefined): readonly Phase[] {
  if (only === undefined) return phasesOf(idp);
  const writes = only.some((name) => name !== CONNECT.name);
  return writes ? phasesOf(idp).filter(({ name }) => name === "initial" || only.includes(name)) : [];
}

// An identity provider saves no connection whose first answers are not what they should be, and does not try for long.
async function connect(player: Player): Promise<boolean> {
  startAfresh(player.http, 1);
  if (!(await player.testConnection())) return false;
  await player.probe?.();
  startAfresh(player.http, PATIENCE);
  return true;
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
