/** Holds the groups that a document names against those that were sent. */
import { pushTo } from "../../model/push-to.js";
import { nearNames } from "./near-names.js";
import type { SeenGroup, SeenPin } from "./seen.js";
import type { GroupKeyKind, WantedGroup } from "./wanted.js";

/** A name that no connection sent. */
export interface MissingGroup {
  readonly group: WantedGroup;
  /** It was sent once, and deleted. */
  readonly isGone: boolean;
  /** What its author may have meant. */
  readonly near: string | undefined;
}

/** A name whose groups moved: in which way, and what they are called now. */
export interface MovedName {
  readonly group: WantedGroup;
  /** What it is pinned by at the connection: its alias there, if it has one. */
  readonly name: string;
  readonly how: "renamed" | "taken" | "waiting";
  readonly called: string[];
}

export interface WantedBook {
  /** Whether a rule or a condition asks for the group. */
  take(group: SeenGroup): boolean;
  /** Asks again for each group, once all were taken: what the missing names may have meant. */
  compare(group: SeenGroup): void;
  /** Names that no connection ever sent, of those that sent any groups at all: these are `heard`. */
  missing(heard: ReadonlySet<string>): readonly MissingGroup[];
  /** Names that mean another group than they say, or one that waits. */
  moved(): readonly MovedName[];
}

export function wantedBook(wanted: readonly WantedGroup[]): WantedBook {
  const byKey = new Map<string, WantedGroup[]>();
  for (const one of wanted)
    for (const [slug, keys] of one.keys)
      for (const key of keys) for (const kind of one.kinds) pushTo(byKey, keyOf(slug, kind, key), one);
  const seen = new Set<WantedGroup>();
  const gone = new Set<WantedGroup>();
  const moved = new Map<string, MovedName>();
  const unseen = () => wanted.filter((one) => !seen.has(one));
  let near: ReturnType<typeof nearNames> | undefined;
  return {
    take({ connection, called, names, ids, deleted, pins = [] }) {
      const pinned = pins.flatMap((pin) =>
        (byKey.get(keyOf(connection, "name", pin.name)) ?? []).map((one) => ({ pin, one })),
      );
      for (const { pin, one } of pinned) note(moved, one, pin, called);
      const found = [
        ...names.flatMap((name) => byKey.get(keyOf(connection, "name", name)) ?? []),
        ...ids.flatMap((id) => byKey.get(keyOf(connection, "id", id)) ?? []),
      ];
      for (const one of found) (deleted ? gone : seen).add(one);
      return pinned.length > 0 || found.some(({ from }) => from.kind !== "alias");
    },
    compare({ connection, names, ids, deleted }) {
      near ??= nearNames(unseen().map(({ name }) => name));
      if (deleted) return;
      for (const name of names) near.take(name, `${connection} name`);
      for (const id of ids) near.take(id, `${connection} id`);
    },
    moved: () => [...moved.values()],
    missing(heard) {
      const seenAliases = new Set([...seen].flatMap((one) => aliasEntry(one) ?? []));
      const booked = new Set(wanted.flatMap((one) => aliasEntry(one) ?? []));
      return unseen().flatMap((group) => {
        // What the alias book says is told of there, once.
        const slugs = [...group.keys.keys()].filter((slug) => heard.has(slug));
        const isTold = isAliased(group) && slugs.some((slug) => booked.has(entryOf(group.name, slug)));
        if (slugs.length === 0 || isTold) return [];
        const places = slugs.flatMap((slug) => group.kinds.map((kind) => `${slug} ${kind}`));
        const meant = isAliased(group)
          ? undefined
          : places.flatMap((place) => near?.nearest(group.name, place) ?? [])[0];
        const { from } = group;
        // A list may well name what was called so once, as long as one of its keys is there.
        const isSpare = from.kind === "alias" && slugs.some((slug) => seenAliases.has(entryOf(from.alias, slug)));
        if (isSpare && (meant === undefined || from.list.includes(meant))) return [];
        return [{ group, isGone: gone.has(group), near: meant }];
      });
    },
  };
}

/** Named by what the alias book says elsewhere. */
function isAliased({ from, kinds }: WantedGroup): boolean {
  return from.kind !== "alias" && kinds.length > 1;
}

/** Of one that holds the name and is called so, nothing is to be said. */
function howMoved({ state, isRenamed }: SeenPin): MovedName["how"] | undefined {
  if (state !== "held") return state === "waiting" ? "waiting" : "taken";
  return isRenamed ? "renamed" : undefined;
}

function note(moved: Map<string, MovedName>, group: WantedGroup, pin: SeenPin, called: string): void {
  const how = howMoved(pin);
  if (how === undefined || group.from.kind === "alias") return;
  const position = group.from.kind === "expression" ? group.from.text.position : "";
  const { name } = pin;
  const key = JSON.stringify([group.pointer, position, how, name]);
  const known = moved.get(key) ?? { group, name, how, called: [] };
  moved.set(key, known);
  known.called.push(called);
}

function keyOf(slug: string, kind: GroupKeyKind, key: string): string {
  return `${slug}\u0000${kind}\u0000${key}`;
}

/** An entry of the alias book, at one connection. */
function aliasEntry({ from, keys }: WantedGroup): string | undefined {
  return from.kind === "alias" ? entryOf(from.alias, [...keys.keys()].join()) : undefined;
}

function entryOf(alias: string, slug: string): string {
  return `${slug}\u0000${alias}`;
}
