/** A tenant on which a story of the mapping guide happens, and what can be seen there. */
import type { ObserveUser } from "../../src/model/directory.js";
import { USER_ATTRIBUTES, type UserAttribute } from "../../src/model/facts.js";
import type { DirectoryGroupId, DirectoryUserId, GrantId } from "../../src/model/ids.js";
import { known, unknown } from "../../src/model/known.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { targetLabel } from "../../src/model/target.js";
import { deleteConnection } from "../../src/provisioning/connections.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import { lintMapping } from "../../src/provisioning/mapping/lint.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import type { TestClock } from "../support/clock.js";
import { scimUser, signInOf } from "../support/people.js";
import { ADMIN, type TenantInTest } from "../support/tenant.js";
import { details, type EventRow } from "./story.js";

export interface Stage {
  readonly t: TenantInTest;
  readonly clock: TestClock;
  readonly users: Map<string, DirectoryUserId>;
  readonly groups: Map<string, DirectoryGroupId>;
  /** Codes with which people were refused at their last sign-in. */
  readonly refused: Map<string, string>;
}

/** The first connection that a story speaks of may make owners. */
export async function openStage(t: TenantInTest, clock: TestClock, slugs: readonly string[]): Promise<Stage> {
  for (const [at, slug] of slugs.entries()) {
    const profile = slug === "entra" ? "entra" : "rfc";
    await t.connect({ slug, protocol: "oidc", sync: "live", profile, mayGrantOwner: at === 0, settleSeconds: 0 });
  }
  return { t, clock, users: new Map(), groups: new Map(), refused: new Map() };
}

type Act = (stage: Stage, person: string, match: readonly string[], detail: string) => Promise<void>;

const ACTS: readonly (readonly [what: RegExp, act: Act])[] = [
  [/^pushed by ([\w-]+)$/, (stage, person, [slug = ""], detail) => pushed(stage, slug, person, detail, true)],
  [/^deactivated by ([\w-]+)$/, (stage, person, [slug = ""]) => pushed(stage, slug, person, "", false)],
  [/^signs in by ([\w-]+)$/, (stage, person, [slug = ""], detail) => signedIn(stage, slug, person, detail)],
  [/^given by hand$/, (stage, person, _, detail) => given(stage, person, detail)],
  [/^loses the default$/, (stage, person) => withoutDefault(stage, person)],
  [/^(\d+) days later$/, (stage, _, [days]) => later(stage, Number(days))],
  [/^([\w-]+) is removed$/, (stage, _, [slug = ""]) => removed(stage, slug)],
];

/** Does what a row says. */
export async function act(stage: Stage, { person, what, detail }: EventRow): Promise<void> {
  for (const [form, does] of ACTS) {
    const match = form.exec(what);
    if (match === null) continue;
    await does(stage, person, match.slice(1), detail);
    return stage.t.settled();
  }
  throw new Error(`nobody knows how to play \`${what}\``);
}

async function pushed(stage: Stage, slug: string, person: string, detail: string, active: boolean): Promise<void> {
  const { t, users, groups } = stage;
  const said = details(detail);
  const key = `${slug}/${person}`;
  const roles = (said.get("roles") ?? []).map((role) => {
    const [type = "", value = ""] = role.split("=");
    return { type, value };
  });
  const document = { ...scimUser(person, { active, attributes: textsIn(said), externalId: person }), roles };
  const id = users.get(key);
  const { rows } = await t.change(slug, { kind: "upsertUser", ...(id && { id }), document });
  const own = rows[0]?.id as DirectoryUserId;
  users.set(key, own);
  if (!said.has("groups")) return;
  const wanted = (said.get("groups") ?? []).map((name) => `${slug}/${name}`);
  for (const name of wanted) {
    if (!groups.has(name)) groups.set(name, await t.pushGroup(slug, name.slice(slug.length + 1)));
  }
  for (const [name, group] of groups) {
    if (!name.startsWith(`${slug}/`)) continue;
    await t.change(slug, { kind: wanted.includes(name) ? "addMembers" : "removeMembers", group, members: [own] });
  }
}

