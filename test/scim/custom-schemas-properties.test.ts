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
    const names = fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom("a", "A", "b", "serial", "model", "owner", "colour", "x-1", "$ref") },
      { weight: 1, arbitrary: fc.constantFrom("members", "meta", "toString", "a b") },
    );
    const plain = fc.constantFrom("string", "boolean", "integer", "dateTime", "binary", "reference");
    const characteristics = {
      multiValued: fc.boolean(),
      required: fc.constantFrom(false, false, false, true),
      mutability: fc.constantFrom("readWrite", "readOnly", "immutable"),
      returned: fc.constantFrom("always", "never", "default", "request"),
    };
    const simple = fc.record({ name: names, type: plain, ...characteristics }, { requiredKeys: ["name", "type"] });
    const parts = fc.array(fc.record({ name: names, type: plain }), { minLength: 1, maxLength: 2 });
    const complex = fc.record(
      { name: names, type: fc.constant("complex"), ...characteristics, subAttributes: parts },
      { requiredKeys: ["name", "type", "subAttributes"] },
    );
    const odd = fc.record(
      {
        name: names,
        type: fc.constantFrom("string", "complex", "text"),
        caseExact: fc.boolean(),
        mutability: fc.constantFrom("writeOnly", "readWrite"),
        uniqueness: fc.constantFrom("none", "server", "global"),
        subAttributes: fc.array(fc.record({ name: names, type: fc.constantFrom("string", "complex") }), {
          maxLength: 2,
        }),
      },
      { requiredKeys: ["name"] },
    );
    const row = fc.oneof(
      { weight: 20, arbitrary: simple },
      { weight: 6, arbitrary: complex },
      { weight: 1, arbitrary: odd },
    );
    const attributes = fc.array(row, { minLength: 1, maxLength: 3 });
    const mostly = (urn: string) =>
      fc.oneof({ weight: 9, arbitrary: fc.constant(urn) }, fc.constantFrom(URN, MORE, "urn:acme:scim:2.0:Third"));
    const schema = (urn: string) => fc.record({ id: mostly(urn), name: fc.constant("N"), attributes });
    const extension = fc.record({
      resourceType: fc.constantFrom("User", "User", "User", "User", "D"),
      schema: mostly(MORE),
    });
    const file = fc.record({
      schemas: fc.tuple(schema(URN), schema(MORE)),
      resourceTypes: fc.tuple(
        fc.record({
          name: fc.constantFrom("D", "D", "D", "D", "D", "D", "User"),
          endpoint: fc.constantFrom("/D", "/D", "/D", "/D", "/D", "/D", "/Me"),
          schema: mostly(URN),
        }),
      ),
      extensions: fc.tuple(extension),
    });
    let accepted = 0;
    let asked = 0;
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
          if (returned === "never") continue;
          expect(readFilter(`${id} pr`, reading).op).to.equal("present");
          asked += 1;
        }
      }
    });
    fc.assert(property, { numRuns: 400, seed: 7643 });
    // INVARIANT: files in which nothing is declared show nothing
    console.log(accepted, asked);
    expect(accepted).to.be.above(40);
    expect(asked).to.be.above(40);
  });
});
