import { expect } from "chai";
import fc from "fast-check";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { listPins } from "../../src/provisioning/group-pins.js";
import { changePins, type PinCommand, previewPins } from "../../src/provisioning/pin-orders.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { testClock } from "../support/clock.js";
import { scimGroup } from "../support/people.js";
import {
  ADMIN,
  openDatabase,
  openTenant,
  type TenantInTest,
  type TestDatabase,
  type TestTenant,
} from "../support/tenant.js";

/** What was reviewed is what comes, to the last change. */
async function ordered(t: TenantInTest, command: PinCommand): Promise<void> {
  const tenant = await t.tenant();
  await t.settled();
  const preview = await previewPins(t.p, tenant, command);
  const { run } = await changePins(t.p, tenant, command, preview.digest, ADMIN);
  await t.settled();
  const { granted, revoked, deactivated } = preview.summary;
  const counts = run === undefined ? {} : ((await t.p.store.read(tenant.id).run(run))?.counts ?? {});
  expect([counts["grant"] ?? 0, counts["revoke"] ?? 0, counts["deactivate_user"] ?? 0]).to.deep.equal([
    granted,
    revoked,
    deactivated,
  ]);
}

const MAPPING = {
  no_match: "allow",
  unknown_team: "create_any",
  mappings: [
    { id: "a", group_name: "A", team_name: "T", role_name: "editor" },
    { id: "o", group_name: "O", scope: "tenant", role_name: "operator" },
    { id: "x", group_pattern: "x-{team}", team_name: "{team}", role_name: "viewer" },
  ],
};

