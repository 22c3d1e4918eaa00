/** What becomes of a sign-in, by every `no_match`, JIT mode, kind of person and kind of facts: as the documents say it. */
import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import type { JitMode } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import { type Door, endOf, openPolicyHouse, type PolicyHouse, PROTOCOLS } from "./policy-house.js";

const JIT_MODES: readonly JitMode[] = ["off", "first_sign_in", "every_sign_in"];
const RULE = { group_name: "Engineering", team_name: "Platform", role_name: "editor" };
const LOBBY = { default_team: "Lobby", default_role: "viewer" };
const MATCH = ["Engineering"];
const NO_MATCH = ["Visitors"];

/** What a sign-in says of groups. */
const FACTS = { match: { groups: MATCH }, none: { groups: NO_MATCH }, unknown: {} } as const;
type Fact = keyof typeof FACTS;

/** Who signs in, by what is known of them. `sentAway`: deactivated by `no_match` under an earlier mapping. */
const PEOPLE = ["unknown", "matched", "unmatched", "pushed", "sentAway", "offByScim", "offByAdmin"] as const;
type Person = (typeof PEOPLE)[number];

/**
 * How it ends: let in with what they hold, or refused with a code and what their account is then. Accounts are `nobody`
 * where none was made.
 */
type End = string;

const IN = "in, nothing";
const PLATFORM = "in, Platform/editor";
const IN_LOBBY = "in, Lobby/viewer";
const STRANGER = "not_assigned, nobody";
const UNJUDGED = "groups_unknown, nobody";

/** By what the sign-in says; `taught`: where it teaches nothing, and what was known before counts. */
type Row = Readonly<Record<Fact | "taught", End>>;

function row(match: End, none: End, unknown: End, taught: End = unknown): Row {
  return { match, none, unknown, taught };
}

interface Policy {
  readonly title: string;
  readonly mapping: JsonObject;
  readonly ends: Readonly<Record<Exclude<Person, "offByScim" | "offByAdmin">, Row>>;
  /** Of people whom mapping saves leave out: known from a first sign-in alone, and not asked again. */
  readonly frozen?: Partial<Record<"matched" | "unmatched" | "sentAway", End>>;
}

const LETS_KNOWN_IN = {
  matched: row(PLATFORM, IN, PLATFORM),
  unmatched: row(PLATFORM, IN, IN),
  pushed: row(PLATFORM, IN, IN),
  sentAway: row(PLATFORM, IN, IN),
};

const SENT_AWAY = row(
  PLATFORM,
  "not_assigned, deactivated",
  "groups_unknown, deactivated",
  "not_assigned, deactivated",
);

const DENY_NEW = { unknown: row(PLATFORM, STRANGER, UNJUDGED), ...LETS_KNOWN_IN };

const POLICIES: readonly Policy[] = [
  {
    title: "no rule yet",
    mapping: { mappings: [] },
    ends: {
      ...{ unknown: row(IN, IN, IN), matched: row(IN, IN, IN), unmatched: row(IN, IN, IN) },
      ...{ pushed: row(IN, IN, IN), sentAway: row(IN, IN, IN) },
    },
    frozen: { matched: PLATFORM },
  },
  { title: "no_match unset", mapping: { mappings: [RULE] }, ends: DENY_NEW },
  { title: "no_match: deny_new", mapping: { mappings: [RULE], no_match: "deny_new" }, ends: DENY_NEW },
  {
    title: "no_match: allow",
    mapping: { mappings: [RULE], no_match: "allow" },
    ends: { unknown: row(PLATFORM, IN, IN), ...LETS_KNOWN_IN },
  },
  {
    title: "no_match: deny",
    mapping: { mappings: [RULE], no_match: "deny" },
    ends: {
      unknown: row(PLATFORM, STRANGER, UNJUDGED),
      matched: row(PLATFORM, "not_assigned, registered", PLATFORM),
      // Where nobody says which groups they are in now, nobody says that nothing matches.
      unmatched: row(PLATFORM, "not_assigned, registered", IN, "not_assigned, registered"),
      // Until groups were pushed, nobody says that none will be.
      pushed: row(PLATFORM, "not_assigned, registered", IN),
      sentAway: SENT_AWAY,
    },
  },
  {
    title: "no_match: default",
    mapping: { mappings: [RULE], no_match: "default", ...LOBBY },
    ends: {
      unknown: row(PLATFORM, IN_LOBBY, IN),
      matched: row(PLATFORM, IN_LOBBY, PLATFORM),
      unmatched: row(PLATFORM, IN_LOBBY, IN_LOBBY),
      pushed: row(PLATFORM, IN_LOBBY, IN),
      sentAway: row(PLATFORM, IN_LOBBY, IN, IN_LOBBY),
    },
    frozen: { unmatched: IN },
  },
  {
    title: "no_match: deactivate",
    mapping: { mappings: [RULE], no_match: "deactivate" },
    ends: {
      unknown: row(PLATFORM, STRANGER, UNJUDGED),
      matched: row(PLATFORM, "not_assigned, deactivated", PLATFORM),
      unmatched: SENT_AWAY,
      pushed: row(PLATFORM, "not_assigned, deactivated", IN),
      sentAway: SENT_AWAY,
    },
    frozen: { unmatched: "not_assigned, registered" },
  },
];

