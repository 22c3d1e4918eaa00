/** Mappings owns the tenant's mapping document: checking, previewing, saving and bringing back versions of it. */
import { createHash } from "node:crypto";
import { type CompiledMapping, compileMapping } from "../../engine/compile/compile.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { Instant, RunId, TenantId } from "../../model/ids.js";
import type { MappingDocument } from "../../model/mapping.js";
import type { PlanSummary } from "../../model/plan.js";
import { type Problem, Refusal } from "../../model/problem.js";
import { type BeyondBrake, beyondBrake } from "../brake-buckets.js";
import { auditEntry, authorOf, type Context, type ExpressionPort, type Provisioning } from "../deps.js";
import type { Overlay } from "../gather.js";
import type { TenantReader, TenantWriter } from "../ports/store.js";
import { planConfirmed } from "../preview/confirm.js";
import { REVIEWED_DAYS } from "../preview/plan-sheet.js";
import {
  type PopulationPlan,
  type PopulationQuery,
  type Preview,
  planPopulation,
  storePreview,
} from "../preview/population.js";
import { stillHolds } from "../preview/unmoved.js";
import { checkAhead } from "./check-ahead.js";
import { mappingContext } from "./compiled-mappings.js";
import { tryExamples } from "./examples.js";
import { invalidDocument } from "./invalid-document.js";
import { pinMapping, pinOverlay, type Repins } from "./mapping-pins.js";
import { scheduleMapping } from "./mapping-schedule.js";
import { hiddenProblems } from "./sound-part.js";
import { versionConflict } from "./version-conflict.js";

export type CheckedMapping =
  | {
      readonly ok: true;
      readonly document: MappingDocument;
      readonly mapping: CompiledMapping;
      readonly warnings: readonly Problem[];
    }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly warnings: readonly Problem[];
      /** The document compiles, and its own examples or invariants fail. */
      readonly mapping?: CompiledMapping;
    };

/** What checking a document takes, with or without a service around it. */
export interface CheckingMappings extends Pick<Provisioning, "parseMapping"> {
  readonly expressions: ExpressionPort;
}

/** Parses, validates, compiles and tries the examples of a document: every problem at once, nothing stored. */
export async function checkMapping(
  p: CheckingMappings,
  text: string,
  context: {
    readonly tenant: number;
    readonly connections: readonly Pick<Connection, "slug" | "protocol" | "mayGrantOwner">[];
    readonly version: number;
  },
): Promise<CheckedMapping> {
  const parsed = p.parseMapping(text);
  if (!parsed.ok)
    return { ok: false, problems: [...parsed.problems, ...hiddenProblems(parsed.sound, context)], warnings: [] };
  await checkAhead(parsed.document);
  const compiled = compileMapping(parsed.document, { connections: context.connections, version: context.version });
  const { repeated } = parsed;
  if (!compiled.ok) return { ...compiled, problems: [...repeated, ...compiled.problems] };
  if (repeated.length > 0) return { ok: false, problems: repeated, warnings: compiled.warnings };
  const { problems } = await tryExamples(p.expressions, context.tenant, parsed.document, compiled.mapping);
  if (problems.length > 0) return { ok: false, problems, warnings: compiled.warnings, mapping: compiled.mapping };
  return { ok: true, document: parsed.document, mapping: compiled.mapping, warnings: compiled.warnings };
}

export interface PreviewOptions {
  readonly includeFrozen?: boolean;
}

/** Its problems are examples and invariants that fail: the draft can be looked at, and not be saved. */
export interface MappingPreview extends Preview {
  readonly warnings: readonly Problem[];
}

/**
 * What this draft would do to everybody, stored under its digest for a day, also when its examples fail. Refusal
 * `invalid_document` with every problem when it does not compile.
 */
export async function previewMapping(
  p: Provisioning,
  tenant: Tenant,
  text: string,
  options: PreviewOptions,
): Promise<MappingPreview> {
  const { query, problems, warnings } = await draft(p, tenant.id, text, options);
  const preview = await storePreview(p, p.store.read(tenant.id), query);
  return { ...preview, problems: [...problems, ...preview.problems], warnings };
}

