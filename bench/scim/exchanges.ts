/** Owns what the bench asks: endless sequences of requests, each with the status that must answer it. */
import type { Exchange } from "../measure/wire.js";
import type { Shape } from "../population/shape.js";
import { shapedUser } from "../population/shape.js";
import type { Contestant } from "./contestant.js";
import { activePatch, addMemberPatch, newPerson, removeMemberPatch } from "./people.js";

type Exchanges = Generator<Exchange, undefined>;

/** How far apart two requests for the next person are: neighbours share pages, and nobody comes in such an order. */
const STRIDE = 7919;
/** People who are switched off and on: everybody once off, then everybody on. */
const SWITCHED = 800;

function* turns(count: number): Generator<number, never> {
  for (let turn = 0; ; turn++) yield (turn * STRIDE) % count;
}

export function* reads({ ids }: Contestant): Exchanges {
  for (const at of turns(ids.length)) yield { method: "GET", path: `/Users/${ids[at]}`, status: 200 };
}

export function* finds({ ids }: Contestant, shape: Shape): Exchanges {
  for (const at of turns(ids.length)) {
    const filter = encodeURIComponent(`userName eq "${shapedUser(shape, at).userName}"`);
    yield { method: "GET", path: `/Users?filter=${filter}`, status: 200 };
  }
}

export function* posts(): Exchanges {
  for (let number = 0; ; number++) {
    yield { method: "POST", path: "/Users", body: JSON.stringify(newPerson(number)), status: 201 };
  }
}

export function* switches({ ids }: Contestant): Exchanges {
  const people = Math.min(SWITCHED, ids.length);
  for (let turn = 0; ; turn++) {
    const body = JSON.stringify(activePatch(Math.floor(turn / people) % 2 === 1));
    yield { method: "PATCH", path: `/Users/${ids[turn % people]}`, body, status: 200 };
  }
}

/** One who is in no group of the bench, in and out again: those who were made last are. */
export function* membershipMoves({ ids }: Contestant, group: string): Exchanges {
  const others = ids.slice(-OUTSIDERS);
  for (let turn = 0; ; turn++) {
    const person = others[turn % others.length] ?? "";
    const path = `/Groups/${group}?attributes=displayName`;
    yield { method: "PATCH", path, body: JSON.stringify(addMemberPatch([person])), status: 200 };
    yield { method: "PATCH", path, body: JSON.stringify(removeMemberPatch(person)), status: 200 };
  }
}

/** How many of the people are in neither group of the bench. */
export const OUTSIDERS = 50;
