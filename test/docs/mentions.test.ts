import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { REFUSAL_STATUS } from "../../src/model/problem.js";
import { loadConfig } from "../../src/platform/config.js";
import { projectRoot } from "../../src/platform/root.js";
import { readSchema } from "../../src/platform/schemas.js";
import { loadIdpProfiles } from "../../src/protocols/sign-in/idp-profile.js";
import { readDocument, tableAfter, writtenDocuments } from "./markdown.js";

const EXAMPLES = "config/examples";
const GENERIC_SAML = "docs/idp/generic-saml.md";

/** What sign-in.md says before its table of guards. */
const GUARD_TABLES = [
  ["saml", "What `guard` says of a `sign_in_failed` by SAML"],
  ["oidc", "What it says of one by OpenID Connect"],
] as const;

/** Named beside the attributes: where an admin says that groups are. */
const SETTINGS: readonly string[] = ["groupAttribute", "group_attribute_name"];

interface SettingsSchema {
  readonly properties: Readonly<Record<string, { readonly properties?: Readonly<Record<string, unknown>> }>>;
}

describe("what the documents say of the service", () => {
  it("operations.md lists every variable that is read, and no other", () => {
    const read = namesIn(readFileSync(join(projectRoot, "src/platform/config.ts"), "utf8"), /\bROLECALL_[A-Z_]+\b/g);
    const listed = namesIn(readDocument("docs/operations.md"), /(?<=^\| `)ROLECALL_[A-Z_]+(?=`)/gm);
    expect([...listed].sort()).to.deep.equal([...read].sort());
  });

  it("sign-in.md says what to do about every code with which a sign-in is refused", () => {
    const codes = namesIn(
      readFileSync(join(projectRoot, "src/protocols/sign-in/refusals.ts"), "utf8"),
      /(?<=^ {2}\[")[a-z_]+(?=", [A-Z"][^[\]]*\],$)/gm,
    );
    const told = namesIn(readDocument("docs/sign-in.md"), /(?<=^\| `)[a-z_]+(?=` \| \d{3})/gm);
    expect(codes.size).to.be.above(8);
    expect([...codes].filter((code) => !told.has(code))).to.deep.equal([]);
  });

  it("sign-in.md names the status with which each code is answered", () => {
    const rows = [...readDocument("docs/sign-in.md").matchAll(/^\| `([a-z_]+)` \| (\d{3}) \|/gm)];
    expect(rows).to.have.length.above(5);
    for (const [, code = "", status] of rows) {
      expect(String(REFUSAL_STATUS[code as keyof typeof REFUSAL_STATUS]), code).to.equal(status);
    }
  });

  for (const [protocol, heading] of GUARD_TABLES) {
    it(`sign-in.md says what to look at for every check of ${protocol} that refuses, and for no other`, () => {
      const source = readFileSync(join(projectRoot, `src/protocols/${protocol}/failure.ts`), "utf8");
      const guards = namesIn(source, /(?<=^ {2}\| ")[a-z_]+(?=";?$)/gm);
      expect(guards.size).to.be.above(15);
      const table = tableAfter(readDocument("docs/sign-in.md"), heading);
      const told = table.flatMap((row) => [...namesIn(row.split("|")[1] ?? "", /(?<=`)[a-z_]+(?=`)/g)]);
      expect(told.sort()).to.deep.equal(["guard", ...guards].sort());
    });
  }

  it("generic-saml.md looks for groups where the profile does", () => {
    const table = tableAfter(readDocument(GENERIC_SAML), "## 3. Let it send attributes");
    const row = table.find((one) => one.startsWith("| groups ")) ?? "";
    const quoted = [...row.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    const named = quoted.filter((name) => !SETTINGS.includes(name));
    expect(named).to.have.length.above(5);
    const profile = loadIdpProfiles().find(({ name }) => name === "generic-saml");
    expect(named.filter((name) => !profile?.groups.claims.includes(name))).to.deep.equal([]);
  });

  it("README.md leads to the page of every provider", () => {
    const pages = readdirSync(join(projectRoot, "docs/idp")).map((name) => `docs/idp/${name}`);
    expect(pages.filter((page) => !readDocument("README.md").includes(`(${page})`))).to.deep.equal([]);
  });

  it("the pages of providers name every profile that ships", () => {
    const pages = writtenDocuments().filter((path) => path.startsWith("docs/idp/"));
    const told = pages.map((page) => readDocument(page)).join();
    const files = loadIdpProfiles().map(({ name }) => `rules/idp/${name}.json`);
    expect(files.filter((file) => !told.includes(file))).to.deep.equal([]);
  });

  for (const document of writtenDocuments()) {
    it(`${document}: every part of a connection or of the configuration that it names is one that there is`, () => {
      const known = ["admin/connection", "config"].map((id) => readSchema(id).schema as unknown as SettingsSchema);
      const named = [...readDocument(document).matchAll(/`(saml|oidc|scim|idp)\.([a-zA-Z]+)`/g)];
      const unknown = named.filter(
        ([, part = "", key = ""]) => !known.some(({ properties }) => properties[part]?.properties?.[key] !== undefined),
      );
      expect(unknown.map(([name]) => name)).to.deep.equal([]);
    });
  }

  for (const name of readdirSync(join(projectRoot, EXAMPLES))) {
    it(`${EXAMPLES}/${name} is a configuration that the service takes`, () => {
      const path = join(projectRoot, EXAMPLES, name);
      expect(() => loadConfig({ ROLECALL_CONFIG: path })).not.to.throw();
    });
  }
});

function namesIn(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([name]) => name));
}
