/** Made-up histories of a tenant: what sources and admins may do to it, one step after the other. */
import fc from "fast-check";
import { OWNER } from "../../src/model/target.js";

export const GROUPS = ["Admins", "plat-ro", "plat-adm", "Sales"];
/** Pushed, and signing in by the same connection. */
export const PUSHED = ["p0", "p1"];
/** Known by sign-ins alone: one of the connection that pushes, one of another. */
export const JOINED = ["j0", "j1"];
const LOCAL = "l0";
const PEOPLE = [...PUSHED, ...JOINED, LOCAL];
const DEPARTMENTS = ["Sales", "42", ""];

const PATTERN = {
  id: "platform",
  group_pattern: "plat-{role}",
  values: { role: { ro: "viewer", adm: "team_admin" } },
  team_name: "Platform",
  role_name: "{role}",
};
const SALES = { id: "sales", group_name: "Sales", team_name: "Sales", role_name: "editor" };
const CHEAP = { id: "cheap", when: "$number(user.department) < 100", team_name: "Sales", role_name: "viewer" };
const TOGETHER = { id: "both", when: "'Sales' in groups", team_name: "Platform", role_name: "editor" };
const LOBBY = { id: "lobby", everyone: true, team_name: "Lobby", role_name: "viewer" };
const OWNERS = { id: "owners", group_name: "Admins", connections: ["main"], scope: "tenant", role_name: "owner" };
const ORDER = { role_order: ["viewer", "editor", "team_admin"] };

export const MAPPINGS: readonly object[] = [
  { ...ORDER, no_match: "allow", mappings: [OWNERS, PATTERN, SALES] },
  { ...ORDER, no_match: "deny", mappings: [OWNERS, CHEAP, SALES, { ...LOBBY, team_name: "Sales" }] },
  { ...ORDER, no_match: "deactivate", mappings: [OWNERS, PATTERN, TOGETHER] },
  { ...ORDER, no_match: "default", default_team: "Hall", conflicts: "highest", mappings: [OWNERS, PATTERN, TOGETHER] },
  // Where everything adds up, a rule of two roles gives the lower one beside a higher one that is kept: none of these has two.
  { ...ORDER, default_team: "Hall", conflicts: "all", mappings: [OWNERS, SALES, CHEAP, TOGETHER] },
  { mappings: [LOBBY, SALES] },
];

/** What rules give, too. */
export const TARGETS = [
  OWNER,
  { scope: "team:Sales", role: "editor" },
  { scope: "team:Sales", role: "viewer" },
  { scope: "team:Platform", role: "viewer" },
];

export type Step =
  | { readonly do: "push"; readonly who: string; readonly active: boolean; readonly department: string }
  | { readonly do: "remove"; readonly who: string }
  | { readonly do: "member"; readonly who: string; readonly group: string; readonly isMember: boolean }
  | { readonly do: "empty" | "drop"; readonly group: string }
  | { readonly do: "signIn"; readonly who: string; readonly groups: readonly string[] | null }
  | { readonly do: "map"; readonly mapping: number }
  | { readonly do: "give"; readonly who: string; readonly target: number; readonly minutes: number | null }
  | { readonly do: "take"; readonly who: string }
  | { readonly do: "local"; readonly who: string; readonly active: boolean }
  | { readonly do: "owners"; readonly allowed: boolean }
  | { readonly do: "off"; readonly onDisable: "convert" | "deactivate" }
  | { readonly do: "release" }
  | { readonly do: "wait"; readonly minutes: number };

const one = <T>(values: readonly T[]) => fc.constantFrom(...values);
const mostly = fc.constantFrom(true, true, false);

const push = fc.record({
  do: fc.constant("push" as const),
  who: one(PUSHED),
  active: mostly,
  department: one(DEPARTMENTS),
});
const member = fc.record({
  do: fc.constant("member" as const),
  who: one(PUSHED),
  group: one(GROUPS),
  isMember: fc.boolean(),
});
const signIns = fc.record({
  do: fc.constant("signIn" as const),
  who: one([...PUSHED, ...JOINED]),
  groups: fc.option(fc.subarray(GROUPS), { nil: null }),
});
const giving = (targets: readonly number[]) =>
  fc.record({
    do: fc.constant("give" as const),
    who: one(PEOPLE),
    target: one(targets),
    minutes: fc.option(one([30, 90]), { nil: null }),
  });
/** Owners by hand are another matter: with them the last one by a rule may go. */
export const byHand: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: giving([1, 2, 3]) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("take" as const), who: one(PEOPLE) }) },
);
/** Everything that a source says, and the mappings that read it. */
export const bySources: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: push },
  { weight: 4, arbitrary: member },
  { weight: 3, arbitrary: signIns },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("map" as const), mapping: fc.nat(MAPPINGS.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), who: one(PUSHED) }) },
  { weight: 1, arbitrary: fc.record({ do: one(["empty", "drop"] as const), group: one(GROUPS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: one([1, 70]) }) },
);
export const anything: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: bySources },
  { weight: 2, arbitrary: byHand },
  { weight: 1, arbitrary: giving([0]) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("local" as const), who: fc.constant(LOCAL), active: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("owners" as const), allowed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("off" as const), onDisable: one(["convert", "deactivate"] as const) }),
  },
);

/** Somebody of each kind, with an owner and something to lose. */
export const CROWD: readonly Step[] = [
  { do: "push", who: "p0", active: true, department: "" },
  { do: "member", who: "p0", group: "Admins", isMember: true },
  { do: "push", who: "p1", active: true, department: "42" },
  { do: "member", who: "p1", group: "Sales", isMember: true },
  { do: "signIn", who: "j0", groups: ["Sales", "plat-ro"] },
  { do: "local", who: LOCAL, active: true },
];

/** Some of the crowd under some mapping come first: without them little would happen to anybody. */
export function fromCrowd(steps: fc.Arbitrary<Step>): fc.Arbitrary<readonly Step[]> {
  const mapping = fc.nat(MAPPINGS.length - 1).map((at): Step => ({ do: "map", mapping: at }));
  const crowd = fc.subarray([...CROWD], { minLength: 3 });
  const rest = fc.array(steps, { minLength: 4, maxLength: 12, size: "max" });
  return fc.tuple(mapping, crowd, rest).map(([first, some, more]) => [first, ...some, ...more]);
}
