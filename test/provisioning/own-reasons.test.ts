import { expect } from "chai";
import type { CompiledMapping } from "../../src/engine/compile/compile.js";
import type { Grant } from "../../src/model/grant.js";
import { known, unknown } from "../../src/model/known.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { ownReasons } from "../../src/provisioning/explain/own-reasons.js";
import { ownRefusal } from "../../src/provisioning/own-refusal.js";
import { compiled, grant } from "../engine/made-up.js";

describe("why, for the person's own eyes", () => {
  const cases: readonly (readonly [Partial<Grant>, string])[] = [
    [{ evidence: [{ kind: "group", label: "Eng" }] }, "you are in group `Eng`"],
    [{ evidence: [{ kind: "app_role", label: "x" }] }, "you have the application role `x`"],
    [{ evidence: [{ kind: "everyone", label: "everyone" }] }, "everybody has it"],
    [
      {
        evidence: [
          { kind: "group", label: "Eng" },
          { kind: "expression", label: "user.salary > 100" },
          { kind: "grants", label: "secret" },
        ],
      },
      "you are in group `Eng`, and your profile meets a condition",
    ],
    [
      { origin: "scim_role", evidence: [{ kind: "scim_role", label: "account: admin" }] },
      "your identity provider gives you the role `account: admin`",
    ],
    [
      { origin: "scim_role", evidence: [{ kind: "scim_role", label: "account: admin", group: "IT" }] },
      "your group `IT` has the role `account: admin`",
    ],
    [{ evidence: [] }, "your organization's rules say so"],
    [{ origin: "default", rule: "default_team" }, "everybody starts with it"],
    [{ origin: "manual", by: "boss", reason: "secret" }, "an admin gave it to you"],
    [{ origin: "manual", expiresAt: "2026-12-01T00:00:00.000Z" }, "an admin gave it to you until 2026-12-01"],
  ];
  for (const [overrides, because] of cases) {
    it(`${because}; and nothing of rules, conditions, or who gave it`, () => {
      const [own] = ownReasons([grant("team:A", "editor", { rule: "hidden-rule", ...overrides })]);
      expect(own).to.deep.equal({ scope: "team:A", team: "A", role: "editor", because: [because] });
    });
  }

  it("tells each reason of one thing once", () => {
    const evidence = [{ kind: "group", label: "Eng" }] as const;
    const own = ownReasons([
      grant("tenant", "admin", { rule: "a", evidence }),
      grant("tenant", "admin", { rule: "b", evidence }),
      grant("tenant", "admin", { origin: "manual" }),
    ]);
    expect(own).to.deep.equal([
      { scope: "tenant", role: "admin", because: ["you are in group `Eng`", "an admin gave it to you"] },
    ]);
  });
});

describe("a refusal, for the person's own eyes", () => {
  const mapping = (...rules: NonNullable<MappingDocument["mappings"]>): CompiledMapping =>
    compiled({ mappings: rules });
  const target = { team_name: "Secret team", role_name: "x" };

  it("names their groups and the kinds of thing that rules ask for, and nothing that a rule says", () => {
    const rules = mapping(
      { ...target, group_name: "Insiders", app_role: "Insider" },
      { ...target, id: "w", when: "user.department = 'Insiders'" },
    );
    const told = ownRefusal("not_assigned", { groups: known(["Mine"]) }, rules);
    expect(told).to.deep.equal({
      groups: ["Mine"],
      groupsLeftOut: 0,
      asksFor: ["groups", "app_roles", "attributes"],
    });
    expect(JSON.stringify(told)).not.to.match(/Insider|Secret/);
  });

  it("says that nothing was said of groups", () => {
    const told = ownRefusal(
      "groups_unknown",
      { groups: unknown("absent_claim") },
      mapping({ ...target, everyone: true }),
    );
    expect(told).to.deep.equal({ groups: null, groupsLeftOut: 0, asksFor: [] });
  });

  it("is short, however many groups came and however long they are", () => {
    const groups = known(Array.from({ length: 60 }, (_, n) => `${n}${"x".repeat(5000)}`));
    const told = ownRefusal("not_assigned", { groups }, mapping());
    expect([told?.groups?.length, told?.groupsLeftOut]).to.deep.equal([50, 10]);
    expect(JSON.stringify(told).length).to.be.lessThan(15_000);
  });

  it("says nothing of people whom rules have no part in", () => {
    expect(ownRefusal("no_seat", { groups: known(["a"]) }, mapping())).to.equal(undefined);
    expect(ownRefusal("not_assigned", { groups: known(["a"]) }, undefined)).to.equal(undefined);
  });
});
