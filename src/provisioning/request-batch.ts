/** Owns which SCIM requests are kept: all while few come, under load the first of each kind, with a count of the others. */
import { boundedMap } from "../model/bounded-map.js";
import type { ConnectionId, Instant, TenantId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { KeptRequest, Repeats, Sighting, SightingKind } from "./ports/requests.js";

/** A request that was answered, as the protocol tells of it. */
export interface RequestNote {
  /** Requests of one kind are alike: of many in a minute only the first are kept. */
  readonly kind: string;
  readonly at: Instant;
  readonly method: string;
  readonly status: number;
  /** From a closed list. */
  readonly quirks: readonly string[];
  /** From a closed list. */
  readonly client: string;
  readonly requestId: string;
  readonly resource?: string;
  /** Answered with success, but not all that it asked for was done, as of a bulk request. */
  readonly partlyFailed?: boolean;
  /** The profile that would suit this client better than the connection's. */
  readonly profile?: string;
  /** Redacted: nothing in it says who anybody is. Asked for at once, and only when the request is kept. */
  readonly detail: () => JsonObject;
}

/** Whose request it is, by its token. */
export interface NoteOwner {
  readonly tenant: TenantId;
  readonly connection: ConnectionId;
  readonly token?: string;
}

/** The id that was made for a note when it came, and how many more like it came with it, the last of them then. */
export interface NoteMore {
  readonly id: string;
  readonly repeats: number;
  readonly until: Instant;
}

/** What is to be written for one tenant. */
export interface RequestBatch {
  readonly kept: Omit<KeptRequest, "alike" | "alikeUntil">[];
  readonly repeats: Map<string, Repeats>;
  readonly seen: Map<string, SeenKind>;
}

/** All requests of one kind at one connection, kept or not. */
interface SeenKind {
  readonly connection: ConnectionId;
  readonly note: Pick<RequestNote, "status" | "client" | "quirks" | "profile">;
  count: number;
  readonly firstAt: Instant;
  lastAt: Instant;
}

export interface RequestBatches {
  take(owner: NoteOwner, note: RequestNote, more?: NoteMore): void;
  /** How many requests would be kept. */
  size(): number;
  /** What was taken since the last call. */
  takeOut(): ReadonlyMap<TenantId, RequestBatch>;
}

/** Of one kind within a minute. Those that were refused, or needed a quirk, say more than those that went well. */
const KEPT_PLAIN = 60;
export const KEPT_TELLING = 300;
/** Of one connection within a minute. */
const KEPT_OF_CONNECTION = 1_000;
/** Waiting to be written; what comes while so many wait is counted only. */
const MOST_WAITING = 2_000;
const KINDS_REMEMBERED = 5_000;
const CONNECTIONS_REMEMBERED = 1_000;

interface Minute {
  readonly minute: string;
  kept: number;
  /** The latest that was kept. */
  last?: string;
}

type Minutes = ReturnType<typeof boundedMap<string, Minute>>;

/** Of one process. */
export function createRequestBatches(newId: () => string): RequestBatches {
  const kinds = boundedMap<string, Minute>(KINDS_REMEMBERED);
  const connections = boundedMap<string, Minute>(CONNECTIONS_REMEMBERED);
  let batches = new Map<TenantId, RequestBatch>();
  let waiting = 0;
  return {
    take(owner, note, more) {
      const { repeats = 0, until = note.at } = more ?? {};
      const batch = batchOf(batches, owner.tenant);
      const key = `${owner.connection} ${note.kind}`;
      addSeen(batch, key, owner.connection, note, 1 + repeats, until);
      const ofConnection = minuteOf(connections, owner.connection, note.at);
      const ofKind = minuteOf(kinds, key, note.at);
      const hasRoom = waiting < MOST_WAITING && ofConnection.kept < KEPT_OF_CONNECTION;
      const isKept = hasRoom && ofKind.kept < (isTelling(note) ? KEPT_TELLING : KEPT_PLAIN);
      if (isKept) {
        ofKind.last = more?.id ?? newId();
        for (const minute of [ofKind, ofConnection]) minute.kept += 1;
        batch.kept.push(entryOf(ofKind.last, owner, note));
        waiting += 1;
      }
      addRepeats(batch, ofKind.last, repeats + (isKept ? 0 : 1), until);
    },
    size: () => waiting,
    takeOut() {
      const taken = batches;
      batches = new Map();
      waiting = 0;
      return taken;
    },
  };
}

function batchOf(batches: Map<TenantId, RequestBatch>, tenant: TenantId): RequestBatch {
  const known = batches.get(tenant) ?? { kept: [], repeats: new Map(), seen: new Map() };
  batches.set(tenant, known);
  return known;
}

function isTelling({ status, quirks, partlyFailed = false }: RequestNote): boolean {
  return status >= 400 || partlyFailed || quirks.length > 0;
}

function entryOf(
  id: string,
  { connection, token }: NoteOwner,
  { at, method, status, quirks, client, requestId, resource, detail }: RequestNote,
): RequestBatch["kept"][number] {
  return {
    ...{ id, connection, at, method, status, quirks, client, requestId },
    ...(resource === undefined ? {} : { resource }),
    ...(token === undefined ? {} : { token }),
    detail: detail(),
  };
}

function addSeen(
  { seen }: RequestBatch,
  key: string,
  connection: ConnectionId,
  { status, client, quirks, profile, at }: RequestNote,
  count: number,
  until: Instant,
): void {
  const known = seen.get(key);
  if (known === undefined) {
    const note = { status, client, quirks, ...(profile === undefined ? {} : { profile }) };
    seen.set(key, { connection, note, count, firstAt: at, lastAt: until });
  } else {
    known.count += count;
    known.lastAt = until;
  }
}

/** What a batch adds to the figures of its connections. */
export function sightingsOf({ seen }: RequestBatch): readonly (Sighting & { readonly connection: ConnectionId })[] {
  const sightings = new Map<string, Sighting & { readonly connection: ConnectionId }>();
  for (const { connection, note, count, firstAt, lastAt } of seen.values()) {
    for (const [kind, name] of namesIn(note)) {
      const key = `${connection} ${kind} ${name}`;
      const before = sightings.get(key) ?? { count: 0, firstAt, lastAt };
      const instants = [firstAt, lastAt, before.firstAt, before.lastAt].sort();
      const times = { firstAt: instants[0] ?? firstAt, lastAt: instants.at(-1) ?? lastAt };
      sightings.set(key, { connection, kind, name, count: before.count + count, ...times });
    }
  }
  return [...sightings.values()];
}

function* namesIn({ status, client, quirks, profile }: SeenKind["note"]): Generator<readonly [SightingKind, string]> {
  yield ["outcome", status >= 400 ? "refused" : "answered"];
  yield ["client", client];
  for (const quirk of quirks) yield ["quirk", quirk];
  if (profile !== undefined) yield ["profile", profile];
}

/** Where none of the kind is kept there is nothing to count with. */
function addRepeats({ repeats }: RequestBatch, id: string | undefined, count: number, until: Instant): void {
  if (id === undefined || count === 0) return;
  repeats.set(id, { id, count: (repeats.get(id)?.count ?? 0) + count, until });
}

function minuteOf(minutes: Minutes, key: string, at: Instant): Minute {
  const minute = at.slice(0, "2026-11-22T18:20".length);
  const known = minutes.get(key);
  if (known?.minute === minute) return known;
  const fresh: Minute = { minute, kept: 0 };
  minutes.set(key, fresh);
  return fresh;
}
