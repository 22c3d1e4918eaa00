import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { entityTag, versionIn } from "../../src/protocols/scim/entity-tag.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
import { ENTERPRISE, SERVICE_ACCOUNT } from "./tables.js";

const rename = (displayName: string) => [{ op: "replace", path: "displayName", value: displayName }];
const membersOf = (op: string, ids: readonly string[]) => [
  { op, path: "members", value: ids.map((value) => ({ value })) },
];
const tagOf = ({ headers }: ScimReply): string => String(headers["etag"]);
const versionOf = ({ json }: ScimReply): unknown => (json["meta"] as JsonObject | undefined)?.["version"];

describe("SCIM entity tags", () => {
  it("RFC-56: tell apart what is shown of others, and have one version all the same", () => {
    const row = { version: 12 };
    const tags = [[], ["g", "Gr"], ["gG", "r"], ["Gr", "g"], ["g", "Gr", "", ""], [""]].map((one) =>
      entityTag(row, one),
    );
    expect(new Set(tags)).to.have.property("size", tags.length);
    expect(tags[0]).to.equal('W/"12"');
    for (const tag of [...tags, entityTag({ version: 12, over: true }, ["o"])]) {
      expect(tag).to.match(/^W\/"12(-over)?(-[0-9a-z]{8,14})?"$/);
      expect(versionIn(tag.slice(2))).to.equal('"12"');
    }
  });

  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let boss: string;
    let ada: string;
    let crew: string;
    let account: string;
    beforeEach(async () => {
      directory = await service().connect();
      boss = await directory.user("boss", { displayName: "Own" });
      ada = await directory.user("ada", { [ENTERPRISE]: { manager: { value: boss } } });
      crew = await directory.group("Crew", [boss]);
      const made = await directory.post("/ServiceAccounts", {
        ...{ schemas: [SERVICE_ACCOUNT], displayName: "CI", owner: { value: boss } },
      });
      account = String(made.json["id"]);
    });

    const changes: readonly (readonly [what: string, path: () => string, change: () => Promise<ScimReply>])[] = [
      [
        "who comes into a group",
        () => `/Users/${ada}`,
        () => directory.patch(`/Groups/${crew}`, membersOf("add", [ada])),
      ],
      ["who is made a member by POST", () => `/Users/${ada}`, () => directory.post("/Groups", groupBody("New", [ada]))],
      ["who leaves", () => `/Users/${boss}`, () => directory.patch(`/Groups/${crew}`, membersOf("remove", [boss]))],
      ["whose group is renamed", () => `/Users/${boss}`, () => directory.patch(`/Groups/${crew}`, rename("Renamed"))],
      ["whose group is deleted", () => `/Users/${boss}`, () => directory.delete(`/Groups/${crew}`)],
      ["whose manager is renamed", () => `/Users/${ada}`, () => directory.patch(`/Users/${boss}`, rename("Renamed"))],
      ["whose manager is deleted", () => `/Users/${ada}`, () => directory.delete(`/Users/${boss}`)],
      [
        "a group whose member is renamed",
        () => `/Groups/${crew}`,
        () => directory.patch(`/Users/${boss}`, rename("R")),
      ],
      [
        "an account whose owner is renamed",
        () => `/ServiceAccounts/${account}`,
        () => directory.patch(`/Users/${boss}`, rename("R")),
      ],
    ];
    for (const [what, path, change] of changes) {
      it(`RFC-56: ${what} is read anew, and what was read before still writes`, async () => {
        const one = path();
        const before = await directory.get(one);
        const known = { "If-None-Match": tagOf(before) };
        expect((await directory.get(one, known)).status).to.equal(304);
        const changed = await change();
        expect(changed.status, changed.text).to.be.below(300);
        const after = await directory.get(one, known);
        expect([after.status, versionOf(after)]).to.deep.equal([200, tagOf(after)]);
        expect(tagOf(after)).not.to.equal(tagOf(before));
        expect((await directory.get(one, { "If-None-Match": tagOf(after) })).status).to.equal(304);
        expect((await directory.put(one, after.json, { "If-None-Match": tagOf(before) })).status).to.equal(412);
        const written = await directory.patch(one, rename("Written"), { "If-Match": tagOf(before) });
        expect([written.status, versionOf(written)], written.text).to.deep.equal([200, tagOf(written)]);
        expect((await directory.patch(one, rename("Lost"), { "If-Match": tagOf(after) })).status).to.equal(412);
      });
    }

    it("RFC-10, RFC-56: `meta.version` is the tag of GET in each answer that shows as much", async () => {
      await directory.patch(`/Groups/${crew}`, membersOf("add", [ada]));
      for (const [list, id] of [
        ["/Users", ada],
        ["/Groups", crew],
        ["/ServiceAccounts", account],
      ] as const) {
        const path = `${list}/${id}`;
        const read = await directory.get(path);
        const tag = tagOf(read);
        expect(tag, path).to.match(/^W\/"\d+-[0-9a-z]+"$/);
        const put = await directory.put(path, read.json);
        const patched = await directory.patch(path, rename(String(read.json["displayName"] ?? "Ada")));
        for (const written of [put, patched]) expect(tagOf(written)).to.equal(versionOf(written));
        const now = tagOf(await directory.get(path));
        expect(tagOf(patched)).to.equal(now);
        const listed = (await directory.get(list)).json["Resources"] as readonly JsonObject[];
        const found = listed.find((one) => one["id"] === id)?.["meta"] as JsonObject;
        expect(found["version"], list).to.equal(now);
        const bare = await directory.get(`${path}?attributes=meta.version`);
        expect(versionOf(bare)).to.equal(tagOf(bare));
      }
      const name = encodeURIComponent('userName eq "ada"');
      const sought = (await directory.get(`/Users?filter=${name}`)).json["Resources"];
      const version = tagOf(await directory.get(`/Users/${ada}`));
      expect(sought).to.have.nested.property("[0].meta.version", version);
    });

    it("RFC-56: an answer that shows nothing of others has the version alone, and is 304 whatever becomes of them", async () => {
      const path = `/Users/${ada}?excludedAttributes=groups,${ENTERPRISE}:manager`;
      const tag = tagOf(await directory.get(path));
      expect(tag).to.equal('W/"1"');
      await directory.patch(`/Groups/${crew}`, membersOf("add", [ada]));
      expect((await directory.get(path, { "If-None-Match": tag })).status).to.equal(304);
      expect((await directory.get(`/Users/${ada}`, { "If-None-Match": tag })).status).to.equal(200);
      const { headers } = await directory.post("/Users", userBody("bare"));
      expect(headers["etag"]).to.equal('W/"1"');
    });

    it("RFC-56: a bulk line takes a tag that was read before a membership changed", async () => {
      const tag = tagOf(await directory.get(`/Users/${ada}`));
      await directory.patch(`/Groups/${crew}`, membersOf("add", [ada]));
      const data = { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: rename("Ada L.") };
      const reply = await directory.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: [{ method: "PATCH", path: `/Users/${ada}`, version: tag, data }],
      });
      const [line] = reply.json["Operations"] as readonly JsonObject[];
      expect(line).to.include({ status: "200", version: tagOf(await directory.get(`/Users/${ada}`)) });
    });

    it("RFC-10, RFC-56: a group has one tag by itself and on a page, whatever else is on the page", async () => {
      const unseen = await service().connect({ sync: "test" });
      const people = await unseen.crowd(1_001, "many");
      const sizes = [2, 1_001, 600, 0, 600, 1_000];
      const ids: string[] = [];
      for (const [at, size] of sizes.entries()) ids.push(await unseen.group(`Page ${at}`, people.slice(0, size)));
      await unseen.patch(`/Groups/${ids[0]}`, membersOf("add", [ids[3] ?? ""]));
      const listed = (await unseen.get("/Groups")).json["Resources"] as readonly JsonObject[];
      expect(listed).to.have.length(sizes.length);
      for (const [at, id] of ids.entries()) {
        const read = await unseen.get(`/Groups/${id}`);
        expect(
          listed.find((one) => one["id"] === id),
          `of ${sizes[at]} members`,
        ).to.deep.equal(read.json);
        expect(versionOf(read)).to.equal(tagOf(read));
      }
    });

    it("P4, RFC-56: a group whose members come piece by piece is always sent, for its tag knows none of their names", async () => {
      const unseen = await service().connect({ sync: "test" });
      const people = await unseen.crowd(1_001, "many");
      const many = await unseen.group("Many", people);
      const read = await unseen.get(`/Groups/${many}`);
      expect([tagOf(read), versionOf(read)]).to.deep.equal(['W/"1"', 'W/"1"']);
      await unseen.patch(`/Users/${people[3]}`, rename("Renamed"));
      const again = await unseen.get(`/Groups/${many}`, { "If-None-Match": tagOf(read) });
      expect(again.status).to.equal(200);
      expect((again.json["members"] as readonly JsonObject[])[3]).to.include({ display: "Renamed" });
      const bare = `/Groups/${many}?excludedAttributes=members`;
      expect((await unseen.get(bare, { "If-None-Match": tagOf(await unseen.get(bare)) })).status).to.equal(304);
    });
  });
});
