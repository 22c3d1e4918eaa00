import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { ConfigError } from "../../src/platform/config.js";
import { readCustomTables } from "../../src/protocols/scim/custom-schemas.js";
import { startService } from "../support/service.js";
import { TEST_RESOURCE_FILE } from "./test-resource.js";

const URN = "urn:acme:scim:2.0:Device";
const MORE = "urn:acme:scim:2.0:More";

function schema(attributes: readonly Json[], id = URN): JsonObject {
  return { id, name: "Device", attributes };
}

/** A file with one type, whose schema has these attributes. */
function device(attributes: readonly Json[] = [{ name: "serial" }], more: JsonObject = {}): JsonObject {
  const type = { name: "Device", endpoint: "/Devices", schema: URN };
  return { schemas: [schema(attributes)], resourceTypes: [type], ...more };
}

function ofType(more: JsonObject): JsonObject {
  return device(undefined, { resourceTypes: [{ name: "Device", endpoint: "/Devices", schema: URN, ...more }] });
}

describe("the operator's SCIM schema files", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rolecall-schemas-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, content: Json): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  /** What is wrong with a file, without its name. */
  const mistakes = (content: Json): readonly string[] => {
    const path = write("file.json", content);
    const read = readCustomTables([path]);
    return read.ok ? [] : read.lines.map((line) => line.replace(path, "").replace(/^: /, ""));
  };

  it("reads what is sound, with the characteristics that are left out", () => {
    expect(mistakes(device())).to.deep.equal([]);
    const read = readCustomTables([TEST_RESOURCE_FILE]);
    expect(read.ok && read.tables.resourceTypes.map((type) => type.name)).to.deep.equal(["TestResource"]);
  });

  it("takes schemas and resource types as another server serves them", () => {
    const file = device();
    const [first] = file["schemas"] as readonly JsonObject[];
    const core = "urn:ietf:params:scim:schemas:core:2.0";
    expect(
      mistakes({ ...file, schemas: [{ ...first, schemas: [`${core}:Schema`], meta: { resourceType: "Schema" } }] }),
    ).to.deep.equal([]);
    expect(mistakes(ofType({ id: "Device", schemas: [`${core}:ResourceType`], meta: {} }))).to.deep.equal([]);
  });

  const sub = (row: JsonObject): JsonObject => ({ name: "place", type: "complex", subAttributes: [row] });
  const wrong: readonly (readonly [what: string, file: Json, message: string])[] = [
    ["no JSON", "{", "this is not valid JSON"],
    ["a prototype key", '{"schemas":[],"__proto__":{}}', "__proto__"],
    ["nothing", {}, "must not be empty"],
    ["a key twice", '{"extensions":[],"extensions":[]}', "/extensions the key `extensions` stands twice"],
    ["an unknown key", { schema: [] }, "/schema unknown key `schema`"],
    ["an unknown type", device([{ name: "a", type: "text" }]), "/schemas/0/attributes/0/type must be one of"],
    [
      "an unknown characteristic",
      device([{ name: "a", mutable: true }]),
      "/schemas/0/attributes/0/mutable unknown key",
    ],
    [
      "RFC-03: complex in complex",
      device([sub({ name: "b", type: "complex" })]),
      "/schemas/0/attributes/0/subAttributes/0/type must be one of",
    ],
    [
      "a list in a complex attribute",
      device([sub({ name: "b", multiValued: true })]),
      "/schemas/0/attributes/0/subAttributes/0/multiValued must be false",
    ],
    [
      "complex without parts",
      device([{ name: "a", type: "complex" }]),
      "/schemas/0/attributes/0 has `subAttributes` if it is complex",
    ],
    [
      "parts of what is not complex",
      device([{ name: "a", subAttributes: [{ name: "b" }] }]),
      "/schemas/0/attributes/0 has `subAttributes`",
    ],
    [
      "RFC-01: a name twice",
      device([{ name: "a" }, { name: "A" }]),
      "/schemas/0/attributes/1/name `A` is there already",
    ],
    [
      "a part's name twice",
      device([{ ...sub({ name: "b" }), subAttributes: [{ name: "b" }, { name: "B" }] }]),
      "/subAttributes/1/name `B` is there already",
    ],
    [
      "a common name",
      device([{ name: "Meta" }]),
      "/schemas/0/attributes/0/name `Meta` is an attribute of every resource",
    ],
    [
      "SEC-06: a prototype's name",
      device([{ name: "constructor" }]),
      "/schemas/0/attributes/0/name `constructor` cannot be",
    ],
    [
      "SEC-06: what objects inherit",
      device([{ name: "toString" }]),
      "/schemas/0/attributes/0/name `toString` cannot be",
    ],
    ["SEC-06: a name with dots", device([{ name: "a.b" }]), "/schemas/0/attributes/0/name must match"],
    [
      "a unique whole",
      device([{ ...sub({ name: "b" }), uniqueness: "server" }]),
      "/schemas/0/attributes/0/uniqueness must be `none`",
    ],
    [
      "required and read-only",
      device([{ name: "a", required: true, mutability: "readOnly" }]),
      "/schemas/0/attributes/0/required must be false: nobody can set it",
    ],
    [
      "required and write-only",
      device([{ name: "a", required: true, mutability: "writeOnly", returned: "never" }]),
      "/schemas/0/attributes/0/required must be false",
    ],
    [
      "write-only and returned",
      device([{ name: "a", mutability: "writeOnly" }]),
      "/schemas/0/attributes/0/returned must be `never`",
    ],
    [
      "write-only and unique",
      device([{ name: "a", mutability: "writeOnly", returned: "never", uniqueness: "server" }]),
      "/schemas/0/attributes/0/uniqueness must be `none`",
    ],
    [
      "targets of a text",
      device([{ name: "a", referenceTypes: ["User"] }]),
      "/schemas/0/attributes/0/referenceTypes go with",
    ],
    ["no URN", device([], { schemas: [schema([{ name: "a" }], "device")] }), "/schemas/0/id must match"],
    [
      "Rolecall's URN",
      device([], {
        schemas: [schema([{ name: "a" }]), schema([{ name: "a" }], "urn:ietf:params:scim:schemas:core:2.0:user")],
      }),
      "/schemas/1/id `urn:ietf:params:scim:schemas:core:2.0:user` is Rolecall's own",
    ],
    [
      "the URN of a schema of discovery",
      device([], {
        schemas: [schema([{ name: "a" }]), schema([{ name: "a" }], "urn:ietf:params:scim:schemas:core:2.0:Schema")],
      }),
      "/schemas/1/id `urn:ietf:params:scim:schemas:core:2.0:Schema` is Rolecall's own",
    ],
    [
      "a URN twice",
      device([], { schemas: [schema([{ name: "a" }]), schema([{ name: "a" }], URN.toUpperCase())] }),
      "/schemas/1/id `URN:ACME:SCIM:2.0:DEVICE` is there already",
    ],
    [
      "an unused schema",
      { schemas: [schema([{ name: "a" }])] },
      "/schemas/0/id `urn:acme:scim:2.0:Device` is used by nothing",
    ],
    ["Rolecall's type", ofType({ name: "user" }), "/resourceTypes/0/name `user` is Rolecall's own"],
    ["a version as endpoint", ofType({ endpoint: "/V3" }), "/resourceTypes/0/endpoint `/V3` means a version of SCIM"],
    [
      "a URN that is the path of an attribute",
      device([], { schemas: [schema([{ name: "a" }]), schema([{ name: "b" }], `${URN}:A`)] }),
      `/schemas/1/id \`${URN}:A\` is the path of another schema's attribute`,
    ],
    ...[`${URN}:ID`, "urn:ietf:params:scim:schemas:core:2.0:User:meta"].map(
      (urn) =>
        [
          `a URN that is the path of what every resource has, ${urn}`,
          device([], { schemas: [schema([{ name: "a" }]), schema([{ name: "b" }], urn)] }),
          `/schemas/1/id \`${urn}\` is the path of another schema's attribute`,
        ] as const,
    ),
    ["a reserved endpoint", ofType({ endpoint: "/bulk" }), "/resourceTypes/0/endpoint `/bulk` is Rolecall's own"],
    ["Rolecall's endpoint", ofType({ endpoint: "/Users" }), "/resourceTypes/0/endpoint `/Users` is Rolecall's own"],
    ["a deep endpoint", ofType({ endpoint: "/a/b" }), "/resourceTypes/0/endpoint must match"],
    [
      "an unknown schema",
      ofType({ schema: "urn:acme:scim:2.0:Devise" }),
      "/resourceTypes/0/schema `urn:acme:scim:2.0:Devise` is the `id` of no schema in the files, did you mean `urn:acme:scim:2.0:Device`?",
    ],
    [
      "an unknown extension",
      ofType({ schemaExtensions: [{ schema: MORE }] }),
      "/resourceTypes/0/schemaExtensions/0/schema `urn:acme:scim:2.0:More` is the `id` of no schema",
    ],
    [
      "itself as extension",
      ofType({ schemaExtensions: [{ schema: URN }] }),
      "/resourceTypes/0/schemaExtensions/0/schema `urn:acme:scim:2.0:Device` is one of its schemas already",
    ],
    [
      "an extension of nobody",
      device(undefined, { extensions: [{ resourceType: "Usr", schema: URN }] }),
      "/extensions/0/resourceType `Usr` is no resource type of Rolecall, did you mean `User`?",
    ],
    [
      "an extension twice",
      device(undefined, {
        extensions: [
          { resourceType: "User", schema: URN },
          { resourceType: "user", schema: URN },
        ],
      }),
      "/extensions/1/schema `urn:acme:scim:2.0:Device` is one of its schemas already",
    ],
  ];
  for (const [what, file, message] of wrong) {
    it(`refuses ${what}, and says where`, () => {
      expect(mistakes(file).join("\n")).to.contain(message);
    });
  }

  it("names every mistake of every file at once, and what two files have both", () => {
    const one = write("one.json", device([{ name: "a" }, { name: "a" }, { name: "toString" }]));
    const two = write("two.json", device());
    const read = readCustomTables([one, two]);
    expect(read.ok ? [] : read.lines).to.deep.equal([
      `${one}: /schemas/0/attributes/1/name \`a\` is there already: letter case makes no difference`,
      `${one}: /schemas/0/attributes/2/name \`toString\` cannot be an attribute's name`,
      `${two}: /schemas/0/id \`${URN}\` is there already: choose another`,
      `${two}: /resourceTypes/0/name \`Device\` is there already: choose another`,
      `${two}: /resourceTypes/0/endpoint \`/Devices\` is there already: choose another`,
    ]);
  });

  it("keeps the service from starting, one line for each mistake, under the configuration's key", async () => {
    const bad = write("bad.json", device([{ name: "constructor" }]));
    const missing = join(folder, "missing.json");
    for (const [path, line] of [
      [bad, `${bad}: /schemas/0/attributes/0/name \`constructor\` cannot be an attribute's name`],
      [missing, `${missing} cannot be read (ENOENT)`],
    ] as const) {
      const started = startService({ settings: (config) => ({ ...config, scim: { schemaFiles: [path] } }) });
      const error: unknown = await started.then(
        (service) => service.close(),
        (fault: unknown) => fault,
      );
      expect(error).to.be.instanceOf(ConfigError);
      expect(error instanceof ConfigError && error.lines).to.deep.equal([`config: scim.schemaFiles: ${line}`]);
    }
  });
});
