/** scimmy from npm over node:http: its resources in memory, found by an index of ours. */
import { randomUUID } from "node:crypto";
import SCIMMY from "scimmy";
import { type Person, storedPerson } from "./people.js";
import { contestOf, servePlainly } from "./plain-server.js";

type PatchBody = Parameters<InstanceType<typeof SCIMMY.Resources.User>["patch"]>[0];
type Stored = Person & { readonly id: string };

const { shape } = contestOf();
const byId = new Map<string, Stored>();
const byName = new Map<string, Stored>();

function keep(id: string, resource: Person): Stored {
  const whole = { ...resource, id };
  byId.set(id, whole);
  byName.set(String(resource["userName"]).toLowerCase(), whole);
  return whole;
}

const ids = Array.from({ length: shape.users }, (_, at) => {
  const id = randomUUID();
  keep(id, storedPerson(shape, at));
  return id;
});

const User = SCIMMY.Resources.User;
SCIMMY.Resources.declare(User)
  .ingress((resource, data) => keep(resource.id ?? randomUUID(), JSON.parse(JSON.stringify(data)) as Person))
  .egress((resource) => {
    if (resource.id !== undefined) return byId.get(resource.id) ?? [];
    const found = byName.get(filtered(resource.filter));
    return found === undefined ? [] : [found];
  });
User.basepath("/");

/** The only filter of the contest, read from what scimmy parsed. */
function filtered(filter: unknown): string {
  const [{ userName }] = filter as readonly [{ readonly userName: readonly [string, string] }];
  return userName[1].toLowerCase();
}

await servePlainly({
  ids,
  read: async (id) => new User(id).read(),
  find: async (userName) => new User(undefined, { filter: `userName eq "${userName}"` }).read(),
  create: async (body) => new User().write(body),
  patch: async (id, body) => new User(id).patch(body as unknown as PatchBody),
});
