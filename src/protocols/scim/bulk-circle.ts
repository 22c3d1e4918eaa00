/**
 * Owns circles of a bulk request: POSTs that refer to one another (RFC 7644 section 3.7.1). Their ids are given beforehand, so that
 * each is written with its references, and all of them in one transaction.
 */

import type { Json } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { GivenIdsDetail } from "../../provisioning/given-ids.js";
import { resolveReferences } from "./bulk-references.js";
import { type Creation, makeTogether, type Outcome, type ResourceHandler } from "./resource-handler.js";
import type { VisitRequest } from "./visit.js";

/** One POST of a circle. */
export interface Post {
  readonly handler: ResourceHandler;
  readonly body: Json;
}

/** By bulkId; what they refer to besides one another is resolved. */
export type Circle = ReadonlyMap<string, Post>;

/** One operation of a circle is refused, for the `cause`, and with it all of them. */
export class CircleError extends Error {
  readonly bulkId: string;

  constructor(bulkId: string, options: { readonly cause: unknown }) {
    super(`the operation with the bulkId ${quote(bulkId)} failed`, options);
    this.bulkId = bulkId;
  }
}

/** Does what belongs to one operation; what it throws is that one's. */
export async function blaming<T>(bulkId: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CircleError(bulkId, { cause: error });
  }
}

/** Reads a POST of a circle; the id is the one that its resource shall have. */
export type ReadPost = (post: Post, id: string) => Promise<Creation>;

/**
 * Makes all of a circle or nothing. `startReading` begins an attempt: a POST may turn out to mean somebody known, whose id is
 * another; then nothing of it holds, and the circle is read again with that id. Throws a `CircleError` where one is to blame.
 */
export async function makeCircle(
  asked: Pick<VisitRequest, "room" | "caller">,
  circle: Circle,
  startReading: () => ReadPost,
): Promise<ReadonlyMap<string, Outcome>> {
  const { room } = asked;
  // A service account's owner must be there before it.
  const posts = [...circle].sort(([, one], [, other]) => Number(isUser(other)) - Number(isUser(one)));
  const ids = new Map(posts.map(([bulkId]) => [bulkId, room.p.store.newId()]));
  const [first = ""] = ids.values();
  const outcomes = await room.whileUnchanged(first, async () => {
    const read = startReading();
    const creations: Creation[] = [];
    for (const [bulkId, { handler, body }] of posts) {
      const referring = { type: handler.type, kind: "create", body } as const;
      const post = { handler, body: resolveReferences(referring, ids) };
      creations.push(await blaming(bulkId, () => read(post, ids.get(bulkId) ?? "")));
    }
    return makeTogether(asked, creations).catch((error: unknown) => {
      if (error instanceof Refusal) noteRefusal(error, ids);
      throw error;
    });
  });
  return new Map(posts.flatMap(([bulkId], at) => (outcomes[at] ? [[bulkId, outcomes[at]]] : [])));
}

function isUser({ handler }: Post): boolean {
  return handler.managedAs === "users";
}

/** Takes over the ids of what is known already; throws where one of the POSTs is to blame and nothing is gained by another attempt. */
function noteRefusal(refusal: Refusal, ids: Map<string, string>): void {
  const { newId, otherIds }: GivenIdsDetail = refusal.detail;
  for (const [bulkId, id] of ids) {
    ids.set(bulkId, otherIds?.get(id) ?? id);
    if (id === newId && refusal.code !== "version_conflict") throw new CircleError(bulkId, { cause: refusal });
  }
}
