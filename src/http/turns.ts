/** Owns whose turn it is among the requests that come on one connection before the earlier ones are answered. */

import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

export interface Turns {
  /** Runs it at once where no earlier request of its connection stands in its way, else when those are answered. */
  take(response: ServerResponse, run: () => void): void;
  /** What is not answered yet on a connection, whether it has begun or waits, in the order in which it came. */
  open(socket: Duplex): readonly ServerResponse[];
  /** Never begins what came last, if it still waits. */
  dropLast(socket: Duplex): void;
}

interface Line {
  readonly turns: Turn[];
  /** So many of them, from the first on, have begun; the others wait. */
  begun: number;
  /** Whether its connection is not read for now; undefined as long as it always was. */
  held: boolean | undefined;
}

interface Turn {
  readonly response: ServerResponse;
  readonly safe: boolean;
  readonly run: () => void;
}

/**
 * While more than these wait nothing more is read: no more wait than these and what came with one read (64 kB). Up to
 * here it is read on, to learn of those who hang up.
 */
const MOST_AHEAD = 32;

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Node hands over each request as it comes: it brings the answers into order, not the work. */
export function createTurns(): Turns {
  const lines = new WeakMap<Duplex, Line>();
  return {
    take(response, run) {
      const { socket, method = "" } = response.req;
      let line = lines.get(socket);
      if (line === undefined) {
        line = { turns: [], begun: 0, held: undefined };
        lines.set(socket, line);
      }
      const mine = line;
      const turn = { response, run, safe: SAFE.has(method) };
      mine.turns.push(turn);
      response.once("close", () => leave(mine, turn, socket));
      goOn(mine);
      if (waiting(mine) > MOST_AHEAD) hold(mine, socket);
    },
    open: (socket) => lines.get(socket)?.turns.map(({ response }) => response) ?? [],
    dropLast(socket) {
      const line = lines.get(socket);
      if (line !== undefined && waiting(line) > 0) line.turns.pop();
    },
  };
}

function waiting({ turns, begun }: Line): number {
  return turns.length - begun;
}

// INVARIANT: an unsafe request runs beside no other of its connection (RFC 9112 section 9.3.2)
function goOn(line: Line): void {
  for (let next = line.turns[line.begun]; next !== undefined; next = line.turns[line.begun]) {
    const before = line.turns[line.begun - 1];
    if (before !== undefined && !(before.safe && next.safe)) return;
    line.begun += 1;
    next.run();
  }
}

function leave(line: Line, turn: Turn, socket: Duplex): void {
  const place = line.turns.indexOf(turn);
  if (place >= 0 && place < line.begun) {
    line.turns.splice(place, 1);
    line.begun -= 1;
  }
  // nobody is there any more, or was told that this answer is the last: what waits is as if it had never come
  if (!socket.writable) line.turns.length = line.begun;
  goOn(line);
  if (line.held === true && waiting(line) <= MOST_AHEAD) {
    line.held = false;
    socket.resume();
  }
}

function hold(line: Line, socket: Duplex): void {
  // node resumes whenever a request has come whole
  if (line.held === undefined) socket.on("resume", () => line.held === true && socket.pause());
  line.held = true;
  socket.pause();
}
