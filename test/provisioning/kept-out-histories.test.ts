import { expect } from "chai";
import fc from "fast-check";
import type { DirectoryUserId, UserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { postgresUrl } from "../store/postgres-server.js";
import { openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const NAMES = ["ann", "ben", "cid"] as const;
/** Lasting ids, some of which are subjects. */
const IDS = ["e1", "s1", "s2"] as const;
const SUBJECTS = ["s1", "s2", "s3", "s4"] as const;

type Name = (typeof NAMES)[number];
interface Claim {
  readonly subject: string;
  readonly userName: Name | "else";
  readonly claimedEmail?: Name;
  readonly asserted: boolean;
}
type Step =
  | { readonly kind: "post"; readonly userName: Name; readonly externalId?: string; readonly active: boolean }
  | {
      readonly kind: "put";
      readonly at: number;
      readonly userName: Name;
      readonly externalId?: string;
      readonly active: boolean;
    }
  | { readonly kind: "delete"; readonly at: number }
  | { readonly kind: "signIn"; readonly claim: Claim };

const externalId = fc.option(fc.constantFrom(...IDS), { nil: undefined });
const pushed = { userName: fc.constantFrom(...NAMES), externalId };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("post" as const), ...pushed, active: fc.boolean() }),
  fc.record({ kind: fc.constant("put" as const), at: fc.nat(3), ...pushed, active: fc.boolean() }),
  fc.record({ kind: fc.constant("delete" as const), at: fc.nat(3) }),
  fc.record({
    kind: fc.constant("signIn" as const),
    claim: fc.record({
      subject: fc.constantFrom(...SUBJECTS),
      userName: fc.constantFrom(...NAMES, "else" as const),
      claimedEmail: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
      asserted: fc.boolean(),
    }),
  }),
) as fc.Arbitrary<Step>;

/** A pushed row, as the model knows it. */
interface Row {
  readonly id: DirectoryUserId;
  readonly account: UserId;
  userName: string;
  externalId: string | undefined;
  active: boolean;
  deleted: boolean;
}

/** The rule, told without how it is kept: somebody who is off and not back has no way in by what was ever theirs here. */
class Model {
  readonly rows: Row[] = [];
  /** What was ever an account's own. */
  readonly names = new Map<UserId, Set<string>>();
  readonly ids = new Map<UserId, Set<string>>();
  /** Subjects that were refused for an account by what links. */
  readonly refused = new Map<string, Set<UserId>>();

  add(map: Map<UserId, Set<string>>, account: UserId, what: string | undefined): void {
    if (what === undefined) return;
    map.set(account, (map.get(account) ?? new Set()).add(what));
  }

  active(): readonly Row[] {
    return this.rows.filter((row) => row.active && !row.deleted);
  }

  off(): ReadonlySet<UserId> {
    const back = new Set(this.active().map(({ account }) => account));
    return new Set(this.rows.map(({ account }) => account).filter((account) => !back.has(account)));
  }

  /** Another pushed person has the subject as externalId, and the one as whom it is known has not, nor what else names them. */
  isContradicted({ subject, userName, asserted }: Claim, account: UserId): boolean {
    const known = this.rows.find((row) => row.account === account && !row.deleted);
    if (known === undefined || known.externalId === subject) return false;
    const others = this.rows.filter((row) => row.account !== account && row.externalId === subject);
    if (others.some((row) => row.active && !row.deleted)) return true;
    return !(asserted && known.userName === userName) && others.some((row) => this.off().has(row.account));
  }

  /** Who keeps the sign-in out; `sure`: whatever it is called the next time. */
  keepers({ subject, userName, claimedEmail, asserted }: Claim): readonly { account: UserId; sure: boolean }[] {
    return [...this.off()].flatMap((account) => {
      const others = this.active().filter((row) => row.account !== account);
      const isNamed = (name: string | undefined) =>
        name !== undefined && this.names.get(account)?.has(name) && !others.some((row) => row.userName === name);
      const isId = this.ids.get(account)?.has(subject) && !others.some((row) => row.externalId === subject);
      const sure =
        isId || isNamed(userName) || (asserted && isNamed(subject)) || this.refused.get(subject)?.has(account);
      return sure || isNamed(claimedEmail) ? [{ account, sure: sure === true }] : [];
    });
  }
}

