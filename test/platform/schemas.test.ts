import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import type { Problem } from "../../src/model/problem.js";
import { problemsOf } from "../../src/platform/schema-problems.js";
import { compileSchema, readSchema, schemaIds } from "../../src/platform/schemas.js";

describe("schema files", () => {
  for (const id of schemaIds()) {
    it(`${id} compiles strictly, as a request and as a document`, () => {
      compileSchema(id, "request")({});
      compileSchema(id, "document")({});
      expect(readSchema(id).schema).to.have.property("$schema");
    });
  }

  it("are found by path, and parts of them by pointer", () => {
    const rate = compileSchema<number>("config#/$defs/rate");
    expect(rate(5)).to.deep.equal({ ok: true, value: 5 });
    expect(rate(-1)).to.have.property("ok", false);
    expect(() => compileSchema("no/such")).to.throw("schema `no/such` does not exist");
    expect(() => compileSchema("config#/$defs/nothing")({})).to.throw();
  });

  it("stop at the first problem of a request, convert texts of a query, and tell all problems of a document", () => {
    const wrong = { port: "x", host: 5, unknown: 1 };
    const request = compileSchema("config")(wrong);
    const document = compileSchema("config", "document")(wrong);
    expect(request.ok ? [] : request.problems).to.have.length(1);
    expect(document.ok ? [] : document.problems).to.have.length(3);
    expect(compileSchema("config", "query")({ port: "80", allowPrivateNetwork: "true" })).to.deep.equal({
      ok: true,
      value: { port: 80, allowPrivateNetwork: true },
    });
    expect(compileSchema("config")({ port: "80" })).to.have.property("ok", false);
  });
});