describe("names that move", () => {
  const clock = testClock();
  let database: TestDatabase;
  let t: TenantInTest;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
  });

  const rename = (group: DirectoryGroupId, name: string) =>
    t.change("main", { kind: "upsertGroup", id: group, document: scimGroup(name) });
  const pinned = async () =>
    (await listPins(t.p, await t.tenant())).map(({ connection, name, holders, confirmed }) => {
      const groups = holders.map(({ displayName }) => displayName).join();
      return `${connection} ${name}: ${groups}${confirmed ? "" : "?"}`;
    });

  describe("beside sign-ins", () => {
    beforeEach(async () => {
      await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
      await t.mapping(MAPPING);
    });

    it("a sign-in by the old or the new name of a renamed group gives the same", async () => {
      const group = await t.pushGroup("main", "A");
      await t.signIn("main", "old", { groups: ["A"] });
      await rename(group, "x-New");
      await t.signIn("main", "new", { groups: ["x-New"] });
      await t.settled();
      expect(await t.holds("old")).to.deep.equal(["T/editor"]);
      expect(await t.holds("new")).to.deep.equal(["T/editor"]);
    });

    it("a claim that may mean a newcomer keeps what there is and gives nothing new", async () => {
      const group = await t.pushGroup("main", "A");
      await t.signIn("main", "member", { groups: ["A"] });
      await rename(group, "Former A");
      await t.pushGroup("main", "A");
      await t.signIn("main", "newcomer", { groups: ["A"] });
      await t.signIn("main", "member", { groups: ["A"] });
      await t.signIn("main", "renamed", { groups: ["Former A"] });
      await t.settled();
      expect(await t.holds("newcomer")).to.deep.equal([]);
      expect(await t.holds("member")).to.deep.equal(["T/editor"]);
      expect(await t.holds("renamed")).to.deep.equal(["T/editor"]);
    });

    it("people whom claims alone put into a group that no rule names follow its name once it has settled", async () => {
      const group = await t.pushGroup("main", "x-Red");
      await t.signIn("main", "cleo", { groups: [group] });
      expect(await t.holds("cleo")).to.deep.equal(["Red/viewer"]);
      clock.forward({ hours: 3 });
      await t.settled();
      await rename(group, "x-Blue");
      clock.forward({ hours: 2 });
      await t.settled();
      expect(await t.holds("cleo")).to.deep.equal(["Blue/viewer"]);
    });

    it("moving a name reaches people whom claims alone put into the group", async () => {
      await t.pushGroup("main", "A");
      const second = await t.pushGroup("main", "Second");
      await t.signIn("main", "cleo", { groups: ["Second"] });
      expect(await t.holds("cleo")).to.deep.equal([]);
      await ordered(t, { kind: "move", connection: "main", name: "A", group: second });
      await t.settled();
      expect(await t.holds("cleo")).to.deep.equal(["T/editor"]);
    });
  });

  it("an active mapping is pinned at a connection that is made later, and by the worker after an upgrade", async () => {
    const asked = { id: "c", when: "'C' in groups", team_name: "C", role_name: "editor" };
    await t.mapping({ ...MAPPING, mappings: [...MAPPING.mappings, asked] });
    await t.connect({ slug: "main", protocol: "scim", sync: "live" });
    await t.settled();
    await t.pushGroup("main", "A", [await t.pushUser("main", "ada")]);
    await t.pushGroup("main", "C");
    expect(await pinned()).to.deep.equal(["main A: A", "main C: C"]);
    const { id } = await t.connection("main");
    await t.p.store.write((await t.tenant()).id, async (tx) => {
      const names = (await tx.pinnedNames()).filter(({ connection }) => connection === id);
      await tx.writePins({ drop: names, add: [], remove: [], put: [] }, clock.now());
      await tx.wakeAt(clock.now(), "pins", "mapping");
    });
    await t.settled();
    expect(await pinned()).to.deep.equal(["main A: A", "main C: C"]);
    expect(await t.holds("ada")).to.deep.equal(["T/editor"]);
  });

  it("taking the right to make owners away and giving it back moves no pin", async () => {
    await t.connect({ slug: "main", protocol: "scim", sync: "live", mayGrantOwner: true });
    await t.mapping({ tenant_owners_groups: ["Admins"] });
    const admins = await t.pushGroup("main", "Admins", [await t.pushUser("main", "root")]);
    await rename(admins, "Former Admins");
    await t.pushGroup("main", "Admins", [await t.pushUser("main", "eve")]);
    for (const mayGrantOwner of [false, true]) {
      await updateConnection(t.p, await t.tenant(), "main", { mayGrantOwner }, ADMIN);
      await t.mapping({ tenant_owners_groups: ["Admins"], no_match: mayGrantOwner ? "allow" : "deny" });
      await t.settled();
    }
    expect(await pinned()).to.deep.equal(["main Admins: Former Admins"]);
    expect(await t.holds("eve")).to.deep.equal([]);
  });

  it("in test mode a group that takes a deleted one's name over waits for nobody, as nothing was given by it", async () => {
    await t.connect({ slug: "main", protocol: "scim", sync: "test" });
    await t.mapping(MAPPING);
    for (const _ of [1, 2]) {
      const group = await t.pushGroup("main", "O");
      await t.pushGroup("main", "O");
      await t.change("main", { kind: "deleteGroup", id: group });
    }
    expect(await pinned()).to.deep.equal(["main O: O"]);
  });

  it("a name that an admin let go is taken by nobody unseen", async () => {
    await t.connect({ slug: "main", protocol: "scim", sync: "live" });
    await t.mapping(MAPPING);
    const group = await t.pushGroup("main", "O");
    await rename(group, "Ops");
    await ordered(t, { kind: "accept", connection: "main", group });
    await t.pushGroup("main", "O", [await t.pushUser("main", "eve")]);
    await t.settled();
    expect(await t.holds("eve")).to.deep.equal([]);
    expect(await pinned()).to.deep.equal(["main O: O?"]);
  });

  describe("whatever groups are called, made and deleted,", function () {
    this.timeout(120_000);
    const asked = process.env["PROPERTY_RUNS"];
    const numRuns = Number(asked ?? 8);

    it("people hold what the pins allow, and nothing else", () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 18, size: "max" }), async (rest) => {
          const steps = [...TWO_OF_A_NAME, ...rest];
          t = await database.tenant();
          await t.connect({ slug: "main", protocol: "scim", sync: "live" });
          await t.mapping(MAPPING);
          const model = new Model();
          const ids: DirectoryGroupId[] = [];
          const users = await Promise.all(PEOPLE.map((who) => t.pushUser("main", who)));
          for (const [at, one] of steps.entries()) {
            await take(one, model, ids, users);
            for (const [who, name] of PEOPLE.entries()) {
              expect(await t.holds(name), `${name} after ${at + 1} of ${JSON.stringify(steps)}`).to.deep.equal(
                model.holds(who),
              );
            }
          }
        }),
        { numRuns, ...(asked === undefined && { seed: 7 }) },
      ));
  });

  /** Takes a step on the tenant and on the model; one about a group that is not there is passed over. */
  async function take(one: Step, model: Model, ids: DirectoryGroupId[], users: readonly unknown[]): Promise<void> {
    if (one.do === "create") {
      const { rows } = await t.change("main", {
        ...{ kind: "upsertGroup", document: scimGroup(one.name) },
        members: [users[one.at % PEOPLE.length] as never],
      });
      ids.push(rows[0]?.id as DirectoryGroupId);
      model.create(one.name, one.at % PEOPLE.length);
      return;
    }
    if (one.do === "confirm") {
      if (!model.confirm(one.name)) return;
      await ordered(t, { kind: "confirm", connection: "main", name: one.name });
      return t.settled();
    }
    const at = model.living[one.at % Math.max(1, model.living.length)];
    if (at === undefined) return;
    const id = ids[at] as DirectoryGroupId;
    if (one.do === "rename") {
      await rename(id, one.name);
      model.rename(at, one.name);
    } else if (one.do === "delete") {
      await t.change("main", { kind: "deleteGroup", id });
      model.delete(at);
    } else if (model.accept(at)) {
      await ordered(t, { kind: "accept", connection: "main", group: id });
      await t.settled();
    }
  }
});

