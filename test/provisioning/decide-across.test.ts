import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { decideAcross, decideKnown, type Holder } from "../../src/provisioning/decide-across.js";

const holder = (user: string, more: Partial<Holder> = {}): Holder => ({
  ...{ user: user as UserId, wasIn: true, off: false, here: false, otherSubject: false, pushed: false, now: true },
  ...{ stale: false, privileged: false, mayOwn: false },
  ...more,
});
const ANN = holder("ann");
const OFF = holder("off", { off: true });
const HERE = holder("here", { here: true });
const SIGNS_IN = holder("signs-in", { here: true, otherSubject: true });
const PUSHED = holder("pushed", { here: true, otherSubject: true, pushed: true });
const OWNS = holder("owns", { here: true, otherSubject: true, privileged: true });
const OWNER = holder("owner", { privileged: true });
const STALE = holder("stale", { stale: true });
const LESSER = holder("lesser", { mayOwn: true });
const FORMER = holder("former", { now: false });

/** Who has the e-mail, and what becomes of who comes with it: vouched for, as claimed, and switched off. */
const TABLE: readonly (readonly [holders: readonly Holder[], vouched: string, claimed?: string, inactive?: string])[] =
  [
    [[], "nobody"],
    [[ANN], "account ann", "nobody", "review inactive ann"],
    [[HERE], "nobody"],
    [[{ ...HERE, pushed: true, privileged: true }], "nobody"],
    [[SIGNS_IN], "nobody told signs-in", "nobody"],
    [[PUSHED], "review known_here pushed", "nobody"],
    [[OWNS], "review known_here owns", "nobody"],
    [[{ ...PUSHED, now: false }], "nobody"],
    [[{ ...PUSHED, off: true }], "off pushed", "off pushed"],
    [[SIGNS_IN, HERE], "nobody told signs-in", "nobody"],
    [[PUSHED, HERE], "review several pushed here", "nobody"],
    [[PUSHED, SIGNS_IN], "review several pushed signs-in", "nobody"],
    [[ANN, PUSHED], "review several ann pushed", "nobody"],
    [[FORMER], "nobody"],
    [[OWNER], "review privileged owner"],
    [[STALE], "review stale stale"],
    [[LESSER], "review may_own lesser"],
    [[{ ...OWNER, mayOwn: true }], "review privileged owner"],
    [[ANN, OWNER], "review several ann owner"],
    [[ANN, HERE], "review several ann here"],
    [[ANN, FORMER], "account ann", "nobody", "review inactive ann"],
    [[OFF], "off off", "off off"],
    [[{ ...OFF, now: false }], "off off", "off off"],
    [[{ ...OFF, here: true }], "off off", "off off"],
    [[ANN, OFF], "off ann off", "off ann off"],
    [[OWNER, OFF, FORMER], "off owner off", "off owner off"],
  ];

describe("whom an e-mail means at other connections", () => {
  for (const [holders, vouched, claimed = "nobody", inactive = vouched] of TABLE) {
    const names = holders.map(({ user, now, here, privileged }) => {
      return `${user}${now ? "" : ", once"}${here ? `, here${privileged ? " and privileged" : ""}` : ""}`;
    });
    it(`W-1, W-8: ${names.join(" and ") || "nobody"} has it: ${vouched}; as claimed: ${claimed}; switched off: ${inactive}`, () => {
      const ways = [{}, { vouched: false }, { inactive: true }];
      const said = ways.map((way) => {
        const across = decideAcross(holders, { vouched: true, inactive: false, ...way });
        if (across.kind === "nobody") return ["nobody", ...(across.known ? ["told", ...across.known] : [])].join(" ");
        if (across.kind === "account") return `account ${across.user}`;
        const reason = across.kind === "review" ? `${across.reason} ` : "";
        return `${across.kind} ${reason}${across.users.join(" ")}`;
      });
      expect(said).to.deep.equal([vouched, claimed, inactive]);
    });
  }
});

/** The other holders of the e-mail of somebody known by sign-in alone, and what becomes of the sign-in. */
const BESIDE: readonly (readonly [others: readonly Holder[], becomes: string])[] = [
  [[], "nobody"],
  [[ANN, FORMER, OWNER, HERE], "nobody"],
  [[OFF], "off off"],
  [[{ ...OFF, now: false }, ANN, FORMER], "off off ann"],
  [[{ ...OFF, wasIn: false }], "nobody"],
];

describe("whom the e-mail of somebody known by sign-in alone means besides", () => {
  for (const [others, becomes] of BESIDE) {
    const names = others.map(({ user, wasIn }) => `${user}${wasIn ? "" : ", never let in"}`).join(" and ");
    it(`W-8: ${names || "nobody"} has it, too: ${becomes}`, () => {
      const across = decideKnown(others);
      expect(across.kind === "off" ? `off ${across.users.join(" ")}` : across.kind).to.equal(becomes);
    });
  }
});
