import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { redactClaims } from "../../src/protocols/sign-in/redact.js";

describe("redacting claims", () => {
  const cases: readonly [title: string, claims: JsonObject, kept: unknown][] = [
    ["keeps groups", { groups: ["Eng", "Ops"] }, { groups: ["Eng", "Ops"] }],
    ["keeps nested groups", { realm_access: { roles: ["r"] } }, { realm_access: { roles: ["r"] } }],
    ["keeps the protocol's own", { iss: "https://op.example", exp: 7 }, { iss: "https://op.example", exp: 7 }],
    ["keeps an e-mail's domain", { email: "ada@acme.example" }, { email: "…@acme.example" }],
    ["keeps domains inside lists", { mail: ["ada@acme.example"] }, { mail: ["…@acme.example"] }],
    [
      "makes another text its length and the start of a digest",
      { name: "Ada" },
      { name: "sha256:99a563ab2f6e (3 characters)" },
    ],
    [
      "takes a sentence with an at sign for no address",
      { note: "a b@c" },
      { note: "sha256:de9b0b851ef1 (5 characters)" },
    ],
    ["shows that a text is empty", { name: "" }, { name: "" }],
    ["keeps numbers, booleans and null", { n: 1, b: true, z: null }, { n: 1, b: true, z: null }],
    ["ends at three levels", { a: { b: { c: { d: { e: 1 } } } } }, { a: { b: { c: { d: "…" } } } }],
    ["renames what reaches a prototype", JSON.parse('{"__proto__": 1}'), { "(__proto__)": 1 }],
    ["shows control characters as what they are", { groups: ["a\u0000b"] }, { groups: ["a\ufffdb"] }],
    ["cuts long names", { groups: ["x".repeat(300)] }, { groups: [`${"x".repeat(200)}…`] }],
    ["cuts no pair of surrogates", { groups: [`${"x".repeat(199)}😀😀`] }, { groups: [`${"x".repeat(199)}…`] }],
  ];
  for (const [title, claims, kept] of cases) {
    it(title, () => {
      expect(redactClaims(claims, ["groups", ["realm_access", "roles"]])).to.deep.equal(kept);
    });
  }

  it("ends somewhere, whatever the values are", () => {
    const numbers = Array.from({ length: 200 }, (_, n) => n % 10);
    const claims = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`c${n}`, numbers]));
    expect(JSON.stringify(redactClaims(claims, [])).length).to.be.below(30_000);
  });

  it("counts bytes, not characters", () => {
    const groups = Array.from({ length: 200 }, () => "€".repeat(190));
    expect(Buffer.byteLength(JSON.stringify(redactClaims({ groups }, ["groups"])), "utf8")).to.be.below(30_000);
  });

  it("says how many claims it leaves out, and that a list goes on", () => {
    const many = Object.fromEntries(Array.from({ length: 310 }, (_, n) => [`c${n}`, n]));
    expect(redactClaims(many, [])).to.include({ c299: 299, "…": 10 }).and.not.have.property("c300");
    const groups = Array.from({ length: 301 }, (_, n) => n);
    expect(redactClaims({ groups }, ["groups"])).to.deep.equal({ groups: [...groups.slice(0, 300), "…"] });
  });
});
