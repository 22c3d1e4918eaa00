import { expect } from "chai";
import { checkExpression } from "../../src/engine/expression/expression.js";
import { type ExpressionUse, rootNames } from "../../src/engine/expression/facts.js";
import { USER_ATTRIBUTES } from "../../src/model/facts.js";
import { compileSchema, readSchema } from "../../src/platform/schemas.js";

interface FactsSchema {
  readonly properties: Readonly<Record<string, { readonly properties?: Readonly<Record<string, object>> }>>;
}

const { properties } = readSchema("facts").schema as unknown as FactsSchema;

function accepts(source: string, use: ExpressionUse): boolean {
  return checkExpression(`[${source}]`, use).ok;
}

describe("schemas/facts.schema.json", () => {
  it("lists the attributes of a person in the order of the model", () => {
    expect(Object.keys(properties["user"]?.properties ?? {})).to.deep.equal([...USER_ATTRIBUTES]);
  });

  it("names exactly the facts that expressions may read", () => {
    const readable = new Set([...rootNames("when"), ...rootNames("invariant")]);
    expect(Object.keys(properties).sort()).to.deep.equal([...readable].sort());
    for (const [root, { properties: fields }] of Object.entries(properties)) {
      for (const field of Object.keys(fields ?? {})) {
        expect(accepts(`${root}.${field}`, root === "target" ? "invariant" : "when"), `${root}.${field}`).to.equal(
          true,
        );
      }
      expect(accepts(`${root}.nothing`, "when"), `${root}.nothing`).to.equal(root === "claims");
    }
  });

  it("accepts the input of an expression, and no prototype key among claims", () => {
    const check = compileSchema("facts", "document");
    const claims = JSON.parse('{"__proto__": ["x"]}');
    expect(check({ user: { title: "VP" }, groups: ["a"], claims: { x: [] }, now: "2026-11-22" }).ok).to.equal(true);
    expect(check({ claims }).ok).to.equal(false);
    expect(check({ user: { title: null } }).ok).to.equal(false);
  });
});
