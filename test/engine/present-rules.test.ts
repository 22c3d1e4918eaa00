import { expect } from "chai";
import { compileMapping } from "../../src/engine/compile/compile.js";
import type { CompiledMapping } from "../../src/engine/compile/compiled-mapping.js";
import { withPresentRules } from "../../src/engine/present-rules.js";
import type { Grant } from "../../src/model/grant.js";
import type { GrantId, UserId } from "../../src/model/ids.js";
import type { RuleDocument } from "../../src/model/mapping.js";
import type { PersonState } from "../../src/model/person.js";

const EDITOR: RuleDocument = { group_name: "G", team_name: "T", role_name: "editor" };
const VIEWER: RuleDocument = { ...EDITOR, role_name: "viewer" };

function mappingOf(...mappings: readonly RuleDocument[]): CompiledMapping {
  const compiled = compileMapping({ role_order: ["x"], mappings }, { connections: [], version: 2 });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.mapping;
}

const idOf = (...mappings: readonly RuleDocument[]) => mappingOf(...mappings).rules[0]?.id as string;

function holding(...grants: readonly Partial<Grant>[]): PersonState {
  return {
    ...{
      id: "u" as UserId,
      userName: "ann",
      email: null,
      displayName: null,
      givenName: null,
      familyName: null,
      photo: null,
      status: "registered",
    },
    ...{ everRegistered: true, factsVersion: 1, reconciledVersion: 1, dirty: false, seat: true },
    grants: grants.map((grant, at) => ({
      ...{ id: String(at) as GrantId, origin: "rule", evidence: [], since: "2026-01-01T00:00:00.000Z" },
      target: { scope: "team:T", role: "editor" },
      ...grant,
    })),
  };
}

const rulesOf = (state: PersonState) => state.grants.map(({ rule }) => rule);

describe("the present rule of what was granted", () => {
  const given = holding({ rule: idOf(EDITOR) });

  it("is the same rule once it has an id of its own", () => {
    expect(rulesOf(withPresentRules(given, mappingOf({ ...EDITOR, id: "eng" })))).to.deep.equal(["eng"]);
  });

  it("is the same rule once another one matches the same people in the same place, and when that goes again", () => {
    const both = mappingOf(VIEWER, EDITOR);
    const [renamed] = rulesOf(withPresentRules(given, both));
    expect(both.ruleById.get(String(renamed))?.give.literal?.role).to.equal("editor");
    const back = withPresentRules(holding({ rule: String(renamed) }), mappingOf(EDITOR));
    expect(rulesOf(back)).to.deep.equal([idOf(EDITOR)]);
  });

  it("is found behind a neighbour without an id, which gives another role", () => {
    const mapping = mappingOf(VIEWER, { ...EDITOR, id: "eng" });
    expect(mapping.rules[0]?.id).to.equal(idOf(EDITOR));
    expect(rulesOf(withPresentRules(given, mapping))).to.deep.equal(["eng"]);
  });

  it("may be one that could give any role", () => {
    const open: RuleDocument = { group_pattern: "{r}", team_name: "T", role_name: "{r}" };
    const held = holding({ rule: idOf(open), target: { scope: "team:T", role: "x" } });
    const document = { role_order: ["x"], mappings: [{ ...open, id: "open" }] };
    const compiled = compileMapping(document, { connections: [], version: 2 });
    expect(compiled.ok && rulesOf(withPresentRules(held, compiled.mapping))).to.deep.equal(["open"]);
  });

  it("is none where the rule is gone, gives another role, or several could be meant", () => {
    for (const mapping of [
      mappingOf({ ...EDITOR, group_name: "H" }),
      mappingOf(VIEWER),
      mappingOf({ ...EDITOR, id: "a" }, { ...EDITOR, id: "b" }),
    ]) {
      expect(withPresentRules(given, mapping)).to.equal(given);
    }
  });

  it("leaves other reasons, and rules whose ids were written, as they are", () => {
    const state = holding({ origin: "manual" }, { rule: "written" }, { origin: "scim_role", rule: idOf(EDITOR) });
    expect(withPresentRules(state, mappingOf({ ...EDITOR, id: "eng" }))).to.equal(state);
  });

  it("makes no two grants of one reason", () => {
    const state = holding({ rule: idOf(EDITOR) }, { rule: "eng" });
    expect(rulesOf(withPresentRules(state, mappingOf({ ...EDITOR, id: "eng" })))).to.deep.equal([idOf(EDITOR), "eng"]);
  });
});
