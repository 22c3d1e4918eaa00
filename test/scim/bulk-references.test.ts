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
    ...{ type, managedAs: "users", bodyBytes: 1_000_000, list: unused, create: unused, read: unused },
    ...{ replace: unused, patch: unused, remove: unused },
  };

  it("may be as long a chain as a request holds: no stack overflows, and what is referred to comes first", async () => {
    const many = 50_000;
    const Operations = Array.from({ length: many }, (_, at) => ({
      method: "POST",
      path: "/Users",
      bulkId: `u${at}`,
      data: { [ENTERPRISE]: { manager: { value: at + 1 < many ? `bulkId:u${at + 1}` : "known" } } },
    }));
    const request = readBulkRequest({ schemas: [BULK_REQUEST], Operations }, [handler], many);
    const made: string[] = [];
    const results = await carryOutBulk(request, async ({ operation }) => {
      made.push(JSON.stringify("body" in operation ? operation.body : null));
      return { status: 201, location: `https://x.test/Users/id${made.length}`, etag: 'W/"1"' };
    });
    expect(results.map(({ outcome }) => outcome?.status))
      .to.have.length(many)
      .and.satisfy(all201);
    expect(made[0]).to.contain('"known"');
    expect(made[many - 1]).to.contain(`"id${many - 1}"`);
  });

  it("are taken back with the version that was made: what somebody has changed since stays", async () => {
    const one = (bulkId: string, other: string) => ({
      ...{ method: "POST", path: "/Users", bulkId },
      data: { [ENTERPRISE]: { manager: { value: `bulkId:${other}` } } },
    });
    const Operations = [one("a", "b"), one("b", "a")];
    const request = readBulkRequest({ schemas: [BULK_REQUEST], Operations }, [handler], 10);
    const removed: (string | undefined)[] = [];
    let made = 0;
    const results = await carryOutBulk(request, async ({ version, operation }) => {
      if (operation.kind === "remove") {
        removed.push(version);
        throw new Error("the resource has another version");
      }
      if (operation.kind === "patch" || made > 0) throw new Error("refused");
      made += 1;
      return { status: 201, location: "https://x.test/Users/id1", etag: 'W/"1"' };
    });
    expect(removed).to.deep.equal(['W/"1"']);
    expect(results.map(({ error, id }) => [error !== undefined, id])).to.deep.include([true, "id1"]);
  });
});

function all201(statuses: readonly unknown[]): boolean {
  return statuses.every((status) => status === 201);
}
