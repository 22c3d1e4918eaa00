import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";
import { rolecall, withFolder } from "./terminal.js";

const GOOD = {
  mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }],
  examples: [
    { name: "an engineer", groups: ["Eng"], expect: ["Platform/editor"] },
    { name: "a stranger", groups: ["Other"], expect: [] },
  ],
  invariants: [{ name: "no owners", never: "target.role = 'owner'" }],
};

const SCENARIO = {
  name: "engineers edit",
  mapping: { mappings: GOOD.mappings },
  people: [{ userName: "bob", groups: ["Eng"] }],
  expect: { bob: ["Platform/editor"] },
};

describe("mapping check", () => {
  it("finds nothing wrong with the documents that ship", async () => {
    const names = ["starter", "departments", "entra-object-ids", "okta-naming-convention"];
    const { code, out } = await rolecall([
      "mapping",
      "check",
      ...names.map((name) => join(projectRoot, "rules", `${name}.json`)),
    ]);
    expect(out.filter((line) => !line.includes("warning: "))).to.have.length(names.length);
    expect(out.join("\n")).to.match(/starter\.json: ok, \d+ rules/);
    expect(code).to.equal(0);
  });

  it("refuses keys that stand twice, of which JSON would keep one in silence", async () => {
    const twice =
      '{\n  "mappings": [\n    { "group_name": "Eng", "team_name": "A", "role_name": "viewer",\n      "role_name": "admin" }]\n}';
    const wrapped = '{ "user_group_mapping": { "mappings": [],\n "mappings": [] } }';
    await withFolder({ "twice.json": twice, "wrapped.json": wrapped }, async (folder) => {
      const { code, out } = await rolecall([
        "mapping",
        "check",
        join(folder, "twice.json"),
        join(folder, "wrapped.json"),
      ]);
      expect(out[0]).to.match(/twice\.json:4:7: \/mappings\/0\/role_name duplicate_key: /);
      expect(out[1]).to.match(/wrapped\.json:2:2: \/mappings duplicate_key: /);
      expect(code).to.equal(1);
    });
  });

  it("tells of problems in the order in which they stand in the file, warnings among them", async () => {
    const bad =
      '{ "mappings": [\n{ "id": "a", "when": "user.nope = 1", "team_name": "A", "role_name": "x" },\n{ "group_name": 7, "team_name": "A", "role_name": "x" },\n{ "id": "c", "when": "user.nope = 1", "team_name": "A", "role_name": "x" } ],\n"mapings": [] }';
    await withFolder({ "bad.json": bad }, async (folder) => {
      const { out } = await rolecall(["mapping", "check", join(folder, "bad.json")]);
      const lines = out.map((line) => Number(/bad\.json:(\d+):/.exec(line)?.[1]));
      expect(lines).to.deep.equal([2, 3, 4, 5]);
    });
  });

  it("shows mistakes of meaning beside mistakes of form", async () => {
    const bad =
      '{ "mapings": [],\n  "mappings": [{ "group_name": 7, "team_name": "A", "role_name": "x" },\n{ "when": "$eval(\'1\')", "team_name": "A", "role_name": "x" }] }';
    await withFolder({ "bad.json": bad }, async (folder) => {
      const { out } = await rolecall(["mapping", "check", join(folder, "bad.json")]);
      const said = out.join("\n");
      expect(said).to.match(/bad\.json:1:3: \/mapings unknown_key/);
      expect(said).to.match(/bad\.json:2:\d+: \/mappings\/0\/group_name /);
      expect(said).to.match(/bad\.json:3:\d+: \/mappings\/1\/when /);
    });
  });

  it("says of each problem where it stands, in every file, and exits with 1", async () => {
    const typos = '{\n  "mapings": [],\n  "mappings": [\n    { "group_name": "Eng",\n      "role_name": 7 }\n  ]\n}\n';
    const wrapped =
      '{ "user_group_mapping": {\n  "mappings": [{ "sso_group": "Eng", "team": "A",\n "role_name": "viewer", "team_name": "x" }] } }';
    await withFolder(
      { "typos.json": typos, "good.json": GOOD, "wrapped.json": wrapped, "no.json": "{\n  nope" },
      async (folder) => {
        const at = (name: string) => join(folder, name);
        const { code, out, err } = await rolecall([
          "mapping",
          "check",
          ...["typos", "good", "wrapped", "no"].map((name) => at(`${name}.json`)),
        ]);
        expect(out).to.include.members([
          `${at("typos.json")}:2:3: /mapings unknown_key: unknown key \`mapings\`, did you mean \`mappings\`?`,
          `${at("typos.json")}:5:7: /mappings/0/role_name wrong_type: must be a string, is \`7\``,
          `${at("good.json")}: ok, 1 rule`,
        ]);
        expect(out.find((line) => line.startsWith(at("wrapped.json")))).to.match(
          /:2:38: \/mappings\/0\/team unknown_key/,
        );
        expect(out.find((line) => line.startsWith(at("no.json")))).to.match(/:2:3: \/ syntax: this is not valid JSON/);
        expect(err.at(-1)).to.match(/^\d+ problems$/);
        expect(code).to.equal(1);
      },
    );
  });

  it("runs expressions, and finds an example that fails and a condition that is not allowed", async () => {
    const failing = { ...GOOD, examples: [{ name: "wrong", groups: ["Eng"], expect: ["Platform/viewer"] }] };
    const hostile = { mappings: [{ when: "$eval('1') = 1", team_name: "A", role_name: "b" }] };
    await withFolder({ "failing.json": failing, "hostile.json": hostile }, async (folder) => {
      const { code, out } = await rolecall([
        "mapping",
        "check",
        join(folder, "failing.json"),
        join(folder, "hostile.json"),
      ]);
      expect(out.join("\n")).to.match(/failing\.json:\d+:\d+: \/examples\/0\/expect example_failed: example `wrong`/);
      expect(out.join("\n")).to.match(/hostile\.json:\d+:\d+: \/mappings\/0\/when /);
      expect(code).to.equal(1);
    });
  });

  it("points at the very character of an expression, behind whatever escapes stand before it in the file", async () => {
    const text = [
      '{ "mappings": [',
      '  { "when": "user.title = \\"\\u0041\\/\\t\\" and $now() > 1", "team_name": "A", "role_name": "b" },',
      '  { "when": "user.titel = 1", "team_name": "B", "role_name": "b" } ],',
      '  "examples": [{ "name": "x", "expect": ["nowhere"] }] }',
    ].join("\n");
    await withFolder({ "a.json": text }, async (folder) => {
      const { out } = await rolecall(["mapping", "check", join(folder, "a.json")]);
      const places = out.map((line) =>
        line
          .slice(folder.length + 1)
          .split(":")
          .slice(0, 3)
          .join(":"),
      );
      const [, clock = "", titel = "", lastLine = ""] = text.split("\n");
      expect(places).to.deep.equal([
        `a.json:2:${clock.indexOf("$now") + 1}`,
        `a.json:3:${titel.indexOf("titel") + 1}`,
        `a.json:4:${lastLine.indexOf('"nowhere') + 1}`,
      ]);
      expect(out[0]).to.contain("write for instance `now >= '2026-12-01'`");
    });
  });

  it("takes the connections that a document names to exist, and the one of an owners' rule to be able to make owners", async () => {
    const document = {
      groups: { "IT Admins": { entra: "0b6ad4c2-7e13-4c57-8f0a-2f6f6c1f8a10", okta: "it-admins" } },
      mappings: [{ group_name: "IT Admins", connections: ["okta"], scope: "tenant", role_name: "Owner" }],
      examples: [{ name: "by okta", connection: "okta", groups: ["IT Admins"], expect: ["tenant/owner"] }],
    };
    await withFolder({ "owners.json": document }, async (folder) => {
      const { code, out } = await rolecall(["mapping", "check", join(folder, "owners.json")]);
      expect(out).to.deep.equal([`${join(folder, "owners.json")}: ok, 1 rule`]);
      expect(code).to.equal(0);
    });
  });
});

