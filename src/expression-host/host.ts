import { type PreparedExpression, prepareExpression } from "../engine/expression/expression.js";
import { faultOf } from "../engine/expression/result.js";
import { type BoundedMap, boundedMap } from "../model/bounded-map.js";
import type { ExpressionBatch, ExpressionResult } from "../model/expression.js";

/** The host's side of the pipe to the runner. */
export interface HostChannel {
  /** A job begins. INVARIANT: told synchronously, since a job that never ends leaves no other moment to tell it. */
  started(): void;
  /** Sends an ExpressionReply. */
  reply(text: string): void;
  /** Milliseconds. */
  now(): number;
}

/** Results wait at most this long, in milliseconds and in characters. */
const FLUSH_AFTER = 50;
const FLUSH_AT = 256 * 1024;

/** After so many milliseconds the rest of a batch is given back, so that other tenants have their turn. */
const SLICE = 100;

const MOST_PREPARED = 200;

/** Runs batches one at a time; the promise is fulfilled when the last reply of the batch is sent. */
export function createHost(channel: HostChannel): (batch: ExpressionBatch) => Promise<void> {
  const prepared = boundedMap<string, PreparedExpression>(MOST_PREPARED);
  return async ({ jobs }) => {
    const begun = channel.now();
    let flushed = begun;
    let texts: string[] = [];
    let length = 0;
    for (const [source, input] of jobs) {
      channel.started();
      const text = JSON.stringify(await evaluate(prepared, source, input));
      texts.push(text);
      length += text.length;
      const now = channel.now();
      if (now - begun >= SLICE) break;
      if (now - flushed < FLUSH_AFTER && length < FLUSH_AT) continue;
      channel.reply(`{"results":[${texts.join(",")}],"done":false}`);
      [flushed, texts, length] = [now, [], 0];
    }
    channel.reply(`{"results":[${texts.join(",")}],"done":true}`);
  };
}

async function evaluate(
  prepared: BoundedMap<string, PreparedExpression>,
  source: string,
  input: string,
): Promise<ExpressionResult> {
  try {
    return { ok: true, value: await recall(prepared, source).evaluate(JSON.parse(input)) };
  } catch (error) {
    // INVARIANT: nothing of a failed evaluation goes on. JSONata evaluates the entries of a list at once and leaves the
    // others running when one fails; they would use up the time of the next job, and be taken for it.
    await new Promise(setImmediate);
    const { code, message, offset } = faultOf(error, source);
    return offset === undefined ? { ok: false, code, message } : { ok: false, code, message, position: offset };
  }
}

/** Keeps what was used last, since a batch is mostly one expression over many people. */
function recall(prepared: BoundedMap<string, PreparedExpression>, source: string): PreparedExpression {
  const expression = prepared.get(source) ?? prepareExpression(source);
  prepared.set(source, expression);
  return expression;
}
