import { expect } from "chai";
import { grantSentence } from "../../src/engine/explain/grant.js";
import { agedEvidence, ageText } from "../../src/engine/reasons.js";
import type { Evidence, Grant } from "../../src/model/grant.js";
import { BEFORE, grant, NOW } from "./made-up.js";

const AGE = "held since 2026-11-01, 21 days";

describe("why somebody holds something, in words", () => {
  const cases: readonly (readonly [Partial<Grant>, string])[] = [
    [{ evidence: [{ kind: "everyone", label: "everyone" }] }, `rule \`r\`: everyone; ${AGE}`],
    [{}, `rule \`r\`; ${AGE}`],
    [
      { evidence: [{ kind: "group", label: "X", source: "claims", since: BEFORE, staleSince: NOW }] },
      `rule \`r\`: group \`X\` (by sign-in, since 2026-11-01, 21 days, not asserted any more since 2026-11-22); ${AGE}`,
    ],
    [
      { origin: "manual", by: "eve", reason: "on call", expiresAt: "2026-12-01T00:00:00.000Z" },
      `given by eve: on call; ${AGE}, until 2026-12-01`,
    ],
    [{ origin: "manual" }, `given by hand: without a reason; ${AGE}`],
    [{ origin: "default", rule: "no_match" }, `no rule matches: the default; ${AGE}`],
    [{ origin: "default", rule: "default_team" }, `the default of new accounts; ${AGE}`],
    [
      { origin: "scim_role", evidence: [{ kind: "scim_role", label: "account_type: admin" }] },
      `SCIM role \`account_type: admin\`; ${AGE}`,
    ],
  ];
  for (const [overrides, sentence] of cases) {
    it(sentence, () => {
      expect(grantSentence(grant("tenant", "x", overrides), "`r`", NOW)).to.equal(sentence);
    });
  }

  it("has no ages where no day is known to reckon them to", () => {
    const evidence: readonly Evidence[] = [{ kind: "group", label: "X", since: BEFORE }];
    expect(grantSentence(grant("tenant", "x", { evidence }), "`r`", undefined)).to.equal(
      "rule `r`: group `X` (since 2026-11-01); held since 2026-11-01",
    );
    expect(agedEvidence(evidence, NOW)).to.equal("group `X` (since 2026-11-01, 21 days)");
  });

  it("tells ages in whole days", () => {
    const ages = ["2026-11-22T11:00:00.000Z", "2026-11-21T12:00:00.000Z", "2026-11-20T12:00:00.000Z"];
    expect(ages.map((since) => ageText(since, NOW))).to.deep.equal(["less than a day", "1 day", "2 days"]);
  });
});
