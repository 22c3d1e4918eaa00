/** Lints mapping documents: alone, and beside what a tenant's identity providers sent and its rules gave. */
import { compileMapping } from "../../engine/compile/compile.js";
import type { MappingConnection } from "../../engine/compile/compiled-mapping.js";
import type { LintFinding } from "../../engine/lint/finding.js";
import { errorFindings, lintDocument } from "../../engine/lint/lint.js";
import { saidBook } from "../../engine/lint/said.js";
import { type SeenGroup, type SeenGroups, seenGroups, type UnmappedGroup } from "../../engine/lint/seen.js";
import { inPlace, type Surroundings, surroundingFindings } from "../../engine/lint/surroundings.js";
import { type LintView, lintView } from "../../engine/lint/view.js";
import type { Connection, Tenant } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import type { Problem } from "../../model/problem.js";
import type { Provisioning } from "../deps.js";
import { othersFirst } from "../judge.js";
import { pagesOf } from "../pages-of.js";
import type { TenantReader } from "../ports/store.js";
import { checkAhead } from "./check-ahead.js";
import { mappingContext } from "./compiled-mappings.js";
import { tryExamples } from "./examples.js";
import { type CheckingMappings, checkMapping } from "./mappings.js";
import { sentGroups } from "./sent-groups.js";
import { storedDocument } from "./stored-document.js";

export interface LintContext {
  /** Zero for work on files, which belongs to no tenant. */
  readonly tenant: number;
  readonly connections: readonly Pick<Connection, "slug" | "protocol" | "mayGrantOwner">[];
  readonly version: number;
  readonly now: Instant;
  /** The document was saved before: what became wrong with it since is a warning. */
  readonly stored?: boolean;
}

export interface LintedDocument {
  readonly findings: readonly LintFinding[];
  /** Absent when the document does not compile. */
  readonly view?: LintView;
}

/** What the text alone shows; what a save would refuse are findings too. */
export async function lintText(p: CheckingMappings, text: string, context: LintContext): Promise<LintedDocument> {
  const parsed = p.parseMapping(text);
  if (!parsed.ok || parsed.repeated.length > 0) {
    const checked = await checkMapping(p, text, context);
    return { findings: errorFindings(checked.ok ? [] : checked.problems) };
  }
  const { document } = parsed;
  await checkAhead(document);
  const compiled = compileMapping(document, context);
  if (!compiled.ok) return { findings: errorFindings(compiled.problems) };
  await othersFirst();
  const { mapping, warnings } = compiled;
  const { problems, covered } = await tryExamples(p.expressions, context.tenant, document, mapping);
  const view = lintView(document, mapping, { now: context.now, covered });
  const findings = await withPauses(lintDocument(view, warnings));
  return { findings: inPlace([...errorFindings(problems), ...findings]), view };
}

/** Milliseconds of looking at a document after which somebody else gets a turn. */
const STRETCH = 10;

/** A document of thousands of rules takes long enough to look at for others to wait. */
async function withPauses(parts: Iterable<readonly LintFinding[]>): Promise<readonly LintFinding[]> {
  const found: (readonly LintFinding[])[] = [];
  const pause = pacing();
  for (const part of parts) {
    found.push(part);
    await pause();
  }
  return found.flat();
}

/** To be asked after each piece of work: pauses when it is time to. */
function pacing(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < STRETCH) return;
    await othersFirst();
    since = performance.now();
  };
}

export interface LintOptions {
  /** How long a rule must have given nothing to be told of. */
  readonly days: number;
}

export interface MappingLint {
  /** The version that was looked at, or that the draft would follow. */
  readonly version: number;
  readonly days: number;
  readonly findings: readonly LintFinding[];
  /** Groups that were seen, and those of them that no rule maps, the largest first. */
  readonly groups: { readonly seen: number; readonly unmapped: number; readonly largest: readonly UnmappedGroup[] };
}

/**
 * Lints the tenant's active mapping, or a draft. Groups are read and compared in pages, so that nobody else waits; the
 * number of statements does not depend on the document.
 */
export function lintMapping(
  p: Provisioning,
  tenant: Tenant,
  draft: string | undefined,
  options: LintOptions,
): Promise<MappingLint> {
  return p.questions.run(tenant.id, () => lintOf(p, tenant, draft, options));
}

