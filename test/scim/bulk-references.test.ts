import { expect } from "chai";
import { carryOutBulk } from "../../src/protocols/scim/bulk.js";
import { readBulkRequest } from "../../src/protocols/scim/bulk-request.js";
import type { ResourceHandler } from "../../src/protocols/scim/resource-handler.js";
import { ENTERPRISE, userReading } from "./tables.js";

const BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

describe("references between operations of a bulk request", () => {
  const { type } = userReading();
  const unused = () => Promise.reject(new Error("operations are carried out by the test"));
  const handler: ResourceHandler = {
    ...{ type, managedAs: "users", bodyBytes: 1_000_000, list: unused, read: unused },
    ...{ replace: unused, patch: unused, remove: unused },
    create() {
      throw new Error("operations are carried out by the test");
    },
  };

  it("W-13: may be as long a chain as a request holds: no stack overflows, and what is referred to comes first", async () => {
    const many = 50_000;
    const Operations = Array.from({ length: many }, (_, at) => ({
      method: "POST",
      path: "/Users",
      bulkId: `u${at}`,
      data: { [ENTERPRISE]: { manager: { value: at + 1 < many ? `bulkId:u${at + 1}` : "known" } } },
    }));
    const request = readBulkRequest({ schemas: [BULK_REQUEST], Operations }, [handler], many);
    const made: string[] = [];
    const results = await carryOutBulk(request, {
      circle: unused,
      async one({ operation }) {
        made.push(JSON.stringify("body" in operation ? operation.body : null));
        return { status: 201, location: `https://x.test/Users/id${made.length}`, etag: 'W/"1"' };
      },
    });
    expect(results.map(({ outcome }) => outcome?.status))
      .to.have.length(many)
      .and.satisfy(all201);
    expect(made[0]).to.contain('"known"');
    expect(made[many - 1]).to.contain(`"id${many - 1}"`);
  });
});

function all201(statuses: readonly unknown[]): boolean {
  return statuses.every((status) => status === 201);
}
