/** What becomes of a sign-in when working out access fails for an inner reason: by both doors, with real faults. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import type { UserId } from "../../src/model/ids.js";
import type { Database } from "../../src/store/database.js";
import { openPostgres } from "../../src/store/postgres.js";
import { type Fragment, sql, verbatim } from "../../src/store/sql.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { childrenOf } from "../expression-host/processes.js";
import { postgresUrl } from "../store/postgres-server.js";
import { expressionFault } from "../support/planted-fault.js";
import { type Door, endOf, openPolicyHouse, type PolicyHouse, PROTOCOLS, type Said } from "./policy-house.js";

const MAPPING = {
  mappings: [
    { group_name: "Engineering", team_name: "Platform", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { group_name: "Fresh", team_name: "Fresh", role_name: "viewer" },
    {
      id: "slow",
      when: "'Slow' in groups ? $count([1..1000].([1..1000])) > 5 : false",
      team_name: "Slow",
      role_name: "viewer",
    },
  ],
};
const PLATFORM = ["Platform/editor"];

interface World {
  readonly house: PolicyHouse;
  /** The same database by another connection. */
  readonly other: Database;
}

/** Runs the work while something inside is broken. */
type Fault = (world: World, work: () => Promise<void>) => Promise<void>;

/** Statements of the database that break others. */
interface Broken {
  readonly plant: readonly Fragment[];
  readonly heal: readonly Fragment[];
}

function byTrigger({ plant, heal }: Broken): Fault {
  return async ({ other }, work) => {
    const run = (statements: readonly Fragment[]) =>
      other.transaction(async (tx) => {
        for (const statement of statements) await tx.run(statement);
      });
    await run(plant);
    try {
      await work();
    } finally {
      await run(heal);
    }
  };
}

const refusedBySqlite = (what: string): Broken => ({
  plant: [sql`create trigger planted before ${verbatim(what)} begin select raise(abort, 'planted'); end`],
  heal: [sql`drop trigger planted`],
});

const refusedByPostgres = (what: string): Broken => ({
  plant: [
    sql`create function planted() returns trigger language plpgsql as 'begin raise exception ''planted''; end'`,
    sql`create trigger planted before ${verbatim(what)} for each row execute function planted()`,
  ],
  heal: [sql`drop function planted cascade`],
});

