/** Owns the way back: what a simulation made is deleted, and nothing that was there before. */
import type { Json } from "../model/json.js";
import { inParallel } from "./in-parallel.js";
import type { Play } from "./play.js";
import { type ScimHttp, send, startAfresh } from "./scim-http.js";
import { tagOf } from "./simulated-directory.js";

const AT_ONCE = 4;
const PATIENCE = 3;

/** Answers with the paths of what could not be deleted. No identity provider does this, so nothing here is a cause for complaint. */
export async function cleanUp(play: Play): Promise<readonly string[]> {
  const { http, memory } = play.player;
  const complaints = http.complaints.length;
  startAfresh(http, PATIENCE);
  const paths = new Set([
    ...[...memory.groups.values()].map(({ scimId }) => `/Groups/${encodeURIComponent(scimId)}`),
    ...[...memory.people.values()].map(({ scimId }) => `/Users/${encodeURIComponent(scimId)}`),
    ...http.made,
    ...(await unconfirmed(play)),
  ]);
  const isGone = await inParallel([...paths], AT_ONCE, (path) => deleteOwn(http, path, play.size.seed));
  http.complaints.splice(complaints);
  return [...paths].filter((_, index) => !isGone[index]);
}

/** People who were sent and never confirmed may be there all the same. */
async function unconfirmed({ player, directory }: Play): Promise<readonly string[]> {
  const unknown = directory.people.filter(({ id }) => !player.memory.people.has(id));
  const found = await inParallel(unknown, AT_ONCE, ({ userName }) => player.find(userName));
  return found.flatMap((one) => (one.outcome === "one" ? [`/Users/${encodeURIComponent(one.id)}`] : []));
}

// INVARIANT: only what bears the run's own mark in its name is deleted, whatever id a server gave for something else.
async function deleteOwn(http: ScimHttp, path: string, seed: number): Promise<boolean> {
  const read = await send(http, { method: "GET", path, expect: [200, 404] });
  if (read.status === 404) return true;
  const { userName, displayName } = read.body ?? {};
  if (!bears(path.startsWith("/Users/") ? userName : displayName, tagOf(seed))) return false;
  return (await send(http, { method: "DELETE", path, expect: [204, 404] })).accepted;
}

function bears(name: Json | undefined, tag: string): boolean {
  if (typeof name !== "string") return false;
  return name.toLowerCase().includes(`.${tag}-`) || name.startsWith(`Simulated ${tag} `);
}
