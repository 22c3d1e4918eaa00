import { expect } from "chai";
import fc from "fast-check";
import type { DirectoryUserId, UserId } from "../../src/model/ids.js";
import type { SignInName } from "../../src/provisioning/ports/directory-writer.js";
import type { Met, MetRow } from "../../src/provisioning/ports/kept-out.js";
import { links, meantBy, moves, proves } from "../../src/provisioning/sign-in-names.js";
import {
  isConfirmed,
  isFree,
  isPlainlyTheirs,
  keepersAmong,
  type SignInFacts,
  type WhoSignsIn,
  whoSignsIn,
} from "../../src/provisioning/who-signs-in.js";

const named = (kind: SignInName["kind"], name: string): SignInName => ({ kind, name });
const SIGN_IN = {
  subject: "s",
  names: [
    named("id", "oid"),
    named("asserted", "boss"),
    named("name", "ann"),
    named("closing", "jürgen"),
    named("seen", "mail"),
  ],
};
const ASKED = new Set(["s", "oid", "boss", "ann", "jürgen", "mail"]);

let made = 0;
/** Somebody whom the sign-in meets by what they are called, and by what is said. */
function row(over: Partial<MetRow>, was: readonly Met[] = []): MetRow {
  const id = `row-${String(++made).padStart(6, "0")}`;
  const one = { userName: `other-${id}`, hasScim: true, scimActive: true, deleted: false, ...over };
  const now = [
    ...[one.externalId, one.subject].map((name) => ({ by: "id" as const, name })),
    { by: "name" as const, name: one.userName.toLowerCase() },
  ].flatMap(({ by, name }) => (name !== undefined && ASKED.has(name) ? [{ by, name }] : []));
  return {
    ...{ id: id as DirectoryUserId, user: `user-${id}` as UserId, keepsOut: one.deleted, ended: false, pending: false },
    ...{ letIn: false, notThem: false, ...one, met: [...now, ...was] },
  };
}

function decided(rows: readonly MetRow[], more: Partial<SignInFacts> = {}): WhoSignsIn {
  return whoSignsIn(SIGN_IN, { live: true, rows, privileged: new Set(), contested: new Set(), ...more });
}

/** `admin*`: the item can be accepted. */
function told(who: WhoSignsIn): string {
  if (who.kind === "row") return "theirs";
  if (who.kind === "ambiguous") return who.meant ? "admin*" : "admin";
  return who.kind === "inactive" ? "refused" : "new";
}

const BY: Readonly<Record<string, readonly [Partial<MetRow>, ...Met[]]>> = {
  "the subject as externalId": [{ externalId: "s" }],
  "the subject as externalId that a push changed": [{ externalId: "s", idChanged: true }],
  "another lasting id": [{ externalId: "oid" }],
  "the name in the subject's place": [{ userName: "Boss" }],
  "that name beside another externalId": [{ userName: "boss", externalId: "else" }],
  "a name that links": [{ userName: "ANN" }],
  "a name beyond ASCII": [{ userName: "JÜRGEN" }],
  "an e-mail as claimed": [{ userName: "mail" }],
  "the subject of before": [{}, { by: "id", name: "s" }],
  "an id of before": [{}, { by: "id", name: "oid" }],
  "a name of before": [{}, { by: "name", name: "ann" }],
  "a refusal of before": [{}, { by: "before", name: "s" }],
  nothing: [{}],
};
const again = row({ subject: "theirs" });
const STATES = {
  free: {},
  unclaimed: { scimActive: false },
  taken: { subject: "theirs" },
  off: { subject: "theirs", scimActive: false },
  gone: { subject: "theirs", deleted: true },
  back: { subject: "theirs", deleted: true, again },
  joined: { subject: "theirs", deleted: true, hasScim: false, scimActive: false, keepsOut: false, ended: true },
  ended: { subject: "theirs", ended: true },
  alone: { subject: "theirs", hasScim: false, scimActive: false },
} as const satisfies Readonly<Record<string, Partial<MetRow>>>;
type State = keyof typeof STATES;
const ORDER: readonly State[] = ["free", "unclaimed", "taken", "off", "gone", "back", "joined", "ended", "alone"];

