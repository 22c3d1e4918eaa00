/** Owns lists that are too long to stand in a resource: they ride apart on it, and are written piece by piece as the client takes them. */

import { setImmediate } from "node:timers/promises";
import type { Json, JsonObject } from "../../model/json.js";
import { isList, isObject, without } from "./json-value.js";

const APART = Symbol("lists that come apart");

/** Elements of one attribute as they are answered. */
export type Pieces = AsyncIterable<readonly Json[]>;

interface Apart {
  readonly [APART]?: { readonly name: string; readonly pieces: Pieces };
}

/** INVARIANT: copies made by spreading carry the list on; whoever answers with the resource answers with the list. */
export function withApart(resource: JsonObject, name: string, pieces: Pieces): JsonObject {
  return Object.assign({ ...resource }, { [APART]: { name, pieces } });
}

/** The text of a body in which some list comes apart; `undefined` where none does. */
export function textInPieces(body: JsonObject): AsyncIterable<string> | undefined {
  if (apartOf(body) !== undefined) return resourceText(body);
  const resources = body["Resources"];
  if (!isList(resources) || !resources.some((one) => apartOf(one) !== undefined)) return undefined;
  return listPieces(body, resources);
}

/** So many characters are written in a few milliseconds; then others have their turn. */
const BREATH = 1_000_000;

/** The text of a list, resource by resource: all of it at once would keep other requests waiting where they are large. */
export async function listText(body: JsonObject): Promise<string> {
  const resources = body["Resources"];
  if (!isList(resources)) return JSON.stringify(body);
  const texts: string[] = [];
  let written = 0;
  for (const resource of resources) {
    const text = JSON.stringify(resource);
    texts.push(text);
    written += text.length;
    if (written < BREATH) continue;
    written = 0;
    await setImmediate();
  }
  return `${opened(without(body, "Resources"))},"Resources":[${texts.join(",")}]}`;
}

function apartOf(value: Json): Apart[typeof APART] {
  return isObject(value) ? (value as Apart)[APART] : undefined;
}

async function* listPieces(body: JsonObject, resources: readonly Json[]): AsyncGenerator<string> {
  yield `${opened(without(body, "Resources"))},"Resources":[`;
  for (const [at, resource] of resources.entries()) {
    if (at > 0) yield ",";
    yield* resourceText(resource);
  }
  yield "]}";
}

async function* resourceText(resource: Json): AsyncGenerator<string> {
  const apart = apartOf(resource);
  if (apart === undefined) {
    yield JSON.stringify(resource);
    return;
  }
  yield opened(resource);
  let separator = `,${JSON.stringify(apart.name)}:[`;
  for await (const piece of apart.pieces) {
    if (piece.length === 0) continue;
    yield separator + JSON.stringify(piece).slice(1, -1);
    separator = ",";
  }
  yield separator === "," ? "]}" : "}";
}

/** The text of an object without its end, for more to follow; it has `schemas`, so that a comma follows. */
function opened(value: Json): string {
  return JSON.stringify(value).slice(0, -1);
}
