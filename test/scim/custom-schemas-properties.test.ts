import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { readCustomTables, SCIM_TABLES } from "../../src/protocols/scim/custom-schemas.js";
import { startReading } from "../../src/protocols/scim/dialect.js";
import { readCustom } from "../../src/protocols/scim/document.js";
import { readFilter } from "../../src/protocols/scim/filter-resolve.js";
import { readScimSchemas } from "../../src/protocols/scim/schema.js";
import { refusal } from "./tables.js";

const URN = "urn:acme:scim:2.0:Device";
const MORE = "urn:acme:scim:2.0:More";

describe("made-up SCIM schema files", () => {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-schemas-"));
  const path = join(folder, "made-up.json");
  after(() => rmSync(folder, { recursive: true }));

  it("RFC-03: whatever is not refused compiles, and its attributes can be sent and asked for", () => {
    const names = fc.constantFrom(
      "a",
      "A",
      "b",
      "members",
      "roles",
      "active",
      "meta",
      "toString",
      "$ref",
      "x-1",
      "a b",
    );
    const row = fc.record(
      {
        name: names,
        type: fc.constantFrom("string", "boolean", "integer", "dateTime", "binary", "reference", "complex", "text"),
        multiValued: fc.boolean(),
        required: fc.boolean(),
        caseExact: fc.boolean(),
        mutability: fc.constantFrom("readOnly", "readWrite", "immutable", "writeOnly"),
        returned: fc.constantFrom("always", "never", "default", "request"),
        uniqueness: fc.constantFrom("none", "server", "global"),
        subAttributes: fc.array(fc.record({ name: names, type: fc.constantFrom("string", "complex") }), {
          maxLength: 2,
        }),
      },
      { requiredKeys: ["name"] },
    );
    const urns = fc.constantFrom(URN, MORE, "urn:acme:scim:2.0:Third");
    const file = fc.record({
      schemas: fc.array(
        fc.record({ id: urns, name: fc.constant("N"), attributes: fc.array(row, { minLength: 1, maxLength: 3 }) }),
        { maxLength: 2 },
      ),
      resourceTypes: fc.array(
        fc.record({ name: fc.constantFrom("D", "User"), endpoint: fc.constantFrom("/D", "/Me"), schema: urns }),
        { maxLength: 1 },
      ),
      extensions: fc.array(fc.record({ resourceType: fc.constantFrom("User", "D"), schema: urns }), { maxLength: 1 }),
    });
    let accepted = 0;
    const property = fc.property(file, (content) => {
      writeFileSync(path, JSON.stringify(content));
      const read = readCustomTables([path]);
      if (!read.ok) {
        expect(read.lines).to.not.deep.equal([]);
        return;
      }
      accepted += 1;
      for (const type of readScimSchemas(SCIM_TABLES, read.tables).custom) {
        const reading = startReading(type, "rfc");
        const required = type.core.own.filter((attribute) => attribute.required);
        const sent = Object.fromEntries(type.core.own.map((attribute) => [attribute.name.toUpperCase(), null]));
        const post = (): unknown => readCustom({ schemas: [type.core.urn], ...sent }, reading);
        if (required.length > 0) expect(refusal(post).kind).to.equal("invalidValue");
        else expect(post()).to.deep.include({ resource: {}, search: {} });
        for (const { id, returned } of type.core.own) {
          if (returned !== "never") expect(readFilter(`${id} pr`, reading).op).to.equal("present");
        }
      }
    });
    fc.assert(property, { numRuns: 400, seed: 7643 });
    expect(accepted).to.be.above(10);
  });
});
