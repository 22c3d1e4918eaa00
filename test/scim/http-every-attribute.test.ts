import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { ScimDirectory } from "./scim-service.js";
import { GROUP, USER } from "./tables.js";
import { TEST, TEST_EXTENSION } from "./test-resource.js";
import { onTestResources } from "./test-resource-client.js";

/** As `/Schemas` has it. */
interface Declared {
  readonly name: string;
  readonly type: string;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly mutability: string;
  readonly returned: string;
  readonly canonicalValues?: readonly string[];
  readonly subAttributes?: readonly Declared[];
}

/** An attribute, where it lies, and its path with the URN. */
interface Place {
  readonly attribute: Declared;
  readonly extension: string | undefined;
  readonly path: string;
}

/** Two different values of each type. Parts that cannot be changed are the same in both. */
function sampleOf(attribute: Declared, turn: 0 | 1): Json {
  const { type, multiValued, canonicalValues, subAttributes = [], name } = attribute;
  const single = (): Json => {
    if (type !== "complex") return plainValue(type, name, turn, canonicalValues);
    const parts = subAttributes.filter((sub) => isWritten(sub) && isSeen(sub));
    return Object.fromEntries(parts.map((sub) => [sub.name, sampleOf(sub, sub.mutability === "immutable" ? 0 : turn)]));
  };
  return multiValued ? [single()] : single();
}

function plainValue(type: string, name: string, turn: 0 | 1, canonicalValues: readonly string[] = []): Json {
  if (name === "primary") return true;
  const values: Readonly<Record<string, readonly [Json, Json]>> = {
    boolean: [true, false],
    integer: [7, 8],
    decimal: [1.5, -2],
    dateTime: ["2026-01-31T12:00:00Z", "2026-02-01T12:00:00.5+02:00"],
    binary: ["AQID", "BAUG"],
    reference: ["https://one.example/a", "https://two.example/b"],
  };
  return values[type]?.[turn] ?? canonicalValues[turn] ?? `${name} ${turn}`;
}

function isWritten({ mutability }: Declared): boolean {
  return mutability === "readWrite" || mutability === "immutable";
}

function isSeen({ returned }: Declared): boolean {
  return returned !== "never" && returned !== "request";
}

async function placesOf(directory: ScimDirectory, type: string): Promise<readonly Place[]> {
  const { json } = await directory.get(`/ResourceTypes/${type}`);
  const core = String(json["schema"]);
  const extensions = (json["schemaExtensions"] as readonly JsonObject[]).map(({ schema }) => String(schema));
  const places: Place[] = [];
  for (const urn of [core, ...extensions]) {
    const schema = (await directory.get(`/Schemas/${urn}`)).json;
    for (const attribute of schema["attributes"] as unknown as readonly Declared[]) {
      places.push({ attribute, extension: urn === core ? undefined : urn, path: `${urn}:${attribute.name}` });
    }
  }
  // members are rows of their own, and a user's groups follow from them
  return places.filter(({ attribute }) => isWritten(attribute) && !["members", "groups"].includes(attribute.name));
}

function read({ attribute, extension }: Place, resource: JsonObject): Json | undefined {
  const data = extension === undefined ? resource : resource[extension];
  return (data as JsonObject | undefined)?.[attribute.name];
}

/** An object that says this of the attribute. */
function saying({ attribute: { name }, extension }: Place, value: Json): JsonObject {
  return extension === undefined ? { [name]: value } : { [extension]: { [name]: value } };
}

function merged(one: JsonObject, other: JsonObject): JsonObject {
  const both = Object.entries(other).map(([key, value]) => {
    const before = one[key];
    const isExtension = key.startsWith("urn:") && before !== undefined;
    return [key, isExtension ? { ...(before as JsonObject), ...(value as JsonObject) } : value] as const;
  });
  return { ...one, ...Object.fromEntries(both) };
}

const TYPES = [
  ["User", "/Users", [USER]],
  ["Group", "/Groups", [GROUP]],
  ["TestResource", "/TestResources", [TEST, TEST_EXTENSION]],
] as const;

