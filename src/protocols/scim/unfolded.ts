/**
 * Owns where a POST's or a PUT's body may say an attribute: by its name, below its schema's URN, or with the URN before its name, as
 * in the value of a PATCH (RFC 7644 section 3.10).
 */

import type { Json, JsonObject } from "../../model/json.js";
import { pushTo } from "../../model/push-to.js";
import { givenTwice } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { isObject } from "./json-value.js";
import type { ResourceType, Schema } from "./schema.js";

interface Said {
  /** As it was sent. */
  readonly key: string;
  readonly value: Json;
  readonly schema: Schema;
  /** Of an attribute of the schema, if of any. */
  readonly name: string;
  readonly quirk?: "core_below_urn" | "dotted_key";
}

/** All that a body says of a core attribute, by any spelling of its name. */
export function saidOf(name: string, body: JsonObject, type: ResourceType): readonly Json[] {
  return allSaid(body, type)
    .filter((said) => said.schema === type.core && said.name.toLowerCase() === name)
    .map(({ value }) => value);
}

/** The body with core attributes at its root, and those of an extension in its object. Nothing may be said in two places. */
export function unfolded(body: JsonObject, { type, quirks }: Pick<Reading, "type" | "quirks">): JsonObject {
  const said = allSaid(body, type);
  const needed = said.flatMap(({ quirk }) => quirk ?? []);
  if (needed.length === 0) return body;
  const seen = new Set<string>();
  const bySchema = new Map<Schema, (readonly [string, Json])[]>();
  for (const { key, schema, name, value } of said) {
    const place = `${schema.urn}:${name}`.toLowerCase();
    if (seen.has(place)) throw givenTwice(key);
    seen.add(place);
    pushTo(bySchema, schema, [name, value]);
  }
  for (const quirk of needed) quirks.add(quirk);
  return Object.fromEntries(
    [...bySchema].flatMap(([{ urn, extension }, entries]) =>
      extension ? [[urn, Object.fromEntries(entries)] as const] : entries,
    ),
  );
}

function allSaid(body: JsonObject, type: ResourceType): readonly Said[] {
  return Object.entries(body).flatMap(([key, value]): readonly Said[] => {
    const whole = type.schemas.get(key.toLowerCase());
    if (whole === undefined || !isObject(value)) return [named(key, value, type)];
    if (whole === type.core) return allSaid(value, type).map((said) => ({ quirk: "core_below_urn", ...said }));
    return Object.entries(value).map(([name, item]) => ({ key: name, value: item, schema: whole, name }));
  });
}

function named(key: string, value: Json, type: ResourceType): Said {
  const owner =
    key.includes(":") && !type.schemas.has(key.toLowerCase()) ? ownerOf(key.toLowerCase(), type) : undefined;
  if (owner === undefined) return { key, value, schema: type.core, name: key };
  return { key, value, schema: owner, name: key.slice(owner.urn.length + 1), quirk: "dotted_key" };
}

/** One URN may begin as another does. */
function ownerOf(key: string, { schemas }: ResourceType): Schema | undefined {
  const urns = [...schemas.keys()].filter((urn) => key.startsWith(`${urn}:`));
  return schemas.get(urns.sort((one, other) => other.length - one.length)[0] ?? "");
}
