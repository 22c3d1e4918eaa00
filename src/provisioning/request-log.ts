/** Owns the log of SCIM requests: noted in memory while they are answered, written in batches apart from them. */
import { boundedMap } from "../model/bounded-map.js";
import { grouped } from "../model/grouped.js";
import type { ConnectionId, Instant, TenantId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { Provisioning } from "./deps.js";
import type { KnownToken } from "./ports/requests.js";
import {
  createRequestBatches,
  KEPT_TELLING,
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
/** Requests with tokens that are to be looked up; more than these at once are counted, where one of the kind is there. */
const MOST_STRANGERS = 1_000;
const CONNECTIONS_REMEMBERED = 1_000;
/** So many new entries of a connection make room once, or a tenth of those that are kept where that is fewer; at most so many old ones go for it. */
const TRIM_EVERY = 500;
const TRIM_LIMIT = 5_000;
const DAY = 86_400_000;

/** A request whose owner is looked up by its token when it is written, and how many came after it that are only counted. */
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
  const slack = Math.min(TRIM_EVERY, Math.floor(p.settings.requestLog.entriesPerConnection / 10));
  const fullOf = createTrimming(slack);
  let strangers = createStrangers(p.newId);
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let queued = false;

  const write = async (): Promise<void> => {
    queued = false;
    const asked = strangers;
    strangers = createStrangers(p.newId);
    await recognise(p, batches, asked.all);
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
    if (batches.size() + strangers.all.length >= FLUSH_ENTRIES) void flush();
    else timer ??= setTimeout(() => void flush(), FLUSH_MILLISECONDS).unref();
  };

  return {
    note(owner, note) {
      batches.take(owner, note);
      schedule();
    },
    noteToken(hash, note) {
      strangers.take(hash, note);
      schedule();
    },
    flush,
  };
}

/** Of one token no more of a kind are held than would be kept. */
function createStrangers(newId: () => string) {
  const all: Stranger[] = [];
  const kinds = new Map<string, Stranger[]>();
  return {
    all: all as readonly Stranger[],
    take(hash: string, note: RequestNote): void {
      const key = `${hash} ${note.kind}`;
      const alike = kinds.get(key) ?? [];
      const last = alike.at(-1);
      if (all.length < MOST_STRANGERS && alike.length < KEPT_TELLING) {
        const stranger = { id: newId(), hash, note, detail: note.detail(), repeats: 0, until: note.at };
        all.push(stranger);
        kinds.set(key, alike);
        alike.push(stranger);
      } else if (last !== undefined) {
        last.repeats += 1;
        last.until = note.at;
      }
    },
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
function createTrimming(slack: number): (batch: RequestBatch) => readonly ConnectionId[] {
  const untrimmed = boundedMap<ConnectionId, number>(CONNECTIONS_REMEMBERED);
  return ({ kept }) =>
    [...grouped(kept, ({ connection }) => connection)].flatMap(([connection, entries]) => {
      const count = (untrimmed.get(connection) ?? slack) + entries.length;
      untrimmed.set(connection, count >= slack ? 0 : count);
      return count >= slack ? [connection] : [];
    });
}