describe("SCIM: every attribute that /Schemas declares", () => {
  onTestResources((client) => {
    for (const [type, endpoint, schemas] of TYPES) {
      /** A resource that has a value in each, and the attributes. */
      const full = async () => {
        const { directory } = client();
        const places = await placesOf(directory, type);
        const body = places.map((place) => saying(place, sampleOf(place.attribute, 0))).reduce(merged, { schemas });
        const made = await directory.post(endpoint, body);
        expect(made.status, made.text).to.equal(201);
        const at = `${endpoint}/${made.json["id"]}`;
        const get = async (place: Place) => read(place, (await directory.get(`${at}?attributes=${place.path}`)).json);
        const patch = (operation: JsonObject, query = "") => directory.patch(`${at}${query}`, [operation]);
        return { directory, places, at, get, patch, made };
      };

      it(`RFC-18, RFC-39: of ${type} is made, read, listed alone and left out`, async () => {
        const { directory, places, at, get, made } = await full();
        expect(places.length).to.be.above(5);
        for (const place of places) {
          const { attribute, path } = place;
          const kept = attribute.returned === "never" ? undefined : sampleOf(attribute, 0);
          expect(await get(place), path).to.deep.equal(kept);
          if (attribute.returned !== "never") expect(read(place, made.json), path).to.deep.equal(kept);
          const without = await directory.get(`${at}?excludedAttributes=${path}`);
          const stays = attribute.returned === "always" ? kept : undefined;
          expect(read(place, without.json), path).to.deep.equal(stays);
        }
      });

      it(`ENTRA-26, RFC-43, RFC-46: of ${type} is replaced, removed and added, by its path and without one`, async () => {
        const { places, get, patch } = await full();
        for (const place of places) {
          const { attribute, path } = place;
          const [one, other] = [sampleOf(attribute, 0), sampleOf(attribute, 1)];
          const seen = (value: Json | undefined) => (attribute.returned === "never" ? undefined : value);
          if (attribute.mutability === "immutable") {
            expect((await patch({ op: "replace", path, value: other })).json["scimType"], path).to.equal("mutability");
            expect((await patch({ op: "replace", path, value: one })).status, path).to.equal(200);
            continue;
          }
          const answers = [
            [await patch({ op: "replace", path, value: other }), other],
            [await patch({ op: "replace", value: saying(place, one) }), one],
          ] as const;
          for (const [{ status, text, json }, value] of answers) {
            expect(status, text).to.equal(200);
            expect(read(place, json), path).to.deep.equal(seen(value));
          }
          const removed = await patch({ op: "remove", path });
          if (attribute.required || path === `${USER}:active`) {
            expect(await get(place), path).to.deep.equal(seen(one));
            continue;
          }
          expect(removed.status, removed.text).to.equal(200);
          expect(await get(place), path).to.equal(undefined);
          const added = await patch({ op: "add", value: saying(place, other) });
          expect(read(place, added.json), path).to.deep.equal(seen(other));
          const again = await patch({ op: "add", path, value: other });
          expect(again.headers["etag"], path).to.equal(added.headers["etag"]);
          expect(await get(place), path).to.deep.equal(seen(other));
        }
      });

      it(`RFC-30, RFC-31, RFC-43: of ${type} is asked for, with its URN in any letter case`, async () => {
        const { directory, places, at } = await full();
        const id = at.slice(endpoint.length + 1);
        const found = async (filter: string): Promise<unknown> => {
          const { json } = await directory.get(`${endpoint}?filter=${encodeURIComponent(filter)}`);
          return json["scimType"] ?? ((json["Resources"] ?? []) as readonly JsonObject[]).map((one) => one["id"]);
        };
        for (const { attribute, path } of places) {
          const expected = attribute.returned === "never" ? "invalidFilter" : [id];
          expect(await found(`${path} pr`), path).to.deep.equal(expected);
          expect(await found(`${path.toUpperCase()} PR`), path).to.deep.equal(expected);
          if (attribute.type === "complex" || attribute.returned === "never") continue;
          const [value] = [sampleOf(attribute, 0)].flat() as readonly Json[];
          expect(await found(`${path} eq ${JSON.stringify(value)}`), path).to.deep.equal([id]);
        }
      });
    }
  });
});
