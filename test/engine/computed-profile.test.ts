import { expect } from "chai";
import { computedProfile, keptAttributes, opensOf, profileJobs } from "../../src/engine/computed-profile.js";
import type { ProfileAttribute } from "../../src/model/mapping.js";
import type { PersonLink } from "../../src/model/person.js";
import { BEFORE, codesOf, compiled, known, link, resultsOf, unknown } from "./made-up.js";

const FULL_NAME = "user.givenName & ' ' & user.familyName";
const ADA = { givenName: "Ada", familyName: "Lovelace" };

async function computed(attribute: ProfileAttribute, source: string, ...links: readonly PersonLink[]) {
  const mapping = compiled({ profile: { [attribute]: source } });
  const profile = computedProfile(mapping, links, await resultsOf(profileJobs(mapping, links)));
  const kept = keptAttributes(profile);
  expect(opensOf(profile)).to.have.length(kept.length);
  return { said: profile.get(attribute), kept };
}

async function displayName(source: string, ...links: readonly PersonLink[]) {
  const { said, kept } = await computed("displayName", source, ...links);
  if (said && "value" in said) return said;
  const [one] = kept;
  return one ? `${one.why} at ${one.connection}: ${one.because} @${one.position}` : "stays";
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
      "undecided at idp: `user.givenName` was never asserted @undefined",
    ],
    [
      "leaves it as it is where the expression fails",
      "$uppercase(user.givenName) & $number(user.title)",
      { user: { ...ADA, title: "x" } },
      "failed at idp: `$number` cannot read this as a number @29",
    ],
    [
      "leaves it as it is where it yields no text",
      "[user.givenName, user.familyName]",
      { user: ADA },
      "failed at idp: the expression yielded no text @undefined",
    ],
    [
      "leaves it as it is where the text is too long",
      "$join($map([1..501], function($v) { 'x' }))",
      {},
      "failed at idp: the expression yielded more than 500 characters @undefined",
    ],
    [
      "leaves it as it is where the text holds control characters",
      "'a\\u0000'",
      {},
      "failed at idp: the expression yielded a text with control characters @undefined",
    ],
  ];
  for (const [what, source, made, expected] of values) {
    it(what, async () => expect(await displayName(source, link(made))).to.deep.equal(expected));
  }

  it("is decided by the first connection that knows the facts", async () => {
    const silent = link({ user: { givenName: unknown("never_asserted") } });
    const second = link({ connection: { slug: "other" }, user: { givenName: "Grace" } });
    expect(await displayName("user.givenName", silent, second)).to.deep.equal({ value: "Grace" });
    const third = link({ connection: { slug: "third" }, user: { givenName: unknown("absent_claim") } });
    const first = "undecided at idp: `user.givenName` was never asserted @undefined";
    expect(await displayName("user.givenName", silent, third), "the strongest is named").to.equal(first);
    expect(await displayName("user.givenName")).to.equal("stays");
  });

  it("goes to no other connection behind one whose expression fails", async () => {
    const failing = link({ user: { givenName: "Ada", title: "x" } });
    const second = link({ connection: { slug: "other" }, user: { givenName: "Grace", title: "1" } });
    const said = await displayName("user.givenName & $number(user.title)", failing, second);
    expect(said).to.match(/^failed at idp: /);
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
    expect(await displayName(FULL_NAME, unsaid)).to.equal("stays");
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

  it("TIN-26: computes first and last name from any facts, trimmed", async () => {
    const ada = link({ claims: { names: ["Lovelace, Ada "] } });
    const { said: given } = await computed("givenName", "$substringAfter(claims.names[0], ',')", ada);
    const { said: family } = await computed("familyName", "$substringBefore(claims.names[0], ',')", ada);
    expect([given, family]).to.deep.equal([{ value: "Ada" }, { value: "Lovelace" }]);
  });

  it("TIN-26: takes for a photo an https address and nothing else", async () => {
    const long = (length: number) => `https://img.acme.test/${"a".repeat(length - 22)}`;
    const good = [
      "https://img.acme.test/ada?s=64#x",
      "HTTPS://1.2.3.4:8443/a%20b",
      "https://bücher.test/é",
      long(2048),
    ];
    for (const url of good) {
      const { said, kept } = await computed("photo", "claims.photo[0]", link({ claims: { photo: [` ${url} `] } }));
      expect({ said, kept }, url).to.deep.equal({ said: { value: url }, kept: [] });
    }
    const bad = [
      ...[
        "http://img.acme.test/a",
        "//img.acme.test/a",
        "img.acme.test",
        "data:image/png;base64,AA",
        "javascript:alert(1)",
      ],
      ...[
        "https:img.acme.test",
        "https:/img.acme.test",
        "https:///img",
        "https://",
        "https://?a",
        "https://a b/",
        "https://a/b c",
      ],
      ...[
        "https://img.acme.test\\@evil.test/",
        'https://a.test/"onerror=',
        "https://a.test/<x>",
        "https://a.test:99999/",
      ],
      ...[
        "https://ada@img.acme.test/a",
        "https://:pw@img.acme.test/a",
        "https://[::1/a",
        "https://a.test/\nb",
        long(2049),
      ],
    ];
    for (const url of bad) {
      const { said, kept } = await computed("photo", "claims.photo[0]", link({ claims: { photo: [url] } }));
      expect(said, url).not.to.have.property("value");
      expect(kept[0]?.why, url).to.equal("failed");
      expect(JSON.stringify(kept), "no value of a fact").not.to.contain(url);
    }
    for (const source of ["''", "user.title"]) {
      expect((await computed("photo", source, link())).said, source).to.deep.equal({ value: null });
    }
  });

  it("lets nobody write a photo by hand: the other connections decide", async () => {
    const local = link({ connection: { slug: "local", protocol: "local" } });
    const idp = link({ claims: { photo: ["https://img.acme.test/a"] } });
    expect((await computed("photo", "claims.photo[0]", local)).said).to.deep.equal({ stays: undefined });
    const { said } = await computed("photo", "claims.photo[0]", local, idp);
    expect(said).to.deep.equal({ value: "https://img.acme.test/a" });
  });

  it("names each attribute that stays as it is, with the place of its expression", async () => {
    const { kept } = await computed("familyName", "$number(user.title)", link({ user: { title: "x" } }));
    expect(kept).to.deep.equal([
      {
        ...{ attribute: "familyName", pointer: "/profile/familyName", connection: "idp", why: "failed", position: 0 },
        because: "`$number` cannot read this as a number",
        sentence: "`familyName` stays as it is: `$number` cannot read this as a number",
      },
    ]);
    expect(keptAttributes(undefined)).to.deep.equal([]);
    expect(opensOf(undefined)).to.deep.equal([]);
  });
});
