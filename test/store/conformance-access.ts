import { expect } from "chai";
import type { GrantId, Instant, RunId, UserId } from "../../src/model/ids.js";
import { NOTHING_SHOWN } from "../../src/model/person.js";
import { teamScope } from "../../src/model/target.js";
import type { BucketKind, NewGrant } from "../../src/provisioning/ports/access.js";
import type { TenantWriter } from "../../src/provisioning/ports/store.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  ALIVE,
  expectRefusal,
  groupDocument,
  LATER,
  MUCH_LATER,
  makeWorld,
  NO_WRITES,
  NOW,
  newGrant,
  register,
  unique,
  userDocument,
  type World,
} from "./world.js";

const EVIDENCE = [{ kind: "group", label: "Eng", source: "scim", since: NOW }] as const;

export function accessConformance(open: OpenStore): void {
  describe("the access ledger", () => {
    const store = storeForTests(open);
    const openGrants = (world: World, grants: readonly NewGrant[]) =>
      world.write((tx) => tx.applyAccess({ ...NO_WRITES, open: grants }, NOW));

    it("gives people with their open grants, a hold and a waiting mark", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      expect(await world.read.people([user, "nobody" as UserId])).to.deep.equal([
        {
          ...{ id: user, userName: "ann", email: "ann@acme.test", ...NOTHING_SHOWN, status: "pending" },
          ...{ everRegistered: false, factsVersion: 0, reconciledVersion: 0, dirty: false, seat: false, grants: [] },
        },
      ]);
      expect(await world.read.people([])).to.deep.equal([]);
      const run = await world.write(async (tx) => {
        const id = await tx.insertRun(
          { trigger: "held", status: "held", connection: world.connection.id, total: 0 },
          NOW,
        );
        await tx.hold(id, [{ user, factsVersion: 1, reason: "no_seat", detail: "d" }], NOW);
        await tx.markDirty([user], "facts", NOW);
        return id;
      });
      const [person] = await world.read.people([user]);
      expect(person?.hold).to.deep.equal({ run, status: "held", reason: "no_seat", factsVersion: 1, losses: [] });
      expect(person).to.include({ dirty: true, factsVersion: 1 });
    });

    it("takes people as reconciled with the next version only while nothing about them moved", async () => {
      const world = await makeWorld(store());
      const [ann, bob, cy, dee] = await Promise.all(["ann", "bob", "cy", "dee"].map((name) => world.push(name)));
      const users = [ann, bob, cy, dee].map((one) => one?.user as UserId);
      await register(world, users.slice(0, 3));
      const settled = (factsVersion: number, version: number, ids = users) =>
        world.write((tx) =>
          tx.settleUnmoved(
            ids.map((user) => ({ user, factsVersion })),
            version,
          ),
        );
      await world.write((tx) => tx.markDirty([users[1] as UserId], "facts", NOW));
      expect(await settled(0, 1), "bob has a mark, dee was never registered").to.equal(2);
      const versions = async () => (await world.read.people(users)).map((one) => one.reconciledVersion);
      expect(await versions()).to.have.members([1, 0, 1, 0]);
      expect([await settled(0, 1), await settled(0, 3), await settled(7, 2), await settled(0, 2, [])]).to.deep.equal([
        0, 0, 0, 0,
      ]);
      expect(await settled(1, 1), "a mark waits, whatever its facts").to.equal(0);
      expect(await settled(0, 2)).to.equal(2);
    });

    it("opens, refreshes and closes grants, and keeps closed ones as history", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const teams = await world.write((tx) => tx.ensureTeams(["Platform"], NOW));
      const team = teams.get("Platform");
      if (team === undefined) throw new Error("no team");
      const inTeam = newGrant(user, {
        target: { scope: teamScope("Platform"), role: "editor" },
        ...{ team, connection: world.connection.id, rule: "r1", mappingVersion: 3, evidence: EVIDENCE },
      });
      const manual = newGrant(user, {
        target: { scope: "resource:workspace:w 1", role: "viewer" },
        ...{ origin: "manual", evidence: [], by: "op", reason: "because", expiresAt: MUCH_LATER, rule: "x" },
      });
      await openGrants(world, [inTeam, manual]);
      const [person] = await world.read.people([user]);
      const { user: _user, team: _team, ...expected } = inTeam;
      expect(person?.grants.find((grant) => grant.id === inTeam.id)).to.deep.equal({ ...expected, since: NOW });
      const { user: _other, ...second } = manual;
      expect(person?.grants.find((grant) => grant.id === manual.id)).to.deep.equal({ ...second, since: NOW });
      const fresh = [{ kind: "everyone", label: "" }] as const;
      const refresh = [
        { id: inTeam.id, evidence: fresh, mappingVersion: 4 },
        { id: manual.id, evidence: fresh },
      ];
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, refresh }, LATER));
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, close: [{ id: inTeam.id, reason: "left" }] }, LATER));
      const history = await world.read.grantHistory(user);
      const closed = history.find((grant) => grant.id === inTeam.id);
      expect(closed).to.deep.include({
        evidence: fresh,
        mappingVersion: 4,
        endedAt: LATER,
        endReason: "left",
        since: NOW,
      });
      expect((await world.read.people([user]))[0]?.grants.map((grant) => grant.id)).to.deep.equal([manual.id]);
      const openAt = async (at: Instant) => (await world.read.grantHistory(user, at)).map(({ id }) => id).sort();
      expect(await openAt(NOW)).to.deep.equal(history.map(({ id }) => id).sort());
      expect(await openAt(LATER)).to.deep.equal([manual.id]);
      expect(await openAt("2020-01-01T00:00:00.000Z")).to.deep.equal([]);
    });

    it("keeps what an open grant was given by, with its time, when other facts take its place", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const grant = newGrant(user, { evidence: EVIDENCE });
      await openGrants(world, [grant]);
      const evidence = (label: string) => [{ kind: "group", label, source: "scim" }] as const;
      const refresh = (label: string, now: Instant, replaces: boolean) =>
        world.write((tx) =>
          tx.applyAccess({ ...NO_WRITES, refresh: [{ id: grant.id, evidence: evidence(label), replaces }] }, now),
        );
      await refresh("same", NOW, true);
      await refresh("second", LATER, true);
      await refresh("too short", LATER, true);
      await refresh("moved", MUCH_LATER, false);
      const at = async (instant: Instant) => (await world.read.evidenceAt([grant.id], instant)).get(grant.id);
      expect(await at(NOW)).to.deep.equal({ evidence: evidence("same"), from: NOW });
      for (const instant of [LATER, MUCH_LATER])
        expect(await at(instant)).to.deep.equal({ evidence: evidence("moved"), from: LATER });
      expect(await world.read.evidenceAt([], NOW)).to.deep.equal(new Map());
    });

    it("forgets the oldest evidence of a grant that had very many, and of no other", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const [restless, quiet] = [newGrant(user, { evidence: EVIDENCE }), newGrant(user, { rule: "r2" })];
      await openGrants(world, [restless, quiet]);
      const from = Date.parse(NOW);
      const day = (index: number): Instant => new Date(from + index * 86_400_000).toISOString();
      const labelled = (index: number) => [{ kind: "group", label: `g${index}`, source: "scim" }] as const;
      await world.write(async (tx) => {
        for (let index = 1; index <= 403; index++) {
          const ids = index === 1 ? [restless.id, quiet.id] : [restless.id];
          const refresh = ids.map((id) => ({ id, evidence: labelled(index), replaces: true }));
          await tx.applyAccess({ ...NO_WRITES, refresh }, day(index));
        }
      });
      const at = async (index: number) =>
        (await world.read.evidenceAt([restless.id, quiet.id], day(index))).get(restless.id);
      const known = await Promise.all([1, 2, 3, 4, 402, 403].map(at));
      expect(known).to.deep.equal(
        [3, 3, 3, 4, 402, 403].map((index) => ({ evidence: labelled(index), from: day(index) })),
      );
      expect((await world.read.evidenceAt([quiet.id], NOW)).get(quiet.id)?.from).to.equal(NOW);
    });

    it("holds one open grant per key, and opens it anew after it was closed, also in one call", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const [first, second] = [newGrant(user), newGrant(user)];
      await openGrants(world, [first]);
      const twice = await openGrants(world, [second]).then(
        () => "written",
        () => "refused",
      );
      expect(twice).to.equal("refused");
      await openGrants(world, [newGrant(user, { rule: "r2" }), newGrant(user, { connection: world.connection.id })]);
      const close = [{ id: first.id, reason: "x" }];
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, open: [second], close }, LATER));
      expect((await world.read.people([user]))[0]?.grants.map((grant) => grant.id)).to.include(second.id);
    });

    it("shows a team's present name in every scope, and resolves its aliases", async () => {
      const world = await makeWorld(store());
      const made = await world.write((tx) => tx.ensureTeams(["B", "A", "B"], NOW));
      expect([...made.keys()].sort()).to.deep.equal(["A", "B"]);
      const again = await world.write((tx) => tx.ensureTeams(["A", "C"], LATER));
      expect(again.get("A")).to.equal(made.get("A"));
      expect((await world.read.teams()).map(({ name, aliases }) => ({ name, aliases }))).to.deep.equal([
        { name: "A", aliases: [] },
        { name: "B", aliases: [] },
        { name: "C", aliases: [] },
      ]);
      expect(await world.write((tx) => tx.ensureTeams([], NOW))).to.have.property("size", 0);
      expect(await world.read.privilegedRoles()).to.have.property("size", 0);
    });

    it("says what people are judged by as its parts say it, anew after each change and of its tenant alone", async () => {
      const [world, other] = [await makeWorld(store()), await makeWorld(store())];
      const apart = async () => ({
        activeVersion: (await world.read.tenantNow()).activeVersion,
        connections: await world.read.connections(),
        teams: await world.read.teams(),
        openRuns: await world.read.openRuns(),
      });
      const before = await world.read.standing();
      expect(before).to.deep.equal(await apart());
      expect(await world.read.standing(), "kept while nothing changes").to.equal(before);
      const ofOther = await other.read.standing();
      const run = { trigger: "go_live", status: "queued", connection: world.connection.id, total: 3 } as const;
      const changes: readonly ((tx: TenantWriter) => Promise<unknown>)[] = [
        (tx) => tx.ensureTeams(["B", "A"], NOW),
        (tx) => tx.insertRun(run, NOW),
        (tx) =>
          tx.updateConnection(
            world.connection.id,
            { sync: "test", oidc: { issuer: "https://é.example", clientId: "c", scopes: ["x"] } },
            NOW,
          ),
      ];
      for (const change of changes) {
        const last = await world.read.standing();
        await world.write(change);
        expect(await world.read.standing()).to.deep.equal(await apart());
        expect(await world.read.standing()).not.to.deep.equal(last);
      }
      expect(await other.read.standing()).to.equal(ofOther);
    });

    it("moves people in and out: status, profile, epoch and sessions in one call", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      await register(world, [user]);
      const hash = unique("session");
      const session = { hash, user, connection: world.connection.id, subject: "s", epoch: 0, expiresAt: MUCH_LATER };
      expect(await world.write((tx) => tx.insertSession(session, NOW))).to.equal(undefined);
      expect(await world.store.instance.sessionByHash(hash)).to.include({ userId: user });
      const shown = { displayName: "Ann", givenName: "Änne", familyName: "Lee", photo: "https://img.acme.test/ann" };
      const profiles = [{ user, userName: "Ann2", email: null, ...shown }];
      const statuses = [{ user, to: "deactivated", by: "no_match" }] as const;
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, statuses, profiles }, LATER));
      const [person] = await world.read.people([user]);
      expect(person).to.include({ userName: "Ann2", email: null, ...shown, status: "deactivated" });
      expect(await world.read.user(user)).to.include({ userName: "Ann2", email: null, ...shown });
      for (const q of ["änne", "LEE"]) {
        expect((await world.read.users({ q, limit: 10 })).items.map(({ id }) => id)).to.deep.equal([user]);
      }
      await world.write((tx) =>
        tx.applyAccess({ ...NO_WRITES, profiles: [{ user, userName: "Ann2", email: null, ...NOTHING_SHOWN }] }, LATER),
      );
      expect(await world.read.user(user)).to.include({ userName: "Ann2", ...NOTHING_SHOWN });
      expect(person).to.include({ deactivatedBy: "no_match", everRegistered: true });
      expect(await world.store.instance.sessionByHash(hash)).to.equal(undefined);
      expect((await world.read.sessions({ ...ALIVE, user })).items).to.deep.equal([]);
      expect(await world.write((tx) => tx.insertSession({ ...session, hash: unique("s") }, LATER))).to.equal("account");
      await register(world, [user]);
      const [back] = await world.read.people([user]);
      expect(back).to.include({ status: "registered" }).and.not.have.property("deactivatedBy");
      expect(await world.store.instance.sessionByHash(hash), "a session never comes back").to.equal(undefined);
    });

    it("gives links with documents, memberships and deleted rows", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const attributes = { ...userDocument("ann").attributes, department: "sales", active: false };
      const roles = [{ type: "workspace_a", value: "ü" }];
      const ann = await world.push("ann", { attributes, appRoles: ["r"], active: false, externalId: "x", roles });
      const bob = await world.push("bob");
      const eng = await world.group("Eng", [ann.row]);
      const ops = await world.group("Ops", [ann.row]);
      const claims = { attributes: {}, claims: {}, at: LATER };
      await write((tx) => tx.updateClaims(ann.row, claims, "s", LATER));
      await write((tx) => tx.deleteUserRow(connection.id, bob.row, NOW));
      const links = await read.links([ann.user, bob.user]);
      const scim = { active: false, attributes, appRoles: ["r"], roles, createdAt: NOW };
      expect(links.map((link) => link.user)).to.deep.equal([ann.user, bob.user]);
      const [first, second] = links;
      expect({ ...first, memberships: [] }).to.deep.equal({
        ...{ user: ann.user, directoryUser: ann.row, connection: connection.id, deleted: false, scim, claims },
        linkedAt: NOW,
        memberships: [],
      });
      expect(first?.memberships).to.have.deep.members([
        { group: eng, since: NOW },
        { group: ops, since: NOW },
      ]);
      expect(second).to.deep.include({ directoryUser: bob.row, deleted: true, memberships: [] });
      expect(await read.links([])).to.deep.equal([]);
    });

    it("gives role assignments of people and of their groups, and forgets those that a document leaves out", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const roles = [{ type: "t", value: "v" }];
      const ann = await world.push("ann", { roles });
      const group = await world.group("Eng", [ann.row]);
      const rolesNow = async () => {
        const [link] = await read.links([ann.user]);
        const [record] = await read.directoryGroups(connection.id);
        return [link?.scim?.roles, record?.roles];
      };
      expect(await rolesNow()).to.deep.equal([roles, undefined]);
      const carrying = { ...groupDocument("Eng"), roles };
      const before = await read.groupsVersion(connection.id);
      await write((tx) => tx.updateGroup(connection.id, group, carrying, undefined, LATER));
      await write((tx) => tx.updateScim(connection.id, ann.row, userDocument("ann"), undefined, LATER));
      expect(await rolesNow()).to.deep.equal([undefined, roles]);
      expect(await read.groupsVersion(connection.id), "what is remembered of groups is read again").to.be.above(before);
      expect((await read.directoryGroups(connection.id)).map((one) => one.roles)).to.deep.equal([roles]);
    });

    it("walks the population in id order, as a whole or of one connection", async () => {
      const world = await makeWorld(store());
      const users: UserId[] = [];
      for (const name of ["a", "b", "c"]) users.push((await world.push(name)).user);
      const lone = await world.write((tx) => tx.insertPendingUser({ userName: "lone" }, NOW));
      const { connection, read } = world;
      expect(await read.peopleIds({ limit: 10 })).to.deep.equal([...users, lone]);
      const [first, second] = users;
      expect(await read.peopleIds({ limit: 1, after: first as UserId })).to.deep.equal([second]);
      expect(await read.peopleIds({ limit: 10, connection: connection.id })).to.deep.equal(users);
      expect([await read.countPeople(), await read.countPeople(connection.id)]).to.deep.equal([4, 3]);
    });

    it("lists users as an admin looks for them, never pending ones", async () => {
      const world = await makeWorld(store());
      const [ann, bob, cid] = [
        await world.push("Ann", { externalId: "00u1" }),
        await world.push("bob_%", { active: false }),
        await world.push("cid"),
      ];
      await world.push("pending");
      await register(world, [ann.user, bob.user, cid.user]);
      const statuses = [{ user: cid.user, to: "deactivated", by: "scim" }] as const;
      await world.write((tx) => tx.applyAccess({ ...NO_WRITES, statuses }, NOW));
      const team = (await world.write((tx) => tx.ensureTeams(["Eng"], NOW))).get("Eng");
      if (team === undefined) throw new Error("no team");
      const target = { scope: teamScope("Eng"), role: "editor" };
      await openGrants(world, [
        newGrant(ann.user, { target, team }),
        newGrant(ann.user, { target, team, rule: "r2" }),
        newGrant(bob.user, { target: { scope: "tenant", role: "owner" } }),
      ]);
      const found = async (query: object) =>
        (await world.read.users({ limit: 10, ...query })).items.map((item) => item.userName).join(" ");
      expect(await found({})).to.equal("Ann bob_% cid");
      expect(await found({ userName: "aNN" })).to.equal("Ann");
      expect(await found({ email: "CID@acme.test" })).to.equal("cid");
      expect(await found({ externalId: "00u1" })).to.equal("Ann");
      expect(await found({ status: "deactivated" })).to.equal("cid");
      expect(await found({ q: "B_%" })).to.equal("bob_%");
      expect(await found({ q: "_" }), "no wildcard").to.equal("bob_%");
      expect(await found({ team: "Eng" })).to.equal("Ann");
      expect(await found({ role: "owner" })).to.equal("bob_%");
      expect(await found({ team: "Eng", role: "owner" })).to.equal("");
      const page = await world.read.users({ limit: 2 });
      expect(page.items.map((item) => [item.userName, item.synced])).to.deep.equal([
        ["Ann", true],
        ["bob_%", false],
      ]);
      expect(await found({ after: page.next })).to.equal("cid");
      expect(page.items[0]).to.deep.include({ assignments: [target], email: "Ann@acme.test", createdAt: NOW });
      expect(await world.read.user(ann.user)).to.deep.equal(page.items[0]);
      const pending = (await world.push("later")).user;
      expect(await world.read.user(pending)).to.equal(undefined);
    });

    it("lists of people who hold very much the first of it, with how much is left; reading one tells all", async () => {
      const world = await makeWorld(store());
      const [ann, bob] = [await world.push("ann"), await world.push("bob")];
      for (const { user } of [ann, bob]) {
        await world.write((tx) => tx.applyAccess({ ...NO_WRITES, statuses: [{ user, to: "registered" }] }, NOW));
      }
      const roles = Array.from({ length: 203 }, (_, index) => `r${String(index).padStart(3, "0")}`);
      await openGrants(world, [
        ...roles.map((role) => newGrant(ann.user, { target: { scope: "all_teams", role } })),
        newGrant(ann.user, { target: { scope: "all_teams", role: "r000" }, rule: "again" }),
        newGrant(bob.user),
      ]);
      const { items } = await world.read.users({ limit: 10 });
      expect(items.map((one) => [one.assignments.length, one.assignmentsLeftOut])).to.deep.equal([
        [200, 3],
        [1, 0],
      ]);
      expect(items[0]?.assignments.map(({ role }) => role)).to.deep.equal(roles.slice(0, 200));
      const whole = await world.read.user(ann.user);
      expect([whole?.assignments.length, whole?.assignmentsLeftOut]).to.deep.equal([203, 0]);
    });

    it("says who held what at an instant, page by page", async () => {
      const world = await makeWorld(store());
      const [ann, bob] = [await world.push("ann"), await world.push("bob")];
      const closed = newGrant(ann.user);
      await openGrants(world, [closed, newGrant(ann.user, { rule: "r2" }), newGrant(bob.user)]);
      await world.write((tx) => tx.closeGrant(closed.id, "x", LATER));
      const at = async (instant?: string) => {
        const query = { limit: 10, ...(instant === undefined ? {} : { at: instant }) };
        return (await world.read.assignments(query)).items.map((item) => [item.user.userName, item.rule, item.endedAt]);
      };
      expect(await at()).to.deep.equal([
        ["ann", "r2", undefined],
        ["bob", "r1", undefined],
      ]);
      expect(await at("2026-03-01T08:30:00.000Z")).to.have.length(3);
      expect(await at("2026-02-01T08:00:00.000Z")).to.have.length(0);
      expect(await at(LATER), "ended at that very instant").to.have.length(2);
      const first = await world.read.assignments({ limit: 1 });
      const second = await world.read.assignments({ limit: 1, after: first.next ?? "" });
      expect(second.items[0]?.user.userName).to.equal("bob");
      expect(second.next).to.equal(undefined);
    });

    it("closes a single grant once, and says what it was", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const grant = newGrant(user, { origin: "manual" });
      await openGrants(world, [grant]);
      const closed = await world.write((tx) => tx.closeGrant(grant.id, "x", LATER));
      expect(closed).to.deep.equal({ user, target: grant.target, origin: "manual" });
      expect(await world.write((tx) => tx.closeGrant(grant.id, "x", LATER))).to.equal(undefined);
      expect(await world.write((tx) => tx.closeGrant("none" as GrantId, "x", LATER))).to.equal(undefined);
    });

    it("turns a connection's rule grants into manual ones, one per target", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const by = { connection: world.connection.id };
      const editor = { scope: "all_teams", role: "editor" };
      await openGrants(world, [
        newGrant(user, by),
        newGrant(user, { ...by, rule: "r2" }),
        newGrant(user, { ...by, target: editor }),
        newGrant(user, { origin: "manual", target: editor }),
        newGrant(user, { rule: "elsewhere", target: { scope: "tenant", role: "viewer" } }),
      ]);
      const said = { by: "op", reason: "off", endReason: "converted" };
      const closed = await world.write((tx) => tx.convertGrants(world.connection.id, said, LATER));
      expect(closed).to.have.deep.members([
        { user, target: { scope: "tenant", role: "admin" }, origin: "rule" },
        { user, target: editor, origin: "rule" },
      ]);
      const [person] = await world.read.people([user]);
      const held = person?.grants.map(({ target, origin }) => `${target.scope}/${target.role} ${origin}`).sort();
      expect(held).to.deep.equal(["all_teams/editor manual", "tenant/admin manual", "tenant/viewer rule"]);
      const admin = person?.grants.find((grant) => grant.target.role === "admin");
      expect(admin).to.include({ by: "op", reason: "off", since: LATER }).and.not.have.any.keys("connection", "rule");
    });

    it("leaves the past of converted grants as it was, in teams and in numbers of any size", async () => {
      const world = await makeWorld(store());
      const { user } = await world.push("ann");
      const teams = await world.write((tx) => tx.ensureTeams(["Platform"], NOW));
      const platform = {
        target: { scope: teamScope("Platform"), role: "editor" },
        team: teams.get("Platform") as never,
      };
      const many = Array.from({ length: 5200 }, (_, at) =>
        newGrant(user, {
          ...{ connection: world.connection.id, rule: "eng", evidence: EVIDENCE },
          ...(at === 0 ? platform : { target: { scope: "tenant", role: `r${at}` } }),
        }),
      );
      await openGrants(world, many);
      const said = { by: "op", reason: "off", endReason: "converted" };
      expect(await world.write((tx) => tx.convertGrants(world.connection.id, said, LATER))).to.deep.equal([]);
      const [person] = await world.read.people([user]);
      expect(person?.grants).to.have.length(5200);
      expect(person?.grants.every(({ origin, since }) => origin === "manual" && since === LATER)).to.equal(true);
      expect(person?.grants.map(({ target }) => target)).to.deep.include(platform.target);
      const past = await world.read.grantHistory(user, NOW);
      expect(past).to.have.length(5200);
      for (const one of past) {
        expect(one).to.include({ origin: "rule", rule: "eng", connection: world.connection.id, since: NOW });
        expect(one).to.include({ endedAt: LATER, endReason: "converted" });
        expect(one.evidence).to.deep.equal(EVIDENCE);
      }
      expect((await world.read.lastGiven(["eng"], MUCH_LATER)).get("eng")).to.equal(LATER);
      expect(await world.write((tx) => tx.convertGrants(world.connection.id, said, MUCH_LATER))).to.deep.equal([]);
    });

    it("knows and counts owners: registered people with an open owner grant", async () => {
      const world = await makeWorld(store());
      const [ann, bob, cid] = [await world.push("ann"), await world.push("bob"), await world.push("cid")];
      await register(world, [ann.user, bob.user]);
      const target = { scope: "tenant", role: "owner" };
      await openGrants(world, [
        newGrant(ann.user, { target }),
        newGrant(ann.user, { target, rule: "r2" }),
        newGrant(bob.user, { target: { scope: "all_teams", role: "owner" } }),
        newGrant(cid.user, { target }),
      ]);
      expect(await world.read.otherOwners([])).to.equal(1);
      expect(await world.read.otherOwners([bob.user, cid.user])).to.equal(1);
      expect(await world.read.otherOwners([ann.user])).to.equal(0);
      expect(await world.read.ownerIds()).to.deep.equal([ann.user]);
    });

    it("gives seats in order while there are some, once per person, and takes them back", async () => {
      const world = await makeWorld(store(), 2);
      const users: UserId[] = [];
      for (const name of ["a", "b", "c"]) users.push((await world.push(name)).user);
      const [a, b, c] = users as [UserId, UserId, UserId];
      const used = async () => (await world.read.tenantNow()).seatsUsed;
      expect(await world.write((tx) => tx.seatPeople([c]))).to.deep.equal([]);
      expect(await world.write((tx) => tx.seatPeople([a, c, b]))).to.deep.equal([b]);
      expect(await used()).to.equal(2);
      expect((await world.read.people(users)).map((person) => person.seat)).to.deep.equal([true, false, true]);
      await world.write((tx) => tx.unseatPeople([c, b], NOW));
      expect(await used()).to.equal(1);
      expect(await world.write((tx) => tx.seatPeople([b]))).to.deep.equal([]);
      await world.store.instance.updateTenant(world.tenant.id, { seats: 1 }, NOW);
      expect(await world.write((tx) => tx.seatPeople([c])), "more used than there are").to.deep.equal([c]);
      await world.store.instance.updateTenant(world.tenant.id, { seats: null }, NOW);
      expect(await world.write((tx) => tx.seatPeople([c]))).to.deep.equal([]);
      expect(await used()).to.equal(3);
    });

    it("gives seats to all of several people, or to none of them", async () => {
      const world = await makeWorld(store(), 2);
      const users: UserId[] = [];
      for (const name of ["a", "b", "c"]) users.push((await world.push(name)).user);
      const [a, b, c] = users as [UserId, UserId, UserId];
      const seated = async () => (await world.read.people(users)).map((person) => person.seat);
      const used = async () => (await world.read.tenantNow()).seatsUsed;
      const seatAll = (ids: readonly UserId[]) => world.write((tx) => tx.seatAll(ids));
      await seatAll([a]);
      await expectRefusal(seatAll([a, b, c]), "no_seat");
      expect([await seated(), await used()]).to.deep.equal([[true, false, false], 1]);
      await seatAll([a, b]);
      expect([await seated(), await used()]).to.deep.equal([[true, true, false], 2]);
      await world.store.instance.updateTenant(world.tenant.id, { seats: 1 }, NOW);
      await seatAll([a, b]);
      await world.store.instance.updateTenant(world.tenant.id, { seats: null }, NOW);
      await seatAll([b, c]);
      expect([await seated(), await used()]).to.deep.equal([[true, true, true], 3]);
    });

    it("remembers the brake's buckets and announced changes", async () => {
      const world = await makeWorld(store());
      const { read, write } = world;
      const { id } = world.connection;
      const seen = async (kind: BucketKind) => {
        const { bucket, expectation } = await read.brakeState(id, kind);
        return { bucket, expectation };
      };
      expect(await seen("access")).to.deep.equal({ bucket: undefined, expectation: undefined });
      await write((tx) => tx.putBucket(id, "access", { tokens: 24.5, updatedAt: NOW }));
      await write((tx) => tx.putBucket(id, "access", { tokens: 0.25, updatedAt: LATER }));
      const bucket = { tokens: 0.25, updatedAt: LATER };
      expect(await seen("access")).to.deep.equal({ bucket, expectation: undefined });
      expect(await seen("deactivations")).to.deep.equal({ bucket: undefined, expectation: undefined });
      await write((tx) => tx.putExpectation(id, 5, LATER));
      await write((tx) => tx.useExpectation(id, 3));
      expect(await seen("access")).to.deep.equal({ bucket, expectation: { left: 2, until: LATER } });
      await write((tx) => tx.useExpectation(id, 3));
      expect(await seen("access")).to.deep.equal({ bucket, expectation: { left: 0, until: LATER } });
    });

    it("holds people in the order they came, in one run each, until dissolved or discarded", async () => {
      const world = await makeWorld(store());
      const { read, write, connection } = world;
      const users: UserId[] = [];
      for (const name of ["a", "b", "c"]) users.push((await world.push(name)).user);
      const [a, b, c] = users as [UserId, UserId, UserId];
      const insert = (): Promise<RunId> =>
        write((tx) => tx.insertRun({ trigger: "held", status: "held", connection: connection.id, total: 0 }, NOW));
      const run = await insert();
      const person = (user: UserId, factsVersion = 1) => ({
        user,
        factsVersion,
        reason: "brake_access" as const,
        detail: "d",
      });
      const held = async (id: RunId) =>
        (await read.heldPeople(id, { afterSeq: 0, limit: 10 })).map((each) => [each.userName, each.seq]);
      await write((tx) => tx.hold(run, [person(b), person(a)], NOW));
      await write((tx) => tx.hold(run, [person(c), person(a, 2)], LATER));
      const [[, first], [, second], [, third]] = (await held(run)) as [
        [string, number],
        [string, number],
        [string, number],
      ];
      expect(
        (await held(run)).map(([name]) => name),
        "who waits keeps the place",
      ).to.deep.equal(["b", "a", "c"]);
      expect([first < second, second < third]).to.deep.equal([true, true]);
      expect(await read.heldPeople(run, { afterSeq: second, limit: 10 })).to.deep.equal([
        { user: c, userName: "c", reason: "brake_access", detail: "d", heldAt: LATER, seq: third },
      ]);
      expect((await read.brakeState(connection.id, "access")).held).to.equal(3);
      expect((await read.people([a]))[0]?.hold?.factsVersion).to.equal(2);
      await write((tx) => tx.dissolveHolds([b]));
      expect(await write((tx) => tx.discardHolds(run))).to.equal(2);
      expect(await held(run)).to.deep.equal([]);
      expect((await read.people([a]))[0]?.hold).to.include({ status: "discarded" });
      await write((tx) => tx.updateRun(run, { status: "discarded" }, LATER));
      expect((await read.brakeState(connection.id, "access")).held).to.equal(0);
      const next = await insert();
      await write((tx) => tx.hold(next, [person(a)], LATER));
      expect(await held(next)).to.deep.equal([["a", 1]]);
      expect((await read.people([a]))[0]?.hold).to.include({ run: next, status: "held" });
    });

    it("moves who waits in a run to another, in their order behind those who wait there", async () => {
      const world = await makeWorld(store());
      const { read, write, connection } = world;
      const users: UserId[] = [];
      for (const name of ["a", "b", "c", "d", "e"]) users.push((await world.push(name)).user);
      const [a, b, c, d, e] = users as [UserId, UserId, UserId, UserId, UserId];
      const other = await world.push("other");
      const insert = (status: "held" | "queued") =>
        write((tx) => tx.insertRun({ trigger: "held", status, connection: connection.id, total: 0 }, NOW));
      const because = { factsVersion: 1, reason: "brake_access", detail: "d", losses: ["x"] } as const;
      const person = (user: UserId) => ({ user, ...because });
      const [from, to] = [await insert("queued"), await insert("held")];
      await write((tx) => tx.hold(to, [person(a)], NOW));
      await write((tx) => tx.hold(from, [person(d), person(b), person(c)], NOW));
      await write((tx) => tx.hold(from, [person(e)], NOW));
      expect([await read.heldIn(from, []), await read.heldIn(from, [c, other.user])]).to.deep.equal([4, 3]);
      expect(await read.heldReasons([from, to])).to.deep.equal([
        { run: from, reason: "brake_access", people: 4 },
        { run: to, reason: "brake_access", people: 1 },
      ]);
      expect(await read.heldReasons([])).to.deep.equal([]);
      expect(await write((tx) => tx.moveHolds(from, to, [c]))).to.equal(3);
      await write((tx) => tx.hold(to, [person(other.user)], NOW));
      const held = async (id: RunId) =>
        (await read.heldPeople(id, { afterSeq: 0, limit: 10 })).map(({ userName }) => userName);
      expect([await held(from), await held(to)]).to.deep.equal([["c"], ["a", "d", "b", "e", "other"]]);
      expect((await read.people([d]))[0]?.hold).to.deep.include({ run: to, losses: ["x"] });
    });
  });
}
