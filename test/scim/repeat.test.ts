import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { ADMIN } from "../support/tenant.js";
import { groupBody, onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";
import { ENTERPRISE, PATCH_OP } from "./tables.js";

const MAPPING = JSON.stringify({
  mappings: [
    { group_name: "Platform", team_name: "Platform", role_name: "editor" },
    { when: "user.title = 'Boss'", team_name: "Bosses", role_name: "viewer" },
  ],
});

/** Ids stand as {ada}, {bob}, {platform} and {inner}. */
type Repeated = readonly [what: string, method: string, path: string, body: JsonObject | undefined, again?: number];

const operations = (...list: readonly Json[]): JsonObject => ({ schemas: [PATCH_OP], Operations: list });

const REPEATED: readonly Repeated[] = [
  ["a creation of a user", "POST", "/Users", userBody("cyd", { title: "Boss", externalId: "00u9" }), 409],
  ["a PUT of a user", "PUT", "/Users/{ada}", userBody("ada", { title: "Boss", emails: [{ value: "a@x.test" }] })],
  ["a PUT that empties a user", "PUT", "/Users/{ada}", userBody("ADA")],
  ["a deactivation", "PATCH", "/Users/{ada}", operations({ op: "Replace", path: "active", value: "False" })],
  [
    "an addition to a user",
    "PATCH",
    "/Users/{ada}",
    operations({ op: "add", value: { title: "Boss", emails: [{ value: "a@x.test", type: "work" }] } }),
  ],
  [
    "a part of an element and a manager",
    "PATCH",
    "/Users/{ada}",
    operations(
      { op: "Add", path: 'emails[type eq "work"].value', value: "b@x.test" },
      { op: "Add", path: `${ENTERPRISE}:manager`, value: "{bob}" },
    ),
  ],
  ["a removal from a user", "PATCH", "/Users/{ada}", operations({ op: "remove", path: "nickName" })],
  ["a PUT of a group", "PUT", "/Groups/{platform}", groupBody("Platform", ["{bob}", "{inner}"])],
  ["a PUT of a group under a new name", "PUT", "/Groups/{platform}", groupBody("Platforms", ["{ada}"])],
  [
    "an addition of members",
    "PATCH",
    "/Groups/{platform}",
    operations({ op: "add", path: "members", value: [{ value: "{bob}" }, { value: "{inner}" }] }),
  ],
  [
    "a removal by a filter",
    "PATCH",
    "/Groups/{platform}",
    operations({ op: "remove", path: 'members[value eq "{ada}"]' }),
  ],
  [
    "a removal by a list",
    "PATCH",
    "/Groups/{platform}",
    operations({ op: "Remove", path: "members", value: [{ $ref: null, value: "{ada}" }] }),
  ],
  [
    "a removal and an addition",
    "PATCH",
    "/Groups/{platform}",
    operations(
      { op: "remove", path: 'members[value eq "{ada}"]' },
      { op: "add", path: "members", value: [{ value: "{bob}" }] },
    ),
  ],
  [
    "a replacement of all members, and a name",
    "PATCH",
    "/Groups/{platform}",
    operations({ op: "replace", value: { id: "{platform}", displayName: "P", members: [{ value: "{bob}" }] } }),
  ],
  ["a deletion of a user", "DELETE", "/Users/{ada}", undefined, 404],
  ["a deletion of a group", "DELETE", "/Groups/{platform}", undefined, 404],
  ["a deletion of an inner group", "DELETE", "/Groups/{inner}", undefined, 404],
];

describe("SCIM requests that are sent again", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let ids: Readonly<Record<string, string>>;
    beforeEach(async () => {
      directory = await service().connect();
      await saveMapping(service().p, directory.tenant, MAPPING, {}, ADMIN);
      const ada = await directory.user("ada", { nickName: "Countess" });
      const bob = await directory.user("bob");
      const inner = await directory.group("Inner");
      const platform = await directory.group("Platform", [ada]);
      await directory.patch(`/Groups/${inner}`, [{ op: "add", path: "members", value: [{ value: inner }] }]);
      ids = { ada, bob, inner, platform };
    });

    const filled = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name: string) => ids[name] ?? whole);

    /** Everything that a request may leave behind: resources, facts, access, audit and events. */
    const everything = async () => {
      const { store } = service().p;
      const reader = store.read(directory.tenant.id);
      await store.write(directory.tenant.id, (tx) => tx.publishEvents(new Date().toISOString(), 1000));
      const people = await reader.people(await reader.peopleIds({ limit: 100 }));
      return {
        users: (await directory.get("/Users")).json,
        groups: (await directory.get("/Groups")).json,
        facts: people.map(({ factsVersion }) => factsVersion),
        access: await reader.assignments({ limit: 100 }),
        audit: (await reader.audit({ limit: 1000 })).items.length,
        events: (await reader.events({ after: 0, limit: 1000 })).length,
      };
    };

    for (const [what, method, path, body, again] of REPEATED) {
      it(`${what}, again: the same answer, and nothing else`, async () => {
        const text = body === undefined ? {} : { body: filled(JSON.stringify(body)) };
        const request = { method, path: filled(path), ...text };
        const start = await everything();
        const first = await directory.send(request);
        expect(first.status, first.text).to.be.within(200, 204);
        const then = await everything();
        expect(then, "the first did something").not.to.deep.equal(start);
        for (let time = 0; time < 2; time++) {
          const repeated = await directory.send(request);
          expect(repeated.status, repeated.text).to.equal(again ?? first.status);
          if (again === undefined) {
            expect(repeated.json).to.deep.equal(first.json);
            expect(repeated.headers["etag"]).to.equal(first.headers["etag"]);
          }
        }
        expect(await everything()).to.deep.equal(then);
      });
    }
  });
});
