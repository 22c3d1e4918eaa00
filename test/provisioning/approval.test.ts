import { expect } from "chai";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import type { TenantReader } from "../../src/provisioning/ports/store.js";
import { createApprovalCache } from "../../src/provisioning/preview/approval.js";
import { overridden } from "../support/overridden.js";
import { openTenant, type TestTenant } from "../support/tenant.js";

describe("what was reviewed", () => {
  let t: TestTenant;
  let reader: TenantReader;
  let asked: number[];

  before(async () => {
    t = await openTenant();
    await t.connect({ slug: "okta", protocol: "scim", sync: "live" });
    await t.pushUser("okta", "ada");
    for (const role of ["admin", "auditor"]) {
      const document = { mappings: [{ everyone: true, scope: "tenant", role_name: role }] };
      const { digest } = await previewMapping(t.p, await t.tenant(), JSON.stringify(document), {});
      await t.mapping(document, { digest });
      await t.settled();
    }
  });
  after(() => t.close());
  beforeEach(async () => {
    const real = t.p.store.read((await t.tenant()).id);
    asked = [];
    reader = overridden(real, {
      mappingRun(version) {
        asked.push(version);
        return real.mappingRun(version);
      },
    });
  });

  it("is read once, as long as there is room for its keys", async () => {
    const cache = createApprovalCache(1000);
    for (const version of [1, 2, 1, 2])
      expect((await cache.ofMapping(reader, version)).approval).to.have.property("has");
    expect(asked).to.deep.equal([1, 2]);
  });

  it("is forgotten when others have more keys than there is room for, the latest never", async () => {
    const cache = createApprovalCache(1);
    for (const version of [1, 1, 2, 2, 1]) await cache.ofMapping(reader, version);
    expect(asked).to.deep.equal([1, 2, 1]);
  });
});
