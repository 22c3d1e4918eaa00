import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { csv } from "../../src/admin/csv.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { rolecall, withFolder } from "./terminal.js";

const PEOPLE = [
  "userName,groups,team,role",
  "ann,Eng;All,Platform,editor",
  "bob,Eng|All,Platform,Editor",
  'cy,"Sales, Nordics;All",Sales,viewer',
  'dan,"Sales, Nordics",Sales,viewer',
  "eve,All,Platform,boss",
].join("\n");

interface Inferred {
  readonly code: number;
  readonly document: MappingDocument;
  readonly err: readonly string[];
}

async function inferred(text: string | Buffer, ...more: readonly string[]): Promise<Inferred> {
  return withFolder({}, async (folder) => {
    const path = join(folder, "people.csv");
    writeFileSync(path, text);
    const { code, out, err } = await rolecall(["infer", "--current", path, ...more]);
    return {
      code,
      document: out.length > 0 ? JSON.parse(out.join("\n")) : {},
      err: err.map((line) => line.replace(folder, "")),
    };
  });
}

const RULES = [
  { group_name: "Eng", team_name: "Platform", role_name: "editor" },
  { group_name: "Sales, Nordics", team_name: "Sales", role_name: "viewer" },
];

describe("infer", () => {
  it("prints the mapping that reproduces a file, and what it cannot explain", async () => {
    const { code, document, err } = await inferred(PEOPLE);
    expect(document.mappings).to.have.deep.members(RULES);
    expect(document.examples).to.have.length(2);
    expect(err).to.have.length(2);
    expect(err[0]).to.match(
      /^exception: eve Platform\/boss until \d{4}-\d{2}-\d{2}: no group fits: of 4 in `All`, 1 holds this$/,
    );
    expect(err[1]).to.equal("5 people hold 5 targets: 2 rules give 4 of them, 1 is an exception, 0 gains");
    expect(code).to.equal(0);
  });

  it("counts one as one", async () => {
    const { err } = await inferred("userName,groups,team,role\nann,Eng,Platform,editor", "--min-people", "1");
    expect(err).to.deep.equal(["1 person holds 1 target: 1 rule gives 1 of them, 0 are exceptions, 0 gains"]);
  });

  for (const [what, change] of [
    ["a byte order mark and CRLF", (text: string) => `\uFEFF${text.replaceAll("\n", "\r\n")}\r\n\r\n`],
    ["semicolons between cells", (text: string) => text.replaceAll(";", "|").replaceAll(/,(?! )/g, ";")],
    ["tabs between cells", (text: string) => text.replaceAll(/,(?! )/g, "\t")],
    [
      "other names of columns",
      (text: string) =>
        text.replace("userName,groups,team,role", "E-Mail,Member Of,Team Name,ROLE_NAME").replace("E-Mail", "mail"),
    ],
    [
      "a user name in another case, and rows that add up",
      (text: string) => `${text}\nANN,,,\nann,Eng;All,Platform,editor`,
    ],
    [
      "more columns, and blank cells around",
      (text: string) =>
        text
          .split("\n")
          .map((line) => `${line} ,x`)
          .join("\n"),
    ],
  ] as const) {
    it(`reads a file with ${what}`, async () => {
      const { document, err, code } = await inferred(change(PEOPLE));
      expect(document.mappings, err.join()).to.have.deep.members(RULES);
      expect(code).to.equal(0);
    });
  }

  it("reads one row per person with a list of what they hold", async () => {
    const text = 'login,groups,access\nann,A,"*/viewer; tenant/admin"\nbob,A,*/viewer|tenant/admin\ncy,B,\n';
    const { document } = await inferred(text);
    expect(document.mappings).to.have.deep.members([
      { group_name: "A", scope: "all_teams", role_name: "viewer" },
      { group_name: "A", scope: "tenant", role_name: "admin" },
    ]);
  });

  it("joins a file of groups with this service's own export of assignments", async () => {
    const header = ["userId", "userName", "scope", "role", "origin", "rule", "connection", "since", "endedAt"];
    const row = (name: string, scope: string) => [
      "id",
      name,
      scope,
      "viewer",
      "manual",
      "",
      "",
      "2026-01-01T00:00:00Z",
      "",
    ];
    const held = [row("=ann", "team:A"), row("bob", "team:A"), row("new", "resource:k:n")];
    const assignments = csv([header, ...held]);
    await withFolder({ "groups.csv": "user,groups\n=ann,G\nbob,G\n", "held.csv": assignments }, async (folder) => {
      const at = (name: string) => join(folder, name);
      const args = [
        "infer",
        "--current",
        at("groups.csv"),
        "--targets",
        at("held.csv"),
        "--out",
        at("m.json"),
        "--exceptions",
        at("e.json"),
        "--expires-in-days",
        "30",
      ];
      const { code, err } = await rolecall(args);
      expect(code, err.join("\n")).to.equal(0);
      expect(JSON.parse(readFileSync(at("m.json"), "utf8")).mappings).to.deep.equal([
        { group_name: "G", team_name: "A", role_name: "viewer" },
      ]);
      const [exception, ...others] = JSON.parse(readFileSync(at("e.json"), "utf8"));
      expect(exception).to.deep.include({
        userName: "new",
        scope: "resource:k:n",
        role: "viewer",
        reason: "the person is in no group",
      });
      expect(Date.parse(exception.expiresAt) - Date.now()).to.be.within(29 * 86_400_000, 31 * 86_400_000);
      expect(others).to.deep.equal([]);
      expect((await rolecall(["mapping", "check", at("m.json")])).code).to.equal(0);
      expect((await rolecall(["mapping", "test", at("m.json")])).out.at(-1)).to.match(/^2 passed, 0 failed$/);
      const again = await rolecall(args);
      expect([again.code, again.err.join()]).to.deep.equal([
        2,
        `rolecall: cannot write ${at("m.json")}: there is such a file already: name another, or remove it`,
      ]);
    });
  });

  it("lists who would gain what, as far as that is allowed", async () => {
    const { document, err } = await inferred(`${PEOPLE}\nfay,Eng,,`, "--allow-gains", "1");
    expect(document.mappings).to.deep.include(RULES[0]);
    expect(err).to.include("gain: fay would have Platform/editor");
  });

  it("takes the order of roles, and how many people make a rule", async () => {
    const text = "user,groups,team,role\na,Staff,T,lo\nb,Staff;Boss,T,hi\nc,Staff,T,lo\n";
    const asked = await inferred(text, "--role-order", "lo, hi", "--min-people", "1");
    expect(asked.document.role_order).to.deep.equal(["lo", "hi"]);
    expect(asked.err).to.have.length(1);
    // one holder makes no rule, and who has the higher role by none may not be given the lower one
    expect((await inferred(text, "--role-order", "lo,hi")).err).to.have.length(4);
  });

  for (const [what, text, line] of [
    [
      "a quote that is never closed",
      'user,groups,access\nann,"A,B\nbob,C,\n',
      "/people.csv:2: this row is no CSV: a quote is opened and never closed",
    ],
    [
      "a quote inside a cell",
      'user,groups,access\nann,A,\nbob,A "B" C,\n',
      "/people.csv:3: this row is no CSV: a quote stands inside a cell: write it twice, and the cell in quotes",
    ],
    [
      "another encoding",
      Buffer.from("user,groups,access\nj\xF6rg,A,\n", "latin1"),
      "/people.csv:2: the file is not in UTF-8: export it so",
    ],
    ["nothing in it", "\n\n", "/people.csv:1: the file is empty: its first row names the columns"],
    ["a row without a person", "user,groups,access\n,A,T/v\n", "/people.csv:2: column `user`: nobody is named"],
    [
      "a role without a place",
      "user,groups,team,role\na,A,,x\n",
      "/people.csv:2: column `role`: the role `x` has neither a team nor a scope",
    ],
    [
      "a place without a role",
      "user,groups,team,role\na,A,T,\n",
      "/people.csv:2: column `team`: `T` stands without a role",
    ],
    [
      "a team and a scope",
      "user,groups,team,scope,role\na,A,T,tenant,x\n",
      "/people.csv:2: column `scope`: the row has a team and a scope: one of the two says where the role holds",
    ],
    [
      "an unreadable target",
      "user,groups,access\na,A,T\n",
      "/people.csv:2: column `access`: `T` is no target: write `Team/role`, `*/role` or `tenant/role`",
    ],
    [
      "an owner of a team",
      "user,groups,access\na,A,T/Owner\n",
      "/people.csv:2: column `access`: `owner` exists in the scope `tenant` only: give the role another name",
    ],
    [
      "a scope that is none",
      "user,groups,scope,role\na,A,here,x\n",
      "/people.csv:2: column `scope`: `here` is no scope: write `tenant`, `all_teams`, `team:<name>` or `resource:<kind>:<name>`",
    ],
    [
      "names that are too long",
      `user,groups,team,role\na,${"g".repeat(513)},T,x\na,,${"t".repeat(300)},x\na,,T,${"r".repeat(129)}\n`,
      "/people.csv:4: column `role`: a role's name is longer than 128 characters",
    ],
  ] as const) {
    it(`tells the line, and the column, of ${what}, and infers nothing`, async () => {
      const { code, document, err } = await inferred(text);
      expect(err).to.include(line);
      expect([code, document]).to.deep.equal([1, {}]);
    });
  }

  it("stops after twenty mistakes", async () => {
    expect((await inferred(`user,groups,access\n${",A,\n".repeat(500)}`)).err).to.have.length(20);
  });

  for (const [what, text, more, message] of [
    [
      "a file that does not say who holds what",
      "user,groups\na,A\n",
      [],
      "a column is missing: team and role (or access)",
    ],
    [
      "a file without groups",
      "user,gruops,access\na,A,T/v\n",
      [],
      "a column is missing: groups, did you mean `gruops` by it?",
    ],
    [
      "a number that is none",
      PEOPLE,
      ["--allow-gains", "some"],
      "--allow-gains takes a whole number, at least 0, is `some`",
    ],
    [
      "an order of days in the past",
      PEOPLE,
      ["--expires-in-days", "0"],
      "--expires-in-days takes a whole number, at least 1, is `0`",
    ],
    ["a folder that is not there", PEOPLE, ["--out", "/nowhere/m.json"], "cannot write /nowhere/m.json: ENOENT"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await inferred(text, ...more);
      expect(err.join("\n")).to.contain(message);
      expect(code).to.equal(2);
    });
  }

  it("refuses a file that is not there", async () => {
    const { code, err } = await rolecall(["infer", "--current", "/nowhere.csv"]);
    expect([code, err]).to.deep.equal([2, ["rolecall: cannot read /nowhere.csv (ENOENT)"]]);
  });
});