async function signedIn({ t, refused }: Stage, slug: string, person: string, detail: string): Promise<void> {
  const said = details(detail);
  const attributes = Object.entries(textsIn(said)).map(([name, value]) => [name, known(value)]);
  const claims = [...said].filter(([name]) => name.startsWith("claim "));
  const groups = said.get("groups");
  const roles = said.get("app roles");
  const observed: ObserveUser = {
    ...signInOf(person, groups === undefined ? {} : { groups }),
    attributes: { userName: known(person), ...Object.fromEntries(attributes) },
    appRoles: roles === undefined ? unknown("absent_claim") : known(roles),
    claims: Object.fromEntries(claims.map(([name, values]) => [name.slice("claim ".length), values])),
  };
  const outcome = await signIn(t.p, { tenant: await t.tenant(), connection: await t.connection(slug), observed });
  if (outcome.allowed) refused.delete(person);
  else refused.set(person, outcome.code);
}

function textsIn(said: ReadonlyMap<string, readonly string[]>): Partial<Record<UserAttribute, string>> {
  const named = USER_ATTRIBUTES.flatMap((name) => {
    const value = said.get(name)?.[0];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(named);
}

/** `Platform/editor for 7 days: covers for Bo`. */
async function given({ t, clock }: Stage, person: string, detail: string): Promise<void> {
  const [, place = "", role = "", days, reason = ""] = /^(.+)\/(\S+?)(?: for (\d+) days)?: (.+)$/.exec(detail) ?? [];
  const scope = place === "tenant" ? "tenant" : (`team:${place}` as const);
  const ends = days === undefined ? undefined : new Date(Date.parse(clock.now()) + Number(days) * DAY).toISOString();
  const grant = { target: { scope, role }, reason, ...(ends === undefined ? {} : { expiresAt: ends }) };
  await addManualGrant(t.p, await t.tenant(), await t.userId(person), grant, ADMIN);
}

const DAY = 86_400_000;

async function withoutDefault({ t }: Stage, person: string): Promise<void> {
  const grant = (await t.person(person)).grants.find(({ origin }) => origin === "default");
  await removeManualGrant(t.p, await t.tenant(), await t.userId(person), grant?.id as GrantId, ADMIN);
}

async function later({ clock }: Stage, days: number): Promise<void> {
  clock.forward({ hours: 24 * days, minutes: 1 });
}

async function removed({ t }: Stage, slug: string): Promise<void> {
  const tenant = await t.tenant();
  const { digest } = await previewSync(t.p, tenant, slug, { to: "off", onDisable: "convert" });
  await deleteConnection(t.p, tenant, slug, { onDisable: "convert", digest }, ADMIN);
}

/** What a preview of a document shows, line by line. */
export async function previewed({ t }: Stage, text: string): Promise<readonly string[]> {
  const { summary, lines } = await previewMapping(t.p, await t.tenant(), text, {});
  const { items: rows } = await lines({ limit: 1000 });
  const { granted, revoked, held, newTeams } = summary;
  const teams = newTeams.length === 0 ? [] : [`new teams: ${newTeams.join(", ")}`];
  return [
    `granted ${granted}, revoked ${revoked}, held ${held}`,
    ...rows.map(({ change, user, target, reason }) =>
      [change, user.userName, ...(target === undefined ? [] : [targetLabel(target)])].join(" ").concat(`: ${reason}`),
    ),
    ...teams,
  ];
}

/** `ada: Platform/editor, Support/viewer`, for each of these people. */
export async function held({ t, refused }: Stage, people: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const person of people) {
    const code = refused.get(person);
    const holds = await t.holds(person);
    const seen = typeof holds === "string" ? holds : holds.join(", ") || "nothing";
    const hold = code === undefined ? (await t.person(person)).hold : undefined;
    const kept = hold === undefined ? "" : ` (held: ${hold.reason})`;
    lines.push(`${person}: ${code === undefined ? seen + kept : `refused, ${code}`}`);
  }
  return lines;
}

/** Every sentence that explains a person. */
export async function explained({ t }: Stage, person: string): Promise<readonly string[]> {
  const said = await explainUser(t.p, await t.tenant(), await t.userId(person));
  return [...said.assignments, ...said.notGiven, ...said.rolesNotGiven].map(({ sentence }) => sentence);
}

/** What lint finds in the active document, beside what was sent. */
export async function linted({ t }: Stage): Promise<readonly string[]> {
  const { findings } = await lintMapping(t.p, await t.tenant(), undefined, { days: 90 });
  return findings.map(({ pointer, code, message }) => `${pointer} ${code}: ${message}`);
}

/** Connections that a document speaks of. */
export function slugsIn({ groups = {}, mappings = [], examples = [] }: MappingDocument): readonly string[] {
  return [
    ...Object.values(groups).flatMap((bySlug) => Object.keys(bySlug)),
    ...mappings.flatMap((rule) => rule.connections ?? []),
    ...examples.flatMap(({ connection }) => connection ?? []),
  ];
}