describe("mapping test", () => {
  it("holds what defaults give against the invariants, as check and lint do", async () => {
    const shipped = JSON.parse(readFileSync(join(projectRoot, "rules", "tabnine-default-team.json"), "utf8"));
    await withFolder({ "raised.json": { ...shipped, default_role: "team_admin" } }, async (folder) => {
      const file = join(folder, "raised.json");
      const broken = /\/invariants\/0\/never invariant_broken: .* would be given `Newcomers\/team_admin`/;
      for (const command of ["test", "check", "lint"]) {
        const { out, code } = await rolecall(["mapping", command, file]);
        expect(out.join("\n"), command).to.match(broken);
        expect(code).to.equal(1);
      }
    });
  });

  it("holds what a scenario's people are given against the invariants, too", async () => {
    const scenario = {
      ...SCENARIO,
      mapping: { ...GOOD, examples: [], invariants: [{ name: "no bob", never: "user.userName = 'bob'" }] },
    };
    await withFolder({ "bob.scenario.json": scenario }, async (folder) => {
      const { out, code } = await rolecall(["mapping", "test", folder]);
      expect(out.join("\n")).to.contain("invariant `no bob` is broken: `bob` would be given `Platform/editor`");
      expect(code).to.equal(1);
    });
  });

  const test = async (folder: string, ...paths: readonly string[]) =>
    rolecall(["mapping", "test", ...(paths.length === 0 ? [folder] : paths.map((path) => join(folder, path)))]);

  it("passes everything that ships", async () => {
    const { code, out } = await rolecall(["mapping", "test", join(projectRoot, "rules")]);
    expect(out).to.have.length(1);
    expect(out[0]).to.match(/^[1-9]\d* passed, 0 failed$/);
    expect(code).to.equal(0);
  });

  it("counts documents, their examples and invariants, and scenarios, each file once", async () => {
    const files = {
      "a.json": GOOD,
      "b/c.scenario.json": SCENARIO,
      "d/profile.json": { $schema: "../idp-profile.schema.json" },
    };
    await withFolder(files, async (folder) => {
      const { code, out } = await test(folder);
      expect(out).to.deep.equal(["5 passed, 0 failed"]);
      expect(code).to.equal(0);
      const named = ["mapping", "test", folder, `${folder}/./a.json`, `${folder}/b/../b`];
      expect((await rolecall(named)).out).to.deep.equal(["5 passed, 0 failed"]);
    });
  });

  it("finds a scenario's mapping in a file of a folder above", async () => {
    const files = { "rules/a.json": GOOD, "rules/scenarios/x.scenario.json": { ...SCENARIO, mapping: "a.json" } };
    await withFolder(files, async (folder) => {
      expect((await test(folder, "rules/scenarios")).out).to.deep.equal(["1 passed, 0 failed"]);
      const lost = await test(folder, "rules/scenarios/x.scenario.json", "rules/a.json");
      expect(lost.out).to.deep.equal(["5 passed, 0 failed"]);
    });
  });

  it("says what was expected and what came instead, ends with the count and exits with 1", async () => {
    const files = {
      "a.json": {
        ...GOOD,
        examples: [...GOOD.examples, { name: "a guest", groups: [], expect: ["Platform/viewer"] }],
        invariants: [{ name: "nobody edits", never: "target.role = 'editor'" }],
      },
      "b.scenario.json": { ...SCENARIO, expect: { bob: ["Platform/viewer"] } },
      "c.scenario.json": { ...SCENARIO, mapping: "missing.json" },
      "d.scenario.json": { ...SCENARIO, expects: {} },
      "e.json": { mappings: [{}] },
    };
    await withFolder(files, async (folder) => {
      const { code, out } = await test(folder);
      const said = out.join("\n");
      expect(said).to.match(
        /a\.json:\d+:\d+: \/examples\/2\/expect example_failed: example `a guest`: .*`Platform\/viewer`/,
      );
      expect(out).to.include("    - Platform/viewer: no rule writes it out, did you mean `Platform/editor`?");
      expect(said).to.match(/a\.json:\d+:\d+: \/invariants\/0\/never invariant_broken: invariant `nobody edits`/);
      expect(said).to.contain("the person of example `an engineer` would be given `Platform/editor`");
      expect(said).to.match(
        /b\.scenario\.json: engineers edit\n {2}`bob` \(sign_in\): expected Platform\/viewer, got Platform\/editor/,
      );
      expect(said).to.contain("c.scenario.json: no mapping document `missing.json` here or in a folder above");
      expect(said).to.match(/d\.scenario\.json:\d+:3: \/expects unknown_key: unknown key `expects`/);
      expect(said).to.match(/e\.json:\d+:\d+: \/mappings\/0 /);
      // a.json: the document and its two good examples pass.
      expect(out.at(-1)).to.equal("3 passed, 6 failed");
      expect(code).to.equal(1);
    });
  });

  it("does not pass by testing nothing", async () => {
    await withFolder({ "notes.txt": "nothing here" }, async (folder) => {
      const { code, out, err } = await test(folder);
      expect(err).to.deep.equal(["rolecall: no mapping document and no scenario was found"]);
      expect(out).to.deep.equal(["0 passed, 0 failed"]);
      expect(code).to.equal(1);
    });
  });
});
