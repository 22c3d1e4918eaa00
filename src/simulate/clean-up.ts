/** Owns the way back: what a simulation made is deleted, and nothing that was there before. */
import type { Json } from "../model/json.js";
import { quote } from "../model/quote.js";
import { complainer, memberIds, saysGone } from "./answer.js";
import type { Complaint, ComplaintCode } from "./complaint.js";
import { inParallel } from "./in-parallel.js";
import type { Play } from "./play.js";
import { readDeleted } from "./read-back.js";
import { note, type ScimHttp, send, startAfresh } from "./scim-http.js";
import { tagOf } from "./simulated-directory.js";

const AT_ONCE = 4;
const PATIENCE = 3;

/**
 * What is told of the clean-up: what is not true. No identity provider does it, so that little else here is a cause for complaint: a success
 * of another status than a client takes for one, where no phase met it.
 */
const TOLD: ReadonlySet<ComplaintCode> = new Set(["deleted_still_there", "member_still_there"]);

/** Answers with the paths of what could not be deleted. People go first: no group may list them after that. */
export async function cleanUp(play: Play, { knowsOfStatus = false } = {}): Promise<readonly string[]> {
  const { http, memory } = play.player;
  const complaints = http.complaints.length;
  startAfresh(http, PATIENCE);
  const paths = new Set([
    ...[...memory.people.values()].map(({ scimId }) => `/Users/${encodeURIComponent(scimId)}`),
    ...[...memory.groups.values()].map(({ scimId }) => `/Groups/${encodeURIComponent(scimId)}`),
    ...http.made,
    ...(await unconfirmed(play)),
  ]);
  const left: string[] = [];
  const gone = new Set<string>();
  for (const isPerson of [true, false]) {
    const those = [...paths].filter((path) => path.startsWith("/Users/") === isPerson);
    const isGone = await inParallel(those, AT_ONCE, (path) => deleteOwn(http, path, { seed: play.size.seed, gone }));
    for (const [index, path] of those.entries()) {
      if (isGone[index] === true) gone.add(path);
      else left.push(path);
    }
  }
  const came = http.complaints.splice(complaints);
  const strange = came.find((complaint) => isOfDelete(complaint) && /^2/.test(complaint.detail));
  http.complaints.push(...came.filter(({ code }) => TOLD.has(code)));
  if (strange !== undefined && !knowsOfStatus) http.complaints.push(strange);
  return left;
}

/** Whether the status of a DELETE is complained of. */
export function isOfDelete({ code, request }: Complaint): boolean {
  return code === "unexpected_status" && request.startsWith("DELETE ");
}

/** People who were sent and never confirmed may be there all the same. */
async function unconfirmed({ player, directory }: Play): Promise<readonly string[]> {
  const unknown = directory.people.filter(({ id }) => !player.memory.people.has(id));
  const found = await inParallel(unknown, AT_ONCE, ({ userName }) => player.find(userName));
  return found.flatMap((one) => (one.outcome === "one" ? [`/Users/${encodeURIComponent(one.id)}`] : []));
}

// INVARIANT: only what bears the run's own mark in its name is deleted, whatever id a server gave for something else.
async function deleteOwn(
  http: ScimHttp,
  path: string,
  { seed, gone }: { readonly seed: number; readonly gone: ReadonlySet<string> },
): Promise<boolean> {
  const read = await send(http, { method: "GET", path, expect: [200, 404] });
  if (read.status === 404) return true;
  const { userName, displayName } = read.body ?? {};
  const name = path.startsWith("/Users/") ? userName : displayName;
  if (!bears(name, tagOf(seed))) return false;
  const dead = memberIds(read.body ?? {}).filter((id) => gone.has(`/Users/${encodeURIComponent(id)}`));
  const about = complainer(read);
  note(
    http,
    dead.map((id) => about("member_still_there", `${quote(id)} is in ${quote(String(name))}, and deleted`)),
  );
  const deleted = await send(http, { method: "DELETE", path, expect: [204, 404] });
  return saysGone(deleted) && (deleted.status === 404 || (await readDeleted(http, path)));
}

function bears(name: Json | undefined, tag: string): boolean {
  if (typeof name !== "string") return false;
  return name.toLowerCase().includes(`.${tag}-`) || name.startsWith(`Simulated ${tag} `);
}
