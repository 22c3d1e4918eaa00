import { join } from "node:path";
import { expect } from "chai";
import { rolecall, withFolder } from "./terminal.js";

const DEAD = {
  mappings: [
    { group_name: ["Eng", "Ops"], team_name: "Platform", role_name: "editor" },
    { group_name: "Ops", team_name: "Platform", role_name: "editor" },
  ],
  examples: [{ name: "eng", groups: ["Eng"], expect: ["Platform/editor"] }],
};
const FINE = { ...DEAD, mappings: DEAD.mappings.slice(0, 1) };

describe("mapping lint", () => {
  it("says of each finding where it stands and how grave it is; only errors fail, or anything under --strict", async () => {
    await withFolder({ "dead.json": DEAD, "fine.json": FINE, "bad.json": "{ nope" }, async (folder) => {
      const at = (name: string) => join(folder, `${name}.json`);
      const dead = await rolecall(["mapping", "lint", at("dead"), at("fine")]);
      expect(dead.out).to.have.length(3);
      expect(dead.out[0]).to.match(/dead\.json:\d+:\d+: warning: \/mappings\/1 shadowed_rule: /);
      expect(dead.out[1]).to.match(/dead\.json:\d+:\d+: hint: \/mappings\/1 uncovered_rule: /);
      expect([dead.out[2], dead.code]).to.deep.equal(["0 errors, 1 warning, 1 hint", 0]);
      expect((await rolecall(["mapping", "lint", "--strict", at("dead")])).code).to.equal(1);
      expect((await rolecall(["mapping", "lint", "--strict", at("fine")])).code).to.equal(0);
      const bad = await rolecall(["mapping", "lint", at("bad")]);
      expect(bad.out[0]).to.match(/bad\.json:1:3: error: \/ syntax: /);
      expect(bad.code).to.equal(1);
    });
  });

  it("takes days only beside a tenant, and only whole ones", async () => {
    expect((await rolecall(["mapping", "lint", "x.json", "--days", "3"])).err.join()).to.contain(
      "--days needs --tenant",
    );
    const wrong = await rolecall(["mapping", "lint", "x.json", "--tenant", "acme", "--days", "soon"]);
    expect([wrong.code, wrong.err.join()]).to.deep.equal([
      2,
      "rolecall: --days takes a number from 1 to 3650, is `soon`",
    ]);
  });

  it("holds a file beside a tenant's groups", async () => {
    await withFolder({ "fine.json": FINE }, async (folder) => {
      const env = { ROLECALL_DATABASE_URL: `sqlite:${join(folder, "a.db")}`, ROLECALL_LOG_LEVEL: "silent" };
      const made = await rolecall(["tenant", "create", "acme", "--name", "Acme"], { env });
      expect(made.code, made.err.join()).to.equal(0);
      const { out, code } = await rolecall(["mapping", "lint", join(folder, "fine.json"), "--tenant", "acme"], { env });
      expect([out, code]).to.deep.equal([["0 errors, 0 warnings, 0 hints"], 0]);
    });
  });
});

describe("the place of a problem in a file", () => {
  const PLACES: readonly (readonly [string, string, string])[] = [
    ["CRLF", '{\r\n  "mappings": [],\r\n  "mapings": []\r\n}\r\n', ":3:3: /mapings unknown_key"],
    ["tabs", '{\n\t"mappings": [\n\t\t{ "group_name": 7 }]\n}', ":3:5: /mappings/0/group_name "],
    ["a byte order mark", '\uFEFF{ "mapings": [] }', ":1:3: /mapings unknown_key"],
    ["an emoji before it", '{ "note": "😀", "mapings": [] }', ":1:17: /mapings unknown_key"],
    ["the wrapper of Tines", '{ "user_group_mapping": {\n "mapings": [] } }', ":2:2: /mapings unknown_key"],
    [
      "a byte order mark, the wrapper and CRLF",
      '\uFEFF{ "user_group_mapping":\r\n\t{ "mapings": [] } }',
      ":2:4: /mapings unknown_key",
    ],
    ["broken JSON behind CRLF", '{\r\n\r\n  "mappings": [}\r\n', ":3:16: / syntax"],
    [
      "an expression behind tabs",
      '{ "mappings": [\n\t{ "when": "user.departmnt = 1", "team_name": "A", "role_name": "b" }] }',
      "/mappings/0/when ",
    ],
  ];
  for (const [what, text, place] of PLACES) {
    it(`is told with ${what}`, async () => {
      await withFolder({ "m.json": text }, async (folder) => {
        const { out } = await rolecall(["mapping", "check", join(folder, "m.json")]);
        expect(out.join("\n")).to.contain(place);
      });
    });
  }
});