async function lintOf(
  p: Provisioning,
  tenant: Tenant,
  draft: string | undefined,
  { days }: LintOptions,
): Promise<MappingLint> {
  const reader = p.store.read(tenant.id);
  const now = p.now();
  const active = await reader.activeMapping();
  const version = active?.version ?? 0;
  const connections = await reader.connections();
  const checking = { parseMapping: p.parseMapping, expressions: p.expressions.apart() };
  const linted = await lintText(checking, draft ?? active?.text ?? "{}", {
    ...{ tenant: tenant.id, connections: mappingContext(connections), version, now },
    ...(draft === undefined ? { stored: true } : {}),
  });
  const { view } = linted;
  const sent = await sentGroups(p, reader, connections, view?.mapping);
  if (!view) {
    return { version, days, findings: linted.findings, groups: { seen: sent.length, unmapped: 0, largest: [] } };
  }
  const enabled = mappingContext(connections.filter(isEnabled));
  const said = await besidePeople(view, reader, connections, enabled);
  const seen = await besideGroups(view, sent, {
    connections: enabled,
    privilegedRoles: await reader.privilegedRoles(),
    ...(draft === undefined && active ? { savedAt: active.createdAt } : {}),
  });
  const unseen = await withPauses(seen.findings());
  const around = await withPauses(
    surroundingFindings(view, await surroundings(reader, connections, view, { now, days })),
  );
  const { count, largest } = seen.unmapped();
  return {
    version,
    days,
    findings: distinct([...linted.findings, ...unseen, ...said, ...around]),
    groups: { seen: sent.length, unmapped: count, largest },
  };
}

function isEnabled({ disabledAt }: Connection): boolean {
  return disabledAt === undefined;
}

async function besideGroups(
  view: LintView,
  sent: readonly SeenGroup[],
  options: Parameters<typeof seenGroups>[1],
): Promise<SeenGroups> {
  const seen = seenGroups(view, options);
  await othersFirst();
  const pause = pacing();
  for (const look of [seen.take, seen.compare]) {
    for (const group of sent) {
      look(group);
      await pause();
    }
  }
  return seen;
}

/** So many people are read before somebody else gets a turn. */
const PEOPLE = 250;

async function besidePeople(
  view: LintView,
  reader: TenantReader,
  connections: readonly Connection[],
  enabled: readonly MappingConnection[],
): Promise<readonly LintFinding[]> {
  const book = saidBook(view, enabled);
  if (!book.asks) return [];
  const slugs = new Map(connections.map(({ id, slug }) => [id, slug]));
  for await (const people of pagesOf((query) => reader.saidFacts(query), PEOPLE)) {
    for (const { connection, ...said } of people) book.take({ connection: slugs.get(connection) ?? "", ...said });
    await othersFirst();
  }
  return withPauses(book.findings());
}

async function surroundings(
  reader: TenantReader,
  connections: readonly Connection[],
  { alive }: LintView,
  { now, days }: { readonly now: Instant; readonly days: number },
): Promise<Surroundings> {
  const since = new Date(Date.parse(now) - days * 86_400_000).toISOString();
  const then = await reader.mappingAt(since);
  return {
    disabled: new Set(connections.filter((one) => !isEnabled(one)).map(({ slug }) => slug)),
    teams: (await reader.teams()).flatMap(({ name, aliases }) => [name, ...aliases]),
    ...(then ? { former: storedDocument(then.text) } : {}),
    days,
    lastGave: await reader.lastGiven(
      alive.map(({ rule }) => rule.id),
      now,
    ),
    since,
  };
}

/** Codes that already say why a rule gives nothing. */
const DEAD: ReadonlySet<string> = new Set([
  "shadowed_rule",
  "conflicting_rules",
  "redundant_rule",
] satisfies Problem["code"][]);

function distinct(findings: readonly LintFinding[]): readonly LintFinding[] {
  const dead = new Set(findings.filter(({ code }) => DEAD.has(code)).map(({ pointer }) => pointer));
  return inPlace(findings.filter(({ code, pointer }) => code !== "never_matched" || !dead.has(pointer)));
}
