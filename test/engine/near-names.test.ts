import { expect } from "chai";
import { nearNames } from "../../src/engine/lint/near-names.js";

function meant(word: string, ...names: readonly string[]): string | undefined {
  const near = nearNames([word]);
  for (const name of names) near.take(name, "here");
  return near.nearest(word, "here");
}

describe("near names", () => {
  for (const [word, name] of [
    ["engineering", "Engineering"],
    ["IT_Admins", "it-admins"],
    ["ITAdmins", "IT Admins"],
    ["Enginering", "Engineering"],
    ["Engineerign", "Engineering"],
    ["Engineerimg", "Engineering"],
    ["app.acme.sales", "app-acme-sales"],
    ["HR", "hr"],
  ] as const) {
    it(`takes ${word} for ${name}`, () => expect(meant(word, name)).to.equal(name));
  }

  for (const [word, name] of [
    ["Team 1", "Team 2"],
    ["HR", "IR"],
    ["Sales", "Scales of justice"],
    ["Finances", "Romances"],
    ["abcd", "acbd e"],
    ["Sales", "alesS"],
    ["Sales", "Sales"],
  ] as const) {
    it(`does not take ${word} for ${name}`, () => expect(meant(word, name)).to.equal(undefined));
  }

  it("prefers the nearest, then the first in order, whatever the order of asking", () => {
    expect(meant("Engineering", "Engineerings", "engineering", "Engineeringx")).to.equal("engineering");
    expect(meant("Engineering", "Engineeringy", "Engineeringx", "Engineeringz")).to.equal("Engineeringx");
  });

  it("tells places apart, and takes very long names as they are", () => {
    const long = "x".repeat(150);
    const near = nearNames(["Sales team", long]);
    near.take("sales team", "there");
    near.take(`${long}x`, "here");
    near.take(long.toUpperCase(), "here");
    expect(near.nearest("Sales team", "here")).to.equal(undefined);
    expect(near.nearest("Sales team", "there")).to.equal("sales team");
    expect(near.nearest(long, "here")).to.equal(long.toUpperCase());
  });

  it("meets 20,000 names with 5,000 words that all begin alike", () => {
    const near = nearNames(Array.from({ length: 5000 }, (_, index) => `app-acme-team-${index}-reader`));
    for (let index = 0; index < 20_000; index++) near.take(`app_acme_team_${index}_readr`, "");
    expect(near.nearest("app-acme-team-77-reader", "")).to.equal("app_acme_team_77_readr");
  }).timeout(20_000);
});
