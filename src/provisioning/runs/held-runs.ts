/** Held runs: what the brake keeps back waits here until an owner releases it, as reviewed, or discards it. */
import type { Tenant } from "../../model/connection.js";
import type { RunId, UserId } from "../../model/ids.js";
import type { Run } from "../../model/plan.js";
import { Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { auditEntry, authorOf, type Context, type Provisioning } from "../deps.js";
import { pagesOf } from "../pages-of.js";
import type { TenantReader } from "../ports/store.js";
import { planConfirmed } from "../preview/confirm.js";
import { REVIEWED_DAYS } from "../preview/plan-sheet.js";
import { type PopulationQuery, type Preview, storePreview } from "../preview/population.js";
import { keepHeld } from "./held-run.js";

const PAGE = 1000;
/** Between two looks at a run that somebody waits for. */
const LOOK_MILLISECONDS = 50;

/** What releasing the run would do now. Refusals: `not_found`, `run_not_held`. */
export async function previewRun(p: Provisioning, tenant: Tenant, id: RunId): Promise<Preview> {
  const reader = p.store.read(tenant.id);
  const run = await heldRunNamed(reader, id);
  return storePreview(p, reader, { ...releaseQuery(run), people: await heldUsers(reader, run.id) });
}

/**
 * Lets the held people go as reviewed: those whom the preview with this digest showed, with what it showed of them. Who was
 * held since stays held, in a run of their own. The worker does it; the run tells how far it is. Refusals: `not_found`,
 * `run_not_held`, `plan_changed` where somebody reviewed would lose more by now. The last owner stays held whatever is released.
 */
export async function releaseRun(
  p: Provisioning,
  tenant: Tenant,
  id: RunId,
  digest: string,
  context: Context,
): Promise<void> {
  const reader = p.store.read(tenant.id);
  const run = await heldRunNamed(reader, id);
  const people = await reviewedPeople(reader, run, digest);
  const plan = await planConfirmed(p, reader, { ...releaseQuery(run), people }, digest);
  const now = p.now();
  await p.store
    .write(tenant.id, async (tx) => {
      await tx.lockTenant();
      const { total } = await heldRunNamed(tx, id);
      await plan.sheet?.finish(tx, plan.digest, plan.summary, REVIEWED_DAYS);
      const reviewed = { digest, ...(plan.sheet && { plan: plan.sheet.id }), addTotal: people.length - total };
      await tx.updateRun(id, { status: "queued", ...reviewed, decidedBy: authorOf(context) }, now);
      const kept = await keepHeld(tx, run, people, context, now);
      const stillHeld = kept && { stillHeld: kept.people, stillHeldIn: kept.run };
      const detail = { digest, people: people.length, ...stillHeld };
      await tx.appendAudit([{ ...auditEntry(context, now, "run.released", detail), run: id }]);
    })
    .catch(async (error: unknown) => {
      await plan.sheet?.drop();
      throw error;
    });
  p.wake();
}

/** Of those who are held now, whom the preview with this digest showed. */
async function reviewedPeople(reader: TenantReader, run: Run, digest: string): Promise<readonly UserId[]> {
  const { kind, subject } = releaseQuery(run);
  const plan = await reader.plan(kind, subject, digest);
  if (!plan) return [];
  const shown = new Set<string>();
  for await (const lines of pagesOf((query) => reader.planLines(plan.id, query), PAGE)) {
    for (const line of lines) shown.add(line.user.id);
  }
  return (await heldUsers(reader, run.id)).filter((user) => shown.has(user));
}

/** Keeps everybody in the run as they are, until they would lose something else, too. Refusals: `not_found`, `run_not_held`. */
export async function discardRun(p: Provisioning, tenant: Tenant, id: RunId, context: Context): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    await heldRunNamed(tx, id);
    const people = await tx.discardHolds(id);
    await tx.updateRun(
      id,
      { status: "discarded", addCounts: { discarded: people }, decidedBy: authorOf(context) },
      now,
    );
    await tx.appendAudit([{ ...auditEntry(context, now, "run.discarded", { people }), run: id }]);
    await tx.appendEvents([{ type: "run.discarded", data: { run: id, people } }], now);
  });
}

/** Waits until the run is over (or held), at most so many seconds, and answers how it stands then. Refusal `not_found`. */
export async function waitForRun(p: Provisioning, tenant: Tenant, id: RunId, seconds: number): Promise<Run> {
  const until = new Date(Date.parse(p.now()) + seconds * 1000).toISOString();
  if (seconds > 0) p.wake();
  for (;;) {
    const run = await runNamed(p.store.read(tenant.id), id);
    if ((run.status !== "queued" && run.status !== "running") || p.now() >= until) return run;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
}

/** Everybody held in the run, in the order they came. */
export async function heldUsers(reader: TenantReader, run: RunId): Promise<readonly UserId[]> {
  const people: UserId[] = [];
  for (let afterSeq = 0; ; ) {
    const page = await reader.heldPeople(run, { afterSeq, limit: PAGE });
    people.push(...page.map((one) => one.user));
    const last = page.at(-1);
    if (!last || page.length < PAGE) return people;
    afterSeq = last.seq;
  }
}

function releaseQuery(run: Run): PopulationQuery {
  return { kind: "held", subject: String(run.id), releasing: true };
}

async function runNamed(reader: TenantReader, id: RunId): Promise<Run> {
  const run = await reader.run(id);
  if (!run) throw new Refusal("not_found", `no run \`${id}\``);
  return run;
}

async function heldRunNamed(reader: TenantReader, id: RunId): Promise<Run> {
  const run = await runNamed(reader, id);
  if (run.status === "held") return run;
  const was =
    run.decidedBy === undefined
      ? ""
      : `, ${run.status === "discarded" ? "discarded" : "released"} by ${quote(run.decidedBy)}`;
  throw new Refusal(
    "run_not_held",
    `run ${id} is ${run.status}, not held${was}: see \`runs?status=held\` for those that wait`,
  );
}