/** Whoever waits for the lock is sent away, as by the operator's `statement_timeout`, without a clock that a busy machine could be late for. */
const whileLocked: Fault = ({ other }, work) =>
  other.transaction(async (tx) => {
    await tx.run(sql`lock table grants in share mode`);
    let isOver = false;
    const cancelling = (async () => {
      while (!isOver) {
        await other.reader.all(sql`select pg_cancel_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await work().finally(() => {
      isOver = true;
    });
    await cancelling;
  });

const withoutExpressions: Fault = async ({ house }, work) => {
  const { p } = house.admin.service;
  const { expressions } = p;
  const fault = expressionFault();
  Object.assign(p, fault.into(p));
  fault.planted = true;
  try {
    await work();
  } finally {
    Object.assign(p, { expressions });
  }
};

const DATABASES = [
  {
    name: "SQLite",
    async open(folder: string) {
      const path = join(folder, "rolecall.db");
      return { url: `sqlite:${path}`, other: () => openSqlite(path) };
    },
    faults: [
      ["expressions cannot be run", withoutExpressions],
      ["a grant cannot be written", byTrigger(refusedBySqlite("insert on grants"))],
      ["what was done cannot be noted", byTrigger(refusedBySqlite("insert on audit_entries"))],
    ],
  },
  {
    name: "PostgreSQL",
    async open() {
      const url = await postgresUrl();
      return { url, other: () => openPostgres(url) };
    },
    faults: [
      ["expressions cannot be run", withoutExpressions],
      ["a grant cannot be written", byTrigger(refusedByPostgres("insert on grants"))],
      ["what was done cannot be noted", byTrigger(refusedByPostgres("insert on audit_entries"))],
      ["a lock is waited for too long", whileLocked],
    ],
  },
] as const satisfies readonly {
  readonly name: string;
  open(folder: string): Promise<{ readonly url: string; other(): Promise<Database> }>;
  readonly faults: readonly (readonly [what: string, fault: Fault])[];
}[];

for (const { name, open, faults } of DATABASES) {
  describe(`a sign-in whose access cannot be worked out, on ${name},`, () => {
    const folder = mkdtempSync(join(tmpdir(), "rolecall-failed-"));
    let world: World;
    let house: PolicyHouse;
    let tenant: string;
    let people = 0;

    before(async () => {
      const { url, other } = await open(folder);
      const handle = await other();
      house = await openPolicyHouse(url);
      world = { house, other: handle };
      tenant = await house.admin.tenant();
      for (const protocol of PROTOCOLS) await house.connect({ tenant, slug: protocol, protocol }, { sync: "live" });
      await house.map(tenant, MAPPING);
    });
    after(async () => {
      await house?.close();
      await world?.other.close();
      rmSync(folder, { recursive: true });
    });

    const unique = (what: string): string => {
      people += 1;
      return `${what}-${people}@acme.example`;
    };

    async function signedIn(door: Door, said: Said): Promise<readonly [end: string, held?: readonly string[]]> {
      const browser = createBrowser();
      const end = endOf(await house.signIn(door, said, browser));
      const held = await house.holds(browser);
      return held === undefined ? [end] : [end, held];
    }

    /** What is traced of the latest sign-in. */
    async function latestTrace(): Promise<{ readonly outcome: string; readonly user_id: string | null } | undefined> {
      const [row] = await world.other.reader.all<{ readonly outcome: string; readonly user_id: string | null }>(
        sql`select outcome, user_id from sign_in_traces order by reference desc limit 1`,
      );
      return row;
    }

    /** Whether the worker has still to look at somebody. */
    async function isMarked(userName: string): Promise<boolean | undefined> {
      const { p } = house.admin.service;
      const { id } = (await p.store.instance.tenantBySlug(tenant.slice(tenant.lastIndexOf("/") + 1))) ?? {};
      const user = (await house.user(tenant, userName))?.["id"];
      if (id === undefined || user === undefined) return undefined;
      return (await p.store.read(id).people([user as UserId]))[0]?.dirty;
    }

    const failures = (): number => house.admin.log.filter((line) => line.includes("sign_in.reconcile_failed")).length;
    const teams = async (): Promise<readonly unknown[]> =>
      ((await house.admin.get(`${tenant}/teams?limit=100`)).body.items ?? []).map((team) => team["name"]);

    for (const protocol of PROTOCOLS) {
      const doorOf = (): Door => ({ tenant, slug: protocol, protocol });

      for (const [what, fault] of faults) {
        it(`lets a known person in with what they have, and catches up: ${what} (${protocol})`, async () => {
          const person = unique("known");
          expect(await signedIn(doorOf(), { name: person, groups: ["Engineering"] })).to.deep.equal(["in", PLATFORM]);
          const before = failures();
          await fault(world, async () => {
            expect(await signedIn(doorOf(), { name: person, groups: ["Sales"] })).to.deep.equal(["in", PLATFORM]);
            expect(await isMarked(person)).to.equal(true);
          });
          expect(failures()).to.equal(before + 1);
          const { id } = (await house.user(tenant, person)) ?? {};
          expect(await latestTrace()).to.deep.equal({ outcome: "allowed", user_id: id });
          expect((await signedIn(doorOf(), { name: person, groups: ["Sales"] }))[1]).to.deep.equal(["Sales/viewer"]);
        });

        it(`lets a pushed person in who comes for the first time: ${what} (${protocol})`, async () => {
          const person = unique("pushed");
          await (await house.push(doorOf())).person(person);
          await fault(world, async () => {
            expect(await signedIn(doorOf(), { name: person, groups: ["Sales"] })).to.deep.equal(["in", []]);
            expect(await isMarked(person)).to.equal(true);
          });
          expect((await signedIn(doorOf(), { name: person, groups: ["Sales"] }))[1]).to.deep.equal(["Sales/viewer"]);
        });

        it(`refuses an unknown person, with nothing made, until it works: ${what} (${protocol})`, async () => {
          const person = unique("unknown");
          const [seats, before] = [await house.seatsUsed(tenant), failures()];
          await fault(world, async () => {
            const visit = await house.signIn(doorOf(), { name: person, groups: ["Sales"] });
            expect(endOf(visit)).to.equal("expression_busy");
            const { outcome, detail } = await house.traceOf(tenant, visit);
            expect(outcome).to.equal("expression_busy");
            expect(detail).to.include({ guard: "reconcile" });
            expect(await house.user(tenant, person)).to.equal(undefined);
          });
          expect(failures()).to.equal(before + 1);
          expect([await house.user(tenant, person), await house.seatsUsed(tenant)]).to.deep.equal([undefined, seats]);
          expect(await signedIn(doorOf(), { name: person, groups: ["Sales"] })).to.deep.equal(["in", ["Sales/viewer"]]);
          expect(await house.seatsUsed(tenant)).to.equal(seats + 1);
        });
      }
    }

    it("makes no team for a person who was not let in", async () => {
      const [, [, fault]] = faults;
      const door: Door = { tenant, slug: "oidc", protocol: "oidc" };
      await fault(world, async () => {
        expect(await signedIn(door, { name: unique("fresh"), groups: ["Fresh"] })).to.deep.equal(["expression_busy"]);
      });
      expect(await teams()).not.to.include("Fresh");
      expect(await signedIn(door, { name: unique("fresh"), groups: ["Fresh"] })).to.deep.equal([
        "in",
        ["Fresh/viewer"],
      ]);
      expect(await teams()).to.include("Fresh");
    });

    describe("by a condition that is stopped", () => {
      const door = (): Door => ({ tenant, slug: "oidc", protocol: "oidc" });
      /** The processes that run expressions, all of them of this service. */
      const hosts = (): readonly number[] =>
        childrenOf(process.pid).filter((pid) =>
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("expression-host"),
        );

      const stopped: readonly [
        what: string,
        signIn: (said: Said) => Promise<readonly [string, (readonly string[])?]>,
      ][] = [
        ["for its time", (said) => signedIn(door(), said)],
        [
          "with its process",
          async (said) => {
            const timer = setInterval(() => {
              for (const pid of hosts()) process.kill(pid, "SIGKILL");
            }, 20);
            return signedIn(door(), said).finally(() => clearInterval(timer));
          },
        ],
      ];
      for (const [what, signIn] of stopped) {
        it(`${what}: a known person comes in, an unknown one does not, and the next is judged as ever`, async () => {
          const [known, unknown] = [unique("known"), unique("unknown")];
          await signedIn(door(), { name: known, groups: ["Engineering"] });
          const seats = await house.seatsUsed(tenant);
          expect(await signIn({ name: known, groups: ["Engineering", "Slow"] })).to.deep.equal(["in", PLATFORM]);
          const [code] = await signIn({ name: unknown, groups: ["Slow"] });
          expect(code).to.be.oneOf(["groups_unknown", "expression_busy"]);
          expect([await house.user(tenant, unknown), await house.seatsUsed(tenant)]).to.deep.equal([undefined, seats]);
          expect((await latestTrace())?.outcome).to.equal(code);
          expect(await signedIn(door(), { name: unknown, groups: ["Sales"] })).to.deep.equal(["in", ["Sales/viewer"]]);
        });
      }
    });
  });
}
