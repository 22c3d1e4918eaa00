/** P12: Entra's first cycle, as it asks and writes, with nothing between the requests: people first, then groups with their members. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MappingDocument } from "../../src/model/mapping.js";
import { openBareSqlite } from "../measure/bare-sqlite.js";
import { median, secondsOf, thousands } from "../measure/figures.js";
import { type Exchange, exchange, type Wire } from "../measure/wire.js";
import { mappingOf } from "../population/mapping.js";
import type { Shape } from "../population/shape.js";
import { wiresTo } from "./contest.js";
import { addMemberPatch, newPerson } from "./people.js";
import { adminOf, giveToken, serve } from "./world.js";

const TENANT = "cycle";
const CONNECTION = "entra";
const GROUPS = 40;
const GROUPS_PER_PERSON = 3;
/** People for each one of the contest. */
const PEOPLE_FACTOR = 2;
const MEMBERS_PER_PATCH = 10;
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";

/** Milliseconds of the requests of one kind, in the order of their answers. */
type Took = number[];

export async function measureInitialCycle(shape: Shape, tell: (text: string) => void): Promise<void> {
  const people = shape.users * PEOPLE_FACTOR;
  const folder = await mkdtemp(join(tmpdir(), "rolecall-bench-"));
  const path = join(folder, "rolecall.db");
  const service = await serve(folder, path);
  try {
    const admin = adminOf(service);
    const mapping = mappingOf(shape);
    await admin.call("POST", "/tenants", JSON.stringify({ slug: TENANT, name: "First cycle" }));
    const connection = { slug: CONNECTION, protocol: "scim", profile: "entra", sync: "live" };
    await admin.call("POST", `/tenants/${TENANT}/connections`, JSON.stringify(connection));
    await admin.call("PUT", `/tenants/${TENANT}/mapping`, JSON.stringify(mapping));
    const token = await giveToken(admin, TENANT, CONNECTION);
    const wires = await wiresTo({ url: `${service.url}/api/scim/v2`, token });
    await service.begin();
    const seconds = await secondsOf(() => playCycle(wires, groupNames(mapping), people, tell));
    for (const wire of wires) wire.close();
    const { rssMegabytes, blockedMilliseconds } = await service.seen();
    tell(`  the whole cycle                     ${seconds.toFixed(1)} s`);
    tell(`  RSS ${rssMegabytes.toFixed(0)} MB, event loop blocked at most ${blockedMilliseconds.toFixed(0)} ms`);
    await tellWhatIsThere(path, people, tell);
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Groups that rules name, so that each membership gives something. */
function groupNames({ mappings = [] }: MappingDocument): readonly string[] {
  return mappings.flatMap(({ group_name }) => (typeof group_name === "string" ? [group_name] : [])).slice(0, GROUPS);
}

async function playCycle(
  wires: readonly Wire[],
  names: readonly string[],
  people: number,
  tell: (text: string) => void,
): Promise<void> {
  const ids: string[] = [];
  const [asked, made, joined]: [Took, Took, Took] = [[], [], []];
  await inLanes(wires, people, async (wire, number) => {
    const filter = encodeURIComponent(`userName eq "new.person${number}@example.com"`);
    await timed(asked, wire, { method: "GET", path: `/Users?filter=${filter}`, status: 200 });
    const body = JSON.stringify(newPerson(number));
    ids[number] = idOf(await timed(made, wire, { method: "POST", path: "/Users", body, status: 201 }));
  });
  await inLanes(wires, names.length, async (wire, at) => {
    const filter = encodeURIComponent(`displayName eq "${names[at]}"`);
    await exchange(wire, { method: "GET", path: `/Groups?excludedAttributes=members&filter=${filter}`, status: 200 });
    const body = JSON.stringify({ schemas: [GROUP], externalId: `g${at}`, displayName: names[at] });
    const group = idOf((await exchange(wire, { method: "POST", path: "/Groups", body, status: 201 })).body);
    for (const members of chunks(membersOf(at, names.length, ids))) {
      const patch = JSON.stringify(addMemberPatch(members));
      await timed(joined, wire, { method: "PATCH", path: `/Groups/${group}`, body: patch, status: 204 });
    }
  });
  tell(`  medians, milliseconds                first tenth   last tenth   ratio`);
  tellTenths("GET /Users?filter=userName eq", asked, tell);
  tellTenths("POST /Users", made, tell);
  tellTenths(`PATCH /Groups/{id}, ${MEMBERS_PER_PATCH} members`, joined, tell);
}

/** Each connection does the next thing when its last one is done. */
async function inLanes(
  wires: readonly Wire[],
  count: number,
  work: (wire: Wire, at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    wires.map(async (wire) => {
      for (let at = next++; at < count; at = next++) await work(wire, at);
    }),
  );
}

async function timed(took: Took, wire: Wire, request: Exchange): Promise<string> {
  const started = performance.now();
  const { body } = await exchange(wire, request);
  took.push(performance.now() - started);
  return body;
}

function idOf(body: string): string {
  return (JSON.parse(body) as { readonly id: string }).id;
}

/** Everybody is in as many groups, one next to the other. */
function membersOf(group: number, groups: number, ids: readonly string[]): readonly string[] {
  return ids.filter((_, at) => (group - (at % groups) + groups) % groups < GROUPS_PER_PERSON);
}

function chunks(members: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(members.length / MEMBERS_PER_PATCH);
  return Array.from({ length: count }, (_, at) => members.slice(at * MEMBERS_PER_PATCH, (at + 1) * MEMBERS_PER_PATCH));
}

function tellTenths(name: string, took: Took, tell: (text: string) => void): void {
  const tenth = Math.ceil(took.length / 10);
  const [first, last] = [median(took.slice(0, tenth)), median(took.slice(-tenth))];
  const cells = [first, last].map((one) => one.toFixed(2).padStart(13)).join("");
  tell(
    `  ${name.padEnd(34)}${cells}   ${(last / first).toFixed(2).padStart(5)}   (${thousands(took.length)} requests)`,
  );
}

/** Nothing was refused, or the bench would have ended; that nothing was lost, the database says. */
async function tellWhatIsThere(path: string, people: number, tell: (text: string) => void): Promise<void> {
  const database = await openBareSqlite(path);
  const count = async (from: string): Promise<number> => {
    const [row] = await database.all<{ readonly count: number }>(`select count(*) as count from ${from}`);
    return row?.count ?? 0;
  };
  const memberships = await count("directory_memberships");
  const grants = await count("grants where ended_at is null");
  const left = await count("users where dirty or status <> 'registered'");
  tell(
    `  there are ${thousands(await count("users"))} of ${thousands(people)} people, ${thousands(memberships)} memberships of ${thousands(people * GROUPS_PER_PERSON)}, as many grants: ${thousands(grants)}; still to be reconciled: ${left}`,
  );
  await database.close();
}
