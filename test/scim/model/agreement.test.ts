import { expect } from "chai";
import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/model/json.js";
import { versionIn } from "../../../src/protocols/scim/entity-tag.js";
import { onEachDatabase, type ScimDirectory, type ScimReply } from "../scim-service.js";
import { body, filter, operations } from "./arbitraries.js";
import { holds, type ModelFilter, printed } from "./rfc-filter.js";
import {
  EXTENSION,
  folded,
  type ModelOperation,
  patched,
  Refused,
  saidActive,
  type Target,
  written,
} from "./rfc-resource.js";

const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";

type Command =
  | { readonly does: "create"; readonly body: JsonObject }
  | { readonly does: "replace"; readonly who: number; readonly body: JsonObject }
  | { readonly does: "change"; readonly who: number; readonly operations: readonly ModelOperation[] }
  | { readonly does: "delete"; readonly who: number }
  | {
      readonly does: "find";
      readonly filter: ModelFilter;
      readonly loud: boolean;
      readonly startIndex: number;
      readonly count: number;
    }
  | { readonly does: "join" | "leave" | "fill"; readonly who: readonly number[] };

const who = fc.nat({ max: 4 });
const several = fc.array(who, { maxLength: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant("create" as const), body }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("replace" as const), who, body }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant("change" as const), who, operations }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("delete" as const), who }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("find" as const),
      filter,
      loud: fc.boolean(),
      startIndex: fc.integer({ min: -1, max: 4 }),
      count: fc.integer({ min: -1, max: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constantFrom("join" as const, "leave" as const, "fill" as const), who: several }),
  },
);

interface Kept {
  resource: JsonObject;
  version: number;
}

/** The model's directory, beside the server's: the same requests go to both. */
class Directory {
  readonly users = new Map<string, Kept>();
  readonly members = new Set<string>();
  groupVersion = 1;
  readonly #server: ScimDirectory;
  readonly #group: string;

  constructor(server: ScimDirectory, group: string) {
    this.#server = server;
    this.#group = group;
  }

  async carryOut(command: Command): Promise<void> {
    switch (command.does) {
      case "create":
        return this.#create(command.body);
      case "replace":
        return this.#write(
          command.who,
          (path) => this.#server.put(path, command.body),
          (before) => written(command.body, before),
          saidActive(command.body),
        );
      case "change": {
        const sent = command.operations.map(onTheWire);
        return this.#write(
          command.who,
          (path) => this.#server.patch(path, sent),
          (before) => patched(before, command.operations),
          saidActive(command.operations),
        );
      }
      case "delete":
        return this.#delete(command.who);
      case "find":
        return this.#find(command);
      default:
        return this.#fill(command.does, command.who);
    }
  }

  async #create(body: JsonObject): Promise<void> {
    const reply = await this.#server.post("/Users", body);
    const expected = this.#expected(() => written(body), undefined);
    if (expected instanceof Refused) return expectRefusal(reply, expected);
    expect(reply.status, reply.text).to.equal(201);
    this.users.set(String(reply.json["id"]), { resource: expected, version: 1 });
  }

  async #write(
    who: number,
    send: (path: string) => Promise<ScimReply>,
    next: (before: JsonObject) => JsonObject,
    active: Json | undefined,
  ): Promise<void> {
    const [id, kept] = this.#chosen(who);
    const reply = await send(`/Users/${id}`);
    if (kept === undefined) {
      expect(reply.status, reply.text).to.equal(404);
      return;
    }
    const expected = switchedOff(
      this.#expected(() => next(kept.resource), id),
      kept.resource,
      active,
    );
    if (expected instanceof Refused) expectRefusal(reply, expected);
    else {
      if (!isEqual(expected, kept.resource)) kept.version += 1;
      kept.resource = expected;
      expect(reply.status, reply.text).to.equal(200);
      expect(shownOf(reply.json)).to.deep.equal(expected);
    }
    await this.#look(id, kept);
  }

  /** What the model says, or the refusal: one of the resource itself goes before one of its name. */
  #expected(next: () => JsonObject, id: string | undefined): JsonObject | Refused {
    try {
      const resource = next();
      const name = folded(String(resource["userName"]));
      const taken = [...this.users].some(
        ([other, kept]) => other !== id && folded(String(kept.resource["userName"])) === name,
      );
      return taken ? new Refused("uniqueness") : resource;
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  #chosen(who: number): readonly [string, Kept | undefined] {
    return [...this.users][who] ?? ["nobody", undefined];
  }

  async #delete(who: number): Promise<void> {
    const [id, kept] = this.#chosen(who);
    const { status } = await this.#server.delete(`/Users/${id}`);
    expect(status).to.equal(kept === undefined ? 404 : 204);
    this.users.delete(id);
    if (this.members.delete(id)) this.groupVersion += 1;
    await this.#lookAtGroup();
  }

  async #find({ filter, loud, startIndex, count }: Extract<Command, { readonly does: "find" }>): Promise<void> {
    const text = printed(filter, loud);
    const reply = await this.#server.get(
      `/Users?filter=${encodeURIComponent(text)}&startIndex=${startIndex}&count=${count}`,
    );
    expect(reply.status, `${text}: ${reply.text}`).to.equal(200);
    const fitting = [...this.users].filter(([, { resource }]) => holds(filter, resource)).map(([id]) => id);
    const from = Math.max(1, startIndex) - 1;
    const page = fitting.slice(from, from + Math.max(0, count));
    const found = (reply.json["Resources"] as readonly JsonObject[]).map((resource) => resource["id"]);
    expect(found, text).to.deep.equal(page);
    expect(reply.json["totalResults"], text).to.equal(fitting.length);
  }

  async #fill(does: "join" | "leave" | "fill", who: readonly number[]): Promise<void> {
    const ids = who.flatMap((one) => (this.#chosen(one)[1] === undefined ? [] : [this.#chosen(one)[0]]));
    const op = { join: "add", leave: "remove", fill: "replace" }[does];
    const before = new Set(this.members);
    if (does === "fill") this.members.clear();
    for (const id of ids) {
      if (does === "leave") this.members.delete(id);
      else this.members.add(id);
    }
    if (before.size !== this.members.size || [...before].some((id) => !this.members.has(id))) this.groupVersion += 1;
    const operation = { op, path: "members", value: ids.map((value) => ({ value })) };
    const reply = await this.#server.patch(`/Groups/${this.#group}`, [operation]);
    expect(reply.status, reply.text).to.equal(200);
    await this.#lookAtGroup();
  }

  async #lookAtGroup(): Promise<void> {
    const { json, headers } = await this.#server.get(`/Groups/${this.#group}`);
    const shown = ((json["members"] ?? []) as readonly JsonObject[]).map(({ value }) => value);
    expect(shown).to.have.members([...this.members]);
    expect(versionIn(String(headers["etag"]).slice(2)), "the group's version").to.equal(`"${this.groupVersion}"`);
  }

  async #look(id: string, { resource, version }: Kept): Promise<void> {
    const { json, headers } = await this.#server.get(`/Users/${id}`);
    expect(shownOf(json)).to.deep.equal(resource);
    expect(versionIn(String(headers["etag"]).slice(2)), "the version").to.equal(`"${version}"`);
    expect(((json["groups"] ?? []) as readonly Json[]).length).to.equal(this.members.has(id) ? 1 : 0);
  }

  async lookAtAll(): Promise<void> {
    for (const [id, kept] of this.users) await this.#look(id, kept);
  }
}

