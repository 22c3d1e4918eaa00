import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { lintMapping } from "../../src/provisioning/mapping/lint.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { ADMIN } from "../support/tenant.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply } from "./scim-service.js";

const listed = (...ids: readonly string[]) => ids.map((value) => ({ value }));

describe("groups inside groups over SCIM", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let ada: string;
    let inner: string;
    let outer: string;
    beforeEach(async () => {
      directory = await service().connect();
      ada = await directory.user("ada");
      inner = await directory.group("Inner", [ada]);
      outer = await directory.group("Outer", [inner, ada]);
    });

    const patched = async (...operations: readonly JsonObject[]): Promise<readonly string[]> => {
      const { status, text } = await directory.patch(`/Groups/${outer}`, operations);
      expect(status, text).to.equal(200);
      return directory.members(outer);
    };

    const named = async (path: string): Promise<readonly string[]> => {
      const { json } = await directory.get(path);
      return (json["Resources"] as readonly JsonObject[]).map(({ displayName }) => String(displayName));
    };

    it("RFC-15: come back with their type, behind the people, and with a link that resolves", async () => {
      const { json } = await directory.get(`/Groups/${outer}`);
      const base = `${service().publicUrl}/api/scim/v2`;
      expect(json["members"]).to.deep.equal([
        { value: ada, $ref: `${base}/Users/${ada}`, type: "User", display: "ada" },
        { value: inner, $ref: `${base}/Groups/${inner}`, type: "Group", display: "Inner" },
      ]);
      const path = `${base}/Groups/${inner}`.slice(base.length);
      expect((await directory.get(path)).json).to.include({ id: inner });
    });

    it("RFC-15: may be sent with a type, a link, or the id alone, and the answer to a creation shows them", async () => {
      for (const member of [
        { value: inner },
        { value: inner, type: "Group" },
        { value: inner, type: "group", $ref: `../Groups/${inner}`, display: "x" },
        { value: inner, type: "User" },
        inner,
      ]) {
        const { status, json } = await directory.post("/Groups", { ...groupBody("G"), members: [member] });
        expect(status).to.equal(201);
        expect(json["members"]).to.have.length(1);
        expect((json["members"] as readonly JsonObject[])[0]).to.include({ value: inner, type: "Group" });
      }
    });

    it("RFC-15: the kind and the link of a member cannot be changed", async () => {
      for (const sub of ["type", "$ref", "value"]) {
        const operation = { op: "replace", path: `members[value eq "${inner}"].${sub}`, value: "User" };
        const { status, json } = await directory.patch(`/Groups/${outer}`, [operation]);
        expect([status, json["scimType"]]).to.deep.equal([400, "mutability"]);
      }
    });

    it("come and go by add, by remove with a list or a filter, and by replace", async () => {
      const other = await directory.group("Other");
      expect(await patched({ op: "add", path: "members", value: listed(other) })).to.deep.equal([ada, inner, other]);
      expect(await patched({ op: "remove", path: `members[value eq "${inner}"]` })).to.deep.equal([ada, other]);
      expect(await patched({ op: "remove", path: "members", value: listed(other) })).to.deep.equal([ada]);
      expect(await patched({ op: "add", value: { members: listed(inner, other) } })).to.deep.equal([ada, inner, other]);
      expect(await patched({ op: "replace", path: "members", value: listed(other) })).to.deep.equal([other]);
      expect(await patched({ op: "remove", path: "members" })).to.deep.equal([]);
    });

    it("RFC-48: and people leave by a path only where all holds that it says of them", async () => {
      const base = `${service().publicUrl}/api/scim/v2`;
      const remove = (id: string, more: string) => ({ op: "remove", path: `members[${more} and value eq "${id}"]` });
      for (const more of ['type eq "Group"', 'display eq "bob"', `$ref eq "${base}/Groups/${ada}"`]) {
        expect(await patched(remove(ada, more)), more).to.deep.equal([ada, inner]);
      }
      expect(await patched(remove(inner, 'type eq "User"'))).to.deep.equal([ada, inner]);
      expect(await patched(remove(inner, 'type eq "Group" and display eq "inner"'))).to.deep.equal([ada]);
      expect(await patched(remove(ada, `type eq "User" and $ref eq "${base}/Users/${ada}"`))).to.deep.equal([]);
    });

    it("RFC-48: whoever was added just before leaves by a path that says of what kind they are", async () => {
      const bob = await directory.user("bob");
      const path = `members[type eq "User" and value eq "${bob}"]`;
      const operations = [
        { op: "add", path: "members", value: [{ value: bob }] },
        { op: "remove", path },
      ];
      expect(await patched(...operations)).to.deep.equal([ada, inner]);
    });

    it("RFC-48: whoever was added just before stays where a path says of them what does not hold", async () => {
      const [bob, second] = [await directory.user("bob"), await directory.group("Second")];
      const add = { op: "add", path: "members", value: [{ value: bob }, { value: second }] };
      const remove = (id: string, more: string) => ({ op: "remove", path: `members[value eq "${id}" and ${more}]` });
      const untrue = [
        ...['type eq "Group"', 'display eq "ada"', 'not (type eq "User")'].map((more) => remove(bob, more)),
        ...['type eq "User"', 'display eq "bob"'].map((more) => remove(second, more)),
      ];
      expect(await patched(add, ...untrue)).to.deep.equal([ada, bob, inner, second]);
      await patched({ op: "replace", path: "members", value: [{ value: ada }, { value: inner }] });
      const held = [remove(bob, 'display eq "bob"'), remove(second, 'type eq "Group" and display eq "second"')];
      expect(await patched(add, ...held)).to.deep.equal([ada, inner]);
    });

    it("BUG-20: and people stay where null stands for them, however it is said", async () => {
      const values = [
        ...["replace", "Replace", "Remove", "add"].map((op) => ({ op, path: "members", value: null })),
        { op: "replace", value: { members: null } },
        { op: "Remove", path: "members", value: [null] },
      ];
      for (const operation of values) {
        const { status, json } = await directory.patch(`/Groups/${outer}`, [operation]);
        expect([status, json["scimType"]], JSON.stringify(operation)).to.deep.equal([400, "invalidValue"]);
      }
      const aside = { op: "replace", value: { displayName: "Outermost", members: null } };
      expect(await patched(aside, { op: "Remove", path: "members", value: [] })).to.deep.equal([ada, inner]);
    });

    it("are set by PUT as a difference, and a PUT of what is there is none", async () => {
      const before = await directory.get(`/Groups/${outer}`);
      const same = await directory.put(`/Groups/${outer}`, before.json);
      expect(same.json).to.deep.equal(before.json);
      const other = await directory.group("Other");
      await directory.put(`/Groups/${outer}`, groupBody("Outer", [other]));
      expect(await directory.members(outer)).to.deep.equal([other]);
      await directory.put(`/Groups/${outer}`, groupBody("Outer"));
      expect(await directory.members(outer)).to.deep.equal([]);
    });

    it("that are in already, or out already, change neither version nor time", async () => {
      const before = await directory.get(`/Groups/${outer}`);
      await patched({ op: "add", path: "members", value: listed(inner) });
      await patched({ op: "remove", path: "members", value: listed(outer, "nobody") });
      await patched({ op: "replace", path: "members", value: listed(inner, ada) });
      expect((await directory.get(`/Groups/${outer}`)).json["meta"]).to.deep.equal(before.json["meta"]);
      await patched({ op: "remove", path: "members", value: listed(inner) });
      expect((await directory.get(`/Groups/${outer}`)).headers["etag"]).not.to.equal(before.headers["etag"]);
    });

    it("RFC-51: leave a group when they are deleted, which gets a new version", async () => {
      const before = await directory.get(`/Groups/${outer}`);
      expect((await directory.delete(`/Groups/${inner}`)).status).to.equal(204);
      const after = await directory.get(`/Groups/${outer}`);
      expect(await directory.members(outer)).to.deep.equal([ada]);
      expect(after.headers["etag"]).not.to.equal(before.headers["etag"]);
      const again = await directory.patch(`/Groups/${outer}`, [{ op: "add", path: "members", value: listed(inner) }]);
      expect([again.status, again.json["scimType"]]).to.deep.equal([400, "invalidValue"]);
    });

    it("may go round in circles, and may be deleted then", async () => {
      for (const id of [inner, outer]) {
        const whole = [{ op: "replace", path: "members", value: listed(inner, outer) }];
        expect((await directory.patch(`/Groups/${id}`, whole)).status).to.equal(200);
      }
      for (const id of [inner, outer]) expect((await directory.delete(`/Groups/${id}`)).status).to.equal(204);
      expect((await directory.get("/Groups")).json).to.include({ totalResults: 0 });
    });

    it("RFC-14: are no groups of the people inside them, who are in the groups that name them", async () => {
      await patched({ op: "remove", path: "members", value: listed(ada) });
      const { json } = await directory.get(`/Users/${ada}`);
      expect((json["groups"] as readonly JsonObject[]).map(({ value }) => value)).to.deep.equal([inner]);
    });

    it("give nobody the access of the outer group, and lint says so", async () => {
      const { p } = service();
      const { tenant } = directory;
      const bob = await directory.user("bob");
      await directory.patch(`/Groups/${inner}`, [{ op: "add", path: "members", value: listed(bob) }]);
      const mapping = JSON.stringify({ mappings: [{ group_name: "Outer", team_name: "T", role_name: "editor" }] });
      const { run } = await saveMapping(p, tenant, mapping, {}, ADMIN);
      await waitForRun(p, tenant, run, 30);
      await directory.group("Around", [outer]);
      const reader = p.store.read(tenant.id);
      const { items } = await reader.assignments({ limit: 10 });
      expect(items.map(({ user }) => user.userName)).to.deep.equal(["ada"]);
      const { findings } = await lintMapping(p, tenant, undefined, { days: 90 });
      expect(findings.filter(({ code }) => code === "nested_group").map(({ message }) => message)).to.deep.equal([
        "`Outer` has 1 group inside; who is only in an inner group gets nothing by the outer one: map the inner groups too",
      ]);
    });

    it("are found by a filter and chosen by one, like people", async () => {
      const held = [
        ...[`members.value eq "${inner}"`, `members[type eq "group" and value eq "${inner}"]`],
        ...[`members[value eq "${ada}" and type eq "User"]`, `members[value eq "x" or value eq "${inner}"]`],
        `members[(value eq "${ada}" or value eq "${inner}") and type eq "Group"]`,
      ];
      const untrue = [
        `members[value eq "${inner}" and type eq "User"]`,
        `members[value eq "${ada}" and type eq "Group"]`,
        `members[type eq "Group" and (value eq "${ada}" or value eq "x")]`,
      ];
      for (const filter of [...held, ...untrue]) {
        const found = held.includes(filter) ? ["Outer"] : [];
        expect(
          await named(`/Groups?filter=${encodeURIComponent(`${filter} and displayName eq "Outer"`)}`),
          filter,
        ).to.deep.equal(found);
      }
      const inOuter = `groups[value eq "${outer}" and type eq "direct"]`;
      expect(await named(`/Users?filter=${encodeURIComponent(inOuter)}`)).to.have.length(1);
      for (const refused of [
        `type eq "User"`,
        `value eq "${ada}" and display eq "ada"`,
        `value eq "x" and type eq "direct"`,
      ]) {
        const { status } = await directory.get(`/Groups?filter=${encodeURIComponent(`members[${refused}]`)}`);
        expect(status, refused).to.equal(400);
      }
      for (const id of [ada, inner]) {
        const attributes = encodeURIComponent(`members[value eq "${id}"].value`);
        const { json } = await directory.get(`/Groups/${outer}?attributes=${attributes}`);
        expect(json["members"], "C10").to.deep.equal([{ value: id }]);
      }
    });

    it("SEC-01: of other connections are nobody", async () => {
      const foreign = await service().connect({ tenant: directory.tenant });
      const far = await foreign.group("Far");
      const reply = await directory.patch(`/Groups/${outer}`, [{ op: "add", path: "members", value: listed(far) }]);
      expect([reply.status, reply.json["scimType"]]).to.deep.equal([400, "invalidValue"]);
      expect(reply.json["detail"]).to.contain(`no user or group \`${far}\``);
    });

    it("C9, RFC-47: beside an id of nobody are not put in", async () => {
      const other = await directory.group("Other");
      for (const request of [
        directory.patch(`/Groups/${outer}`, [{ op: "add", path: "members", value: listed(other, "nobody") }]),
        directory.put(`/Groups/${outer}`, groupBody("Outer", [other, "nobody"])),
        directory.post("/Groups", groupBody("New", [other, "nobody"])),
      ]) {
        const { status, json } = await request;
        expect([status, json["scimType"]]).to.deep.equal([400, "invalidValue"]);
      }
      expect(await directory.members(outer)).to.deep.equal([ada, inner]);
      expect(await named("/Groups")).to.deep.equal(["Inner", "Outer", "Other"]);
    });

    it("BUG-19: 20 put in at once, with 20 people and each other, are all there", async () => {
      const people = await directory.crowd(20);
      const groups: string[] = [];
      for (let at = 0; at < 20; at++) groups.push(await directory.group(`G${at}`));
      const add = (group: string, member: string): Promise<ScimReply> =>
        directory.patch(`/Groups/${group}`, [{ op: "add", path: "members", value: listed(member) }]);
      const replies = await Promise.all([
        ...[...people, ...groups].map((id) => add(outer, id)),
        ...groups.map((id, at) => add(id, groups[19 - at] ?? "")),
        ...groups.map((id) => add(id, outer)),
      ]);
      for (const { status, text } of replies) expect(status, text).to.equal(200);
      expect(await directory.members(outer)).to.have.members([ada, inner, ...people, ...groups]);
      for (const [at, id] of groups.entries()) {
        expect(await directory.members(id)).to.have.members([groups[19 - at], outer]);
      }
    });
  });
});
