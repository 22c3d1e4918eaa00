/** A client of the resource type that the tests' operator defines, on each database. */
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { onEachDatabase, type ScimDirectory, type ScimReply, type ScimService } from "./scim-service.js";
import { TEST, TEST_EXTENSION, TEST_RESOURCE_FILE } from "./test-resource.js";

let made = 0;

/** A body that is taken, with an identifier of its own. */
export function testBody(more: JsonObject = {}): JsonObject {
  made += 1;
  const extension = { extRequired: "x" };
  return { schemas: [TEST, TEST_EXTENSION], identifier: `Id-${made}`, [TEST_EXTENSION]: extension, ...more };
}

export function errorOf({ status, json }: ScimReply): readonly unknown[] {
  return [status, json["scimType"]];
}

export const INVALID = [400, "invalidValue"];
export const MUTABILITY = [400, "mutability"];
export const TAKEN = [409, "uniqueness"];

export const at = (id: string): string => `/TestResources/${id}`;

export interface TestResourceClient {
  readonly directory: ScimDirectory;
  post(more?: JsonObject): Promise<ScimReply>;
  /** What a POST with these attributes leaves, as it is read again. */
  kept(more?: JsonObject): Promise<JsonObject>;
  idOf(more?: JsonObject): Promise<string>;
  /** Ids of what a filter finds. */
  found(filter: string): Promise<readonly string[]>;
}

function clientOf(directory: ScimDirectory): TestResourceClient {
  const post = (more: JsonObject = {}): Promise<ScimReply> => directory.post("/TestResources", testBody(more));
  const kept = async (more: JsonObject = {}): Promise<JsonObject> => {
    const reply = await post(more);
    expect(reply.status, reply.text).to.equal(201);
    return (await directory.get(at(String(reply.json["id"])))).json;
  };
  return {
    directory,
    post,
    kept,
    idOf: async (more) => String((await kept(more))["id"]),
    async found(filter) {
      const reply = await directory.get(`/TestResources?filter=${encodeURIComponent(filter)}`);
      expect(reply.status, reply.text).to.equal(200);
      return (reply.json["Resources"] as readonly JsonObject[]).map((resource) => String(resource["id"]));
    },
  };
}

/** The same tests on both databases, with the operator's file in the configuration and a new connection for each test. */
export function onTestResources(tests: (client: () => TestResourceClient, service: () => ScimService) => void): void {
  onEachDatabase(
    (service) => {
      let client: TestResourceClient | undefined;
      beforeEach(async () => {
        client = clientOf(await service().connect());
      });
      tests(() => {
        if (client === undefined) throw new Error("the client is there only inside tests");
        return client;
      }, service);
    },
    { settings: (config) => ({ ...config, scim: { schemaFiles: [TEST_RESOURCE_FILE] } }) },
  );
}