describe("schema problems", () => {
  function problems(schema: object, value: unknown): readonly Problem[] {
    const ajv = new Ajv2020({
      allErrors: true,
      verbose: true,
      discriminator: true,
      strictTypes: false,
      allowUnionTypes: true,
      logger: false,
    });
    const validate = ajv.compile(schema);
    validate(value);
    return problemsOf(validate.errors ?? []);
  }

  const text = { type: "string" };
  const cases: [string, object, unknown, Problem[]][] = [
    [
      "an unknown key, with what was meant",
      { properties: { team_name: text, role_name: text }, additionalProperties: false },
      { team_nmae: "x" },
      [
        {
          pointer: "/team_nmae",
          code: "unknown_key",
          message: "unknown key `team_nmae`, did you mean `team_name`?",
          suggestion: "team_name",
        },
      ],
    ],
    [
      "an unknown key that resembles nothing",
      { properties: { team_name: text }, additionalProperties: false },
      { "a/b": 1 },
      [{ pointer: "/a~1b", code: "unknown_key", message: "unknown key `a/b`" }],
    ],
    [
      "a key that only another branch covers, without false alarms for the known ones",
      { unevaluatedProperties: false, allOf: [{ properties: { a: text, b: text } }] },
      { a: 5, c: 1 },
      [
        { pointer: "/a", code: "wrong_type", message: "must be a string, is `5`" },
        { pointer: "/c", code: "unknown_key", message: "unknown key `c`" },
      ],
    ],
    [
      "a missing key",
      { required: ["slug"] },
      {},
      [{ pointer: "", code: "missing_key", message: "the key `slug` is missing" }],
    ],
    [
      "a missing key out of several",
      { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      {},
      [{ pointer: "", code: "missing_key", message: "one of the keys `a`, `b` is missing" }],
    ],
    [
      "forms that exclude each other",
      { oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      { a: 1, b: 1 },
      [
        {
          pointer: "",
          code: "wrong_form",
          message: "fits several forms that exclude each other: use the keys of one of them",
        },
      ],
    ],
    [
      "a value that is not one of the allowed",
      { properties: { sync: { enum: ["off", "test", "live"] } } },
      { sync: "liv" },
      [
        {
          pointer: "/sync",
          code: "wrong_value",
          message: 'must be one of `off`, `test`, `live`, is `"liv"`, did you mean `live`?',
          suggestion: "live",
        },
      ],
    ],
    [
      "a value that is not the one",
      { const: 1 },
      2,
      [{ pointer: "", code: "wrong_value", message: "must be `1`, is `2`" }],
    ],
    [
      "a value for no branch of a choice",
      { properties: { group_name: { anyOf: [text, { type: "array", items: text }] } } },
      { group_name: 5 },
      [{ pointer: "/group_name", code: "wrong_type", message: "must be a string or an array, is `5`" }],
    ],
    [
      "a mistake inside the branch that was meant",
      { properties: { group_name: { anyOf: [text, { type: "array", items: text }] } } },
      { group_name: ["x", 5] },
      [{ pointer: "/group_name/1", code: "wrong_type", message: "must be a string, is `5`" }],
    ],
    [
      "a branch's limit, without the other branch's type",
      { anyOf: [{ type: "null" }, { type: "string", minLength: 1 }] },
      "",
      [{ pointer: "", code: "too_short", message: "must not be empty" }],
    ],
    [
      "an unknown kind",
      {
        type: "object",
        discriminator: { propertyName: "protocol" },
        required: ["protocol"],
        oneOf: [{ properties: { protocol: { const: "oidc" } } }, { properties: { protocol: { const: "scim" } } }],
      },
      { protocol: "scmi" },
      [
        {
          pointer: "/protocol",
          code: "wrong_value",
          message: 'must be one of `oidc`, `scim`, is `"scmi"`, did you mean `scim`?',
          suggestion: "scim",
        },
      ],
    ],
    [
      "a key that is wrong by itself, once",
      { propertyNames: { pattern: "^[a-z]+$" } },
      { "A B": 1 },
      [{ pointer: "/A B", code: "wrong_key", message: "the key `A B` is not allowed here" }],
    ],
    [
      "a failed condition, without its echo",
      { if: { required: ["a"] }, else: { required: ["b"] } },
      {},
      [{ pointer: "", code: "missing_key", message: "the key `b` is missing" }],
    ],
    [
      "companions",
      { dependentRequired: { a: ["b"] } },
      { a: 1 },
      [{ pointer: "", code: "missing_key", message: "`a` needs `b` beside it" }],
    ],
    ["a list for a text", text, [1], [{ pointer: "", code: "wrong_type", message: "must be a string, is a list" }]],
    [
      "a number out of range",
      { minimum: 1 },
      0,
      [{ pointer: "", code: "out_of_range", message: "must be at least 1, is `0`" }],
    ],
    [
      "a number off the grid",
      { multipleOf: 5 },
      3,
      [{ pointer: "", code: "out_of_range", message: "must be a multiple of 5, is `3`" }],
    ],
    [
      "a text too short",
      { minLength: 3 },
      "ab",
      [{ pointer: "", code: "too_short", message: 'must have at least 3 characters, is `"ab"`' }],
    ],
    [
      "a text too long",
      { maxLength: 1 },
      "ab",
      [{ pointer: "", code: "too_long", message: "must have at most 1 characters" }],
    ],
    ["a list too short", { minItems: 1 }, [], [{ pointer: "", code: "too_few", message: "must not be empty" }]],
    [
      "a list too long",
      { maxItems: 0 },
      [1],
      [{ pointer: "", code: "too_many", message: "must have at most 0 entries" }],
    ],
    [
      "too few keys",
      { minProperties: 2 },
      {},
      [{ pointer: "", code: "too_few", message: "must have at least 2 keys" }],
    ],
    [
      "too many keys",
      { maxProperties: 0 },
      { a: 1 },
      [{ pointer: "", code: "too_many", message: "must have at most 0 keys" }],
    ],
    [
      "equal entries",
      { uniqueItems: true },
      [1, 2, 1],
      [{ pointer: "", code: "duplicate", message: "entries 0 and 2 are the same: keep one" }],
    ],
    ["a form", { pattern: "^a+$" }, "b", [{ pointer: "", code: "wrong_form", message: 'must match `^a+$`, is `"b"`' }]],
    [
      "what must not be",
      { not: {} },
      1,
      [{ pointer: "", code: "not_allowed", message: "is not allowed here, or not together with the rest" }],
    ],
    [
      "a secret, without showing it",
      { properties: { s: { type: "string", writeOnly: true } } },
      { s: 12345 },
      [{ pointer: "/s", code: "wrong_type", message: "must be a string" }],
    ],
  ];
  for (const [what, schema, value, expected] of cases) {
    it(`tell ${what}`, () => expect(problems(schema, value)).to.deep.equal(expected));
  }

  it("show a long or strange value short and on one line", () => {
    const [problem] = problems(text, null);
    expect(problem?.message).to.equal("must be a string, is `null`");
    const [form] = problems({ pattern: "^a$" }, `\u202e\n${"x".repeat(500)}`);
    expect(form?.message.length).to.be.below(130);
    expect(form?.message).not.to.match(/[\n\u202e]/);
  });

  it("end at 500 for a document that is wrong all over", () => {
    expect(problems({ items: text }, Array(5_000).fill(1))).to.have.length(500);
  });
});
