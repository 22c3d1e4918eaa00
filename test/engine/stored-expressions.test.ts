import { expect } from "chai";
import { compileMapping } from "../../src/engine/compile/compile.js";
import type { CompiledMapping } from "../../src/engine/compile/compiled-mapping.js";
import { computedProfile, keptAttributes, profileJobs } from "../../src/engine/computed-profile.js";
import { diff } from "../../src/engine/diff.js";
import { expressionJobs } from "../../src/engine/evaluate.js";
import { invariantChecks, invariantJobs, judgeInvariants } from "../../src/engine/examples/invariants.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { CONTEXT, codesOf, decided, desiredOf, grant, link, state } from "./made-up.js";

/** Expressions that no save accepts today, as a later version may refuse what an earlier one took. */
const DOCUMENT: MappingDocument = {
  role_order: ["viewer", "editor"],
  profile: { displayName: "$eval('1')" },
  mappings: [
    { id: "refused", when: "$eval('true')", team_name: "A", role_name: "editor" },
    { id: "computed", group_name: "Staff", grants: "$eval('[]')" },
    { id: "sound", everyone: true, team_name: "B", role_name: "viewer" },
  ],
  invariants: [{ name: "nothing odd", never: "$eval('false')" }],
};

function stored(document: MappingDocument = DOCUMENT): CompiledMapping {
  const result = compileMapping(document, { ...CONTEXT, stored: true });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.mapping;
}

describe("a stored document with expressions that are refused by now", () => {
  it("is refused as a new one, and compiles as a stored one, with the same places as warnings", () => {
    const places = codesOf(DOCUMENT);
    expect(places).to.have.length(4);
    const { ok, warnings } = compileMapping(DOCUMENT, { ...CONTEXT, stored: true });
    expect(ok).to.equal(true);
    expect(warnings.map(({ pointer, code }) => `${pointer} ${code}`)).to.have.members([...places]);
  });

  it("never runs them", () => {
    const one = link({ groups: ["Staff"] });
    const mapping = stored();
    const jobs = [
      ...expressionJobs(mapping, [one]).keys(),
      ...profileJobs(mapping, [one]).keys(),
      ...invariantJobs(invariantChecks(mapping, one, [{ scope: "tenant", role: "x" }])).keys(),
    ];
    expect(jobs).to.deep.equal([]);
  });

  it("keeps what their rules gave, and goes on giving by the others", async () => {
    const mapping = stored({ ...DOCUMENT, mappings: (DOCUMENT.mappings ?? []).filter(({ id }) => id !== "computed") });
    const decision = await decided(mapping, [link()]);
    expect(desiredOf(decision)).to.deep.equal(["B/viewer by sound@idp"]);
    const { changes, kept } = diff(state([grant("team:A", "editor", { rule: "refused" })]), decision, mapping);
    expect(changes.map(({ kind }) => kind)).to.deep.equal(["grant"]);
    expect(kept.map(({ reason }) => reason).join()).to.contain("save the mapping anew");
  });

  it("fails a rule with `grants` likewise, and leaves the profile as it is", async () => {
    const one = link({ groups: ["Staff"] });
    const decision = await decided(stored(), [one]);
    const outcomes = decision.evaluations.flatMap(({ notable }) => notable.map(({ rule, status }) => [rule, status]));
    expect(outcomes).to.deep.include(["computed", "failed"]);
    const [kept] = keptAttributes(computedProfile(stored(), [one], new Map()));
    expect(kept?.why).to.equal("failed");
    expect(kept?.because).to.contain("save the mapping anew");
  });

  it("says of invariants that they cannot be judged, rather than that they hold", () => {
    const [problem] = judgeInvariants(invariantChecks(stored(), link(), [{ scope: "tenant", role: "x" }]), new Map());
    expect(problem).to.include({ code: "invariant_failed", pointer: "/invariants/0/never" });
  });
});
