/** The brake's buckets: how many people of a connection may lose something now, and who says so beforehand. */
import { type BrakeSettings, capacity, refill, take } from "../engine/guard.js";
import type { ConnectionId, Instant } from "../model/ids.js";
import type { Provisioning } from "./deps.js";
import type { BucketKind, BucketState } from "./ports/access.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";

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

/** The same, with what the brake has left once they went through. */
export interface Charge extends BeyondBrake {
  /** Of those who pass, how many were announced. */
  readonly announced: number;
  /** Absent where all were: what was announced is taken from no bucket, which goes on filling up. */
  readonly bucket?: BucketState;
}

/** How many the brake lets through, announced changes first. Each connection and kind is given once. */
export async function chargesFor(
  p: Provisioning,
  reader: TenantReader,
  losing: readonly Losing[],
  now: Instant,
): Promise<readonly Charge[]> {
  const charges: Charge[] = [];
  const spent = new Map<ConnectionId, number>();
  for (const one of losing) {
    const { size, announced: left, tokens } = await bucketNow(p, reader, one.connection, one.kind, now);
    const before = spent.get(one.connection) ?? 0;
    const announced = Math.min(one.people, left - before);
    spent.set(one.connection, before + announced);
    const rest = take(tokens, one.people - announced);
    const bucket = { tokens: Math.min(size, rest.left), updatedAt: now };
    charges.push({ ...one, passes: announced + rest.taken, announced, ...(announced < one.people && { bucket }) });
  }
  return charges;
}

/** INVARIANT: in the transaction that read what is left. */
export async function charge(tx: TenantWriter, charges: readonly Charge[]): Promise<void> {
  await Promise.all(
    charges.flatMap(({ connection, kind, announced, bucket }) => [
      announced > 0 && tx.useExpectation(connection, announced),
      bucket !== undefined && tx.putBucket(connection, kind, bucket),
    ]),
  );
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
  const charges = await chargesFor(p, reader, losing, now);
  return charges
    .filter(({ passes, people }) => passes < people)
    .map(({ connection, kind, people, passes }) => ({ connection, kind, people, passes }));
}
