import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { NOTHING_SHOWN } from "../../src/model/person.js";
import { personalNames } from "../../src/provisioning/erasure/personal-names.js";
import {
  isTraceOf,
  namesOneOf,
  redactEntry,
  redactEvidence,
  redactHandWritten,
} from "../../src/provisioning/erasure/redacted-records.js";
import { redaction } from "../../src/provisioning/erasure/redaction.js";
import type { PersonalRecords } from "../../src/provisioning/ports/erasure.js";

const ADA: PersonalRecords = { ...NOTHING_SHOWN, userName: "ada", email: "Ada.L@acme.example", rows: [] };

function namesOf(more: Partial<PersonalRecords>, ...journal: readonly JsonObject[]) {
  return personalNames([{ ...ADA, ...more }], journal);
}

describe("what somebody is called by", () => {
  it("stands in their account, in the journals' entries about them, and in both documents", () => {
    const resource = {
      name: { formatted: "Ada Lovelace", givenName: "Ada", familyName: "Lovelace" },
      emails: [{ value: "a@b.example", type: "work" }, "no object"],
      phoneNumbers: { value: "+44 1" },
      addresses: [{ formatted: "1 Road", country: "GB" }],
      department: "Sales",
      title: "Countess",
    } as unknown as JsonObject;
    const said = { value: "Countess A", at: "2026-01-01T00:00:00.000Z" };
    const claims = {
      attributes: { displayName: said, department: { ...said, value: "Sales" } },
      claims: { upn: ["ada@corp"], locale: ["en"] },
      at: said.at,
    };
    const ids = { id: "d1", externalId: "00u1", subject: "sub-1" };
    const row = { ...ids, userName: "ada", otherNames: ["was@b.example"], resource, claims } as never;
    const decided = { item: "i1", kind: "other_subject", names: ["ada.b"], subject: "sub-0" };
    const former = { userName: "former", displayName: "Ada Byron", reason: "left Sales" };
    const names = namesOf({ rows: [row] }, former, decided, { subject: "no item", names: ["none"] });
    expect(names.userNames).to.deep.equal(["ada", "former"]);
    expect([...names.identifying].sort()).to.deep.equal(
      ["+44 1", "00u1", "1 Road", "Ada Byron", "Ada Lovelace", "Ada.L@acme.example", "Countess A"].concat(
        ...["a@b.example", "ada", "ada.b", "former", "sub-0", "sub-1", "was@b.example"],
      ),
    );
    const parts = names.all.filter((name) => !names.identifying.includes(name));
    expect(parts).to.deep.equal(["Ada", "Lovelace", "ada@corp"]);
    expect([...names.unmistakable].sort(), "no words, no numbers, no roads").to.deep.equal([
      "Ada Byron",
      "Ada Lovelace",
      "Ada.L@acme.example",
      "Countess A",
      "Lovelace Ada",
      "Lovelace, Ada",
      "a@b.example",
      "ada@corp",
      "was@b.example",
    ]);
  });

  it("is put together where it came in parts, wherever it stands, and is a nickname of two words, too", () => {
    const at = "2026-01-01T00:00:00.000Z";
    const attributes = { givenName: { value: "Ada", at }, familyName: { value: "Claimed", at } };
    const pushed = { name: { givenName: "Ada", familyName: "Pushed" }, nickName: "Enchantress of Numbers" };
    const row = {
      id: "d1",
      userName: "ada",
      otherNames: [],
      resource: pushed,
      claims: { attributes, claims: {}, at },
    } as never;
    const former = { givenName: "Ada", familyName: "Former" };
    const { unmistakable } = namesOf({ givenName: "Ada", familyName: "Shown", rows: [row] }, former);
    const inParts = ["Shown", "Claimed", "Pushed", "Former"].flatMap((name) => [`Ada ${name}`, `${name}, Ada`]);
    expect(unmistakable).to.include.members([...inParts, "Enchantress of Numbers"]);
    expect(namesOf({ givenName: "Ada" }).unmistakable, "a part alone").to.deep.equal(["Ada.L@acme.example"]);
  });

  it("is told in time that grows with it, and can mean nobody else only as far as somebody may write it", () => {
    for (const displayName of [
      "n".repeat(400_000),
      `${"n".repeat(200_000)}${" 1".repeat(100_000)}`,
      "a b ".repeat(1_000),
    ]) {
      const names = namesOf({ displayName });
      expect([names.all.length, names.unmistakable]).to.deep.equal([3, ["Ada.L@acme.example"]]);
    }
  });

  it("is never a single letter, of which texts are full", () => {
    expect(namesOf({ userName: "a", email: " " }).all).to.deep.equal([]);
  });
});

