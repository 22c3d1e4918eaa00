/** Owns resources that are text already: they go wherever resources go on their way to the answer. */
import type { Json, JsonObject } from "../../model/json.js";
import { isObject } from "./json-value.js";

const TEXT = Symbol("the resource as text");

interface Written {
  readonly [TEXT]?: string;
}

/** A resource of which nothing but its text is known. */
export function asWritten(text: string): JsonObject {
  return Object.assign({}, { [TEXT]: text });
}

/** `undefined` for what is no text yet. */
export function writtenText(value: Json): string | undefined {
  return isObject(value) ? (value as Written)[TEXT] : undefined;
}

export function textOf(value: Json): string {
  return writtenText(value) ?? JSON.stringify(value);
}
