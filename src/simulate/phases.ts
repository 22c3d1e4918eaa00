/** Owns the phases of a simulation: what the identity provider goes through, in this order, and what is asked after each. */
import type { Json } from "../model/json.js";
import { quote } from "../model/quote.js";
import { type ComplaintCode, EXPECTED, shown } from "./complaint.js";
import { forgetPerson } from "./cycle.js";
import type { Person } from "./directory.js";
import { inParallel } from "./in-parallel.js";
import type { Endpoint } from "./lookup.js";
import { breakOff, burst } from "./mishaps.js";
import { type Play, pushDirectory } from "./play.js";
import { readDeleted, readTotals } from "./read-back.js";
import * as scenario from "./scenario.js";
import { hasGivenUp, note, send } from "./scim-http.js";
import { simulatedDirectory } from "./simulated-directory.js";

export interface Phase {
  readonly name: string;
  readonly what: string;
  /** Absent: both clients play it. */
  readonly idp?: "entra" | "okta";
  readonly run: (play: Play) => Promise<void>;
}

const AT_ONCE = 4;
/** So many people are asked for after a phase. */
const SAMPLE = 10;

export const PHASES: readonly Phase[] = [
  { name: "initial", what: "everybody and every group is pushed for the first time", run: pushFirst },
  { name: "again", what: "the client forgets everything, looks everybody up and pushes once more", run: pushAgain },
  { name: "changes", what: "careers: attributes, managers and members change", run: change },
  { name: "renames", what: "people and groups get other names", run: rename },
  { name: "duplicates", what: "users who are there are created once more", run: createAgain },
  { name: "leavers", what: "people are suspended and unassigned", run: leave },
  { name: "rehires", what: "leavers come back", run: comeBack },
  { name: "removals", what: "a group is removed, and accounts are destroyed", run: remove },
  { name: "import", what: "the application is read page by page", idp: "okta", run: importAll },
  { name: "breakdown", what: "a cycle breaks off half-way and is taken up again", run: breakOff },
  { name: "burst", what: "forty requests at a time, with the pauses that the server asks for", run: burst },
];

async function pushFirst(play: Play): Promise<void> {
  await pushDirectory(play, simulatedDirectory(play.player.idp, play.size));
  const { http, memory } = play.player;
  if (!hasGivenUp(http)) await readTotals(http, memory);
}

async function pushAgain(play: Play): Promise<void> {
  const { memory, checkSettled } = play.player;
  memory.people.clear();
  memory.groups.clear();
  await pushDirectory(play, play.directory);
  if (checkSettled !== undefined) await inParallel([...memory.people.keys()], AT_ONCE, checkSettled);
}

function change(play: Play): Promise<void> {
  return pushDirectory(play, scenario.withChanges(play.directory));
}

async function rename(play: Play): Promise<void> {
  const before = play.directory.people.filter((_, index) => scenario.isRenamed(index)).slice(0, SAMPLE);
  await pushDirectory(play, scenario.withNewNames(play.directory));
  for (const { id, userName } of before) {
    const linked = play.player.memory.people.get(id);
    if (linked === undefined || linked.sent.userName === userName) continue;
    await expectFound(play, linked.sent.userName, linked.scimId);
    await expectNobody(play, userName);
  }
}

async function createAgain(play: Play): Promise<void> {
  const people = pushed(play).slice(0, SAMPLE);
  for (const [index, { sent, scimId }] of people.entries()) {
    const otherCase = { ...sent, userName: sent.userName.toUpperCase() };
    await play.player.createAgain(index % 2 === 0 ? sent : otherCase);
    await expectFound(play, sent.userName, scimId);
  }
}

async function leave(play: Play): Promise<void> {
  play.before = play.directory;
  const leavers = play.directory.people.filter(
    (_, index) => scenario.isSuspended(index) || scenario.isUnassigned(index),
  );
  await pushDirectory(play, scenario.withoutLeavers(play.directory));
  for (const { id, userName } of leavers.slice(0, SAMPLE)) {
    const linked = play.player.memory.people.get(id);
    if (linked === undefined || linked.active) continue;
    const there = await expectFound(play, userName, linked.scimId);
    if (there !== undefined && there !== false) {
      const row = play.player.idp === "okta" ? "OKTA-09" : "ENTRA-08";
      complain(play, "active_unchanged", { row, userName, came: `\`active\` is ${shown(there)} for a leaver` });
    }
  }
}

