import { counted } from "../model/counted.js";
import type { Complaint, ComplaintCode } from "../simulate/complaint.js";
import type { Exchange } from "../simulate/scim-http.js";
import type { PhaseReport, SimulationReport } from "../simulate/simulate.js";

const BAR = 24;
/** So many complaints of a kind are shown in full. */
const SHOWN = 3;

/** What the bar says while a phase is under way. */
export function progressLine(
  phase: string,
  { verb, done, total }: { readonly verb: string; readonly done: number; readonly total: number },
): string {
  const filled = Math.round((BAR * done) / total);
  return `${phase.padEnd(10)} [${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${verb} ${done} of ${total}`;
}

export function phaseLine({ name, exchanges, complaints, ms }: PhaseReport): string {
  const outcome = complaints.length === 0 ? "ok" : counted(complaints.length, "complaint", "complaints");
  return `${name.padEnd(10)} ${String(exchanges.length).padStart(6)} requests ${(ms / 1000).toFixed(1).padStart(7)} s  ${outcome}`;
}

/** How many requests there were and how long they took, and what the client had to put up with. */
export function totalLine({ phases }: SimulationReport): string {
  const exchanges = phases.flatMap((phase) => phase.exchanges);
  const sorted = [...exchanges].sort((a, b) => a.ms - b.ms);
  const slowest = sorted.at(-1);
  const within = (share: number): string => `${sorted[Math.floor(share * (sorted.length - 1))]?.ms ?? 0} ms`;
  const throttled = exchanges.filter(({ status }) => status === 429).length;
  const endpoint = slowest === undefined ? "" : ` (${slowest.method} ${/^\/\w*/.exec(slowest.path)?.[0] ?? ""})`;
  const times = `half of them within ${within(0.5)}, 95 of 100 within ${within(0.95)}, the slowest ${within(1)}${endpoint}`;
  const requests = `${counted(exchanges.length, "request", "requests")}, ${times}`;
  return `${requests}; throttled ${counted(throttled, "time", "times")}${healed(exchanges)}`;
}

/** What a retry healed, or could not: nothing that a client complains of, and yet no server should need it. */
function healed(exchanges: readonly Exchange[]): string {
  const counts = new Map<number, number>();
  for (const { retryAfter: status } of exchanges) {
    if (status !== undefined && status !== 429) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const parts = [...counts].map(
    ([status, count]) => `after ${status === 0 ? "no answer" : status} ${counted(count, "time", "times")}`,
  );
  return parts.length === 0 ? "" : `; sent again ${parts.join(", ")}`;
}

/** What the client complains of, one kind after the other, and why it stopped where it did. */
export function complaintLines({ phases, stopped }: SimulationReport): readonly string[] {
  const kinds = new Map<string, { readonly phase: string; readonly complaints: Complaint[] }>();
  for (const { name, complaints } of phases) {
    for (const complaint of complaints) {
      const kind = kinds.get(kindOf(complaint)) ?? { phase: name, complaints: [] };
      kind.complaints.push(complaint);
      kinds.set(kindOf(complaint), kind);
    }
  }
  const total = phases.reduce((sum, { complaints }) => sum + complaints.length, 0);
  return [
    ...[...kinds.values()].flatMap(({ phase, complaints }) => ["", ...kindLines(phase, complaints)]),
    ...(stopped === undefined ? [] : ["", `stopped: ${stopped}`]),
    "",
    total === 0
      ? "no complaints"
      : `${counted(total, "complaint", "complaints")} of ${counted(kinds.size, "kind", "kinds")}`,
  ];
}

function kindLines(phase: string, complaints: readonly Complaint[]): readonly string[] {
  const [first] = complaints;
  if (first === undefined) return [];
  const times = complaints.length === 1 ? "" : `, ${complaints.length} times`;
  const row = first.row === undefined ? "" : ` (${first.row})`;
  const shown = complaints
    .slice(0, SHOWN)
    .flatMap(({ request, detail }) => [`  asked     ${request}`, `  came      ${detail}`]);
  return [`${first.code}${row}, first in ${phase}${times}`, `  expected  ${first.expected}`, ...shown];
}

const OF_ATTRIBUTES: ReadonlySet<ComplaintCode> = new Set(["attribute_differs", "list_not_integer", "not_settled"]);

/** One kind: the same fault of answers to the same sort of request. What is wrong with an attribute is told of each. */
function kindOf({ code, row = "", request, expected, detail }: Complaint): string {
  const attribute = OF_ATTRIBUTES.has(code) ? /^`[^`]*`/.exec(detail)?.[0] : "";
  return [code, row, expected, /^\w+ \/\w*/.exec(request)?.[0], attribute].join(" ");
}
