/** Apply owns the access ledger's writes: one batch of plans becomes rows, audit entries and events in one transaction. */

import { leavesSeat } from "../engine/guard.js";
import type { GrantId, Instant, RunId, TeamId, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { Change, PersonPlan } from "../model/plan.js";
import { isOwner, targetLabel, teamOf } from "../model/target.js";
import type { Context, Provisioning } from "./deps.js";
import { endBeside } from "./keep-out-across.js";
import { ownersChanged } from "./owners.js";
import type { AccessWrites, NewGrant } from "./ports/access.js";
import type { AuditEntry } from "./ports/journal.js";
import type { OwnedAccount } from "./ports/service-accounts.js";
import type { TenantWriter } from "./ports/store.js";
import type { Profile } from "./profile.js";

/** The plans that passed the brake, with everything that is written beside them. */
export interface ApplyInput {
  readonly plans: readonly PersonPlan[];
  readonly profiles: ReadonlyMap<UserId, Profile>;
  /** Everybody whose reconcile is done by this batch, held and frozen people among them. */
  readonly reconciled: AccessWrites["reconciled"];
  readonly mappingVersion: number;
  /** On whose behalf a person's changes are. */
  readonly contextOf: (user: UserId) => Context;
  /** The run that the person's changes are part of. */
  readonly runOf?: (user: UserId) => RunId | undefined;
  /** Service accounts of everybody who leaves by these plans, where they were asked for already. */
  readonly owned?: readonly OwnedAccount[];
  readonly now: Instant;
}

/** Writes the plans. INVARIANT: audit and events of a change stand in its transaction, and are written only here. */
export async function applyPlans(p: Provisioning, tx: TenantWriter, input: ApplyInput): Promise<void> {
  const teams = await tx.ensureTeams(teamNames(input.plans), input.now);
  const unseated = input.plans.filter(leavesSeat).map((plan) => plan.person.id);
  const changed = input.plans.flatMap((plan) => plan.changes.map((change) => describe(plan, change)));
  const left = leftBefore(input);
  // none of these hangs on what another one writes
  await Promise.all([
    tx.applyAccess(accessWrites(p, input, teams), input.now),
    tx.unseatPeople(unseated, input.now),
    input.plans.some(changesOwners) && ownersChanged(tx, input.now),
    tell(tx, input, [...changed, ...updatedProfiles(input), ...(left ?? [])]),
  ]);
  await endBeside(tx, switchedOff(input.plans));
  if (left === undefined) await tell(tx, input, await accountsLeft(tx, input.plans));
}

async function tell(tx: TenantWriter, input: ApplyInput, lines: readonly Line[]): Promise<void> {
  if (lines.length === 0) return;
  const entries = lines.map((line) => entry(input, line));
  await Promise.all([tx.appendAudit(entries), tx.appendEvents(lines, input.now)]);
}

/** Service accounts go on without whom they had to answer for them, and somebody is told. */
async function accountsLeft(tx: TenantWriter, plans: readonly PersonPlan[]): Promise<readonly Line[]> {
  const leavers = leaversOf(plans);
  return leavers.length === 0 ? [] : linesOf(await tx.accountsOwnedBy(leavers));
}

/** The same by what was asked for before; `undefined` where the plans themselves may change whose accounts are active. */
function leftBefore({ plans, owned }: ApplyInput): readonly Line[] | undefined {
  if (owned === undefined || plans.some(({ person }) => person.serviceAccount)) return undefined;
  const leavers = new Set(leaversOf(plans));
  return linesOf(owned.filter(({ owner }) => leavers.has(owner)));
}

function leaversOf(plans: readonly PersonPlan[]): readonly UserId[] {
  const ended = ({ changes, person }: PersonPlan) =>
    !person.serviceAccount && changes.some(({ kind }) => kind === "deactivate_user");
  return plans.filter(ended).map(({ person }) => person.id);
}

/** Those whom a source or an admin ends: their e-mails close doors elsewhere. */
function switchedOff(plans: readonly PersonPlan[]): readonly UserId[] {
  const ends = (change: Change) => change.kind === "deactivate_user" && (change.by === "scim" || change.by === "admin");
  return plans
    .filter(({ person, changes }) => !person.serviceAccount && changes.some(ends))
    .map(({ person }) => person.id);
}

function linesOf(owned: readonly OwnedAccount[]): readonly Line[] {
  // No name of theirs: what is told of others stays when their personal data is removed.
  return owned.map(({ id, userName, owner }) => {
    return { type: "service_account.owner_inactive", user: id, data: { userName, owner } };
  });
}

function changesOwners({ changes }: PersonPlan): boolean {
  return changes.some((change) => "grant" in change && isOwner(change.grant.target));
}

function teamNames(plans: readonly PersonPlan[]): readonly string[] {
  const names = new Set<string>();
  for (const plan of plans) {
    for (const change of plan.changes) {
      const team = change.kind === "grant" ? teamOf(change.grant.target.scope) : undefined;
      if (team !== undefined) names.add(team);
    }
  }
  return [...names].sort();
}

function accessWrites(p: Provisioning, input: ApplyInput, teams: ReadonlyMap<string, TeamId>): AccessWrites {
  const statuses: AccessWrites["statuses"][number][] = [];
  const open: NewGrant[] = [];
  const close: AccessWrites["close"][number][] = [];
  const refresh: AccessWrites["refresh"][number][] = [];
  for (const plan of input.plans) {
    const user = plan.person.id;
    for (const change of plan.changes) {
      if (change.kind === "grant") open.push(newGrant(p, input, user, change, teams));
      else if (change.kind === "revoke") close.push({ id: change.grant.id, reason: change.reason });
      else if (change.kind === "deactivate_user") statuses.push({ user, to: "deactivated", by: change.by });
      else statuses.push({ user, to: "registered" });
    }
    for (const one of plan.refreshed) refresh.push({ ...one, mappingVersion: input.mappingVersion });
  }
  const profiles = [...input.profiles].map(([user, profile]) => ({ user, ...profile }));
  return { statuses, profiles, open, close, refresh, reconciled: input.reconciled, version: input.mappingVersion };
}

function newGrant(
  p: Provisioning,
  input: ApplyInput,
  user: UserId,
  change: Extract<Change, { kind: "grant" }>,
  teams: ReadonlyMap<string, TeamId>,
): NewGrant {
  const { target, origin, connection, rule, evidence } = change.grant;
  const name = teamOf(target.scope);
  const team = name === undefined ? undefined : teams.get(name);
  return {
    id: p.newId() as GrantId,
    user,
    target,
    origin,
    evidence,
    mappingVersion: input.mappingVersion,
    ...(team === undefined ? {} : { team }),
    ...(connection === undefined ? {} : { connection }),
    ...(rule === undefined ? {} : { rule }),
  };
}

interface Line {
  readonly type: string;
  readonly user: UserId;
  readonly data: JsonObject;
}

const EVENT_OF = {
  create_user: "created",
  reactivate_user: "reactivated",
  deactivate_user: "deactivated",
  grant: "grant.added",
  revoke: "grant.removed",
} as const satisfies Record<Change["kind"], string>;

function describe(plan: PersonPlan, change: Change): Line {
  const base = { userName: plan.person.userName, reason: change.reason };
  const data =
    change.kind === "grant" || change.kind === "revoke"
      ? {
          ...base,
          target: { scope: change.grant.target.scope, role: change.grant.target.role },
          label: targetLabel(change.grant.target),
          origin: change.grant.origin,
          ...(change.grant.rule === undefined ? {} : { rule: change.grant.rule }),
        }
      : base;
  const event = EVENT_OF[change.kind];
  return { type: "grant" in change ? event : `${kindOf(plan)}.${event}`, user: plan.person.id, data };
}

/** What events call whose account it is. */
function kindOf({ person }: PersonPlan): "user" | "service_account" {
  return person.serviceAccount ? "service_account" : "user";
}

function updatedProfiles({ plans, profiles }: ApplyInput): readonly Line[] {
  if (profiles.size === 0) return [];
  const accounts = new Set(plans.filter(({ person }) => person.serviceAccount).map(({ person }) => person.id));
  return [...profiles].map(([user, profile]) => {
    return { type: `${accounts.has(user) ? "service_account" : "user"}.updated`, user, data: { ...profile } };
  });
}

function entry(input: ApplyInput, line: Line): AuditEntry {
  const run = input.runOf?.(line.user);
  const { actor, door, requestId } = input.contextOf(line.user);
  return {
    at: input.now,
    ...{ actor, door },
    action: line.type,
    user: line.user,
    detail: line.data,
    ...(run === undefined ? {} : { run }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
