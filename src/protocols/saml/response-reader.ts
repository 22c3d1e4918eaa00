/** Owns where a response is read: small ones here, and large ones in a thread, so that nobody's keeps the others waiting. */
import type { Share } from "../../platform/fair-queue.js";
import { createWorkerPool, type Place, type WorkerPool, WorkNotDone } from "../../platform/worker-pool.js";
import { refusal, SamlFailure } from "./failure.js";
import { LONGEST_FIELD, openResponse } from "./response.js";
import type { ReadShape, ResponseJob, ResponseReply } from "./response-work.js";
import type { Expected, VerifiedAssertion } from "./verified.js";
import { verifyResponse } from "./verify.js";

/** A response whose shape is known, of which nothing is verified yet. */
export interface ReadResponse extends ReadShape {
  verify(expected: Expected): Promise<VerifiedAssertion>;
}

export interface ResponseReader {
  /** `share`: whose it is, where it has to wait. Throws `SamlFailure`; its guard `busy` says that it could not be judged now. */
  read(samlResponse: string, share: Share): Promise<ReadResponse>;
}

/** Characters of base64. What is shorter takes a few milliseconds, whatever is in it: the figures are in docs/performance.md. */
const LONGEST_HERE = 16_384;

/**
 * Two threads, so that one tenant's large response does not keep the next one waiting; they start when one comes. What waits
 * holds 43 MiB at the most.
 */
export function openResponsePool(): WorkerPool<ResponseJob, ResponseReply> {
  const module = new URL("./response-thread.js", import.meta.url);
  return createWorkerPool({ module, threads: 2, waiting: 64, milliseconds: 10_000, idleMilliseconds: 60_000 });
}

/** Whether a response of this length is read in a thread. One that is too long to be read at all is refused here. */
export function isLarge({ length }: string): boolean {
  return length > LONGEST_HERE && length <= LONGEST_FIELD;
}

export function createResponseReader(pool: Pick<WorkerPool<ResponseJob, ResponseReply>, "run">): ResponseReader {
  const run = async (job: ResponseJob, place: Place): Promise<ResponseReply> => {
    const reply = await pool.run(job, place).catch((error: unknown) => {
      throw error instanceof WorkNotDone ? tooBusy(error) : error;
    });
    if (reply.kind === "refused") throw new SamlFailure(reply.guard, reply.detail);
    return reply;
  };
  return {
    async read(samlResponse, share) {
      if (!isLarge(samlResponse)) return readHere(samlResponse);
      const reply = await run({ samlResponse }, { share });
      if (reply.kind !== "read") throw new Error("a response that was to be read was verified");
      const verify = async (expected: Expected): Promise<VerifiedAssertion> => {
        // The login that it answers is taken by now: nobody who got that far is sent away.
        const verified = await run({ samlResponse, expected }, { share, begun: true });
        if (verified.kind !== "verified") throw new Error("a response that was to be verified was read");
        return verified.assertion;
      };
      return { ...reply.read, verify };
    },
  };
}

function readHere(samlResponse: string): ReadResponse {
  const { shape, ...read } = openResponse(samlResponse);
  return { ...read, verify: async (expected) => verifyResponse({ shape, ...read }, expected) };
}

function tooBusy({ reason }: WorkNotDone): SamlFailure {
  const problem =
    reason === "busy"
      ? "too many large responses came at once"
      : "the response took too long to be read: let the identity provider send fewer attribute values";
  return refusal("busy", problem, { got: reason });
}
