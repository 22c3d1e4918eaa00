import { expect } from "chai";
import type { DirectoryChange } from "../../src/model/directory.js";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import { scimGroup, scimUser } from "../support/people.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

describe("changes that name the version they were made for", () => {
  let t: TestTenant;
  let ada: DirectoryUserId;
  let group: DirectoryGroupId;

  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    ada = await t.pushUser("okta", "ada@acme.test");
    group = await t.pushGroup("okta", "Engineering", [ada]);
  });

  afterEach(() => t.close());

  const changes: readonly (readonly [what: string, change: (ifVersion: number) => DirectoryChange])[] = [
    [
      "writing a user",
      (ifVersion) => ({ kind: "upsertUser", id: ada, ifVersion, document: scimUser("eve@acme.test") }),
    ],
    ["deleting a user", (ifVersion) => ({ kind: "deleteUser", id: ada, ifVersion })],
    ["writing a group", (ifVersion) => ({ kind: "upsertGroup", id: group, ifVersion, document: scimGroup("Sales") })],
    ["deleting a group", (ifVersion) => ({ kind: "deleteGroup", id: group, ifVersion })],
    ["adding members", (ifVersion) => ({ kind: "addMembers", group, ifVersion, members: [ada] })],
    ["removing members", (ifVersion) => ({ kind: "removeMembers", group, ifVersion, members: [ada] })],
    ["setting members", (ifVersion) => ({ kind: "setMembers", group, ifVersion, members: [] })],
  ];
  const seen = async () => {
    const reader = t.p.store.read((await t.tenant()).id);
    const { id } = await t.connection("okta");
    return [
      await reader.directoryUser(id, ada),
      await reader.directoryGroup(id, group),
      await reader.membersOf([group]),
    ];
  };

  for (const [what, change] of changes) {
    it(`${what}: refused for another version, with nothing changed, and done for the present one`, async () => {
      const before = await seen();
      for (const other of [2, 0]) {
        const refused = await t.change("okta", change(other)).catch((error: unknown) => error);
        expect(refused).to.have.property("code", "version_conflict");
      }
      expect(await seen()).to.deep.equal(before);
      await t.change("okta", change(1));
    });
  }

  it("refuses all changes of a push when one of them is refused", async () => {
    const before = await seen();
    const changes = [
      { kind: "upsertUser", id: ada, document: scimUser("eve@acme.test") },
      { kind: "removeMembers", group, members: [ada] },
      { kind: "deleteGroup", id: group, ifVersion: 1 },
      { kind: "deleteGroup", id: group },
    ] as const;
    expect(await t.change("okta", ...changes).catch((error: unknown) => error)).to.have.property("code", "not_found");
    expect(await seen()).to.deep.equal(before);
  });
});
