import { expect } from "chai";
import type { DirectoryUserId } from "../../src/model/ids.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

describe("linking a pushed person", () => {
  let t: TestTenant;

  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
  });

  afterEach(() => t.close());

  const remove = (id: DirectoryUserId) => t.change("okta", { kind: "deleteUser", id });
  const accountOf = (userName: string) => t.userId(userName);

  it("revives the account of a deleted row with the same externalId, under whatever userName", async () => {
    const first = await t.pushUser("okta", "ada@acme.test", { externalId: "00u1" });
    const account = await accountOf("ada@acme.test");
    await remove(first);
    const second = await t.pushUser("okta", "countess@acme.test", { externalId: "00u1" });
    expect(second).not.to.equal(first);
    expect(await accountOf("countess@acme.test")).to.equal(account);
  });

  it("revives an account for nobody who shares the externalId with a person who has it back", async () => {
    await remove(await t.pushUser("okta", "ada@acme.test", { externalId: "shared" }));
    await t.pushUser("okta", "ada@acme.test", { externalId: "shared" });
    await t.pushUser("okta", "eve@acme.test", { externalId: "shared" });
    expect(await accountOf("eve@acme.test")).not.to.equal(await accountOf("ada@acme.test"));
  });

  it("makes a new account for an equal userName alone", async () => {
    await remove(await t.pushUser("okta", "ada@acme.test", { externalId: "00u1" }));
    const old = (await t.p.store.read((await t.tenant()).id).users({ limit: 9 })).items[0]?.id;
    await t.pushUser("okta", "ada@acme.test", { externalId: "00u2" });
    const { items } = await t.p.store.read((await t.tenant()).id).users({ limit: 9 });
    expect(items.map(({ id, status }) => [id === old, status])).to.have.deep.members([
      [true, "deactivated"],
      [false, "registered"],
    ]);
  });
});