// Whoever was unassigned is a stranger to the client by then: it finds the user that is there, instead of creating a second one.
async function comeBack(play: Play): Promise<void> {
  if (play.before === undefined) await leave(play);
  const { before = play.directory, player } = play;
  const unassigned = before.people.filter((_, index) => scenario.isUnassigned(index));
  for (const { id } of unassigned) forgetPerson(player.memory, id);
  await pushDirectory(play, before);
}

async function remove(play: Play): Promise<void> {
  const { player, directory } = play;
  const { http, memory } = player;
  await pushDirectory(play, scenario.withJoinersToRemove(directory));
  const erased = directory.people.slice(-2).flatMap(({ id }) => memory.people.get(id) ?? []);
  const groups = new Map(memory.groups);
  await pushDirectory(play, scenario.withRemovals(directory));
  for (const [id, { scimId }] of groups) {
    const row = player.erases ? "ENTRA-25" : "OKTA-17";
    if (!memory.groups.has(id)) await readDeleted(http, `/Groups/${encodeURIComponent(scimId)}`, row);
  }
  if (player.erases) {
    for (const { scimId, sent } of erased) {
      const path = `/Users/${encodeURIComponent(scimId)}`;
      await readDeleted(http, path, "ENTRA-06");
      await send(http, { method: "DELETE", path, expect: [404], row: "ENTRA-25" });
      await expectNobody(play, sent.userName);
    }
  }
  await pushDirectory(play, { people: directory.people, groups: directory.groups });
}

async function importAll(play: Play): Promise<void> {
  const { http, memory, importAll: read } = play.player;
  if (read === undefined) return;
  const held: readonly (readonly [Endpoint, readonly string[]])[] = [
    ["/Users", [...memory.people.values()].map(({ scimId }) => scimId)],
    ["/Groups", [...memory.groups.values()].map(({ scimId }) => scimId)],
  ];
  for (const [endpoint, ids] of held) {
    const listed = new Set((await read(endpoint)).map(({ id }) => id));
    const missing = ids.filter((id) => !listed.has(id));
    const about = { request: `GET ${endpoint}`, row: "OKTA-18", expected: EXPECTED.resource_missing };
    note(
      http,
      missing.map((id) => ({ ...about, code: "resource_missing", detail: `${quote(id)} is on no page` })),
    );
  }
}

/** Asks for the user in another letter case; answers with `active` as the server has it. */
async function expectFound(play: Play, userName: string, scimId: string): Promise<Json | undefined> {
  const found = await play.player.findInOtherCase(userName.toUpperCase());
  const row = play.player.idp === "okta" ? "OKTA-03" : "ENTRA-26";
  if (found.outcome === "none") complain(play, "lookup_missed", { row, userName, came: "nobody" });
  if (found.outcome !== "one") return undefined;
  if (found.id !== scimId) {
    complain(play, "id_changed", { row, userName, came: `${quote(found.id)}, not ${quote(scimId)}` });
  }
  return found.resource["active"];
}

async function expectNobody(play: Play, userName: string): Promise<void> {
  const found = await play.player.find(userName);
  const row = play.player.idp === "okta" ? "OKTA-02" : "ENTRA-02";
  if (found.outcome === "one") complain(play, "found_though_gone", { row, userName, came: quote(found.id) });
}

interface Looked {
  readonly row: string;
  readonly userName: string;
  readonly came: string;
}

function complain({ player }: Play, code: ComplaintCode, { row, userName, came }: Looked): void {
  const request = `GET /Users?filter=userName eq ${JSON.stringify(userName)}`;
  note(player.http, [{ code, request, row, expected: EXPECTED[code], detail: came }]);
}

function pushed({ player, directory }: Play): { readonly sent: Person; readonly scimId: string }[] {
  return directory.people.flatMap(({ id }) => player.memory.people.get(id) ?? []);
}
