/** Owns what goes wrong between a client and a server, and what the client does after it. */
import { inParallel } from "./in-parallel.js";
import { type Play, pushDirectory } from "./play.js";
import { withNewcomers } from "./scenario.js";
import type { Accident, ScimRequest } from "./scim-http.js";
import { simulatedPerson } from "./simulated-directory.js";

const NEWCOMERS = 12;
const AT_ONCE = 40;
const BURST = 120;

/**
 * A cycle that breaks off: some requests are cut in the middle, the answers of others get lost, and then the client is gone with half of the
 * people pushed. It comes back with what it knows to be confirmed, and asks for everybody else before it creates them.
 */
export async function breakOff(play: Play): Promise<void> {
  const { player, size, directory } = play;
  const numbers = Array.from({ length: NEWCOMERS }, (_, index) => size.users + index);
  const newcomers = numbers.map((number) => simulatedPerson(player.idp, size, number));
  const next = withNewcomers(directory, newcomers);
  play.directory = next;
  const accidents = [cutEachThird(NEWCOMERS / 2), loseAnswers(["POST"]), loseAnswers(["PATCH", "PUT"])];
  for (const accident of accidents) {
    player.http.accident = accident;
    await player.sync(next, play.onItem);
  }
  player.http.accident = () => undefined;
  await pushDirectory(play, next);
  for (const { userName } of newcomers) await player.find(userName);
}

/** So many requests at a time that a server may well ask for a pause, which the client then makes. */
export async function burst({ player, directory }: Play): Promise<void> {
  const names = directory.people.map(({ userName }) => userName);
  const asked = Array.from({ length: BURST }, (_, index) => names[index % names.length] ?? "");
  await inParallel(asked, AT_ONCE, (userName) => player.find(userName));
}

/** Of three writes one is cut, one loses its answer and one goes well; after so many of them the client is gone. */
function cutEachThird(most: number): (request: ScimRequest) => Accident | undefined {
  let writes = 0;
  return ({ body }) => {
    if (writes >= most) return "gone";
    if (body === undefined) return undefined;
    writes++;
    return ([undefined, "request", "answer"] as const)[writes % 3];
  };
}

/** The first write of a kind is carried out, and the client does not hear of it; then it is gone. */
function loseAnswers(methods: readonly string[]): (request: ScimRequest) => Accident | undefined {
  let lost = false;
  return ({ method }) => {
    if (lost) return "gone";
    if (!methods.includes(method)) return undefined;
    lost = true;
    return "answer";
  };
}