describe("texts without a person", () => {
  for (const [what, text, without] of [
    ["as a word, in any case", "asked by ADA, not adam", "asked by [erased], not adam"],
    ["in backticks and at both ends", "ada `ada` ada", "[erased] `[erased]` [erased]"],
    ["the longest name first", "for Ada.L@acme.example", "for [erased]"],
    ["with letters of other scripts beside it", "éada adaß", undefined],
    ["not where they are not named", "for Bo", undefined],
  ] as const) {
    it(`lose the names: ${what}`, () => {
      expect(redaction(namesOf({}).all)(text)).to.equal(without);
    });
  }

  it("take names as they are, whatever those letters mean in a pattern", () => {
    const redact = redaction(["a.b", "(c", "x+y|z", "\\d", "[e]", "C-3"]);
    expect(redact("a.b aXb (c x+y|z \\d 5 [e] e C-3")).to.equal(
      "[erased] aXb [erased] [erased] [erased] 5 [erased] e [erased]",
    );
    expect(redaction([])("ada")).to.equal(undefined);
  });

  it("in an entry of theirs: names go by their keys, and what people wrote by the names; what was given stays", () => {
    const redact = redaction(namesOf({}).all);
    const target = { scope: "team:ada", role: "ada" };
    const detail = { userName: "other name", displayName: "Somebody", target, rule: "ada", reason: "made by ada" };
    const entry = JSON.stringify(detail);
    expect(JSON.parse(redactEntry(entry, redact, "erased-1") ?? "")).to.deep.equal({
      ...detail,
      ...{ userName: "erased-1", displayName: null, reason: "made by [erased]" },
    });
    expect(redactEntry('{"scope": "team:ada"}', redact, "erased-1")).to.equal(undefined);
  });

  it("in an entry of somebody else: only reasons that somebody wrote", () => {
    const redact = redaction(["Ada Lovelace"]);
    const nobody = { ids: [], all: [] };
    const said = {
      userName: "Ada Lovelace",
      target: { scope: "team:Ada Lovelace", role: "r" },
      reason: "for Ada Lovelace",
    };
    expect(
      JSON.parse(redactHandWritten(JSON.stringify({ ...said, origin: "manual" }), redact, nobody) ?? ""),
    ).to.deep.equal({
      ...said,
      ...{ origin: "manual", reason: "for [erased]" },
    });
    expect(redactHandWritten(JSON.stringify({ ...said, origin: "rule" }), redact, nobody)).to.equal(undefined);
  });

  it("in what an admin decided of a review item: ids stay; of others' subjects those that are not theirs, too", () => {
    const ids = { item: "i1", kind: "kept_out", users: ["u1", "u2"], candidates: ["d1"] };
    const decided = (subject: string) => JSON.stringify({ ...ids, names: ["ada", "bo"], subject });
    const of = (text: string, who: object) => redactHandWritten(text, redaction(["bo b"]), who as never);
    const ada = { ids: ["u1", "d1"], all: ["ada", "Ada.L@acme.example"] };
    expect(JSON.parse(of(decided("other"), ada) ?? "")).to.deep.equal({ ...ids, subject: "other" });
    expect(JSON.parse(of(decided("ada.l@acme.example"), ada) ?? "")).to.deep.equal(ids);
    const signedIn = JSON.stringify({ ...JSON.parse(decided("other")), signedInBy: "s-ada" });
    expect(JSON.parse(of(signedIn, ada) ?? ""), "nor who signs in instead").to.deep.equal({ ...ids, subject: "other" });
    expect(of(JSON.stringify(ids), ada), "nothing is left to take out").to.equal(undefined);
    expect(of(decided("ada"), { ids: ["u3"], all: ["ada"] }), "of others").to.equal(undefined);
    expect(JSON.parse(of(decided("bo b"), { ids: ["u3"], all: [] }) ?? "")).to.include({ subject: "[erased]" });
    expect(JSON.parse(redactEntry(decided("any"), redaction([]), "erased-1") ?? ""), "of the account").to.deep.equal(
      ids,
    );
  });

  it("are as long as they are and as many as there are", () => {
    const long = ["n".repeat(60_000), "p/".repeat(200_000), ...Array.from({ length: 1_000 }, (_, at) => `v ${at} w`)];
    const redact = redaction(long);
    expect(redact(`for v 999 w, not v 1000 w: ${long[0]}.`)).to.equal("for [erased], not v 1000 w: [erased].");
    expect(redact(long[1] ?? "")).to.equal("[erased]");
    const words = redaction(["a b c d e f g h i j", "a b c d e f g h i", "a b", "a b!"]);
    expect(words("a b c d e f g h i j, a b c d e f g h i k, a b c d, a b!, a")).to.equal(
      "[erased], [erased] k, [erased] c d, [erased], a",
    );
  });

  for (const [name, text] of [
    ["Élodie Müller", "for ÉLODIE MÜLLER"],
    ["ÉLODIE MÜLLER", "for élodie müller"],
    ["İpek Σοφός", "for İPEK ΣΟΦΌΣ"],
    ["李 小龙", "for 李 小龙"],
  ] as const) {
    it(`lose names in any letter case: ${text}`, () => {
      expect(redaction([name])(`İ ${text}`)).to.equal("İ for [erased]");
    });
  }

  it("are somebody's trace by what was theirs at that connection, or by what can be nobody else's", () => {
    const rows = [{ id: "d1", connection: "okta", userName: "ada", subject: "s1", otherNames: ["s0"] }] as never;
    const of = (trace: object) => isTraceOf(JSON.stringify(trace), rows, ["ada@acme.example"]);
    const here = { connection: "okta" };
    expect(of({ ...here, userNames: ["ADA"] })).to.equal(true);
    expect(of({ ...here, subject: "s1", userNames: [] })).to.equal(true);
    expect(of({ ...here, subject: "s0", userNames: [] }), "a subject of before").to.equal(true);
    expect(of({ connection: "entra", userNames: ["ada"] }), "somebody else's name there").to.equal(false);
    expect(of({ connection: "entra", facts: { user: { email: "ada@acme.example" } } })).to.equal(true);
    expect(of({ ...here, groups: ["ada", "ada@acme.example"] }), "a group").to.equal(false);
  });

  it("in evidence: only what is no mere word, as groups and values are called by words", () => {
    const evidence = [
      { kind: "group", label: "ada" },
      { kind: "group", label: "friends of ada.l@acme.example" },
    ];
    expect(JSON.parse(redactEvidence(JSON.stringify(evidence), namesOf({}), () => false) ?? "")).to.deep.equal([
      evidence[0],
      { kind: "group", label: "friends of [erased]" },
    ]);
    expect(redactEvidence(JSON.stringify(evidence.slice(0, 1)), namesOf({}), () => false)).to.equal(undefined);
  });

  it("are known by a whole text anywhere in them", () => {
    const trace = JSON.stringify({ userNames: ["ADA"], facts: { user: {} } });
    expect([namesOneOf(trace, ["ada"]), namesOneOf(trace, ["ad"])]).to.deep.equal([true, false]);
  });
});
