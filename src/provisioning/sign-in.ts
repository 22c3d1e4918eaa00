/** Sign-in owns what a verified sign-in may do: who it is, what is learned from it, and whether it may go on. */
import type { CompiledMapping } from "../engine/compile/compile.js";
import type { Connection, Tenant } from "../model/connection.js";
import type { ObserveUser } from "../model/directory.js";
import type { Decision } from "../model/evaluation.js";
import type { UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { PersonState } from "../model/person.js";
import { Refusal, type RefusalCode } from "../model/problem.js";
import type { Context, Provisioning } from "./deps.js";
import type { Gathered } from "./gather.js";
import { recordNotices } from "./notices.js";
import { type Observed, observeUser } from "./observe.js";
import { refuseFormerProvider } from "./oidc-provider.js";
import { type OwnRefusal, ownRefusal } from "./own-refusal.js";
import { isLastWayIn } from "./owners.js";
import { evaluatePeople, type Judgement, reconcilePeople } from "./reconcile.js";
import { signInDetail } from "./sign-in-detail.js";
import { traceSignIn } from "./sign-in-trace.js";

export interface SignIn {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly observed: ObserveUser;
  /** What the protocol lets an admin see of the identity provider's message, redacted by it. */
  readonly message?: JsonObject;
  readonly requestId?: string;
}

/** `reference` names the trace that an admin can look up. */
export type SignedIn =
  | {
      readonly allowed: true;
      readonly user: UserId;
      readonly reference: string;
      readonly created: boolean;
      /** The account's session epoch when this was decided: no session opens once it has moved. */
      readonly epoch: number;
    }
  | {
      readonly allowed: false;
      readonly code: RefusalCode;
      readonly reference: string;
      /** What the person may be told beside the code. */
      readonly told?: OwnRefusal;
    };

/** What came of a sign-in; `judged` as far as rules were asked. */
export interface Outcome {
  readonly code?: RefusalCode;
  /** What the refusal says to an admin. */
  readonly problem?: string;
  readonly user?: UserId;
  readonly epoch?: number;
  readonly created: boolean;
  readonly judged?: Judged;
}

/** What the rules made of one person, who stands here as before anything was applied. */
export interface Judged {
  readonly person: Gathered;
  readonly decision: Decision;
  readonly mapping: CompiledMapping;
}

/**
 * Takes a verified sign-in through link, ingest and reconcile (inline, one user), as the connection's JIT mode allows.
 * Never throws for a refusal: the outcome says it. INVARIANT: a failing reconcile does not keep a known person out;
 * they sign in with their present access (design rule 8).
 */
export async function signIn(p: Provisioning, request: SignIn): Promise<SignedIn> {
  const outcome = await decideSignIn(p, request);
  const reference = await traceSignIn(p, {
    tenant: request.tenant,
    connection: request.connection,
    outcome: outcome.code ?? "allowed",
    ...(outcome.user === undefined ? {} : { user: outcome.user }),
    detail: signInDetail(request, outcome, p.now()),
  });
  if (outcome.code !== undefined) {
    const told = ownRefusal(outcome.code, request.observed, outcome.judged?.mapping);
    return { allowed: false, code: outcome.code, reference, ...(told === undefined ? {} : { told }) };
  }
  const { user, epoch, created } = outcome;
  if (user === undefined || epoch === undefined) return { allowed: false, code: "sign_in_failed", reference };
  return { allowed: true, user, reference, created, epoch };
}

async function decideSignIn(p: Provisioning, request: SignIn): Promise<Outcome> {
  const { tenant, connection } = request;
  if (connection.disabledAt !== undefined) return { code: "connection_disabled", created: false };
  let observed: ObservedAt;
  try {
    observed = await observe(p, request);
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, problem: error.message, created: false };
    throw error;
  }
  if (observed.kind === "ambiguous") return { code: "needs_review", problem: observed.problem, created: false };
  if (observed.kind === "inactive") {
    const { user, problem } = observed;
    return { code: "deactivated", user, created: false, ...(problem !== undefined && { problem }) };
  }
  if (observed.kind === "nobody") return { code: "provisioning_off", created: false };
  const before = await person(p, tenant, observed.user);
  const judged = await settle(p, request, observed, before);
  const after = await person(p, tenant, observed.user);
  // Another tab may have got through with the same facts.
  if (judged === undefined && after.status === "pending") {
    return { code: "expression_busy", user: observed.user, created: false };
  }
  const created = before.status === "pending" && after.status === "registered";
  const base = { user: observed.user, epoch: observed.epoch, created, ...(judged === undefined ? {} : { judged }) };
  const code = refusalOf(after, judged?.decision);
  if (code === undefined || (await staysIn(p, tenant, after, judged))) return base;
  return { ...base, code };
}