/** What is refused keeps nobody in whom the same request switches off: nothing but that is done. */
function switchedOff(
  expected: JsonObject | Refused,
  before: JsonObject,
  active: Json | undefined,
): JsonObject | Refused {
  const isLeaving = before["active"] === true && active === false;
  return expected instanceof Refused && isLeaving ? { ...before, active } : expected;
}

function expectRefusal(reply: ScimReply, { scimType }: Refused): void {
  expect([reply.status, reply.json["scimType"]], reply.text).to.deep.equal([
    scimType === "uniqueness" ? 409 : 400,
    scimType,
  ]);
}

/** Without what is the server's. */
function shownOf({ id: _, meta: __, schemas: ___, groups: ____, ...rest }: JsonObject): JsonObject {
  return rest;
}

function isEqual(one: JsonObject, other: JsonObject): boolean {
  try {
    expect(one).to.deep.equal(other);
    return true;
  } catch {
    return false;
  }
}

function onTheWire({ op, target, value }: ModelOperation): JsonObject {
  const path = pathOf(target);
  const says = value !== undefined && (op !== "remove" || target.on === "list");
  return { op, ...(path !== undefined && { path }), ...(says && { value }) };
}

function pathOf(target: Target): string | undefined {
  switch (target.on) {
    case "single":
      return target.name;
    case "part":
      return `name.${target.sub}`;
    case "extension":
      return `${EXTENSION}:${target.name}`;
    case "list":
      return target.name;
    case "some": {
      const { type, value } = target.where;
      const filter = [
        `type eq ${JSON.stringify(type)}`,
        ...(value === undefined ? [] : [`value eq ${JSON.stringify(value)}`]),
      ];
      return `${target.name}[${filter.join(" and ")}]${target.sub === undefined ? "" : `.${target.sub}`}`;
    }
    case "nothing":
      return "noSuchAttribute";
    case "resource":
      return undefined;
  }
}

describe("random requests against a model of the RFCs", () => {
  onEachDatabase((service) => {
    it("RFC-30, RFC-41, RFC-45, RFC-47, RFC-49: the server and the model agree on every resource, version, list and refusal", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(command, { minLength: 6, maxLength: 16 }), async (commands) => {
          const server = await service().connect({ sync: "test" });
          const created = await server.post("/Groups", { schemas: [GROUP], displayName: "G" });
          const directory = new Directory(server, String(created.json["id"]));
          for (const command of commands) await directory.carryOut(command);
          await directory.lookAtAll();
        }),
        { numRuns: Number(process.env["ROLECALL_TEST_RUNS"] ?? 40), endOnFailure: false },
      );
      // Hundreds of requests, which PostgreSQL on a busy machine does not do in a minute.
    }).timeout(300_000);
  });
});