interface DraftMapping {
  readonly mapping: CompiledMapping;
  /** What saving it would change in how facts are read. */
  readonly overlay: Overlay;
  /** Examples that fail. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Compiles a draft against the tenant's connections. Refusal `invalid_document` with every problem when it does not compile. */
export async function draftMapping(p: Provisioning, tenant: TenantId, text: string): Promise<DraftMapping> {
  const reader = p.store.read(tenant);
  const { activeVersion } = await reader.tenantNow();
  const present = await reader.connections();
  const connections = mappingContext(present);
  const checking = { parseMapping: p.parseMapping, expressions: p.expressions.apart() };
  const checked = await checkMapping(checking, text, { tenant, connections, version: activeVersion + 1 });
  const { mapping, warnings } = checked;
  const problems = checked.ok ? [] : checked.problems;
  if (!mapping) throw invalidDocument(problems);
  return { mapping, overlay: await pinOverlay(p, reader, mapping, present), problems, warnings };
}

interface Draft extends DraftMapping {
  readonly query: PopulationQuery & Pick<DraftMapping, "mapping">;
}

async function draft(p: Provisioning, tenant: TenantId, text: string, options: PreviewOptions): Promise<Draft> {
  const { mapping, overlay, problems, warnings } = await draftMapping(p, tenant, text);
  const subject = createHash("sha256").update(text).digest("hex");
  const query = {
    ...({ kind: "mapping", subject, mapping } as const),
    ...(overlay.size > 0 && { overlay }),
    ...(options.includeFrozen && { includeFrozen: true }),
  };
  return { query, mapping, overlay, problems, warnings };
}

export interface SaveOptions extends PreviewOptions {
  /** The digest of a preview of this text: what it showed passes the brake. */
  readonly digest?: string;
  /** Refuse with `version_conflict` when another version is active. */
  readonly expectedVersion?: number;
  readonly note?: string;
  /** Set by a rollback. */
  readonly restores?: number;
}

export interface SavedMapping {
  readonly version: number;
  readonly digest: string;
  readonly summary: PlanSummary;
  /** Where more people lose something, unreviewed, than the brake lets through: the others wait in a held run. */
  readonly beyondBrake: readonly BeyondBrake[];
  readonly run: RunId;
}

/**
 * Makes a document the active mapping and leaves everybody's reconcile to a run. Without a digest it activates as it is,
 * and what the brake holds becomes a held run. Refusals: `invalid_document`, `version_conflict`, `plan_changed`.
 */
export async function saveMapping(
  p: Provisioning,
  tenant: Tenant,
  text: string,
  options: SaveOptions,
  context: Context,
): Promise<SavedMapping> {
  const reader = p.store.read(tenant.id);
  const before = await reader.activeMapping();
  if (options.expectedVersion !== undefined && options.expectedVersion !== (before?.version ?? 0)) {
    throw await versionConflict(p, tenant, options.expectedVersion, before, text);
  }
  const { query, mapping, problems } = await draft(p, tenant.id, text, options);
  if (problems.length > 0) throw invalidDocument([...problems, ...(await brokenByPeople(p, reader, query))]);
  const plan = await planConfirmed(p, reader, query, options.digest);
  const beyond = await beyondBrake(p, reader, plan.losing, p.now());
  const activation = { text, before: before?.version ?? 0, query, mapping, plan, options, context };
  const saved = await activateConfirmed(p, reader, activation).catch(async (error: unknown) => {
    await plan.sheet?.drop();
    if (!(error instanceof Refusal) || error.code !== "version_conflict") throw error;
    throw await versionConflict(p, tenant, activation.before, await reader.activeMapping(), text);
  });
  p.wake();
  return { ...saved, digest: plan.digest, summary: plan.summary, beyondBrake: beyond };
}

/** What a preview would say beside the examples that fail: every problem is told at once. */
async function brokenByPeople(
  p: Provisioning,
  reader: TenantReader,
  query: PopulationQuery & Pick<Draft, "mapping">,
): Promise<readonly Problem[]> {
  if (query.mapping.invariants.length === 0) return [];
  return (await planPopulation(p, reader, query, "to_do")).problems;
}

interface Activation {
  readonly text: string;
  readonly before: number;
  readonly query: PopulationQuery;
  readonly mapping: CompiledMapping;
  readonly plan: PopulationPlan;
  readonly options: SaveOptions;
  readonly context: Context;
}

async function activateConfirmed(p: Provisioning, reader: TenantReader, activation: Activation) {
  const { plan } = activation;
  const { holds, ...saved } = await p.store.write(reader.tenant, (tx) => activate(p, tx, activation));
  p.unmoved.keep(reader.tenant, saved.version, holds ? (plan.unmoved?.people ?? []) : []);
  return saved;
}

async function activate(
  p: Provisioning,
  tx: TenantWriter,
  a: Activation,
): Promise<{ readonly version: number; readonly run: RunId; readonly holds: boolean }> {
  const now = p.now();
  await tx.lockTenant();
  const author = authorOf(a.context);
  const version = await tx.saveMapping(
    a.before,
    {
      text: a.text,
      author,
      ...(a.options.note === undefined ? {} : { note: a.options.note }),
      ...(a.options.restores === undefined ? {} : { restores: a.options.restores }),
    },
    now,
  );
  const run = await insertMappingRun(tx, a, version, now);
  const repins = await pinMapping(tx, a.mapping, now);
  await scheduleMapping(tx, a.mapping, now);
  await tx.appendAudit([
    {
      ...auditEntry(a.context, now, a.options.restores === undefined ? "mapping.saved" : "mapping.restored", {
        version,
        digest: a.plan.digest,
      }),
      run,
    },
  ]);
  await tx.appendEvents([{ type: "mapping.activated", data: { version } }], now);
  return { version, run, holds: await isStillSo(tx, a, repins, now) };
}

/** Whether people whom the plan found unmoved are that under what is active now. */
async function isStillSo(tx: TenantWriter, a: Activation, repins: Repins, now: Instant): Promise<boolean> {
  const { unmoved } = a.plan;
  if (unmoved?.active.version !== a.before) return false;
  return stillHolds(unmoved, a.mapping, a.query.overlay ?? new Map(), {
    connections: await tx.connections(),
    repins,
    now,
  });
}

async function insertMappingRun(tx: TenantWriter, a: Activation, version: number, now: Instant): Promise<RunId> {
  const { digest, summary, sheet } = a.plan;
  await sheet?.finish(tx, digest, summary, REVIEWED_DAYS);
  return tx.insertRun(
    {
      trigger: a.options.restores === undefined ? "mapping" : "rollback",
      status: "queued",
      mappingVersion: version,
      digest,
      total: summary.users,
      startedBy: authorOf(a.context),
      ...(sheet && { plan: sheet.id }),
      ...(a.options.includeFrozen ? { includeFrozen: true } : {}),
    },
    now,
  );
}

/** Makes an earlier version's text the active mapping again, as a new version, by the same preview and digest. */
export async function activateVersion(
  p: Provisioning,
  tenant: Tenant,
  version: number,
  options: SaveOptions,
  context: Context,
): Promise<SavedMapping> {
  const stored = await p.store.read(tenant.id).mappingVersion(version);
  if (!stored) throw new Refusal("not_found", `no mapping version ${version}`);
  return saveMapping(p, tenant, stored.text, { ...options, restores: version }, context);
}
