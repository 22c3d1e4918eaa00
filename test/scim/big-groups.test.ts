import { expect } from "chai";
import { createRateLimiter } from "../../src/http/rate-limit.js";
import type { DirectoryGroupId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { createVault } from "../../src/platform/secrets.js";
import { openScimFace } from "../../src/protocols/scim/face.js";
import { type MemberPieces, memberPieces } from "../../src/protocols/scim/members.js";
import type { DirectoryGroupRow } from "../../src/provisioning/ports/directory.js";
import { onSocket, testApp } from "../http/running-app.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply } from "./scim-service.js";

/** More than one statement reads. */
const MANY = 1050;

/** The same object, but for some of its functions. */
function otherwise<Target extends object>(target: Target, functions: Partial<Target>): Target {
  return new Proxy(target, {
    get: (object, name): unknown => Reflect.get(Object.hasOwn(functions, name) ? functions : object, name),
  });
}

const listed = (ids: readonly string[]) => ids.map((value) => ({ value }));

function membersIn({ json }: ScimReply): readonly string[] {
  return ((json["members"] ?? []) as readonly JsonObject[]).map(({ value }) => String(value));
}

describe("big groups over SCIM", function () {
  this.timeout(120_000);
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let people: readonly string[];
    before(async () => {
      directory = await service().connect({ sync: "test" });
      people = await directory.crowd(MANY);
    });

    it("P4: POST takes all members, and the answer and GET tell all of them in order", async () => {
      const created = await directory.post("/Groups", groupBody("Everybody", people));
      expect(created.status).to.equal(201);
      expect(created.headers["content-type"]).to.equal("application/scim+json");
      expect(membersIn(created)).to.deep.equal(people);
      const read = await directory.get(`/Groups/${created.json["id"]}`);
      expect(read.json).to.deep.equal(created.json);
      expect(read.headers["etag"]).to.equal('W/"1"');
    });

    it("P4: PUT changes what differs, PUT of what was read changes nothing", async () => {
      const group = await directory.group("Put", people);
      const before = await directory.get(`/Groups/${group}`);
      expect((await directory.put(`/Groups/${group}`, before.json)).json).to.deep.equal(before.json);
      const put = await directory.put(`/Groups/${group}`, groupBody("Put", people.slice(50)));
      expect(membersIn(put)).to.deep.equal(people.slice(50));
      expect((await directory.put(`/Groups/${group}`, groupBody("Put"))).json["members"]).to.deep.equal([]);
    });

    it("TEC-7, BUG-21: PATCH applies all of more than a hundred members, added, removed by a list or by filters", async () => {
      const group = await directory.group("Patched");
      const some = people.slice(0, 250);
      const patch = (...operations: readonly JsonObject[]) =>
        directory.patch(`/Groups/${group}?attributes=members`, operations);
      expect(membersIn(await patch({ op: "add", path: "members", value: listed(some) }))).to.deep.equal(some);
      const byList = await patch({ op: "remove", path: "members", value: listed(some.slice(0, 120)) });
      expect(membersIn(byList)).to.deep.equal(some.slice(120));
      const byFilter = await patch(
        ...some.slice(120, 240).map((id) => ({ op: "remove", path: `members[value eq "${id}"]` })),
      );
      expect(membersIn(byFilter)).to.deep.equal(some.slice(240));
    });

    it("lists groups with all their members, few or many, and the totals", async () => {
      const inner = await directory.group("Listed");
      const expected = [[], people, people.slice(0, 3), [...people, inner]];
      for (const [at, members] of expected.slice(1).entries()) await directory.group(`Listed ${at}`, members);
      const list = `/Groups?filter=${encodeURIComponent('displayName sw "listed"')}`;
      const { json, status } = await directory.get(list);
      expect(status).to.equal(200);
      expect(json).to.include({ totalResults: 4, itemsPerPage: 4, startIndex: 1 });
      const resources = json["Resources"] as readonly JsonObject[];
      expect(resources.map((one) => (one["members"] as readonly JsonObject[]).map(({ value }) => value))).to.deep.equal(
        expected,
      );
      const values = (await directory.get(`${list}&attributes=members.value&startIndex=2&count=1`)).json;
      const [second] = values["Resources"] as readonly JsonObject[];
      expect(second?.["members"]).to.deep.equal(listed(people));
      const typed = encodeURIComponent('members[type eq "Group"]');
      const groups = (await directory.get(`${list}&attributes=${typed}`)).json["Resources"] as readonly JsonObject[];
      expect(groups.map((one) => (one["members"] as readonly JsonObject[] | undefined)?.length)).to.deep.equal([
        ...[0, undefined, undefined, 1],
      ]);
    });

    it("reads members piece by piece: no statement reads more than a piece, small groups share one", async () => {
      const { p } = service();
      const own = await service().connect({ sync: "test" });
      const ids = await own.crowd(8);
      const groups: readonly (readonly string[])[] = [ids.slice(0, 1), ids.slice(0, 2), ids, ids.slice(3, 4), [], []];
      const made: string[] = [];
      for (const [at, members] of groups.entries()) made.push(await own.group(`G${at}`, members));
      await own.patch(`/Groups/${made[2]}`, [{ op: "add", path: "members", value: [{ value: made[0] ?? "" }] }]);
      const reader = p.store.read(own.tenant.id);
      const rows: DirectoryGroupRow[] = [];
      for (const id of made) {
        const row = await reader.directoryGroup(own.connection.id, id as DirectoryGroupId);
        if (row) rows.push(row);
      }
      const asked: number[] = [];
      const noting = otherwise(reader, {
        async membersOf(of, only) {
          const members = await reader.membersOf(of, only);
          if (members.length > 0) asked.push(members.length);
          return members;
        },
      });
      const read = async (pieces: MemberPieces, row: DirectoryGroupRow) => {
        const found: string[] = [];
        for await (const piece of pieces(row)) found.push(...piece.map(({ id }) => id));
        return found;
      };
      const pieces = memberPieces(noting, rows, 3);
      const found: (readonly string[])[] = [];
      for (const row of rows) found.push(await read(pieces, row));
      expect(found).to.deep.equal(groups.map((members, at) => (at === 2 ? [...members, made[0]] : members)));
      expect(asked).to.deep.equal([3, 3, 3, 2, 1]);
      const [first, , third] = rows;
      if (!first || !third) expect.fail("rows are missing");
      expect([await read(pieces, third), await read(pieces, first)], "in any order").to.deep.equal([
        [...ids, made[0]],
        groups[0],
      ]);
    });

    it("a read that fails in the middle cuts the answer off: no client takes a part for the whole", async () => {
      const { p, publicUrl } = service();
      const group = await directory.group("Cut", people);
      let reads = 0;
      const broken = otherwise(p.store, {
        read(tenant) {
          const reader = p.store.read(tenant);
          return otherwise(reader, {
            async membersOf(of, only) {
              reads += 1;
              if (reads > 1) throw new Error("the database is away");
              return reader.membersOf(of, only);
            },
          });
        },
      });
      const face = openScimFace({
        ...{
          p: { ...p, store: broken },
          cursors: createVault(Buffer.alloc(32)),
          publicUrl,
          rateLimiter: createRateLimiter(),
          requestsPerMinutePerToken: 0,
        },
        ...{
          bodyBytes: 1000,
          groupBodyBytes: 1000,
          limits: { operations: 10, members: 10, values: 10, resourceBytes: 131_072 },
          bulk: { maxOperations: 1, maxPayloadSize: 1 },
        },
      });
      await onSocket(testApp([face]).listener, async (port) => {
        const headers = { Authorization: `Bearer ${directory.token}` };
        const answer = await fetch(`http://127.0.0.1:${port}/api/scim/v2/Groups/${group}`, { headers });
        expect(answer.status).to.equal(200);
        const text = await answer.text().catch((error: unknown) => error);
        expect(text, String(text).slice(0, 200)).to.be.instanceOf(Error);
      });
      expect(reads).to.equal(2);
    });

    it("ROLE-05, C10: one member of a big group is asked for alone", async () => {
      const group = await directory.group("Asked", people);
      const last = people[MANY - 1] ?? "";
      const attributes = encodeURIComponent(`displayName,members[value eq "${last}" or value eq "${group}"].value`);
      const { json } = await directory.get(`/Groups/${group}?attributes=${attributes}`);
      expect(json).to.include({ displayName: "Asked" });
      expect(json["members"]).to.deep.equal([{ value: last }]);
    });
  });
});
