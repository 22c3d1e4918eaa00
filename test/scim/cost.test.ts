import { expect } from "chai";
import request from "supertest";
import { createRateLimiter } from "../../src/http/rate-limit.js";
import { createVault } from "../../src/platform/secrets.js";
import { openScimFace } from "../../src/protocols/scim/face.js";
import type { Store } from "../../src/provisioning/ports/store.js";
import { testApp } from "../http/running-app.js";
import { groupBody, type ScimDirectory, type ScimService, startScimService } from "./scim-service.js";
import { ENTERPRISE, PATCH_OP } from "./tables.js";

/** The same object, which notes the name of each function that is called. */
function noting<Target extends object>(target: Target, called: string[]): Target {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...given: unknown[]): unknown => {
        called.push(String(name));
        return Reflect.apply(value, object, given);
      };
    },
  });
}

function notingStore(store: Store, called: string[]): Store {
  return {
    instance: noting(store.instance, called),
    newId: () => store.newId(),
    read: (tenant) => noting(store.read(tenant), called),
    walk: (tenant) => noting(store.walk(tenant), called),
    write: (tenant, work) => store.write(tenant, (tx) => work(noting(tx, called))),
    check: () => store.check(),
    migrate: () => store.migrate(),
    close: () => store.close(),
  };
}