const PEOPLE = ["p0", "p1", "p2"];
const NAMES = ["A", "O", "x-Red", "Else"];

type Step =
  | { readonly do: "create" | "rename"; readonly name: string; readonly at: number }
  | { readonly do: "delete" | "accept"; readonly at: number }
  | { readonly do: "confirm"; readonly name: string };

const at = fc.nat(11);
const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("create" as const), name, at }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("rename" as const), name, at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("accept" as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("confirm" as const), name: fc.constantFrom("A", "O") }) },
);

interface ModelGroup {
  name: string;
  readonly who: number;
  living: boolean;
}

/** One lies in wait from the beginning: few histories come to a name that is taken over otherwise. */
const TWO_OF_A_NAME: readonly Step[] = [
  { do: "create", name: "O", at: 0 },
  { do: "create", name: "O", at: 1 },
];

/** The rules of pins in their plainest form: one holder per name, one name per group, first come first served. */
class Model {
  readonly groups: ModelGroup[] = [];
  readonly holders = new Map<string, { readonly group: number; readonly waiting: boolean }>();
  readonly vacated = new Set<string>();

  get living(): readonly number[] {
    return this.groups.flatMap(({ living }, at) => (living ? [at] : []));
  }

  create(name: string, who: number): void {
    this.groups.push({ name, who, living: true });
    this.#claim(this.groups.length - 1);
  }

  rename(group: number, name: string): void {
    (this.groups[group] as ModelGroup).name = name;
    if (this.#heldBy(group) === undefined) this.#claim(group);
  }

  delete(group: number): void {
    (this.groups[group] as ModelGroup).living = false;
    this.#release(group);
  }

  accept(group: number): boolean {
    const held = this.#heldBy(group);
    if (held === undefined) return false;
    const { name } = this.groups[group] as ModelGroup;
    if (held === name) return true;
    if (isMapped(name) && !this.holders.has(name)) this.holders.set(name, { group, waiting: false });
    this.#release(group, held);
    return true;
  }

  confirm(name: string): boolean {
    const holder = this.holders.get(name);
    if (!holder?.waiting) return false;
    this.holders.set(name, { ...holder, waiting: false });
    return true;
  }

  holds(who: number): readonly string[] {
    const mine = this.living.filter((group) => this.groups[group]?.who === who);
    const labels = mine.flatMap((group) => {
      const held = this.#heldBy(group);
      if (held === "A") return ["T/editor"];
      if (held === "O") return this.holders.get("O")?.waiting ? [] : ["tenant/operator"];
      return this.groups[group]?.name === "x-Red" ? ["Red/viewer"] : [];
    });
    return [...new Set(labels)].sort();
  }

  #heldBy(group: number): string | undefined {
    return [...this.holders].find(([, holder]) => holder.group === group)?.[0];
  }

