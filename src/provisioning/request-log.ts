/** Owns the log of SCIM requests: noted in memory while they are answered, written in batches apart from them. */
import { boundedMap } from "../model/bounded-map.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, Instant, TenantId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { Provisioning } from "./deps.js";
import type { KnownToken } from "./ports/requests.js";
import {
  createRequestBatches,
  type NoteOwner,
  type RequestBatch,
  type RequestBatches,
  type RequestNote,
  sightingsOf,
} from "./request-batch.js";

export interface RequestLog {
  /** Takes a note in memory; neither waits nor throws for the database. */
  note(owner: NoteOwner, note: RequestNote): void;
  /** The same of a request whose token was not looked at, or refused: it belongs to the connection whose token it ever was. */
  noteToken(hash: string, note: RequestNote): void;
  /** Writes what has been noted by now, and is done when that is written. */
  flush(): Promise<void>;
}

const FLUSH_MILLISECONDS = 500;
const FLUSH_ENTRIES = 200;
/** Kinds of requests with tokens that are to be looked up; more than these at once are not noted. */
const MOST_STRANGERS = 200;
const CONNECTIONS_REMEMBERED = 1_000;
/** So many new entries of a connection make room once, for which at most so many old ones go. */
const TRIM_EVERY = 500;
const TRIM_LIMIT = 5_000;
const DAY = 86_400_000;

/** Requests of one kind with one token, whose owner is looked up when they are written. */
interface Stranger {
  readonly id: string;
  readonly hash: string;
  readonly note: RequestNote;
  readonly detail: JsonObject;
  repeats: number;
  until: Instant;
}

/**
 * The log of one process. Counts are exact as long as the process lives to write them; what is kept whole is a sample under
 * load (`request-batch.ts`).
 */
export function createRequestLog(p: Provisioning): RequestLog {
  const batches = createRequestBatches(p.newId);
  const fullOf = createTrimming();
  let strangers = new Map<string, Stranger>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let queued = false;

  const write = async (): Promise<void> => {
    queued = false;
    const asked = strangers;
    strangers = new Map();
    await recognise(p, batches, [...asked.values()]);
    for (const [tenant, batch] of batches.takeOut()) await writeFor(p, tenant, batch, fullOf(batch));
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (queued) return flushing;
    queued = true;
    flushing = flushing.then(write).catch((fault: unknown) => p.log.fault("request_log.write_failed", fault));
    return flushing;
  };
  const schedule = (): void => {
    if (batches.size() + strangers.size >= FLUSH_ENTRIES) void flush();
    else timer ??= setTimeout(() => void flush(), FLUSH_MILLISECONDS).unref();
  };

  return {
    note(owner, note) {
      batches.take(owner, note);
      schedule();
    },
    noteToken(hash, note) {
      const key = `${hash} ${note.kind}`;
      const known = strangers.get(key);
      if (known !== undefined) {
        known.repeats += 1;
        known.until = note.at;
      } else if (strangers.size < MOST_STRANGERS) {
        strangers.set(key, { id: p.newId(), hash, note, detail: note.detail(), repeats: 0, until: note.at });
      }
      schedule();
    },
    flush,
  };
}

/** Whoever showed a made-up token is nobody's, and leaves no trace. */
async function recognise(p: Provisioning, batches: RequestBatches, strangers: readonly Stranger[]): Promise<void> {
  const hashes = [...new Set(strangers.map(({ hash }) => hash))];
  const known = new Map((await p.store.instance.knownTokens(hashes)).map((token) => [token.hash, token]));
  for (const { hash, note, detail, ...more } of strangers) {
    const token = known.get(hash);
    if (token === undefined) continue;
    batches.take(token, { ...note, detail: () => ({ ...detail, token: stateOf(token, note.at) }) }, more);
  }
}

function stateOf({ revokedAt, expiresAt }: KnownToken, at: Instant): string {
  if (revokedAt !== undefined) return "revoked";
  return expiresAt !== undefined && expiresAt <= at ? "expired" : "live";
}

/** INVARIANT: a log that cannot be written answers nobody otherwise; the fault is told of, and the batch is gone. */
async function writeFor(
  p: Provisioning,
  tenant: TenantId,
  batch: RequestBatch,
  full: readonly ConnectionId[],
): Promise<void> {
  const { kept, repeats } = batch;
  const { days, entriesPerConnection } = p.settings.requestLog;
  const expiresAt = new Date(Date.parse(p.now()) + days * DAY).toISOString();
  await p.store
    .write(tenant, async (tx) => {
      await tx.keepRequests(kept.map((entry) => ({ ...entry, expiresAt })));
      await tx.addRepeats([...repeats.values()]);
      await tx.addSightings(sightingsOf(batch).map((seen) => ({ ...seen, expiresAt })));
      for (const connection of full) await tx.trimRequests(connection, entriesPerConnection, TRIM_LIMIT);
    })
    .catch((fault: unknown) => p.log.fault("request_log.write_failed", fault, { tenant }));
}

/** Which connections of a batch had so many new entries since old ones were removed; the first of this process count too. */
function createTrimming(): (batch: RequestBatch) => readonly ConnectionId[] {
  const untrimmed = boundedMap<ConnectionId, number>(CONNECTIONS_REMEMBERED);
  return ({ kept }) =>
    [...grouped(kept, ({ connection }) => connection)].flatMap(([connection, entries]) => {
      const count = (untrimmed.get(connection) ?? TRIM_EVERY) + entries.length;
      untrimmed.set(connection, count >= TRIM_EVERY ? 0 : count);
      return count >= TRIM_EVERY ? [connection] : [];
    });
}
