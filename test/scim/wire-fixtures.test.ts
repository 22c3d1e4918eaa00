import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { compileMapping } from "../../src/engine/compile/compile.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { projectRoot } from "../../src/platform/root.js";
import type { Reading } from "../../src/protocols/scim/dialect.js";
import { readGroup, readUser } from "../../src/protocols/scim/document.js";
import { ScimError } from "../../src/protocols/scim/errors.js";
import { readFilter } from "../../src/protocols/scim/filter-resolve.js";
import { applyPatch } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import { readProjection } from "../../src/protocols/scim/project.js";
import type { RolePolicy } from "../../src/protocols/scim/roles.js";
import { groupReading, userReading } from "./tables.js";
import { clientHeaders, type WireFixture, type WireRequest, wireClients, wireFixtures } from "./wire-fixtures.js";
import { mismatches } from "./wire-match.js";

const stored = {
  Users: { userName: "ada", active: true, emails: [{ type: "work", value: "ada@acme.example", primary: true }] },
  Groups: { displayName: "G" },
};

/** What the fixture's mapping says of roles. */
function rolesUnder({ profile, mapping }: WireFixture): RolePolicy {
  if (mapping === undefined) return { managed: true, profile };
  const document = JSON.parse(readFileSync(join(projectRoot, "rules", mapping), "utf8")) as MappingDocument;
  const compiled = compileMapping(document, { connections: [], version: 1 });
  const declared = compiled.ok ? compiled.mapping.scimRoles : undefined;
  return { managed: true, profile, ...(declared && { declared }) };
}

/** Reads the request as the server will, without a directory behind it; ends in a ScimError where the server answers with one. */
function read(request: WireRequest, fixture: WireFixture): void {
  const [path = "", query = ""] = request.path.split("?");
  const kind = path.startsWith("/Groups") ? "Groups" : "Users";
  const plain = kind === "Groups" ? groupReading(fixture.profile) : userReading(fixture.profile);
  const reading: Reading = { ...plain, roles: rolesUnder(fixture) };
  const parameters = new URLSearchParams(query);
  const filter = parameters.get("filter");
  if (filter !== null) readFilter(filter, reading);
  readProjection(
    { attributes: parameters.get("attributes") ?? "", excludedAttributes: parameters.get("excludedAttributes") ?? "" },
    reading,
  );
  if (request.method === "PATCH") applyPatch(stored[kind], readPatchRequest(request.body, reading), reading);
  else if (request.body !== undefined)
    kind === "Users" ? readUser(request.body, reading) : readGroup(request.body, reading);
}

function scimType(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof ScimError) return error.kind;
    throw error;
  }
}

/** Refusals that a body alone calls for; the others need a directory. */
const PURE = new Set(["invalidValue", "invalidSyntax", "invalidPath", "invalidFilter", "noTarget", "mutability"]);

describe("wire fixtures", () => {
  const all = wireClients.flatMap((client) => wireFixtures(client));
  const numbered = (prefix: string, count: number): readonly string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}-${String(index + 1).padStart(2, "0")}`);

  it("there is one for every row of Okta and Entra", () => {
    expect(all.map((fixture) => fixture.id)).to.include.members([...numbered("OKTA", 18), ...numbered("ENTRA", 27)]);
    expect(new Set(all.map((fixture) => fixture.id)).size).to.equal(all.length);
  });

  for (const client of wireClients) {
    it(`${client}: sends headers that the server accepts`, () => {
      expect(clientHeaders(client)["Content-Type"]).to.match(/^application\/(scim\+)?json/);
    });

    for (const fixture of wireFixtures(client)) {
      it(`${fixture.id}: ${fixture.title}`, () => {
        expect(fixture.file.startsWith(`${fixture.id.toLowerCase()}-`)).to.equal(true);
        expect(fixture.exchanges).not.to.have.length(0);
        for (const { request } of fixture.given) expect(scimType(() => read(request, fixture))).to.equal(undefined);
        for (const { request, expect: answer } of fixture.exchanges) {
          const wanted = (answer.json as JsonObject | undefined)?.["scimType"] as string | undefined;
          const kind = wanted !== undefined && PURE.has(wanted) ? wanted : undefined;
          expect(
            scimType(() => read(request, fixture)),
            JSON.stringify(request),
          ).to.equal(kind);
        }
      });
    }
  }

  it("knows only names that were captured before", () => {
    for (const fixture of all) {
      const known = new Set<string>();
      for (const step of [...fixture.given, ...fixture.exchanges]) {
        const used = JSON.stringify(step.request).matchAll(/\{\{(\w+)\}\}/g);
        for (const [, name] of used) expect(known, fixture.id).to.include(name);
        for (const name of Object.keys(step.capture ?? {})) known.add(name);
      }
    }
  });
});

describe("matching an answer with a fixture", () => {
  const cases: readonly (readonly [expected: Json, actual: Json, places: readonly string[]])[] = [
    [{ a: 1 }, { a: 1, b: 2 }, []],
    [{ a: { b: "x" } }, { a: { b: "y" } }, ["body.a.b"]],
    [{ a: "<absent>" }, { a: null }, ["body.a"]],
    [{ a: "<absent>" }, {}, []],
    [{ a: "<absent or empty>", b: "<absent or empty>" }, { a: [] }, []],
    [{ a: "<absent or empty>" }, { a: [1] }, ["body.a"]],
    [{ a: "<integer>", b: "<integer>" }, { a: 1, b: "1" }, ["body.b"]],
    [{ a: "<non-empty string>", b: "<non-empty string>" }, { a: "x", b: "" }, ["body.b"]],
    [{ a: "<starts with 1/>", b: "<starts with 1/>" }, { a: "1/x", b: "2/x" }, ["body.b"]],
    [{ a: "<ends with /1>", b: "<ends with /1>" }, { a: "x/1", b: "x/2" }, ["body.b"]],
    [[1, 2], [1], ["body"]],
    [[{ a: 1 }], [{ a: 2, b: 1 }], ["body[0].a"]],
    [{ a: {} }, { a: [] }, ["body.a"]],
    [{ toString: "<absent>" }, {}, []],
  ];
  for (const [expected, actual, places] of cases) {
    it(`${JSON.stringify(actual)} against ${JSON.stringify(expected)}`, () => {
      expect(mismatches(expected, actual).map((line) => line.split(":")[0])).to.deep.equal(places);
    });
  }

  it("refuses a matcher that nobody knows", () => {
    expect(() => mismatches("<something>", "x")).to.throw("unknown matcher");
  });
});