describe("whatever is pushed, and whoever signs in under whatever name,", function () {
  this.timeout(120_000);
  for (const [where, url, numRuns] of [
    ["SQLite", () => Promise.resolve("sqlite::memory:"), 60],
    ["PostgreSQL", postgresUrl, 12],
  ] as const) {
    describe(`on ${where}`, () => {
      let database: TestDatabase;
      before(async () => {
        database = await openDatabase({ databaseUrl: await url() });
      });
      after(() => database.close());

      it("SEC-05: nobody who is off and not back is in by a name or subject that was ever theirs", () =>
        fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14, size: "max" }), (steps) =>
            played(database, steps),
          ),
          {
            numRuns: Number(process.env["PROPERTY_RUNS"] ?? numRuns),
            ...(process.env["PROPERTY_RUNS"] === undefined && { seed: 11 }),
          },
        ));
    });
  }
});

interface Session {
  /** The latest of its subject: other names of it do not count any more. */
  claim: Claim;
  readonly user: UserId;
  readonly isIn: () => Promise<boolean>;
}

async function played(database: TestDatabase, steps: readonly Step[]): Promise<void> {
  const t = await database.tenant();
  const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
  await t.connect({ slug: "idp", protocol: "oidc", sync: "live", jit: "every_sign_in", oidc });
  const model = new Model();
  const sessions: Session[] = [];
  for (const one of steps) {
    if (one.kind === "signIn") await signsIn(t, model, one.claim, sessions);
    else await push(t, model, one).catch(unlessRefused);
    for (const { claim, user, isIn } of sessions) {
      const isPushed = model.rows.some((row) => row.account === user);
      const out = !isPushed && model.keepers(claim).length > 0;
      const isOut = out || (isPushed && one.kind !== "signIn" && model.isContradicted(claim, user));
      if (isOut) expect(await isIn(), `a session of ${JSON.stringify(claim)}`).to.equal(false);
    }
  }
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

async function push(t: TenantInTest, model: Model, one: Exclude<Step, { kind: "signIn" }>): Promise<void> {
  const row = one.kind === "post" ? undefined : model.rows.filter(({ deleted }) => !deleted)[one.at];
  if (one.kind !== "post" && row === undefined) return;
  if (one.kind === "delete") {
    await t.change("idp", { kind: "deleteUser", id: row?.id as DirectoryUserId });
    if (row) row.deleted = true;
    return;
  }
  const { userName, externalId, active } = one;
  const more = { active, ...(externalId !== undefined && { externalId }), ...(row && { id: row.id }) };
  const id = await t.pushUser("idp", userName, more);
  const { id: connection } = await t.connection("idp");
  const stored = await t.p.store.write((await t.tenant()).id, (tx) => tx.rowById(connection, id));
  const account = stored?.user as UserId;
  if (row) Object.assign(row, { userName, externalId, active });
  else model.rows.push({ id, account, userName, externalId, active, deleted: false });
  model.add(model.names, account, userName);
  model.add(model.ids, account, externalId);
  model.add(model.ids, account, stored?.subject);
}

async function signsIn(t: TenantInTest, model: Model, claim: Claim, sessions: Session[]): Promise<void> {
  const { subject, userName, claimedEmail, asserted } = claim;
  const keepers = model.keepers(claim);
  const said = { userName, ...(claimedEmail && { claimedEmail }), ...(asserted && { assertedName: userName }) };
  const outcome = await t.signIn("idp", subject, said);
  if (!outcome.allowed) {
    const sure = keepers.filter((keeper) => keeper.sure).map(({ account }) => account);
    if (outcome.code === "deactivated") {
      model.refused.set(subject, new Set([...(model.refused.get(subject) ?? []), ...sure]));
    }
    return;
  }
  const { user, epoch } = outcome;
  const mine = model.active().filter(({ account }) => account === user);
  if (mine.length === 0) {
    const by = keepers.filter(({ account }) => account !== user || true);
    expect(by, `${JSON.stringify(claim)} came in`).to.deep.equal([]);
  } else {
    const isNew = !model.ids.get(user)?.has(subject);
    if (!isNew) expect(model.isContradicted(claim, user), `${JSON.stringify(claim)} is somebody else`).to.equal(false);
    // a pushed person came in: nobody else's own subject does without being named by it
    const others = keepers.filter(({ account }) => account !== user && model.ids.get(account)?.has(subject));
    const isNamed = mine.some((row) => row.externalId === subject || (asserted && row.userName === userName));
    const isKnown = model.ids.get(user)?.has(subject);
    if (others.length > 0 && !isKnown) expect(isNamed, `${JSON.stringify(claim)} took an account over`).to.equal(true);
    for (const name of [userName]) model.add(model.names, user, name);
    model.add(model.ids, user, subject);
  }
  const connection = await t.connection("idp");
  const { token } = await openSession(t.p, await t.tenant(), { user, epoch, connection, subject });
  for (const one of sessions) if (one.claim.subject === subject) one.claim = claim;
  sessions.push({ claim, user, isIn: async () => (await currentSession(t.p, token)) !== undefined });
}
