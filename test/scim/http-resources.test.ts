import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
import { ENTERPRISE, GROUP, PATCH_OP, USER } from "./tables.js";

const MEDIA_TYPE = "application/scim+json";

function metaOf({ json }: ScimReply): JsonObject {
  return json["meta"] as JsonObject;
}

/** What must not move when nothing changes. */
function stampOf(reply: ScimReply): readonly unknown[] {
  return [metaOf(reply)["version"], metaOf(reply)["lastModified"], reply.headers["etag"]];
}

describe("SCIM resources over HTTP", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let ada: string;
    let platform: string;
    beforeEach(async () => {
      directory = await service().connect();
      ada = await directory.user("ada", {
        displayName: "Ada",
        name: { givenName: "Ada", familyName: "Lovelace" },
        emails: [
          { value: "ada@work.test", type: "work", primary: true },
          { value: "ada@home.test", type: "home" },
        ],
        [ENTERPRISE]: { department: "R&D", manager: { value: "nobody" } },
        active: false,
      });
      platform = await directory.group("Platform", [ada]);
    });

    it("RFC-10, RFC-25, RFC-56: says where a new resource is and which version it has", async () => {
      for (const [path, body] of [
        ["/Users", userBody("bob")],
        ["/Groups", { schemas: [GROUP], displayName: "Sales" }],
      ] as const) {
        const made = await directory.post(path, body);
        const { location, version, created, lastModified, resourceType } = metaOf(made);
        expect(made.status).to.equal(201);
        expect(location).to.equal(`${service().publicUrl}/api/scim/v2${path}/${made.json["id"]}`);
        expect(made.headers).to.include({ location, etag: version, "content-location": location });
        expect(version).to.match(/^W\/".+"$/);
        expect(created)
          .to.equal(lastModified)
          .and.match(/^\d{4}-.+Z$/);
        expect(path.slice(1)).to.equal(`${resourceType}s`);
        const read = await directory.get(`${path}/${made.json["id"]}`);
        expect(read.json).to.deep.equal(made.json);
        expect(read.headers)
          .to.include({ etag: version, "content-location": location })
          .and.not.have.property("location");
      }
    });

    it("C3, RFC-23: answers application/scim+json whatever is accepted, and no type where there is no body", async () => {
      for (const accept of ["application/json", "text/html", "*/*", "application/scim+json; q=0.5", "nonsense"]) {
        const reply = await directory.get(`/Users/${ada}`, { Accept: accept });
        expect([reply.status, reply.headers["content-type"]]).to.deep.equal([200, MEDIA_TYPE]);
      }
      const gone = await directory.delete(`/Users/${ada}`);
      expect([gone.status, gone.text, gone.headers["content-type"]]).to.deep.equal([204, "", undefined]);
    });

    for (const type of [
      "application/json",
      "APPLICATION/SCIM+JSON",
      "application/scim+json;charset=UTF-8",
      'application/json; charset="utf-8"; odata=verbose',
    ]) {
      it(`RFC-23: takes bodies as ${type}`, async () => {
        const made = await directory.post("/Users", userBody("bob"), { "Content-Type": type });
        expect([made.status, made.headers["content-type"]]).to.deep.equal([201, MEDIA_TYPE]);
      });
    }

    it("RFC-60: takes a byte order mark, and text beyond ASCII as it is", async () => {
      const name = "Zoë 李 🦊";
      const made = await directory.post("/Users", `\uFEFF${JSON.stringify(userBody("zoe", { displayName: name }))}`);
      expect(made.status).to.equal(201);
      expect(made.json["displayName"]).to.equal(name);
      const filter = encodeURIComponent(`displayName eq "zoË 李 🦊"`);
      expect((await directory.get(`/Users?filter=${filter}`)).json["totalResults"]).to.equal(1);
    });

    it("IDP-01: ignores a bare `?`, an empty user agent and parameters that nobody knows", async () => {
      const headers = { "User-Agent": "" };
      expect(
        (await directory.patch(`/Groups/${platform}?`, [{ op: "remove", path: "members" }], headers)).status,
      ).to.equal(200);
      expect((await directory.get(`/Users/${ada}?aadOptscim062020&x=1`, headers)).status).to.equal(200);
      expect((await directory.get("/Users?aadOptscim062020&count=1&", headers)).json["totalResults"]).to.equal(1);
    });

    it("PUT of what was read changes nothing, neither version nor time, and as often as it is sent", async () => {
      for (const path of [`/Users/${ada}`, `/Groups/${platform}`]) {
        const read = await directory.get(path);
        for (let times = 0; times < 3; times++) {
          const put = await directory.put(path, read.json);
          expect(put.status).to.equal(200);
          expect(put.json).to.deep.equal(read.json);
          expect(stampOf(put)).to.deep.equal(stampOf(read));
        }
        expect((await directory.get(path)).json).to.deep.equal(read.json);
      }
    });

    type Still = readonly [what: string, of: "user" | "group", operation: JsonObject];
    const still: readonly Still[] = [
      ["an equal text", "user", { op: "replace", path: "displayName", value: "Ada" }],
      ["an equal boolean, as text", "user", { op: "Replace", path: "active", value: "False" }],
      [
        "an element that is there",
        "user",
        { op: "add", path: "emails", value: [{ value: "ada@work.test", type: "work" }] },
      ],
      ["an equal part", "user", { op: "replace", path: 'emails[type eq "home"].value', value: "ada@home.test" }],
      ["a removal of what is not there", "user", { op: "remove", path: "title" }],
      ["an unknown key beside an equal one", "user", { op: "replace", value: { displayName: "Ada", shoeSize: 38 } }],
      ["a member who is in", "group", { op: "add", path: "members", value: [{ value: "{ada}" }] }],
      ["the set as it is", "group", { op: "replace", path: "members", value: [{ value: "{ada}" }] }],
      ["the removal of somebody else", "group", { op: "remove", path: 'members[value eq "someone"]' }],
      ["the removal of none", "group", { op: "remove", path: "members", value: [] }],
      ["an equal name", "group", { op: "replace", value: { id: "{platform}", displayName: "Platform" } }],
    ];
    for (const [what, of, operation] of still) {
      it(`RFC-45: PATCH by ${what} moves neither version nor time, with a version named or without`, async () => {
        const path = of === "user" ? `/Users/${ada}` : `/Groups/${platform}`;
        const read = await directory.get(path);
        const text = JSON.stringify(operation).replace("{ada}", ada).replace("{platform}", platform);
        for (const headers of [{}, { "If-Match": String(read.headers["etag"]) }]) {
          const patched = await directory.patch(path, [JSON.parse(text) as Json], headers);
          expect(patched.status, patched.text).to.equal(200);
          expect(stampOf(patched)).to.deep.equal(stampOf(read));
          expect(stampOf(await directory.get(path))).to.deep.equal(stampOf(read));
        }
      });
    }

    type Moving = readonly [what: string, of: "user" | "group", operation: JsonObject];
    const moving: readonly Moving[] = [
      ["another text", "user", { op: "replace", path: "displayName", value: "Countess" }],
      ["another letter case", "user", { op: "replace", path: "userName", value: "ADA" }],
      ["a new element", "user", { op: "add", path: "emails", value: [{ value: "ada@other.test", type: "other" }] }],
      ["the removal of a member", "group", { op: "remove", path: "members" }],
      ["another name", "group", { op: "replace", path: "displayName", value: "platform" }],
      ["a name and members", "group", { op: "replace", value: { displayName: "P", members: [] } }],
    ];
    for (const [what, of, operation] of moving) {
      it(`PATCH by ${what} gives one new version, and the same PATCH again none`, async () => {
        const path = of === "user" ? `/Users/${ada}` : `/Groups/${platform}`;
        const read = await directory.get(path);
        const patched = await directory.patch(path, [operation]);
        expect(patched.status).to.equal(200);
        const numberOf = (reply: ScimReply) => Number(/\d+/.exec(String(metaOf(reply)["version"])));
        expect(numberOf(patched)).to.equal(numberOf(read) + 1);
        expect(metaOf(patched)["created"]).to.equal(metaOf(read)["created"]);
        expect((await directory.get(path)).json).to.deep.equal(patched.json);
        expect((await directory.patch(path, [operation])).json).to.deep.equal(patched.json);
      });
    }

    it("RFC-56: compares versions before it reads, writes or deletes", async () => {
      for (const path of [`/Users/${ada}`, `/Groups/${platform}`]) {
        const first = String((await directory.get(path)).headers["etag"]);
        const unchanged = await directory.get(path, { "If-None-Match": first });
        expect([unchanged.status, unchanged.text, unchanged.headers["etag"]]).to.deep.equal([304, "", first]);
        for (const tags of ["*", `"x", ${first}`, first.slice(2)]) {
          expect((await directory.get(path, { "If-None-Match": tags })).status, tags).to.equal(304);
        }
        expect((await directory.get(path, { "If-None-Match": 'W/"0"' })).status).to.equal(200);
        const rename = [{ op: "replace", path: "displayName", value: "New" }];
        expect((await directory.patch(path, rename, { "If-Match": first })).status).to.equal(200);
        expect((await directory.get(path, { "If-None-Match": first })).status).to.equal(200);
        const again = [{ op: "replace", path: "displayName", value: "Newer" }];
        expect((await directory.patch(path, again, { "If-Match": first })).status).to.equal(412);
        expect((await directory.patch(path, again, { "If-Match": `W/"0", ${first}` })).status).to.equal(412);
        expect((await directory.delete(path, { "If-Match": first })).status).to.equal(412);
        expect((await directory.get(path)).json["displayName"]).to.equal("New");
        expect((await directory.patch(path, again, { "If-Match": "*" })).status).to.equal(200);
        const last = String((await directory.get(path)).headers["etag"]);
        expect((await directory.delete(path, { "If-Match": last })).status).to.equal(204);
      }
    });

    it("RFC-56: excludes versions from writes, and compares named ones before a read", async () => {
      for (const [path, put] of [
        [`/Users/${ada}`, userBody("ada")],
        [`/Groups/${platform}`, groupBody("Platform")],
      ] as const) {
        const read = await directory.get(path);
        const now = String(read.headers["etag"]);
        expect(now).to.equal(metaOf(read)["version"]);
        const rename = [{ op: "replace", path: "displayName", value: "New" }];
        for (const tags of ["*", now, `W/"0", ${now}`, now.slice(2)]) {
          const excluded = { "If-None-Match": tags };
          expect((await directory.put(path, put, excluded)).status, tags).to.equal(412);
          expect((await directory.patch(path, rename, excluded)).status, tags).to.equal(412);
          expect((await directory.delete(path, excluded)).status, tags).to.equal(412);
        }
        expect((await directory.get(path)).headers["etag"]).to.equal(now);
        expect((await directory.get(path, { "If-Match": 'W/"0"' })).status).to.equal(412);
        for (const tags of ["*", now, `W/"0", ${now}`, ""]) {
          expect((await directory.get(path, { "If-Match": tags })).status, tags).to.equal(200);
        }
        for (const none of [",", " , ,", "3"]) {
          const named = { "If-Match": none };
          expect((await directory.get(path, named)).status, none).to.equal(412);
          expect((await directory.put(path, put, named)).status, none).to.equal(412);
          expect((await directory.patch(path, rename, named)).status, none).to.equal(412);
          expect((await directory.delete(path, named)).status, none).to.equal(412);
        }
        expect((await directory.get(path, { "If-Match": "*", "If-None-Match": now })).status).to.equal(304);
        expect((await directory.patch(path, rename, { "If-None-Match": 'W/"0"' })).status).to.equal(200);
        expect((await directory.put(path, put, { "If-Match": "*", "If-None-Match": "" })).status).to.equal(200);
      }
      expect((await directory.put("/Users/nobody", userBody("x"), { "If-Match": "*" })).status).to.equal(404);
      expect((await directory.post("/Users", userBody("new"), { "If-None-Match": "*" })).status).to.equal(201);
    });

    it("RFC-56: holds a named version against the members too", async () => {
      const bob = await directory.user("bob");
      const first = String((await directory.get(`/Groups/${platform}`)).headers["etag"]);
      const add = [{ op: "add", path: "members", value: [{ value: bob }] }];
      expect((await directory.patch(`/Groups/${platform}`, add, { "If-Match": first })).status).to.equal(200);
      const remove = [{ op: "remove", path: "members" }];
      expect((await directory.patch(`/Groups/${platform}`, remove, { "If-Match": first })).status).to.equal(412);
      const put = { schemas: [GROUP], displayName: "Platform" };
      expect((await directory.put(`/Groups/${platform}`, put, { "If-Match": first })).status).to.equal(412);
      expect(await directory.members(platform)).to.deep.equal([ada, bob]);
    });

    it("C16: makes a second group of a name, and finds both by it", async () => {
      const first = await directory.group("Twins");
      const second = await directory.group("Twins");
      expect(second).to.not.equal(first);
      const found = await directory.get(`/Groups?filter=${encodeURIComponent('displayName eq "twins"')}`);
      const ids = (found.json["Resources"] as readonly JsonObject[]).map(({ id }) => id);
      expect(ids).to.have.members([first, second]);
    });

    it("RFC-01: makes users and groups of core attributes that lie below their schema's URN", async () => {
      const user = await directory.post("/Users", { schemas: [USER], [USER]: { userName: "nested", title: "Lead" } });
      expect([user.status, user.json["userName"], user.json["title"]]).to.deep.equal([201, "nested", "Lead"]);
      const members = [{ value: String(user.json["id"]) }];
      const group = await directory.post("/Groups", { schemas: [GROUP], [GROUP]: { displayName: "Nested", members } });
      expect(group.status).to.equal(201);
      expect(await directory.members(String(group.json["id"]))).to.deep.equal([user.json["id"]]);
    });

    it("C1, RFC-50: answers a PATCH as the profile asks, and always with a body when attributes are asked for", async () => {
      const entra = await service().connect({ profile: "entra" });
      const group = await entra.group("G");
      const rename = [{ op: "Replace", path: "displayName", value: "H" }];
      const bare = await entra.patch(`/Groups/${group}`, rename);
      expect([bare.status, bare.text]).to.deep.equal([204, ""]);
      expect(bare.headers["etag"]).to.equal((await entra.get(`/Groups/${group}`)).headers["etag"]);
      const asked = await entra.patch(`/Groups/${group}?attributes=displayName`, rename);
      expect([asked.status, Object.keys(asked.json).sort()]).to.deep.equal([200, ["displayName", "id", "schemas"]]);
      const user = await entra.user("u");
      expect((await entra.patch(`/Users/${user}`, [{ op: "Replace", path: "title", value: "T" }])).status).to.equal(
        200,
      );
    });

    it("P4: answers a PATCH of a large group without its members, unless attributes are asked for", async () => {
      const people = await directory.crowd(201);
      const group = await directory.group("Everybody", people);
      const rename = [{ op: "replace", path: "displayName", value: "All" }];
      const bare = await directory.patch(`/Groups/${group}`, rename);
      expect([bare.status, bare.text]).to.deep.equal([204, ""]);
      const asked = await directory.patch(`/Groups/${group}?attributes=members`, rename);
      expect(asked.json["members"]).to.have.length(201);
      await directory.patch(`/Groups/${group}`, [{ op: "remove", path: `members[value eq "${people[0]}"]` }]);
      expect((await directory.patch(`/Groups/${group}`, rename)).status).to.equal(200);
    });

    it("RFC-51: DELETE is for good: gone everywhere, again 404, and the userName is free", async () => {
      expect((await directory.delete(`/Users/${ada}`)).status).to.equal(204);
      const put = userBody("ada");
      for (const reply of [
        await directory.delete(`/Users/${ada}`),
        await directory.get(`/Users/${ada}`),
        await directory.put(`/Users/${ada}`, put),
        await directory.patch(`/Users/${ada}`, [{ op: "replace", path: "active", value: true }]),
      ]) {
        expect(reply.status).to.equal(404);
      }
      expect((await directory.get("/Users")).json).to.include({ totalResults: 0 });
      expect(await directory.members(platform)).to.deep.equal([]);
      const again = await directory.post("/Users", put);
      expect(again.status).to.equal(201);
      expect(again.json["id"]).not.to.equal(ada);
      expect((await directory.delete(`/Groups/${platform}`)).status).to.equal(204);
      expect((await directory.delete(`/Groups/${platform}`)).status).to.equal(404);
      expect((await directory.patch(`/Groups/${platform}`, [{ op: "remove", path: "members" }])).status).to.equal(404);
    });

    it("RFC-51: a member who is deleted leaves a group with a new version", async () => {
      const first = await directory.get(`/Groups/${platform}`);
      await directory.delete(`/Users/${ada}`);
      const then = await directory.get(`/Groups/${platform}`, { "If-None-Match": String(first.headers["etag"]) });
      expect(then.status).to.equal(200);
      expect(then.json["members"]).to.deep.equal([]);
    });

    it("OKTA-05, IDP-09: the same creation sent twice makes one user, and the same deletion of groups one loss", async () => {
      const body = userBody("grace", { externalId: "00u7" });
      expect((await directory.post("/Users", body)).status).to.equal(201);
      const second = await directory.post("/Users", body);
      expect([second.status, second.json["scimType"]]).to.deep.equal([409, "uniqueness"]);
      expect((await directory.get("/Users")).json).to.include({ totalResults: 2 });
      expect((await directory.post("/Groups", { schemas: [GROUP], displayName: "Platform" })).status).to.equal(201);
      expect((await directory.get("/Groups")).json).to.include({ totalResults: 2 });
    });

    it("ENTRA-13: shows the manager's link and name only where the manager is a user of this directory", async () => {
      const enterprise = async (): Promise<unknown> => (await directory.get(`/Users/${ada}`)).json[ENTERPRISE];
      expect(await enterprise()).to.deep.equal({ department: "R&D", manager: { value: "nobody" } });
      const grace = await directory.user("grace", { displayName: "Grace" });
      await directory.patch(`/Users/${ada}`, [{ op: "replace", path: `${ENTERPRISE}:manager`, value: grace }]);
      const $ref = `${service().publicUrl}/api/scim/v2/Users/${grace}`;
      expect(await enterprise()).to.have.deep.property("manager", { value: grace, $ref, displayName: "Grace" });
      await directory.delete(`/Users/${grace}`);
      expect(await enterprise()).to.have.deep.property("manager", { value: grace });
    });

    it("RFC-13, RFC-14: never gives back a password, and lists the groups that only groups can change", async () => {
      const made = await directory.post(
        "/Users",
        userBody("bob", { password: "hunter2", groups: [{ value: platform }] }),
      );
      expect(made.text).not.to.contain("hunter2");
      expect(made.json).not.to.have.property("password");
      expect(made.json["groups"] ?? []).to.deep.equal([]);
      expect((await directory.get(`/Users/${ada}`)).json["groups"]).to.deep.equal([
        {
          value: platform,
          $ref: `${service().publicUrl}/api/scim/v2/Groups/${platform}`,
          display: "Platform",
          type: "direct",
        },
      ]);
      const asked = { schemas: [PATCH_OP], Operations: [{ op: "add", path: "groups", value: [{ value: platform }] }] };
      expect(
        (await directory.send({ method: "PATCH", path: `/Users/${made.json["id"]}`, body: asked })).json,
      ).to.include({
        scimType: "mutability",
      });
      expect(made.json["schemas"]).to.deep.equal([USER]);
    });
  });
});
