import { expect } from "chai";
import type { NewKeptRequest, NewSighting } from "../../src/provisioning/ports/requests.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import {
  expectRefusal,
  LATER,
  LONGEST,
  MUCH_LATER,
  makeWorld,
  NOW,
  SCIM_CONNECTION,
  unique,
  type World,
} from "./world.js";

function requestTo({ connection, store }: World, more: Partial<NewKeptRequest> = {}): NewKeptRequest {
  return {
    ...{
      id: store.newId(),
      connection: connection.id,
      at: NOW,
      method: "GET",
      status: 200,
      quirks: [],
      client: "okta",
    },
    ...{ requestId: "r", expiresAt: MUCH_LATER, detail: { path: "/Users" } },
    ...more,
  };
}

export function requestConformance(open: OpenStore): void {
  describe("SCIM requests", () => {
    const store = storeForTests(open);

    it("are given back as they were kept, latest first, page by page and by each filter", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const full = requestTo(world, {
        ...{ method: "PATCH", status: 409, quirks: ["dotted_key", "lone_value"], client: "entra", requestId: "r2" },
        ...{ resource: "01X", token: "t", detail: { path: "/Users", body: { a: [1, null, 'x"y'] } } },
      });
      const bare = requestTo(world);
      await write((tx) => tx.keepRequests([full, bare]));
      await write((tx) => tx.keepRequests([]));
      const kept = ({ expiresAt: _expiresAt, ...rest }: NewKeptRequest) => ({ ...rest, alike: 0 });
      const all = await read.keptRequests(connection.id, { limit: 10 });
      expect(all.items).to.deep.equal([kept(bare), kept(full)]);
      expect(await read.keptRequest(connection.id, full.id)).to.deep.equal(kept(full));
      const first = await read.keptRequests(connection.id, { limit: 1 });
      const after = first.next === undefined ? {} : { after: first.next };
      const second = await read.keptRequests(connection.id, { limit: 1, ...after });
      expect([first.items, second.items, second.next]).to.deep.equal([[kept(bare)], [kept(full)], undefined]);
      const finds = {
        status: 409,
        method: "PATCH",
        failed: true,
        quirk: "lone_value",
        client: "entra",
        resource: "01X",
      };
      for (const [name, value] of Object.entries({ ...finds, requestId: "r2" })) {
        const found = await read.keptRequests(connection.id, { limit: 10, [name]: value });
        expect(found.items, name).to.deep.equal([kept(full)]);
      }
      const answered = await read.keptRequests(connection.id, { limit: 10, failed: false });
      expect(answered.items).to.deep.equal([kept(bare)]);
      expect((await read.keptRequests(connection.id, { limit: 10, quirk: "lone" })).items).to.deep.equal([]);
    });

    it("have failed where a bulk request did only in part, whatever it was answered", async () => {
      const world = await makeWorld(store());
      const { connection, read, write } = world;
      const partly = requestTo(world, { method: "POST", detail: { path: "/Bulk", failedOperations: 2 } });
      const whole = requestTo(world, { method: "POST", detail: { path: "/Bulk" } });
      const refused = requestTo(world, { method: "POST", status: 400 });
      await write((tx) => tx.keepRequests([partly, whole, refused]));
      const found = async (failed: boolean) =>
        (await read.keptRequests(connection.id, { limit: 10, failed })).items.map(({ id }) => id);
      expect([await found(true), await found(false)]).to.deep.equal([[refused.id, partly.id], [whole.id]]);
    });

    it("say how many more like them came", async () => {
      const world = await makeWorld(store());
      const one = requestTo(world);
      await world.write((tx) => tx.keepRequests([one]));
      await world.write((tx) => tx.addRepeats([{ id: one.id, count: 2, until: NOW }]));
      await world.write((tx) => tx.addRepeats([{ id: one.id, count: 3, until: LATER }]));
      await world.write((tx) => tx.addRepeats([]));
      const kept = await world.read.keptRequest(world.connection.id, one.id);
      expect(kept).to.deep.include({ alike: 5, alikeUntil: LATER });
    });

    it("of which the oldest go once a connection has too many", async () => {
      const world = await makeWorld(store());
      const other = await world.write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug: "other" }, NOW));
      const requests = Array.from({ length: 6 }, () => requestTo(world));
      await world.write((tx) => tx.keepRequests([...requests, requestTo(world, { connection: other.id })]));
      const trim = (limit: number) => world.write((tx) => tx.trimRequests(world.connection.id, 3, limit));
      expect(await trim(2)).to.equal(2);
      expect(await trim(10)).to.equal(1);
      expect(await trim(10)).to.equal(0);
      const left = await world.read.keptRequests(world.connection.id, { limit: 10 });
      expect(left.items.map(({ id }) => id)).to.deep.equal(
        requests
          .slice(3)
          .map(({ id }) => id)
          .reverse(),
      );
      expect((await world.read.keptRequests(other.id, { limit: 10 })).items).to.have.length(1);
    });

    it("are counted by what was seen of them, whoever adds to it", async () => {
      const world = await makeWorld(store());
      const seen = (name: string, count: number, at: string): NewSighting => ({
        ...{
          connection: world.connection.id,
          kind: "quirk",
          name,
          count,
          firstAt: at,
          lastAt: at,
          expiresAt: MUCH_LATER,
        },
      });
      await world.write((tx) => tx.addSightings([seen("b", 1, NOW), seen("a", 2, NOW)]));
      await world.write((tx) => tx.addSightings([seen("a", 3, LATER)]));
      await world.write((tx) => tx.addSightings([]));
      expect(await world.read.sightings(world.connection.id)).to.deep.equal([
        { kind: "quirk", name: "a", count: 5, firstAt: NOW, lastAt: LATER },
        { kind: "quirk", name: "b", count: 1, firstAt: NOW, lastAt: NOW },
      ]);
    });

    it("are forgotten when their time is over, with what was counted", async () => {
      const world = await makeWorld(store());
      const [old, young] = [requestTo(world, { expiresAt: LATER }), requestTo(world)];
      const seen = { connection: world.connection.id, kind: "client", count: 1, firstAt: NOW, lastAt: NOW } as const;
      await world.write((tx) => tx.keepRequests([old, young]));
      await world.write((tx) =>
        tx.addSightings([
          { ...seen, name: "okta", expiresAt: LATER },
          { ...seen, name: "entra", expiresAt: MUCH_LATER },
        ]),
      );
      await store().instance.sweep(LATER, LONGEST);
      const left = await world.read.keptRequests(world.connection.id, { limit: 10 });
      expect(left.items.map(({ id }) => id)).to.deep.equal([young.id]);
      expect((await world.read.sightings(world.connection.id)).map(({ name }) => name)).to.deep.equal(["entra"]);
    });

    it("of another tenant's connection are not kept, nor any beside them", async () => {
      const [mine, theirs] = [await makeWorld(store()), await makeWorld(store())];
      const both = [requestTo(mine), requestTo(mine, { connection: theirs.connection.id })];
      await expectRefusal(
        mine.write((tx) => tx.keepRequests(both)),
        "not_found",
      );
      expect((await mine.read.keptRequests(mine.connection.id, { limit: 10 })).items).to.deep.equal([]);
    });

    it("find their connection by the digest of a token, also of one that was revoked or has expired", async () => {
      const { connection, tenant, write } = await makeWorld(store());
      const [live, expired, revoked] = [unique("hash"), unique("hash"), unique("hash")];
      const made = await write(async (tx) => [
        await tx.insertToken(connection.id, { name: "a", hash: live }, NOW),
        await tx.insertToken(connection.id, { name: "b", hash: expired, expiresAt: LATER }, NOW),
        await tx.insertToken(connection.id, { name: "c", hash: revoked }, NOW),
      ]);
      await write((tx) => tx.revokeToken(connection.id, made[2]?.id ?? "", LATER));
      const found = await store().instance.knownTokens([live, expired, revoked, unique("nobody's")]);
      const owner = { tenant: tenant.id, connection: connection.id };
      expect([...found].sort((a, b) => (a.token < b.token ? -1 : 1))).to.deep.equal([
        { ...owner, hash: live, token: made[0]?.id },
        { ...owner, hash: expired, token: made[1]?.id, expiresAt: LATER },
        { ...owner, hash: revoked, token: made[2]?.id, revokedAt: LATER },
      ]);
      expect(await store().instance.knownTokens([])).to.deep.equal([]);
    });
  });
}
