import { expect } from "chai";
import { openTenant, type TestTenant } from "../support/tenant.js";

describe("connections changed at once", () => {
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
  });
  afterEach(() => t.close());

  it("lets one of two first connections grant ownership, not both", async () => {
    await Promise.all(["one", "two"].map((slug) => t.connect({ slug, protocol: "oidc" })));
    const connections = await t.p.store.read((await t.tenant()).id).connections();
    expect(connections.filter(({ protocol, mayGrantOwner }) => protocol === "oidc" && mayGrantOwner)).to.have.length(1);
  });
});
