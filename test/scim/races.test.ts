import { expect } from "chai";
import type { DirectoryGroupId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** How many answers there were of each status, with the scimType of refusals. */
async function tally(requests: readonly Promise<ScimReply>[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { status, json } of await Promise.all(requests)) {
    const outcome = [status, json["scimType"]].filter((part) => part !== undefined).join(" ");
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

const adding = (id: string) => [{ op: "add", path: "members", value: [{ value: id }] }];

describe("SCIM requests side by side", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    beforeEach(async () => {
      directory = await service().connect();
    });

    const kept = async (group: string) => {
      const { tenant, connection } = directory;
      const row = await service()
        .p.store.read(tenant.id)
        .directoryGroup(connection.id, group as DirectoryGroupId);
      return row?.memberCount;
    };

    it("W-15, BUG-19: 50 additions of one member each give 50 members", async () => {
      const people = await directory.crowd(50);
      const group = await directory.group("Everybody");
      expect(await tally(people.map((id) => directory.patch(`/Groups/${group}`, adding(id))))).to.deep.equal({
        200: 50,
      });
      expect(await directory.members(group)).to.have.members(people);
      expect(await kept(group)).to.equal(50);
    });

    it("additions and removals of others, and a new name, lose nothing to each other", async () => {
      const people = await directory.crowd(40);
      const [leaving, joining] = [people.slice(0, 20), people.slice(20)];
      const group = await directory.group("Everybody", leaving);
      const counts = await tally([
        ...joining.map((id) => directory.patch(`/Groups/${group}`, adding(id))),
        ...leaving.map((id) =>
          directory.patch(`/Groups/${group}`, [{ op: "remove", path: `members[value eq "${id}"]` }]),
        ),
        ...times(10, (at) =>
          directory.patch(`/Groups/${group}`, [{ op: "replace", path: "displayName", value: `N${at}` }]),
        ),
        ...times(5, (at) => directory.patch(`/Groups/${group}`, [{ op: "add", path: "externalId", value: `x${at}` }])),
      ]);
      expect(counts).to.deep.equal({ 200: 55 });
      expect(await directory.members(group)).to.have.members(joining);
      expect(await kept(group)).to.equal(20);
      const { json } = await directory.get(`/Groups/${group}`);
      expect(json["displayName"]).to.match(/^N\d$/);
      expect(json["externalId"]).to.match(/^x\d$/);
    });

    it("W-16: of many creations of one userName one wins, and the others are refused and leave nobody behind", async () => {
      const bodies = times(20, (at) => userBody(at % 2 === 0 ? "ada@acme.test" : "ADA@acme.test", { title: `${at}` }));
      expect(await tally(bodies.map((body) => directory.post("/Users", body)))).to.deep.equal({
        201: 1,
        "409 uniqueness": 19,
      });
      expect((await directory.get("/Users")).json).to.include({ totalResults: 1, itemsPerPage: 1 });
      expect(await service().p.store.read(directory.tenant.id).countPeople()).to.equal(1);
    });

    it("W-16: of many users who take one userName one gets it, by PUT or by PATCH", async () => {
      const people = await directory.crowd(10);
      const rename = [{ op: "replace", path: "userName", value: "wanted" }];
      const requests = people.map((id, at) =>
        at % 2 === 0 ? directory.put(`/Users/${id}`, userBody("WANTED")) : directory.patch(`/Users/${id}`, rename),
      );
      expect(await tally(requests)).to.deep.equal({ 200: 1, "409 uniqueness": 9 });
      expect((await directory.get("/Users?filter=userName%20eq%20%22wanted%22")).json).to.include({ totalResults: 1 });
    });

    it("BUG-19: PATCHes of different attributes of one user lose nothing, however many they are", async () => {
      const ada = await directory.user("ada");
      const names = ["title", "nickName", "userType", "displayName", "locale", "timezone", "preferredLanguage"];
      const single = names.map((path) => directory.patch(`/Users/${ada}`, [{ op: "add", path, value: "x" }]));
      const phones = times(43, (at) =>
        directory.patch(`/Users/${ada}`, [
          { op: "add", path: "phoneNumbers", value: [{ value: `+${at}`, type: "work" }] },
        ]),
      );
      expect(await tally([...single, ...phones])).to.deep.equal({ 200: 50 });
      const { json } = await directory.get(`/Users/${ada}`);
      for (const name of names) expect(json[name], name).to.equal("x");
      const values = (json["phoneNumbers"] as readonly JsonObject[]).map(({ value }) => value);
      expect(values).to.have.members(times(43, (at) => `+${at}`));
      expect(json["meta"]).to.include({ version: 'W/"51"' });
    });

    it("a PUT and a PATCH of one user end as if one had come after the other", async () => {
      for (let round = 0; round < 8; round++) {
        const ada = await directory.user(`ada${round}`, { title: "old", nickName: "old" });
        const counts = await tally([
          directory.patch(`/Users/${ada}`, [{ op: "replace", path: "nickName", value: "patched" }]),
          directory.put(`/Users/${ada}`, userBody(`ada${round}`, { title: "put" })),
        ]);
        expect(counts).to.deep.equal({ 200: 2 });
        const { json } = await directory.get(`/Users/${ada}`);
        expect([undefined, "patched"]).to.include(json["nickName"]);
        expect(json).to.include({ title: "put" });
        expect(json["meta"]).to.include({ version: 'W/"3"' });
      }
    });

    it("a PUT of a group and an addition end as if one had come after the other", async () => {
      const [ada = "", bob = "", cyd = ""] = await directory.crowd(3);
      for (let round = 0; round < 8; round++) {
        const group = await directory.group(`G${round}`, [ada]);
        const counts = await tally([
          directory.put(`/Groups/${group}`, groupBody(`G${round} renamed`, [bob])),
          directory.patch(`/Groups/${group}`, adding(cyd)),
        ]);
        expect(counts).to.deep.equal({ 200: 2 });
        const members = await directory.members(group);
        expect([[bob], [bob, cyd]]).to.deep.include(members);
        expect(await kept(group)).to.equal(members.length);
      }
    });

    it("a user who is added and deleted at once is no member, and neither request fails otherwise", async () => {
      const group = await directory.group("G");
      for (const id of await directory.crowd(12)) {
        const [added, deleted] = await Promise.all([
          directory.patch(`/Groups/${group}`, adding(id)),
          directory.delete(`/Users/${id}`),
        ]);
        expect(deleted.status).to.equal(204);
        expect([200, 400]).to.include(added.status);
        if (added.status === 400) expect(added.json["scimType"]).to.equal("invalidValue");
      }
      expect(await directory.members(group)).to.deep.equal([]);
      expect(await kept(group)).to.equal(0);
    });

    it("a group that is filled and deleted at once is gone, and its members are in no group", async () => {
      const people = await directory.crowd(6);
      for (let round = 0; round < 6; round++) {
        const group = await directory.group(`G${round}`);
        const [deleted, ...added] = await Promise.all([
          directory.delete(`/Groups/${group}`),
          ...people.map((id) => directory.patch(`/Groups/${group}`, adding(id))),
        ]);
        expect(deleted.status).to.equal(204);
        for (const { status } of added) expect([200, 404]).to.include(status);
      }
      expect((await directory.get("/Groups")).json).to.include({ totalResults: 0 });
      const { json } = await directory.get("/Users?attributes=groups");
      for (const user of json["Resources"] as readonly JsonObject[]) expect(user["groups"] ?? []).to.deep.equal([]);
    });

    it("of many deletions one deletes, and the others find nobody", async () => {
      const [ada = ""] = await directory.crowd(1);
      const group = await directory.group("G", [ada]);
      expect(await tally(times(10, () => directory.delete(`/Groups/${group}`)))).to.deep.equal({ 204: 1, 404: 9 });
      expect(await tally(times(10, () => directory.delete(`/Users/${ada}`)))).to.deep.equal({ 204: 1, 404: 9 });
      expect((await directory.get("/Users")).json).to.include({ totalResults: 0 });
    });

    it("W-15, RFC-56: of many writers who name one version one writes, whatever they write", async () => {
      const [ada = "", bob = ""] = await directory.crowd(2);
      const group = await directory.group("G", [ada]);
      const user = await directory.user("eve");
      const named = { "If-Match": 'W/"1"' };
      const ofUser = await tally([
        ...times(5, (at) => directory.patch(`/Users/${user}`, [{ op: "add", path: "title", value: `${at}` }], named)),
        ...times(5, (at) => directory.put(`/Users/${user}`, userBody("eve", { title: `put ${at}` }), named)),
      ]);
      expect(ofUser).to.deep.equal({ 200: 1, 412: 9 });
      const ofGroup = await tally([
        directory.patch(`/Groups/${group}`, adding(bob), named),
        directory.patch(`/Groups/${group}`, [{ op: "remove", path: "members" }], named),
        directory.patch(`/Groups/${group}`, [{ op: "replace", path: "displayName", value: "H" }], named),
        directory.put(`/Groups/${group}`, groupBody("I"), named),
        directory.delete(`/Groups/${group}`, named),
      ]);
      const written = (ofGroup["200"] ?? 0) + (ofGroup["204"] ?? 0);
      const late = (ofGroup["412"] ?? 0) + (ofGroup["404"] ?? 0);
      expect([written, late]).to.deep.equal([1, 4]);
    });
  });
});
