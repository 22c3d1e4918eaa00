/** Owns one simulation under way: who plays, and what the identity provider's directory is by now. */
import type { OnItem } from "./cycle.js";
import type { Directory } from "./directory.js";
import type { Player } from "./player.js";
import { readBack } from "./read-back.js";
import { hasGivenUp } from "./scim-http.js";
import type { Size } from "./simulated-directory.js";

export interface Play {
  readonly player: Player;
  readonly size: Size;
  /** What was pushed last, and what the next phase begins with. */
  directory: Directory;
  /** Those who left, and come back in a later phase; as they were before. */
  before?: Directory;
  readonly onItem?: OnItem | undefined;
}

/** One cycle with what follows: what failed is sent once more, as in the cycle after, and everything is read back. */
export async function pushDirectory(play: Play, next: Directory): Promise<void> {
  const { player, onItem } = play;
  play.directory = next;
  const first = await player.sync(next, onItem);
  const { failed } = first.failed.length > 0 ? await player.sync(next, onItem) : first;
  if (!hasGivenUp(player.http)) await readBack(player.http, player.memory, { knowsEverybody: failed.length === 0 });
}
