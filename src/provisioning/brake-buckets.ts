/** The brake's buckets: how many people of a connection may lose something now, and who says so beforehand. */
import { type BrakeSettings, capacity, refill, take } from "../engine/guard.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { Provisioning } from "./deps.js";
import type { BucketKind } from "./ports/access.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";

/** Takes up to `wanted` tokens, announced changes first; how many were had, and that the rest is written. */
export async function takeTokens(
  p: Provisioning,
  tx: TenantWriter,
  connection: ConnectionId,
  kind: BucketKind,
  wanted: number,
  now: Instant,
): Promise<{ readonly taken: number; readonly written: Promise<void> }> {
  const { size, tokens, announced: left } = await bucketNow(p, tx, connection, kind, now);
  const announced = Math.min(wanted, left);
  const used = announced > 0 ? tx.useExpectation(connection, announced) : Promise.resolve();
  // what was announced is taken from no bucket, which goes on filling up
  if (announced === wanted) return { taken: announced, written: used };
  const rest = take(tokens, wanted - announced);
  const put = tx.putBucket(connection, kind, { tokens: Math.min(size, rest.left), updatedAt: now });
  return { taken: announced + rest.taken, written: Promise.all([used, put]).then(() => undefined) };
}

async function bucketNow(
  p: Provisioning,
  reader: TenantReader,
  connection: ConnectionId,
  kind: BucketKind,
  now: Instant,
) {
  const settings: BrakeSettings = p.settings.brake;
  const { registeredSynced, held, bucket, expectation } = await reader.brakeState(connection, kind);
  const size = capacity(settings, kind, registeredSynced);
  const before = bucket ?? { tokens: size, updatedAt: now };
  const announced = expectation && expectation.until > now ? expectation.left : 0;
  return { size, announced, tokens: refill(settings, before, now, size, held > 0) };
}

/** People who would lose something that nobody reviewed, by the bucket that it is charged to. */
export interface Losing {
  readonly connection: ConnectionId;
  readonly kind: BucketKind;
  readonly people: number;
}

/** Of so many people who lose something, how many the brake lets through; the others wait in the connection's held run. */
export interface BeyondBrake extends Losing {
  readonly passes: number;
}

/**
 * Where more people would lose something than the brake lets through now. Buckets refill while a run is at work, so that it
 * may let a few more through.
 */
export async function beyondBrake(
  p: Provisioning,
  reader: TenantReader,
  losing: readonly Losing[],
  now: Instant,
): Promise<readonly BeyondBrake[]> {
  const beyond: BeyondBrake[] = [];
  const spent = new Map<ConnectionId, number>();
  for (const one of losing) {
    const { announced, tokens } = await bucketNow(p, reader, one.connection, one.kind, now);
    const used = Math.min(one.people, announced - (spent.get(one.connection) ?? 0));
    spent.set(one.connection, (spent.get(one.connection) ?? 0) + used);
    const passes = used + take(tokens, one.people - used).taken;
    if (passes < one.people) beyond.push({ ...one, passes });
  }
  return beyond;
}
