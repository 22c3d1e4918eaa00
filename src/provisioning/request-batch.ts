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

/** The id under which a note may be kept, and how many more like it came with it, the last of them then. */
export interface NoteMore {
  readonly id: string;
  readonly repeats: number;
  readonly until: Instant;
}

/** What is to be written for one tenant. */
export interface RequestBatch {
  readonly kept: Omit<KeptRequest, "alike" | "alikeUntil">[];
  readonly repeats: Map<string, Repeats>;
  readonly sightings: Map<string, Sighting & { readonly connection: ConnectionId }>;
}

export interface RequestBatches {
  take(owner: NoteOwner, note: RequestNote, more: NoteMore): void;
  /** How many requests would be kept. */
  size(): number;
  /** What was taken since the last call. */
  takeOut(): ReadonlyMap<TenantId, RequestBatch>;
}

/** Of one kind within a minute. Those that were refused, or needed a quirk, say more than those that went well. */
const KEPT_PLAIN = 60;
const KEPT_TELLING = 300;
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
export function createRequestBatches(): RequestBatches {
  const kinds = boundedMap<string, Minute>(KINDS_REMEMBERED);
  const connections = boundedMap<string, Minute>(CONNECTIONS_REMEMBERED);
  let batches = new Map<TenantId, RequestBatch>();
  let waiting = 0;
  return {
    take(owner, note, more) {
      const batch: RequestBatch = batches.get(owner.tenant) ?? { kept: [], repeats: new Map(), sightings: new Map() };
      batches.set(owner.tenant, batch);
      for (const [kind, name] of seenIn(note)) addSighting(batch, owner.connection, [kind, name], note.at, more);
      const ofConnection = minuteOf(connections, owner.connection, note.at);
      const ofKind = minuteOf(kinds, `${owner.connection} ${note.kind}`, note.at);
      const hasRoom = waiting < MOST_WAITING && ofConnection.kept < KEPT_OF_CONNECTION;
      const isKept = hasRoom && ofKind.kept < (isTelling(note) ? KEPT_TELLING : KEPT_PLAIN);
      if (isKept) {
        batch.kept.push(entryOf(more.id, owner, note));
        for (const minute of [ofKind, ofConnection]) minute.kept += 1;
        ofKind.last = more.id;
        waiting += 1;
      }
      addRepeats(batch, ofKind.last, more.repeats + (isKept ? 0 : 1), more.until);
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

function isTelling({ status, quirks }: RequestNote): boolean {
  return status >= 400 || quirks.length > 0;
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

function* seenIn({ status, client, quirks, profile }: RequestNote): Generator<readonly [SightingKind, string]> {
  yield ["outcome", status >= 400 ? "refused" : "answered"];
  yield ["client", client];
  for (const quirk of quirks) yield ["quirk", quirk];
  if (profile !== undefined) yield ["profile", profile];
}

function addSighting(
  { sightings }: RequestBatch,
  connection: ConnectionId,
  [kind, name]: readonly [SightingKind, string],
  at: Instant,
  { repeats, until }: NoteMore,
): void {
  const key = `${connection} ${kind} ${name}`;
  const { count = 0, firstAt = at } = sightings.get(key) ?? {};
  sightings.set(key, { connection, kind, name, count: count + 1 + repeats, firstAt, lastAt: until });
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