  #claim(group: number): void {
    const { name } = this.groups[group] as ModelGroup;
    if (!isMapped(name) || this.holders.has(name)) return;
    this.holders.set(name, { group, waiting: this.vacated.has(name) });
  }

  #release(group: number, name = this.#heldBy(group)): void {
    if (name === undefined) return;
    this.holders.delete(name);
    this.vacated.add(name);
    const heir = this.living.find((one) => this.groups[one]?.name === name && this.#heldBy(one) === undefined);
    if (heir !== undefined && heir !== group) this.holders.set(name, { group: heir, waiting: true });
  }
}

function isMapped(name: string): boolean {
  return name === "A" || name === "O";
}

describe("orders about pins, and the brake", () => {
  const PEOPLE_OF_GROUP = 40;

  it("a move without a review is braked; one that was reviewed is done whole, with its run in the audit", async () => {
    const t = await openTenant();
    try {
      await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
      await t.mapping({ no_match: "allow", mappings: [{ group_name: "A", team_name: "T", role_name: "editor" }] });
      const members = [];
      for (let at = 0; at < PEOPLE_OF_GROUP; at++) members.push(await t.pushUser("okta", `person${at}`));
      const first = await t.pushGroup("okta", "A", members);
      await t.change("okta", { kind: "upsertGroup", id: first, document: scimGroup("Former A") });
      const group = await t.pushGroup("okta", "B");
      await t.settled();
      const command = { kind: "move", connection: "okta", name: "A", group } as const;
      const { digest, summary } = await previewPins(t.p, await t.tenant(), command);
      expect(summary).to.include({ granted: 0, revoked: PEOPLE_OF_GROUP });
      const holders = async () => {
        const all = await Promise.all(Array.from({ length: PEOPLE_OF_GROUP }, (_, at) => t.holds(`person${at}`)));
        return all.filter((held) => held.length > 0).length;
      };
      expect(await changePins(t.p, await t.tenant(), command, undefined, ADMIN)).to.deep.equal({});
      await t.settled();
      expect(await holders()).to.equal(PEOPLE_OF_GROUP - 25);
      await changePins(t.p, await t.tenant(), { ...command, group: first }, undefined, ADMIN);
      await t.settled();
      expect(await holders()).to.equal(PEOPLE_OF_GROUP);
      const again = await previewPins(t.p, await t.tenant(), command);
      expect(again.digest, "the same people lose the same").to.equal(digest);
      const { run } = await changePins(t.p, await t.tenant(), command, digest, ADMIN);
      await t.settled();
      expect(await holders()).to.equal(0);
      const reader = t.p.store.read((await t.tenant()).id);
      expect(run && (await reader.run(run))).to.deep.include({
        trigger: "pins",
        status: "done",
        done: PEOPLE_OF_GROUP,
      });
    } finally {
      await t.close();
    }
  });

  it("without a review nobody gets a privilege by one, nor who waits for a seat and gets it with the account", async () => {
    const t = await openTenant({ seats: 1 });
    try {
      await t.connect({ slug: "okta", protocol: "scim", sync: "test", mayGrantOwner: true });
      await t.mapping({ tenant_owners_groups: ["Owners"], no_match: "allow" });
      const people = new Map<string, DirectoryUserId>();
      for (const name of ["root", "eve"]) people.set(name, await t.pushUser("okta", name));
      const live = await previewSync(t.p, await t.tenant(), "okta", { to: "live" });
      await goLive(t.p, await t.tenant(), "okta", live.digest, ADMIN);
      await t.settled();
      const [[waits, reason] = []] = Object.entries(await t.held("okta"));
      if (waits === undefined) throw new Error("nobody waits");
      expect(reason).to.equal("no_seat");
      await t.change("okta", { kind: "deleteGroup", id: await t.pushGroup("okta", "Owners") });
      await t.pushGroup("okta", "Owners", [people.get(waits) as DirectoryUserId]);
      await t.settled();
      const tenant = await t.tenant();
      const command = { kind: "confirm", connection: "okta", name: "Owners" } as const;
      const unseen = await changePins(t.p, tenant, command, undefined, ADMIN).catch((error: unknown) => error);
      expect(unseen).to.be.instanceOf(Refusal).and.include({ code: "digest_required" });
      const { digest, lines } = await previewPins(t.p, tenant, command);
      const shown = (await lines({ limit: 10 })).items.map(({ user, change, target }) => [
        user.userName,
        change,
        target,
      ]);
      expect(shown).to.deep.include([waits, "grant", { scope: "tenant", role: "owner" }]);
      await changePins(t.p, tenant, command, digest, ADMIN);
      await t.settled();
      expect(await t.holds(waits)).to.equal("nobody");
      await updateTenant(t.p, tenant, { seats: 2 }, ADMIN);
      await t.settled();
      expect(await t.holds(waits)).to.deep.equal(["tenant/owner"]);
    } finally {
      await t.close();
    }
  });

  describe("a digest is of no preview of this", () => {
    const clock = testClock();
    let t: TestTenant;
    beforeEach(async () => {
      t = await openTenant({ with: clock.into });
      await t.connect({ slug: "okta", protocol: "scim", sync: "live", mayGrantOwner: true });
    });
    afterEach(() => t.close());

    const previewed = async (command: PinCommand) => (await previewPins(t.p, await t.tenant(), command)).digest;
    const refused = async (command: PinCommand, digest: string) => {
      await t.settled();
      const problem = await changePins(t.p, await t.tenant(), command, digest, ADMIN).catch((error: unknown) => error);
      expect(problem).to.be.instanceOf(Refusal).and.include({ code: "plan_changed" });
    };

    it("where another group waits under the name by now, empty as the one that was looked at", async () => {
      await t.mapping({ tenant_owners_groups: ["Owners"], no_match: "allow" });
      const drop = (id: DirectoryGroupId) => t.change("okta", { kind: "deleteGroup", id });
      await drop(await t.pushGroup("okta", "Owners"));
      const looked = await t.pushGroup("okta", "Owners");
      const command = { kind: "confirm", connection: "okta", name: "Owners" } as const;
      const digest = await previewed(command);
      await drop(looked);
      const eve = await t.pushUser("okta", "eve");
      const next = await t.pushGroup("okta", "Owners");
      await refused(command, digest);
      await t.change("okta", { kind: "addMembers", group: next, members: [eve] });
      await t.settled();
      expect(await t.holds("eve")).to.deep.equal([]);
    });

    it("where the group that is accepted is called something else by now", async () => {
      await t.mapping({
        ...{ no_match: "allow", unknown_team: "create_any" },
        mappings: [
          { id: "staff", group_name: "Staff", team_name: "T", role_name: "editor" },
          { id: "adm", group_pattern: "Adm *", scope: "tenant", role_name: "operator" },
        ],
      });
      const group = await t.pushGroup("okta", "Staff");
      const rename = (name: string) => t.change("okta", { kind: "upsertGroup", id: group, document: scimGroup(name) });
      await rename("Staff EU");
      const command = { kind: "accept", connection: "okta", group } as const;
      const digest = await previewed(command);
      await rename("Adm all");
      await refused(command, digest);
      expect(await t.p.store.read((await t.tenant()).id).audit({ action: "group.rename_accepted", limit: 1 }))
        .to.have.property("items")
        .with.length(0);
    });
  });
});