/** Whoever would be deactivated, and is not as the last owner, comes in as their sessions go on. */
async function staysIn(
  p: Provisioning,
  tenant: Tenant,
  person: PersonState,
  judged: Judged | undefined,
): Promise<boolean> {
  if (judged?.decision.status !== "deactivated") return false;
  return p.store.write(tenant.id, (tx) => isLastWayIn(tx, person));
}

type ObservedAt =
  | (Extract<Observed, { kind: "row" }> & { readonly epoch: number })
  | Exclude<Observed, { kind: "row" }>;

function observe(p: Provisioning, request: SignIn): Promise<ObservedAt> {
  const { tenant, connection, observed } = request;
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    // INVARIANT: read before anybody's names are: who is switched off after that is refused by it, whoever by then is by the names.
    const before = await tx.sessionEpoch(connection.id, observed.subject);
    const found = await observeUser(tx, tenant, connection, observed, {
      takeFacts: connection.jit !== "off",
      create: connection.jit !== "off",
      onlyFirst: connection.jit === "first_sign_in",
      now,
    });
    if (before === undefined) await refuseFormerProvider(tx, connection);
    if (found.kind !== "row") return found;
    const notices = [found.joined, found.across].flatMap((notice) => notice ?? []);
    await recordNotices(tx, notices, contextOf(request, found.user), now);
    const at =
      before?.user === found.user ? before : await tx.sessionEpoch(connection.id, observed.subject, found.user);
    if (at?.user !== found.user) throw new Error("a subject that was just linked has no account");
    return { ...found, epoch: at.epoch };
  });
}

const ATTEMPTS = 8;

/**
 * Reconciles the person, a few times when the facts move meanwhile. Where this sign-in taught nothing of somebody registered, only
 * judges: the first sign-in's facts are not applied a second time. `undefined` when that failed.
 */
async function settle(
  p: Provisioning,
  request: SignIn,
  { user, joined, took }: Extract<Observed, { kind: "row" }>,
  before: PersonState,
): Promise<Judged | undefined> {
  const { tenant } = request;
  const people = joined ? [user, joined.user] : [user];
  try {
    if (!took && !joined && before.status === "registered")
      return judgedOf(await evaluatePeople(p, tenant.id, [user], { door: "sign_in" }), user);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const reconciled = await reconcilePeople(p, tenant.id, people, {
        context: contextOf(request, user),
        door: "sign_in",
      });
      if (reconciled.done.includes(user)) return judgedOf(reconciled, user);
    }
  } catch (fault) {
    p.log.fault("sign_in.reconcile_failed", fault, { tenant: tenant.id });
  }
  p.wake();
  return undefined;
}

function judgedOf({ people, decisions, mapping }: Judgement, user: UserId): Judged | undefined {
  const [person, decision] = [people.get(user), decisions.get(user)];
  return person && decision && { person, decision, mapping };
}

function contextOf(request: SignIn, user: UserId): Context {
  const actor = { kind: "person", id: user } as const;
  return { actor, door: "sign_in", ...(request.requestId === undefined ? {} : { requestId: request.requestId }) };
}

async function person(p: Provisioning, tenant: Tenant, user: UserId): Promise<PersonState> {
  const [state] = await p.store.read(tenant.id).people([user]);
  if (!state) throw new Error("a linked user is missing");
  return state;
}

function refusalOf(state: PersonState, decision: Decision | undefined): RefusalCode | undefined {
  const isOff = state.status === "deactivated";
  // Whom no rule matched comes back by a group, everybody else by whoever switched them off.
  if (isOff && state.deactivatedBy !== "no_match") return "deactivated";
  if (decision && !decision.verdict.allow) return decision.verdict.code;
  if (state.status === "registered") return undefined;
  if (isOff && decision?.status !== "registered") return "deactivated";
  // Whom the rules let in and nobody registered was kept back, and only a missing seat keeps a new person back.
  const wanted = decision?.status === "registered" || state.hold?.reason === "no_seat";
  return wanted ? "no_seat" : "provisioning_off";
}