/** What the documents say of one cell. */
function wantedEnd({ ends, frozen = {} }: Policy, jit: JitMode, person: Person, fact: Fact): End {
  if (person === "offByScim" || person === "offByAdmin") return "deactivated, deactivated";
  if (person === "unknown" && jit === "off") return "provisioning_off, nobody";
  const isTaught =
    jit === "every_sign_in" || (jit === "first_sign_in" && (person === "unknown" || person === "pushed"));
  if (isTaught) return ends[person][fact];
  const left = jit === "first_sign_in" && person !== "unknown" && person !== "pushed" ? frozen[person] : undefined;
  return left ?? ends[person].taught;
}

describe("the policy for sign-ins", () => {
  let house: PolicyHouse;

  before(async () => {
    house = await openPolicyHouse();
  });
  after(() => house?.close());

  for (const policy of POLICIES) {
    describe(policy.title, () => {
      const doors = new Map<string, Door>();

      before(async function () {
        this.timeout(60_000);
        const tenant = await house.admin.tenant();
        for (const protocol of PROTOCOLS) {
          for (const jit of JIT_MODES) {
            const door = { tenant, slug: `${protocol}-${jit.replaceAll("_", "-")}`, protocol };
            await house.connect(door, { sync: "live" });
            doors.set(`${protocol} ${jit}`, door);
          }
        }
        await settle(house, policy, doors);
      });

      for (const protocol of PROTOCOLS) {
        for (const jit of JIT_MODES) {
          it(`TIN-12, TIN-13, TIN-15, W-8: ${protocol}, jit ${jit}`, async () => {
            const door = doors.get(`${protocol} ${jit}`) as Door;
            const [wanted, got]: [Record<string, End>, Record<string, End>] = [{}, {}];
            for (const person of PEOPLE) {
              for (const fact of Object.keys(FACTS) as readonly Fact[]) {
                wanted[`${person}, ${fact}`] = wantedEnd(policy, jit, person, fact);
                got[`${person}, ${fact}`] = await endOfCell(house, door, person, fact);
              }
            }
            expect(got).to.deep.equal(wanted);
          });
        }
      }
    });
  }
});

function nameOf({ slug }: Door, person: Person, fact: Fact): string {
  return `${person}-${fact}.${slug}@acme.example`;
}

/** Makes everybody who is known before, under earlier mappings, and then the policy itself. */
async function settle(house: PolicyHouse, { mapping }: Policy, doors: ReadonlyMap<string, Door>): Promise<void> {
  const all = [...doors.values()];
  const [{ tenant }] = all as [Door];
  const each = async (visit: (door: Door, fact: Fact) => Promise<unknown>) => {
    for (const door of all) for (const fact of Object.keys(FACTS) as readonly Fact[]) await visit(door, fact);
  };
  const known = async (door: Door, person: Person, fact: Fact, groups: readonly string[]) =>
    expect(endOf(await house.signIn(door, { name: nameOf(door, person, fact), groups }))).to.equal("in");
  await house.map(tenant, { mappings: [RULE], no_match: "allow" });
  await each((door, fact) => known(door, "sentAway", fact, NO_MATCH));
  await house.map(tenant, { mappings: [RULE], no_match: "deactivate" });
  await each(async (door, fact) => {
    const { status } = (await house.user(tenant, nameOf(door, "sentAway", fact))) ?? {};
    expect(status).to.equal("deactivated");
  });
  for (const door of all) await house.change(door, { jit: "every_sign_in" });
  await house.map(tenant, { mappings: [RULE], no_match: "allow" });
  await each(async (door, fact) => {
    await known(door, "matched", fact, MATCH);
    await known(door, "unmatched", fact, NO_MATCH);
    await known(door, "offByAdmin", fact, MATCH);
    const { id } = (await house.user(tenant, nameOf(door, "offByAdmin", fact))) ?? {};
    const { status } = await house.admin.call("PATCH", `${tenant}/users/${id}`, { body: { active: false } });
    expect(status).to.equal(200);
  });
  for (const door of all) {
    const scim = await house.push(door);
    for (const fact of Object.keys(FACTS) as readonly Fact[]) {
      await scim.person(nameOf(door, "pushed", fact));
      await scim.switchOff(await scim.person(nameOf(door, "offByScim", fact)));
    }
  }
  for (const [key, door] of doors) await house.change(door, { jit: key.split(" ")[1] ?? "" });
  await house.map(tenant, mapping);
}

/** One sign-in: how it ends, and that account, seat and session agree with that. */
async function endOfCell(house: PolicyHouse, door: Door, person: Person, fact: Fact): Promise<End> {
  const { tenant } = door;
  const name = nameOf(door, person, fact);
  const before = await house.user(tenant, name);
  const seats = await house.seatsUsed(tenant);
  const browser = createBrowser();
  const end = endOf(await house.signIn(door, { name, ...FACTS[fact] }, browser));
  const after = await house.user(tenant, name);
  const held = await house.holds(browser);
  const isRegistered = (user: typeof after) => Number(user?.["status"] === "registered");
  const taken = (await house.seatsUsed(tenant)) - seats;
  if (taken !== isRegistered(after) - isRegistered(before)) return `${end}, but ${taken} seats were taken`;
  if ((held !== undefined) !== (end === "in")) return `${end}, but the session says otherwise`;
  if (end === "in" && isRegistered(after) === 0) return "in, but without an account";
  return end === "in" ? `in, ${held?.join(" ") || "nothing"}` : `${end}, ${String(after?.["status"] ?? "nobody")}`;
}
