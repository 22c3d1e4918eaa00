import { expect } from "chai";
import { computedProfile, profileJobs } from "../../src/engine/computed-profile.js";
import type { PersonLink } from "../../src/model/person.js";
import { BEFORE, codesOf, compiled, known, link, resultsOf, unknown } from "./made-up.js";

const FULL_NAME = "user.givenName & ' ' & user.familyName";
const ADA = { givenName: "Ada", familyName: "Lovelace" };

async function displayName(source: string, ...links: readonly PersonLink[]) {
  const mapping = compiled({ profile: { displayName: source } });
  return computedProfile(mapping, links, await resultsOf(profileJobs(mapping, links))).get("displayName");
}

describe("a computed profile", () => {
  const values: readonly (readonly [string, string, Parameters<typeof link>[0], unknown])[] = [
    ["puts attributes together", FULL_NAME, { user: ADA }, { value: "Ada Lovelace" }],
    [
      "reads stale facts as they were last known",
      "user.givenName",
      { user: { givenName: known("Ada", BEFORE) } },
      { value: "Ada" },
    ],
    ["is empty where the expression yields nothing", "user.givenName", {}, { value: null }],
    ["is empty where it yields spaces alone", FULL_NAME, {}, { value: null }],
    [
      "leaves an attribute as it is while a fact is unknown",
      FULL_NAME,
      { user: { ...ADA, givenName: unknown("never_asserted") } },
      "stays",
    ],
    [
      "leaves it as it is where the expression fails",
      "$uppercase(user.givenName) & $number(user.title)",
      { user: { ...ADA, title: "x" } },
      "stays",
    ],
    ["leaves it as it is where it yields no text", "[user.givenName, user.familyName]", { user: ADA }, "stays"],
    ["leaves it as it is where the text is too long", "$join($map([1..600], function($v) { 'x' }))", {}, "stays"],
    ["leaves it as it is where the text holds control characters", "'a\\u0000'", {}, "stays"],
  ];
  for (const [what, source, made, expected] of values) {
    it(what, async () => expect(await displayName(source, link(made))).to.deep.equal(expected));
  }

  it("is decided by the first connection that knows the facts", async () => {
    const silent = link({ user: { givenName: unknown("never_asserted") } });
    const second = link({ connection: { slug: "other" }, user: { givenName: "Grace" } });
    expect(await displayName("user.givenName", silent, second)).to.deep.equal({ value: "Grace" });
    expect(await displayName("user.givenName", silent)).to.equal("stays");
    expect(await displayName("user.givenName")).to.equal("stays");
  });

  it("goes to no other connection behind one whose expression fails", async () => {
    const failing = link({ user: { givenName: "Ada", title: "x" } });
    const second = link({ connection: { slug: "other" }, user: { givenName: "Grace", title: "1" } });
    expect(await displayName("user.givenName & $number(user.title)", failing, second)).to.equal("stays");
  });

  it("stands as an admin wrote it, for people kept by hand", async () => {
    const local = (displayName: Parameters<typeof link>[0] & {}) =>
      link({ ...displayName, connection: { slug: "local", protocol: "local" } });
    expect(await displayName(FULL_NAME, local({ user: { displayName: "Boss", ...ADA } }))).to.deep.equal({
      value: "Boss",
    });
    expect(await displayName(FULL_NAME, local({ user: { displayName: null, ...ADA } }))).to.deep.equal({ value: null });
    const unsaid = local({ user: { displayName: unknown("never_asserted") } });
    expect(await displayName(FULL_NAME, unsaid, link({ user: ADA }))).to.deep.equal({ value: "Ada Lovelace" });
  });

  it("runs an expression once for people with the same facts, and not where a fact is unknown", () => {
    const mapping = compiled({ profile: { displayName: "user.givenName" } });
    const people = [ADA, ADA, { givenName: unknown("never_asserted") }].map((user) => link({ user }));
    expect(profileJobs(mapping, people).size).to.equal(1);
    expect(profileJobs(compiled({}), people).size).to.equal(0);
  });

  it("may read neither `group` nor `target`, and is refused with the place", () => {
    for (const source of ["group.name", "target.team", "user.name & "]) {
      expect(codesOf({ profile: { displayName: source } })[0]).to.match(/^\/profile\/displayName /);
    }
  });

  it("counts among what the mapping reads, and not among what rules ask of groups", () => {
    const mapping = compiled({ profile: { displayName: "now & $join(groups)" } });
    expect([...mapping.reads]).to.deep.equal(["groups", "now"]);
    expect(mapping.readsGroups).to.equal(false);
  });
});