describe("what SCIM requests ask of the store", () => {
  let service: ScimService;
  let small: ScimDirectory;
  let large: ScimDirectory;
  const groups = new Map<ScimDirectory, string>();
  const users = new Map<ScimDirectory, string>();

  /** People who manage one another, everybody in every group. */
  const fill = async (directory: ScimDirectory, people: number, teams: number): Promise<void> => {
    const ids = await directory.crowd(people);
    const [first = ""] = ids;
    for (const [at, id] of ids.slice(0, 12).entries()) {
      const value = ids[people - 1 - at] ?? first;
      await directory.patch(`/Users/${id}`, [{ op: "add", path: `${ENTERPRISE}:manager`, value: { value } }]);
    }
    for (let at = 0; at < teams; at++) groups.set(directory, await directory.group(`G${at}`, ids));
    users.set(directory, first);
  };

  before(async () => {
    service = await startScimService();
    small = await service.connect();
    large = await service.connect();
    await fill(small, 2, 1);
    await fill(large, 120, 8);
    await large.user("late");
  });
  after(() => service.close());

  /** What the request asked of the store, in order, on a service that is made for it. */
  const asked = async (
    directory: ScimDirectory,
    method: "get" | "patch" | "post" | "put",
    path: string,
    body?: object,
  ) => {
    const called: string[] = [];
    const face = openScimFace({
      p: { ...service.p, store: notingStore(service.p.store, called) },
      publicUrl: service.publicUrl,
      cursors: createVault(Buffer.alloc(32)),
      rateLimiter: createRateLimiter(),
      requestsPerMinutePerToken: 0,
      bodyBytes: 1_000_000,
      groupBodyBytes: 1_000_000,
      bulk: { maxOperations: 10, maxPayloadSize: 1000 },
      limits: { operations: 10, members: 1000, values: 10, resourceBytes: 131_072 },
    });
    const call = request(testApp([face]).listener)
      [method](`/api/scim/v2${path}`)
      .set("Authorization", `Bearer ${directory.token}`);
    const { status, text } = await (body === undefined ? call : call.send(body));
    expect(status, text).to.be.within(200, 204);
    return called;
  };

  it("of a list is the same, however many there are on the page", async () => {
    for (const path of [
      "/Users?count=200",
      "/Groups?count=200",
      "/Users?count=9&cursor",
      "/?count=2",
      "/?sortBy=displayName&count=9",
      "/Users?filter=active%20eq%20true&count=200",
    ]) {
      const few = await asked(small, "get", path);
      expect(await asked(large, "get", path)).to.deep.equal(few);
      expect(few.length).to.be.within(2, 7);
    }
  });

  it("of a list leaves out members, groups and managers where the answer does not show them", async () => {
    const relations = ["membersOf", "groupsOf", "displayNames"];
    expect(await asked(large, "get", "/Users")).to.include.members(relations.slice(1));
    expect(await asked(large, "get", "/Groups")).to.include("membersOf");
    for (const path of [
      "/Users?attributes=id,userName",
      `/Users?excludedAttributes=groups,${ENTERPRISE}:manager`,
      "/Groups?excludedAttributes=members",
      "/Groups?attributes=displayName",
      "/Users?count=0",
    ]) {
      for (const relation of relations) expect(await asked(large, "get", path), path).not.to.include(relation);
    }
  });

  it("P4: of a change that says nothing of the members looks at none of them, and one that does looks at all", async () => {
    const calls = async (directory: ScimDirectory, op: object): Promise<readonly string[]> => {
      const path = `/Groups/${groups.get(directory)}?attributes=id`;
      return asked(directory, "patch", path, { schemas: [PATCH_OP], Operations: [op] });
    };
    const described = { op: "replace", path: "description", value: "what it is for" };
    expect(await calls(large, described))
      .to.deep.equal(await calls(small, described))
      .and.not.include("usersOfGroups");
    for (const [path, value] of [
      ["externalId", "e1"],
      ["idpMappingNames", ["other"]],
      ["roles", [{ type: "t", value: "v" }]],
    ] as const) {
      for (const directory of [small, large]) {
        expect(await calls(directory, { op: "replace", path, value }), path).to.include("usersOfGroups");
      }
      expect(await calls(large, { op: "replace", path, value }), `${path} again`).not.to.include("usersOfGroups");
    }
  });

  it("P4: of a change of members is the same for a large group, and reads the list of its members never", async () => {
    const patch = (path: string, op: object) => ({ path, body: { schemas: [PATCH_OP], Operations: [op] } });
    const changes = (directory: ScimDirectory) => {
      const [user, group] = [users.get(directory), groups.get(directory)];
      return [
        patch(`/Groups/${group}?excludedAttributes=members`, { op: "remove", path: `members[value eq "${user}"]` }),
        patch(`/Groups/${group}?excludedAttributes=members`, { op: "add", path: "members", value: [{ value: user }] }),
        patch(`/Groups/${group}?excludedAttributes=members`, {
          op: "replace",
          value: { id: group, displayName: directory === small ? "G0" : "G7" },
        }),
      ];
    };
    const [few, many] = [changes(small), changes(large)];
    for (const [at, { path, body }] of many.entries()) {
      const calls = await asked(large, "patch", path, body);
      const { path: smallPath = "", body: smallBody } = few[at] ?? {};
      expect(calls).to.deep.equal(await asked(small, "patch", smallPath, smallBody));
      for (const whole of ["membersOf", "usersOfGroups", "setMembers"]) expect(calls).not.to.include(whole);
    }
  });

  it("P4: of a creation or a PUT is the same, however many members it has and changes", async () => {
    const crowded = await service.connect({ sync: "test" });
    const ids = await crowded.crowd(60);
    const put = async (before: readonly string[], after: readonly string[]) => {
      const group = await crowded.group("G", before);
      return asked(crowded, "put", `/Groups/${group}?attributes=id`, groupBody("G", after));
    };
    const few = await put(ids.slice(0, 2), ids.slice(1, 3));
    expect(await put(ids.slice(0, 40), ids.slice(20))).to.deep.equal(few);
    expect(few.filter((call) => call === "setMembers")).to.have.length(1);
    for (const whole of ["membersOf", "memberIdsOf", "usersOfGroups", "nestedIn", "setNested"]) {
      expect(few).not.to.include(whole);
    }
    const post = (members: readonly string[]) =>
      asked(crowded, "post", "/Groups?attributes=id", groupBody("G", members));
    expect(await post(ids)).to.deep.equal(await post(ids.slice(0, 1)));
  });

  it("groups inside groups cost a change of people nothing, and one question more where there are some", async () => {
    const nesting = await service.connect({ sync: "test" });
    const [ann = "", bob = ""] = await nesting.crowd(2);
    const [inner, plain] = [await nesting.group("Inner"), await nesting.group("Plain", [ann])];
    const outer = await nesting.group("Outer", [ann, inner]);
    const change = (group: string, Operations: readonly object[]) =>
      asked(nesting, "patch", `/Groups/${group}?attributes=id`, { schemas: [PATCH_OP], Operations });
    const add = [{ op: "add", path: "members", value: [{ value: bob }] }];
    const remove = [{ op: "remove", path: `members[value eq "${bob}"]` }];
    for (const operations of [add, remove]) {
      expect(await change(outer, operations)).to.deep.equal(await change(plain, operations));
    }
    const gone = await change(plain, remove);
    expect(gone).not.to.include("removeNested");
    expect((await change(outer, remove)).filter((call) => !gone.includes(call))).to.deep.equal(["removeNested"]);
    expect(await asked(nesting, "get", `/Groups/${plain}`)).not.to.include("nestedIn");
    expect(await asked(nesting, "get", `/Groups/${outer}`)).to.include("nestedIn");
  });

  it("P4: of a change of members in a group above 200 reads no list, though the client asks for nothing", async () => {
    const crowded = await service.connect({ sync: "test" });
    const ids = await crowded.crowd(202);
    const group = await crowded.group("Everybody", ids);
    const Operations = [{ op: "remove", path: `members[value eq "${ids[0]}"]` }];
    const calls = await asked(crowded, "patch", `/Groups/${group}`, { schemas: [PATCH_OP], Operations });
    expect(calls).to.include("removeMembers").and.not.include("membersOf").and.not.include("usersOfGroups");
  });
});
