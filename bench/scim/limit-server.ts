/** The limit: what node:http does with the same documents in Maps, and nothing of what a SCIM server owes anybody. */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../src/model/json.js";
import { storedPerson } from "./people.js";
import { contestOf, listOf, servePlainly } from "./plain-server.js";

const { shape } = contestOf();
const byId = new Map<string, JsonObject>();
const byName = new Map<string, string>();

function keep(id: string, resource: JsonObject): JsonObject {
  const whole = { ...resource, id };
  byId.set(id, whole);
  byName.set(String(resource["userName"]).toLowerCase(), id);
  return whole;
}

const ids = Array.from({ length: shape.users }, (_, at) => {
  const id = randomUUID();
  keep(id, storedPerson(shape, at));
  return id;
});

await servePlainly({
  ids,
  read: async (id) => byId.get(id),
  find: async (userName) => listOf([byId.get(byName.get(userName.toLowerCase()) ?? "") ?? []].flat()),
  create: async (body) => keep(randomUUID(), body),
  async patch(id, body) {
    const present = byId.get(id);
    const [operation] = body["Operations"] as readonly [{ readonly path: string; readonly value: boolean }];
    return present && keep(id, { ...present, [operation.path]: operation.value });
  },
});