// whoever is not met at all by the time it is asked is `nothing`
const TABLE: Readonly<Record<string, string>> = {
  //                                                free    unclaimed taken   off     gone    back   joined ended   alone
  "the subject as externalId": "theirs  theirs    theirs  refused refused admin* new    refused new",
  "the subject as externalId that a push changed":
    "theirs  theirs    admin*  refused refused admin* new    refused new",
  "another lasting id": "theirs  theirs    admin*  refused refused admin* new    refused new",
  "the name in the subject's place": "theirs  refused   theirs  refused refused new    new    refused new",
  "that name beside another externalId": "new     refused   admin   refused refused new    new    refused new",
  "a name that links": "theirs  refused   admin*  refused refused new    new    refused new",
  "a name beyond ASCII": "new     refused   admin   refused refused new    new    refused new",
  "an e-mail as claimed": "new     refused   admin   refused refused new    new    refused new",
  "the subject of before": "new     refused   new     refused refused new    new    new     new",
  "an id of before": "new     refused   new     refused refused new    new    new     new",
  "a name of before": "new     refused   new     refused refused new    new    new     new",
  "a refusal of before": "new     refused   new     refused refused new    new    refused new",
  nothing: "new     new       new     new     new     new    new    new     new",
};

describe("the decision who signs in", () => {
  for (const [by, cells] of Object.entries(TABLE)) {
    const outcomes = cells.split(/\s+/);
    for (const [at, state] of ORDER.entries()) {
      it(`by ${by} of somebody who is ${state}: ${outcomes[at]}`, () => {
        const [over, ...was] = BY[by] ?? [{}];
        expect(told(decided([row({ ...over, ...STATES[state] }, was)]))).to.equal(outcomes[at]);
      });
    }
  }

  const free = row({ userName: "ann" });
  const gone = row({ subject: "s", deleted: true });
  const CASES: readonly (readonly [
    what: string,
    outcome: string,
    rows: readonly MetRow[],
    more?: Partial<SignInFacts>,
  ])[] = [
    ["two by lasting ids", "admin", [row({ externalId: "s" }), row({ externalId: "oid" })]],
    [
      "one by a lasting id, beside somebody off with the same",
      "theirs",
      [row({ externalId: "oid" }), row({ externalId: "oid", scimActive: false })],
    ],
    [
      "one by a lasting id, and somebody off by another",
      "admin",
      [row({ externalId: "oid" }), row({ externalId: "s", scimActive: false })],
    ],
    [
      "the externalId of somebody off whose account ended, which an active one has too",
      "admin",
      [
        row({ externalId: "oid", subject: "x" }),
        row({ externalId: "oid", subject: "y" }),
        row({ externalId: "oid", subject: "z", scimActive: false, ended: true }),
      ],
    ],
    ["two by names that link", "admin", [free, row({ userName: "boss" }), row({ userName: "boss" })]],
    ["the subject's, though another has the name", "theirs", [row({ externalId: "s", subject: "x" }), free]],
    [
      "privileged and renamed",
      "admin*",
      [row({ userName: "boss", subject: "x", user: "p" as UserId, nameChanged: true })],
      { privileged: new Set(["p" as UserId]) },
    ],
    ["the new hire's name, of whose subject was deleted", "admin*", [free, gone]],
    [
      "the new hire's name, of who was refused before",
      "admin*",
      [free, row({ scimActive: false }, [{ by: "before", name: "s" }])],
    ],
    ["the new hire's name, of whose name was deleted", "theirs", [free, row({ userName: "ann", deleted: true })]],
    [
      "a name that another active person has now",
      "theirs",
      [free, row({ scimActive: false }, [{ by: "name", name: "ann" }])],
    ],
    [
      "an e-mail as claimed that another active person has now",
      "new",
      [row({ userName: "mail" }), row({ deleted: true }, [{ by: "name", name: "mail" }])],
    ],
    ["a name of somebody whom an admin said that it is not", "admin*", [row({ userName: "ann", notThem: true })]],
    ["the id of somebody whom an admin said that it is not", "theirs", [row({ externalId: "s", notThem: true })]],
    [
      "a name of somebody who is off, where an admin let it in",
      "new",
      [row({ userName: "ann", scimActive: false, letIn: true, notThem: true })],
    ],
    [
      "a refusal of before, though somebody active is called like the subject",
      "refused",
      [row({ userName: "s" }), row({ scimActive: false }, [{ by: "before", name: "s" }])],
    ],
    [
      "a refusal of before, with the id of an active person",
      "theirs",
      [row({ externalId: "s" }), row({ scimActive: false }, [{ by: "before", name: "s" }])],
    ],
    [
      "the subject whose own sign-in became that of somebody linked to another by now",
      "admin*",
      [row({ subject: "s", deleted: true, hasScim: false, keepsOut: false }), row({ userName: "ann", subject: "x" })],
    ],
    ["the last owner's subject, which was deleted", "theirs", [gone], { lastWayIn: gone }],
    ["deleted, and back without a subject", "theirs", [row({ subject: "s", deleted: true, again: row({}) })]],
    [
      "somebody deleted, whose account is off again",
      "refused",
      [row({ subject: "s", deleted: true, again: row({ scimActive: false }) })],
    ],
  ];
  for (const [what, outcome, rows, more] of CASES) {
    it(`${what}: ${outcome}`, () => expect(told(decided(rows, more))).to.equal(outcome));
  }

  describe("where SCIM is no evidence", () => {
    const two = [row({ subject: "s", deleted: true }), row({ subject: "s", deleted: true })];
    it("two were deleted under the subject, and go on: admin", () =>
      expect(told(decided(two, { live: false }))).to.equal("admin"));
    for (const [what, outcome, one] of [
      ["off", "theirs", row({ userName: "ann", scimActive: false })],
      ["linked to another subject", "new", row({ userName: "ann", subject: "x" })],
      ["off, by an e-mail as claimed", "new", row({ userName: "mail", scimActive: false })],
      ["deleted, with an account that goes on", "theirs", row({ subject: "s", deleted: true })],
      [
        "deleted before anybody signed in, with an account that goes on, by the externalId",
        "theirs",
        row({ externalId: "oid", deleted: true }),
      ],
      [
        "deleted, with an account that goes on, by the externalId of who signed in otherwise",
        "new",
        row({ externalId: "oid", subject: "x", deleted: true }),
      ],
      ["deleted, with an account that goes on, by the name", "new", row({ userName: "ann", deleted: true })],
      [
        "deleted, with an account that goes on, and somebody else by an admin's word",
        "new",
        row({ subject: "s", deleted: true, notThem: true }),
      ],
      ["deleted, with an account that ended", "refused", row({ subject: "s", deleted: true, ended: true })],
      [
        "deleted, with an account that ended, by the name",
        "refused",
        row({ userName: "ann", deleted: true, ended: true }),
      ],
      [
        "deleted, with an account that ended, by a name of before",
        "refused",
        row({ deleted: true, ended: true }, [{ by: "name", name: "ann" }]),
      ],
      [
        "there, with an account that ended, by a name of before",
        "refused",
        row({ ended: true }, [{ by: "name", name: "ann" }]),
      ],
      [
        "deleted, with an account that ended, by the name, where an admin let it in",
        "new",
        row({ userName: "ann", deleted: true, ended: true, letIn: true, notThem: true }),
      ],
      ["deleted before there was an account", "new", row({ subject: "s", deleted: true, pending: true })],
      [
        "back, and signs in as somebody else",
        "admin*",
        row({ subject: "s", deleted: true, again: { ...again, scimActive: false } }),
      ],
    ] as const) {
      it(`somebody is ${what}: ${outcome}`, () => expect(told(decided([one], { live: false }))).to.equal(outcome));
    }
  });

  describe("of somebody known by sign-in alone", () => {
    const known = row({ hasScim: false, scimActive: false, subject: "s" });
    const off = row({ userName: "ann", scimActive: false });
    const as = (who: WhoSignsIn) => (who.kind === "row" ? (who.joins ? "joined" : "as before") : told(who));
    const KNOWN: typeof CASES = [
      ["meets nobody", "as before", []],
      ["a free pushed user of the name", "joined", [free]],
      ["two free ones", "as before", [free, row({ userName: "boss" })]],
      ["one whom another sign-in means, too", "as before", [free], { contested: new Set([free.id]) }],
      ["whose account holds privileges", "as before", [free], { privileged: new Set([known.user]) }],
      ["one who it is not, by an admin's word", "as before", [row({ userName: "ann", notThem: true })]],
      ["linked to another subject", "as before", [row({ userName: "ann", subject: "x" })]],
      ["somebody who is off", "refused", [off]],
      ["somebody who is off, as the last way in", "as before", [off], { lastWayIn: known }],
      ["somebody who is off, and a free one by name", "refused", [row({ userName: "mail", scimActive: false }), free]],
      ["somebody who is off, and a free one by id", "joined", [off, row({ externalId: "s" })]],
      ["somebody who is off and lets it in", "as before", [{ ...off, letIn: true }]],
    ];
    for (const [what, outcome, rows, more] of KNOWN) {
      it(`${what}: ${outcome}`, () => expect(as(decided(rows, { known, ...more }))).to.equal(outcome));
    }
  });

  describe("of somebody pushed", () => {
    const tom = row({ userName: "tom", externalId: "e-tom", subject: "s" });
    const off = { ...tom, scimActive: false };
    const tomBoss = row({ userName: "boss", subject: "s" });
    const PUSHED: readonly (readonly [string, string, MetRow, readonly MetRow[], Partial<SignInFacts>?])[] = [
      ["who meets nobody", "theirs", tom, []],
      ["whose other lasting id is another free person's", "admin*", tom, [row({ externalId: "oid" })]],
      [
        "whose other lasting id is another's who has signed in",
        "admin*",
        tom,
        [row({ externalId: "oid", subject: "x" })],
      ],
      ["whose other lasting id is two others'", "admin", tom, [row({ externalId: "oid" }), row({ externalId: "oid" })]],
      [
        "whose other lasting id is that of somebody off",
        "refused",
        tom,
        [row({ externalId: "oid", scimActive: false })],
      ],
      [
        "whose subject is the externalId of somebody off",
        "refused",
        tom,
        [row({ externalId: "s", scimActive: false })],
      ],
      [
        "whose subject is the externalId of somebody deleted",
        "refused",
        tom,
        [row({ externalId: "s", deleted: true })],
      ],
      [
        "whose subject is the externalId of somebody deleted before SCIM counted",
        "theirs",
        tom,
        [row({ externalId: "s", deleted: true, keepsOut: false })],
      ],
      [
        "whose subject is the former externalId of somebody deleted and back",
        "theirs",
        tom,
        [row({ externalId: "s", deleted: true, again })],
      ],
      [
        "whose subject is the externalId of somebody off, where an admin let it in",
        "theirs",
        tom,
        [row({ externalId: "s", scimActive: false, letIn: true, notThem: true })],
      ],
      [
        "whose subject is the externalId of somebody off, and of somebody active",
        "admin*",
        tom,
        [row({ externalId: "s", scimActive: false }), row({ externalId: "s" })],
      ],
      [
        "whose name in the subject's place is that of somebody off",
        "refused",
        tom,
        [row({ userName: "boss", scimActive: false })],
      ],
      [
        "whose name in the subject's place is that of somebody who was made later, and deleted",
        "refused",
        tom,
        [row({ userName: "boss", deleted: true })],
      ],
      [
        "whose name in the subject's place was that of somebody who was there before",
        "theirs",
        tom,
        [{ ...row({ userName: "boss", deleted: true }), id: "row-" as DirectoryUserId }],
      ],
      [
        "whose name in the subject's place is that of somebody who it is not, by an admin's word",
        "theirs",
        tom,
        [row({ userName: "boss", notThem: true })],
      ],
      [
        "whose name in the subject's place is their own, and whose subject is the externalId of somebody off",
        "theirs",
        tomBoss,
        [row({ externalId: "s", scimActive: false })],
      ],
      [
        "whose name in the subject's place is their own, and whose subject is the externalId of somebody active",
        "admin*",
        tomBoss,
        [row({ externalId: "s" })],
      ],
      [
        "whose subject is the externalId of somebody off, who it is not, by an admin's word from before a rename",
        "theirs",
        tom,
        [row({ externalId: "s", scimActive: false, notThem: true })],
      ],
      [
        "whose name in the subject's place is that of somebody off, beside their own name",
        "theirs",
        { ...tom, userName: "ann" },
        [row({ userName: "boss", scimActive: false })],
      ],
      ["whose name is that of somebody free", "admin*", tom, [row({ userName: "ann" })]],
      [
        "whose name is that of somebody off who never signed in",
        "refused",
        tom,
        [row({ userName: "ann", scimActive: false })],
      ],
      [
        "whose name is that of somebody else's who has signed in",
        "theirs",
        tom,
        [row({ userName: "ann", subject: "x" })],
      ],
      [
        "with their own name, and that of somebody free",
        "theirs",
        { ...tom, userName: "Ann" },
        [row({ userName: "ANN" })],
      ],
      ["with a claimed e-mail that is the name of somebody free", "theirs", tom, [row({ userName: "mail" })]],
      [
        "whose other lasting id is their own, and another's",
        "theirs",
        { ...tom, externalId: "oid" },
        [row({ externalId: "oid" })],
      ],
      ["whose name in the subject's place is another's", "admin*", tom, [row({ userName: "boss", subject: "x" })]],
      [
        "whose name in the subject's place is another's, beside an id of nobody's",
        "admin*",
        tom,
        [row({ userName: "boss", externalId: "else" })],
      ],
      ["whose subject is another's externalId", "admin*", tom, [row({ externalId: "s", subject: "x" })]],
      ["whose subject is two others' externalId", "admin", tom, [row({ externalId: "s" }), row({ externalId: "s" })]],
      [
        "whose subject is their own externalId, and another's",
        "theirs",
        { ...tom, externalId: "s" },
        [row({ externalId: "s" })],
      ],
      ["who is off", "theirs", off, []],
      ["who is off, and has the name of somebody free", "admin*", off, [row({ userName: "ann" })]],
      [
        "who is off, and has the name of somebody who has signed in",
        "theirs",
        off,
        [row({ userName: "ann", subject: "x" })],
      ],
      [
        "who is off, with the name in the subject's place of another",
        "admin*",
        off,
        [row({ userName: "boss", subject: "x" })],
      ],
      ["who is off, and whose subject is another's externalId", "admin*", off, [row({ externalId: "s" })]],
      [
        "who is off, with their own name and that of somebody free",
        "admin*",
        { ...off, userName: "ann" },
        [row({ userName: "ann" })],
      ],
      [
        "who is off, with one's id and another's name",
        "admin*",
        off,
        [row({ externalId: "oid" }), row({ userName: "ann" })],
      ],
      ["who is off, with their own lasting id", "theirs", { ...off, externalId: "oid" }, [row({ userName: "ann" })]],
      [
        "whose other lasting id is another's, as the last way in",
        "admin*",
        tom,
        [row({ externalId: "oid" })],
        { lastWayIn: tom },
      ],
    ];
    for (const [what, outcome, known, rows, more] of PUSHED) {
      it(`${what}: ${outcome}`, () => {
        const who = decided([known, ...rows], { known, ...more });
        expect(told(who)).to.equal(outcome);
        if (who.kind === "row") expect(who.row).to.equal(known);
      });
    }
  });

  const anybody = fc
    .record({
      userName: fc.constantFrom("ann", "boss", "mail", "JÜRGEN", "x"),
      externalId: fc.option(fc.constantFrom("s", "oid", "else"), { nil: undefined }),
      subject: fc.option(fc.constantFrom("s", "t"), { nil: undefined }),
      hasScim: fc.boolean(),
      scimActive: fc.boolean(),
      deleted: fc.boolean(),
      ended: fc.boolean(),
      idChanged: fc.boolean(),
      letIn: fc.boolean(),
      back: fc.option(fc.boolean(), { nil: undefined }),
      was: fc.subarray<Met>([
        { by: "id", name: "s" },
        { by: "name", name: "ann" },
        { by: "before", name: "s" },
      ]),
    })
    .map(({ externalId, subject, back, was, letIn, deleted, ...one }) => {
      // a live row of the subject itself is found before anybody asks
      const theirs = subject === "s" && !deleted ? "t" : subject;
      const ids = { ...(externalId && { externalId }), ...(theirs && { subject: theirs }) };
      const returned = deleted && back !== undefined && { again: row({ scimActive: back, subject: "t" }) };
      return row({ ...one, deleted, ...ids, letIn, notThem: letIn, ...returned }, was);
    });

  it("whoever comes in as a stranger is not refused the next time", () =>
    fc.assert(
      fc.property(fc.array(anybody, { maxLength: 4 }), (rows) => {
        const who = decided(rows);
        if (who.kind !== "row") return;
        const known = rows.find(({ id }) => id === who.row.id);
        // the account is refused as it is, or in a row that is made anew
        if (known === undefined || !known.scimActive) return;
        const next = decided(rows, { known: { ...known, subject: "s" } });
        expect(next.kind).not.to.equal("inactive");
        if (next.kind === "row") expect(next.row.id).to.equal(known.id);
        else expect(next.kind === "ambiguous" && next.rows.every((one) => isConfirmed(SIGN_IN, one))).to.equal(true);
      }),
      { numRuns: 3000 },
    ));

  describe("is plainly that of who keeps it out", () => {
    for (const [what, over, isTheirs] of [
      ["by their own subject", { subject: "s" }, true],
      ["by the externalId, where nobody signed in", { externalId: "s" }, true],
      ["by the name in the subject's place, where nobody signed in", { userName: "boss" }, true],
      ["by a name, where nobody signed in", { userName: "ann" }, false],
      ["by the externalId, where somebody signed in", { externalId: "s", subject: "x" }, false],
    ] as const) {
      it(`${what}: ${isTheirs}`, () =>
        expect(isPlainlyTheirs(SIGN_IN, row({ ...over, scimActive: false }))).to.equal(isTheirs));
    }
  });

  it("SEC-05: whoever is met: nobody who is kept out comes in, a name hands nobody's account over, and an admin can act on each refusal", () =>
    fc.assert(
      fc.property(fc.array(anybody, { maxLength: 4 }), fc.boolean(), fc.boolean(), (rows, isKnown, isLast) => {
        const known = row({ hasScim: false, scimActive: false, subject: "s" });
        const lastWayIn = isKnown ? known : row({ subject: "s", deleted: true });
        const who = decided(rows, { ...(isKnown && { known }), ...(isLast && { lastWayIn }) });
        const keepers = keepersAmong(rows);
        if (isLast) expect(["row", "nobody"], "the last way in").to.include(who.kind);
        if (who.kind === "nobody") expect(keepers).to.deep.equal([]);
        if (who.kind === "ambiguous") expect(who.rows).not.to.deep.equal([]);
        if (who.kind === "inactive") expect(who.keepers.every((one) => !one.letIn)).to.equal(true);
        if (who.kind === "inactive")
          expect(who.keepers)
            .to.include.members([...keepers])
            .and.not.deep.equal([]);
        if (who.kind !== "row" || who.row === lastWayIn || who.row === known) {
          if (who.kind === "row" && who.row === known && !isLast) expect(keepers).to.deep.equal([]);
          return;
        }
        const back = rows.find((one) => one.again === who.row);
        if (back) return void expect([back.subject, who.row.subject]).to.deep.equal(["s", undefined]);
        const one = rows.find(({ id }) => id === who.row.id) as MetRow;
        const by = meantBy(SIGN_IN, one);
        expect(one.deleted || !one.hasScim, "a pushed user").to.equal(false);
        if (one.subject !== undefined) expect(moves(by), "somebody else signed in to it").to.equal(true);
        else if (isFree(one)) expect(links(by)).to.equal(true);
        else expect(one.externalId, "theirs, and refused as the account is").to.be.oneOf(["s", "oid"]);
        const others = keepers.filter(
          ({ user, met }) => user !== one.user && met.some(({ by: met }) => met !== "name"),
        );
        if (others.length > 0) expect(proves(by), "kept out, and named by what lasts").to.equal(true);
      }),
      { numRuns: 3000 },
    ));
});
