/** Frozen documents: a mapping as it was saved once, with people and what it gave them then. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMapping } from "../../src/compose.js";
import {
  type CompiledMapping,
  type CompileResult,
  compileMapping,
  type MappingContext,
} from "../../src/engine/compile/compile.js";
import { computedProfile, profileJobs } from "../../src/engine/computed-profile.js";
import type { AttributeValue, UserAttribute } from "../../src/model/facts.js";
import type { Json } from "../../src/model/json.js";
import { type Known, known, unknown } from "../../src/model/known.js";
import type { PersonLink } from "../../src/model/person.js";
import type { ScimRole } from "../../src/model/scim-role.js";
import { projectRoot } from "../../src/platform/root.js";
import { BEFORE, decided, desiredOf, group, link, resultsOf } from "../engine/made-up.js";

export interface FrozenFile {
  /** What of the language it holds. */
  readonly about: string;
  readonly connections: MappingContext["connections"];
  readonly document: Json;
  readonly people: readonly FrozenPerson[];
  readonly then: Outcome;
}

/** One person, by everything that the sources said. `unknown` and `stale` name facts: `groups`, `app_roles`, `user.title`. */
export interface FrozenPerson {
  readonly name: string;
  readonly status?: "registered" | "pending";
  readonly links: readonly {
    readonly connection: string;
    readonly groups?: readonly (string | { readonly names: readonly string[]; readonly ids: readonly string[] })[];
    readonly user?: Readonly<Partial<Record<UserAttribute, AttributeValue>>>;
    readonly appRoles?: readonly string[];
    readonly claims?: Readonly<Record<string, readonly string[]>>;
    readonly scimRoles?: readonly ScimRole[];
    readonly unknown?: readonly string[];
    readonly stale?: readonly string[];
  }[];
}

/** What a document meant: under which ids its rules gave what to whom, and what they left alone. */
export interface Outcome {
  readonly rules: readonly string[];
  readonly people: Readonly<Record<string, PersonOutcome>>;
}

interface PersonOutcome {
  readonly verdict: string;
  readonly gives: readonly string[];
  /** Rules that could not be judged, with the reason. */
  readonly open: readonly string[];
  readonly displayName?: string | null;
}

export function frozenFiles(version: string): readonly { readonly file: string; readonly frozen: FrozenFile }[] {
  const folder = join(projectRoot, "test/rules/frozen", version);
  return readdirSync(folder)
    .sort()
    .map((file) => ({ file, frozen: JSON.parse(readFileSync(join(folder, file), "utf8")) }));
}

/** Compiles the document as a new one or, with `stored`, as one that was saved before. */
export function compileFrozen({ document, connections }: FrozenFile, stored: boolean): CompileResult {
  const parsed = parseMapping(JSON.stringify(document));
  if (!parsed.ok) return { ok: false, problems: parsed.problems, warnings: [] };
  return compileMapping(parsed.document, { version: 1, connections, ...(stored ? { stored } : {}) });
}

/** What the compiled document means today. */
export async function outcomeOf(mapping: CompiledMapping, frozen: FrozenFile): Promise<Outcome> {
  const people: [string, PersonOutcome][] = [];
  for (const person of frozen.people) {
    people.push([person.name, await personOutcome(mapping, frozen, person)]);
  }
  return { rules: mapping.rules.map((rule) => rule.id), people: Object.fromEntries(people) };
}

async function personOutcome(
  mapping: CompiledMapping,
  frozen: FrozenFile,
  person: FrozenPerson,
): Promise<PersonOutcome> {
  const links = person.links.map((one) => linkOf(one, frozen));
  const status = person.status ?? "registered";
  const account = { status, everRegistered: status === "registered" };
  const decision = await decided(mapping, links, account, "sign_in", { resolveTeam: () => undefined });
  const open = decision.evaluations.flatMap(({ notable }) =>
    notable.flatMap((one) => ("open" in one && one.open ? [`${one.rule}: ${one.open.reason}`] : [])),
  );
  const profile = computedProfile(mapping, links, await resultsOf(profileJobs(mapping, links))).get("displayName");
  return {
    verdict: decision.verdict.allow ? "allow" : decision.verdict.code,
    gives: desiredOf(decision),
    open: [...new Set(open)],
    ...(profile === undefined ? {} : { displayName: "stays" in profile ? "(stays)" : profile.value }),
  };
}

function linkOf(one: FrozenPerson["links"][number], { connections }: FrozenFile): PersonLink {
  const source = connections.find(({ slug }) => slug === one.connection);
  const isUnknown = (fact: string) => one.unknown?.includes(fact) === true;
  const isStale = (fact: string) => one.stale?.includes(fact) === true;
  const said = <T>(fact: string, value: T): Known<T> => {
    if (isUnknown(fact)) return unknown("never_asserted");
    return known(value, isStale(fact) ? BEFORE : undefined);
  };
  const staleSince = isStale("groups") ? { staleSince: BEFORE } : {};
  const user = Object.entries(one.user ?? {}).map(([name, value]) => [name, said(`user.${name}`, value)]);
  const unsaid = (one.unknown ?? []).filter((fact) => fact.startsWith("user."));
  const made = link({
    connection: { ...source, slug: one.connection },
    groups: (one.groups ?? []).map((name) =>
      typeof name === "string" ? group(name, staleSince) : group("", { ...name, ...staleSince }),
    ),
    ...(isUnknown("groups") ? { unlisted: "never_asserted" as const } : {}),
    user: Object.fromEntries([
      ...user,
      ...unsaid.map((fact) => [fact.slice("user.".length), unknown("never_asserted")] as const),
    ]),
    appRoles: said("app_roles", one.appRoles ?? []),
    claims: one.claims ?? {},
    ...(one.scimRoles ? { scim: "active" as const } : {}),
  });
  return one.scimRoles ? { ...made, scimRoles: one.scimRoles } : made;
}
