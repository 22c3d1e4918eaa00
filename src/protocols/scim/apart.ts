/**
 * Owns what is too long to be held for an answer: lists ride apart on their resource, and are written piece by piece as the client
 * takes them; resources of a page are read when their turn comes.
 */

import { setImmediate } from "node:timers/promises";
import type { Json, JsonObject } from "../../model/json.js";
import { inBreaths } from "../../platform/in-breaths.js";
import { isList, isObject, without } from "./json-value.js";
import { textOf } from "./written.js";

const APART = Symbol("text that comes apart");

/** Elements of one attribute as they are answered. */
export type Pieces = AsyncIterable<readonly Json[]>;

interface Apart {
  readonly [APART]?: (resource: JsonObject) => AsyncIterable<string>;
}

/** INVARIANT: copies made by spreading carry the list on; whoever answers with the resource answers with the list. */
export function withApart(resource: JsonObject, name: string, pieces: Pieces): JsonObject {
  return Object.assign({ ...resource }, { [APART]: (own: JsonObject) => textWithList(own, name, pieces) });
}

/** A resource that is read when its text is sent, behind those before it. */
export function readLater(read: () => Promise<JsonObject>): JsonObject {
  async function* text() {
    yield textOf(await read());
  }
  return Object.assign({}, { [APART]: text });
}

export function comesApart(resource: JsonObject | undefined): boolean {
  return resource !== undefined && apartOf(resource) !== undefined;
}

/** The text of a body in which some list comes apart; `undefined` where none does. */
export function textInPieces(body: JsonObject): AsyncIterable<string> | undefined {
  if (apartOf(body) !== undefined) return resourceText(body);
  const resources = body["Resources"];
  if (!isList(resources) || !resources.some((one) => apartOf(one) !== undefined)) return undefined;
  return listPieces(body, resources);
}

/** Characters that are sent in one go. */
const PIECE = 500_000;

/** The text of a list, resource by resource, and in pieces where it is long: all at once would keep other requests waiting. */
export async function listText(body: JsonObject): Promise<string | AsyncIterable<string>> {
  const resources = body["Resources"];
  if (!isList(resources)) return JSON.stringify(body);
  const texts = resources.length > 1 ? await inBreaths(resources, textOf) : resources.map(textOf);
  const start = `${opened(without(body, "Resources"))},"Resources":[`;
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return length <= PIECE ? `${start}${texts.join(",")}]}` : sentInTurns(start, texts);
}

async function* sentInTurns(start: string, texts: readonly string[]): AsyncGenerator<string> {
  let piece = start;
  for (const [at, text] of texts.entries()) {
    piece += at === 0 ? text : `,${text}`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
    await setImmediate();
  }
  yield `${piece}]}`;
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
  if (apart === undefined || !isObject(resource)) yield textOf(resource);
  else yield* apart(resource);
}

async function* textWithList(resource: JsonObject, name: string, pieces: Pieces): AsyncGenerator<string> {
  yield opened(resource);
  let separator = `,${JSON.stringify(name)}:[`;
  for await (const piece of pieces) {
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
