import { expect } from "chai";
import fc from "fast-check";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { Config } from "../../src/platform/config.js";
import {
  groupBody,
  onEachDatabase,
  type ScimDirectory,
  type ScimReply,
  type ScimService,
  startScimService,
  userBody,
} from "./scim-service.js";
import { ENTERPRISE, PATCH_OP } from "./tables.js";

const BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

const bulk = (operations: readonly Json[], more: JsonObject = {}): JsonObject => ({
  schemas: [BULK_REQUEST],
  Operations: operations,
  ...more,
});
const post = (path: string, bulkId: string, data: JsonObject): JsonObject => ({ method: "POST", path, bulkId, data });
const patchBody = (...Operations: readonly Json[]): JsonObject => ({ schemas: [PATCH_OP], Operations });
const managedBy = (value: string): JsonObject => ({ [ENTERPRISE]: { manager: { value } } });

function linesOf(reply: ScimReply): readonly JsonObject[] {
  expect(reply.status, reply.text).to.equal(200);
  expect(reply.json["schemas"]).to.deep.equal([BULK_RESPONSE]);
  return reply.json["Operations"] as readonly JsonObject[];
}

function statusesOf(reply: ScimReply): readonly Json[] {
  return linesOf(reply).map((line) => line["status"] ?? null);
}

function idIn(line: JsonObject | undefined): string {
  return String(line?.["location"]).split("/").pop() ?? "";
}

function responseOf(line: JsonObject | undefined): JsonObject {
  return (line?.["response"] ?? {}) as JsonObject;
}

function startLimited(limits: Partial<Config["limits"]>): Promise<ScimService> {
  return startScimService({ settings: (config) => ({ ...config, limits: { ...config.limits, ...limits } }) });
}

describe("SCIM bulk requests (RFC 7644 section 3.7)", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    const send = (operations: readonly Json[], more?: JsonObject) => directory.post("/Bulk", bulk(operations, more));
    beforeEach(async () => {
      directory = await service().connect();
    });

    it("RFC-52: every method on users and groups, with a status as text, a location and a version for each", async () => {
      const [ada, bob, old] = [await directory.user("ada"), await directory.user("bob"), await directory.group("Old")];
      const reply = await send([
        post("/Users", "q1", userBody("carol")),
        { method: "PUT", path: `/Users/${ada}`, data: userBody("ada", { title: "Lead" }) },
        { method: "PATCH", path: `/Users/${bob}`, data: patchBody({ op: "replace", path: "active", value: false }) },
        { method: "DELETE", path: `/groups/${old}` },
      ]);
      const lines = linesOf(reply);
      expect(lines.map(({ method, bulkId, status, version }) => [method, bulkId, status, version])).to.deep.equal([
        ["POST", "q1", "201", 'W/"1"'],
        ["PUT", undefined, "200", 'W/"2"'],
        ["PATCH", undefined, "200", 'W/"2"'],
        ["DELETE", undefined, "204", undefined],
      ]);
      const base = `${service().url}/api/scim/v2`;
      expect(lines[1]?.["location"]).to.equal(`${base}/Users/${ada}`);
      expect(lines[3]?.["location"]).to.equal(`${base}/Groups/${old}`);
      const carol = await directory.get(`/Users/${idIn(lines[0])}`);
      expect(carol.json).to.include({ userName: "carol" });
      expect((await directory.get(`/Users/${ada}`)).json).to.include({ title: "Lead" });
      expect((await directory.get(`/Users/${bob}`)).json).to.include({ active: false });
      expect((await directory.get(`/Groups/${old}`)).status).to.equal(404);
    });

    it("RFC-52: references are resolved whatever the order, in members, paths and PATCH operations", async () => {
      const group = await directory.group("Standing");
      const reply = await send([
        {
          method: "PATCH",
          path: "/Groups/bulkId:team",
          data: patchBody({ op: "add", path: "members", value: [{ value: "bulkId:eve" }] }),
        },
        {
          method: "PATCH",
          path: `/Groups/${group}`,
          data: patchBody({ op: "add", path: "members", value: [{ value: "bulkId:eve" }, { value: "bulkId:dan" }] }),
        },
        {
          method: "PATCH",
          path: `/Groups/${group}`,
          data: patchBody({ op: "remove", path: 'members[value eq "bulkId:dan"]' }),
        },
        post("/Groups", "team", groupBody("Team", ["bulkId:dan"])),
        post("/Users", "dan", userBody("dan")),
        post("/Users", "eve", userBody("eve", managedBy("bulkId:dan"))),
      ]);
      const lines = linesOf(reply);
      expect(statusesOf(reply)).to.deep.equal(["200", "200", "200", "201", "201", "201"]);
      const [team, dan, eve] = [idIn(lines[3]), idIn(lines[4]), idIn(lines[5])];
      expect(await directory.members(team)).to.have.members([dan, eve]);
      expect(await directory.members(group)).to.deep.equal([eve]);
      expect((await directory.get(`/Users/${eve}`)).json[ENTERPRISE]).to.have.nested.property("manager.value", dan);
    });

    it("RFC-52: users who manage one another, and one who manages himself, are made with their references", async () => {
      const reply = await send([
        post("/Users", "a", userBody("a", managedBy("bulkId:b"))),
        post("/Users", "b", userBody("b", managedBy("bulkId:c"))),
        post("/Users", "c", userBody("c", managedBy("bulkId:a"))),
        post("/Users", "self", userBody("self", managedBy("bulkId:self"))),
      ]);
      const lines = linesOf(reply);
      expect(statusesOf(reply)).to.deep.equal(["201", "201", "201", "201"]);
      const ids = lines.map(idIn);
      for (const [at, manager] of [1, 2, 0, 3].entries()) {
        const { json, headers } = await directory.get(`/Users/${ids[at]}`);
        expect(json[ENTERPRISE]).to.have.nested.property("manager.value", ids[manager]);
        expect(lines[at]?.["version"], "the version after the reference was set").to.equal(headers["etag"]);
      }
    });

    it("people who manage themselves keep their ids, also where many are pushed at the same time", async () => {
      const names = Array.from({ length: 12 }, (_, at) => `self${at}`);
      const selves = names.map((name) => send([post("/Users", "me", userBody(name, managedBy("bulkId:me")))]));
      for (const id of (await Promise.all(selves)).map((reply) => idIn(linesOf(reply)[0]))) {
        const { json } = await directory.get(`/Users/${id}`);
        expect(json[ENTERPRISE]).to.have.nested.property("manager.value", id);
      }
    });

    it("RFC-52, RFC-15: groups that are members of one another, and one that is its own, are made with their members", async () => {
      const reply = await send([
        post("/Groups", "x", groupBody("X", ["bulkId:y", "bulkId:u"])),
        post("/Groups", "y", groupBody("Y", ["bulkId:x", "bulkId:y"])),
        post("/Users", "u", userBody("u")),
      ]);
      expect(statusesOf(reply)).to.deep.equal(["201", "201", "201"]);
      const lines = linesOf(reply);
      const [x = "", y = "", u = ""] = lines.map(idIn);
      expect(await directory.members(x)).to.deep.equal([u, y]);
      expect(await directory.members(y)).to.have.members([x, y]);
      for (const [at, id] of [x, y].entries()) {
        expect(lines[at]?.["version"]).to.equal((await directory.get(`/Groups/${id}`)).headers["etag"]);
      }
    });

    it("a chain of references as long as the request is resolved", async () => {
      const many = 40;
      const operations = Array.from({ length: many }, (_, at) =>
        post("/Users", `u${at}`, userBody(`chain${at}`, at + 1 < many ? managedBy(`bulkId:u${at + 1}`) : {})),
      );
      const lines = linesOf(await send(operations));
      expect(new Set(lines.map((line) => line["status"]))).to.deep.equal(new Set(["201"]));
      const first = await directory.get(`/Users/${idIn(lines[0])}`);
      expect(first.json[ENTERPRISE]).to.have.nested.property("manager.value", idIn(lines[1]));
    });

    it("an operation that fails takes with it those that refer to it, and no other", async () => {
      await directory.user("taken");
      const reply = await send([
        post("/Groups", "g", groupBody("Needs both", ["bulkId:bad", "bulkId:good"])),
        post("/Users", "bad", userBody("taken")),
        post("/Users", "good", userBody("good")),
        { method: "PATCH", path: "/Users/bulkId:bad", data: patchBody({ op: "add", path: "title", value: "x" }) },
      ]);
      expect(statusesOf(reply)).to.deep.equal(["409", "409", "201", "409"]);
      const [group, bad] = linesOf(reply);
      expect(bad?.["response"]).to.include({ status: "409", scimType: "uniqueness" });
      expect(group?.["response"]).to.not.have.property("scimType");
      expect(String(responseOf(group)["detail"])).to.contain("`bad`");
      expect(linesOf(reply)[1]).to.not.have.property("location");
      expect((await directory.get("/Groups")).json["totalResults"]).to.equal(0);
    });

    it("of a circle of which one fails, none is left behind", async () => {
      await directory.user("taken");
      const reply = await send([
        post("/Users", "a", userBody("taken", managedBy("bulkId:b"))),
        post("/Users", "b", userBody("newcomer", managedBy("bulkId:a"))),
      ]);
      expect(statusesOf(reply)).to.deep.equal(["409", "409"]);
      const found = await directory.get(`/Users?filter=${encodeURIComponent('userName eq "newcomer"')}`);
      expect(found.json["totalResults"]).to.equal(0);
    });

    it("RFC-52: `failOnErrors` ends the request after so many errors, and the rest is not tried", async () => {
      const operations = [
        post("/Users", "1", userBody("one")),
        post("/Users", "2", userBody("one")),
        post("/Users", "3", userBody("three")),
        post("/Users", "4", userBody("one")),
        post("/Users", "5", userBody("five")),
      ];
      const reply = await send(operations, { failOnErrors: 2 });
      expect(statusesOf(reply)).to.deep.equal(["201", "409", "201", "409"]);
      const { json } = await directory.get("/Users");
      expect(json["totalResults"]).to.equal(2);
      expect(statusesOf(await send([operations[1] as Json, operations[4] as Json], { failOnErrors: 1 }))).to.deep.equal(
        ["409"],
      );
      expect(statusesOf(await send([operations[1] as Json, operations[4] as Json]))).to.deep.equal(["409", "201"]);
    });

    it("RFC-52, RFC-56: an operation whose `version` cannot be read is refused, and never done without it", async () => {
      const ada = await directory.user("ada");
      const versions: readonly Json[] = [5, true, {}, ['W/"1"']];
      const lines = linesOf(
        await send(
          versions.flatMap((version) => [
            {
              method: "PATCH",
              path: `/Users/${ada}`,
              version,
              data: patchBody({ op: "add", path: "title", value: "x" }),
            },
            { method: "DELETE", path: `/Users/${ada}`, version },
          ]),
        ),
      );
      expect(lines.map((line) => [line["status"], responseOf(line)["scimType"]])).to.deep.equal(
        lines.map(() => ["400", "invalidValue"]),
      );
      expect(responseOf(lines[0])["detail"]).to.match(/^`version` must be the text of an entity tag/);
      const { json } = await directory.get(`/Users/${ada}`);
      expect([(json["meta"] as JsonObject)["version"], json["title"]]).to.deep.equal(['W/"1"', undefined]);
      const without = [null, ""].map((version) => ({
        method: "PUT",
        path: `/Users/${ada}`,
        version,
        data: userBody("ada"),
      }));
      expect(statusesOf(await send(without))).to.deep.equal(["200", "200"]);
    });

    it("RFC-52, RFC-56: an operation, or a request, with a key in two letter cases is refused, as one would be passed over", async () => {
      const ada = await directory.user("ada");
      const twice = { method: "DELETE", path: `/Users/${ada}`, version: null, Version: 'W/"9"' };
      const [line] = linesOf(await send([twice]));
      expect([line?.["status"], responseOf(line)["scimType"]]).to.deep.equal(["400", "invalidValue"]);
      const { status } = await send([{ method: "DELETE", path: `/Users/${ada}` }], { operations: [] });
      expect(status).to.equal(400);
      expect((await directory.get(`/Users/${ada}`)).status).to.equal(200);
    });

    it("RFC-52: a path with a query is told so, and is no resource's location", async () => {
      const ada = await directory.user("ada");
      const operations = [
        ...["?attributes=id", "?", "#x"].map((more) => ({ method: "DELETE", path: `/Users/${ada}${more}` })),
        post("/Users?attributes=id", "q", userBody("bob")),
      ];
      for (const line of linesOf(await send(operations))) {
        expect(line).to.include({ status: "400" }).and.not.to.have.any.keys("location");
        expect(responseOf(line)).to.include({ scimType: "invalidPath" });
        expect(responseOf(line)["detail"]).to.match(/has no query/);
      }
      expect((await directory.get(`/Users/${ada}`)).status).to.equal(200);
    });

    it("RFC-52, RFC-56: `version` is held against the resource before it is changed", async () => {
      const ada = await directory.user("ada");
      const title = (value: string) => patchBody({ op: "replace", path: "title", value });
      const reply = await send([
        { method: "PATCH", path: `/Users/${ada}`, version: 'W/"9"', data: title("no") },
        { method: "PATCH", path: `/Users/${ada}`, version: 'W/"1"', data: title("yes") },
        { method: "DELETE", path: `/Users/${ada}`, version: 'W/"1"' },
      ]);
      expect(statusesOf(reply)).to.deep.equal(["412", "200", "412"]);
      expect((await directory.get(`/Users/${ada}`)).json).to.include({ title: "yes" });
    });

    it("RFC-47: an operation that fails in the middle leaves its resource as it was", async () => {
      const ada = await directory.user("ada");
      const data = patchBody(
        { op: "replace", path: "title", value: "x" },
        { op: "replace", path: "nope.nope", value: 1 },
      );
      expect(statusesOf(await send([{ method: "PATCH", path: `/Users/${ada}`, data }]))).to.deep.equal(["400"]);
      const { json, headers } = await directory.get(`/Users/${ada}`);
      expect(json).to.not.have.property("title");
      expect(headers["etag"]).to.equal('W/"1"');
    });

    it("W-3, SEC-01: resources of another connection or tenant do not exist here", async () => {
      const other = await service().connect();
      const neighbour = await service().connect({ tenant: directory.tenant });
      const foreign = [await other.user("mallory"), await neighbour.user("nick")];
      const operations = foreign.flatMap((id): readonly Json[] => [
        { method: "PUT", path: `/Users/${id}`, data: userBody("mine") },
        { method: "PATCH", path: `/Users/${id}`, data: patchBody({ op: "replace", path: "active", value: false }) },
        { method: "DELETE", path: `/Users/${id}` },
        post("/Groups", `g${id}`, groupBody("Mine", [id])),
      ]);
      const reply = await send(operations);
      expect(statusesOf(reply)).to.deep.equal(["404", "404", "404", "400", "404", "404", "404", "400"]);
      expect((await other.get(`/Users/${foreign[0]}`)).json).to.include({ active: true, userName: "mallory" });
    });

    it("sent again, nothing is made twice", async () => {
      const operations = [post("/Users", "u", userBody("ada")), post("/Groups", "g", groupBody("G", ["bulkId:u"]))];
      expect(statusesOf(await send(operations))).to.deep.equal(["201", "201"]);
      expect(statusesOf(await send(operations))).to.deep.equal(["409", "409"]);
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(1);
      expect((await directory.get("/Groups")).json["totalResults"]).to.equal(1);
    });

    it("RFC-52: a shuffled request makes the same directory as its operations one by one", async () => {
      const names = ["a", "b", "c", "d", "e"];
      const user = fc.record({ manager: fc.option(fc.constantFrom(...names)) });
      const group = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(user, user, user, user, user),
          fc.array(group, { maxLength: 3 }),
          fc.integer({ min: 0, max: 1_000_000 }),
          async (users, groups, seed) => {
            const target = await service().connect();
            const operations = [
              ...users.map(({ manager }, at) =>
                post(
                  "/Users",
                  names[at] ?? "",
                  userBody(names[at] ?? "", manager === null ? {} : managedBy(`bulkId:${manager}`)),
                ),
              ),
              ...groups.map((members, at) =>
                post(
                  "/Groups",
                  `g${at}`,
                  groupBody(
                    `g${at}`,
                    members.map((name) => `bulkId:${name}`),
                  ),
                ),
              ),
            ];
            const shuffled = operations
              .map((operation, at) => ({ operation, key: (at * 7_919 + seed) % 104_729 }))
              .sort((one, other) => one.key - other.key)
              .map(({ operation }) => operation);
            const reply = await target.post("/Bulk", bulk(shuffled));
            expect(new Set(statusesOf(reply))).to.deep.equal(new Set(["201"]));
            const idOf = new Map(linesOf(reply).map((line) => [String(line["bulkId"]), idIn(line)]));
            for (const [at, { manager }] of users.entries()) {
              const { json } = await target.get(`/Users/${idOf.get(names[at] ?? "")}`);
              const stored = (json[ENTERPRISE] as JsonObject | undefined)?.["manager"] as JsonObject | undefined;
              expect(stored?.["value"]).to.equal(manager === null ? undefined : idOf.get(manager));
            }
            for (const [at, members] of groups.entries()) {
              const expected = members.map((name) => idOf.get(name));
              expect(await target.members(idOf.get(`g${at}`) ?? "")).to.have.members(expected);
            }
          },
        ),
        { numRuns: 6 },
      );
    });

    const wrong: readonly (readonly [what: string, operation: Json, status: string, scimType: string | undefined])[] = [
      ["something that is no object", "POST", "400", "invalidSyntax"],
      ["no method", { path: "/Users", bulkId: "x", data: userBody("x") }, "400", "invalidValue"],
      ["a method that changes nothing", { method: "GET", path: "/Users" }, "400", "invalidValue"],
      ["no path", { method: "POST", bulkId: "x", data: userBody("x") }, "400", "invalidPath"],
      ["a path of no resource type", post("/Nope", "x", userBody("x")), "400", "invalidPath"],
      ["a bulk request inside", post("/Bulk", "x", bulk([])), "400", "invalidPath"],
      ["a search inside", post("/Users/.search", "x", {}), "400", "invalidSyntax"],
      ["a path that climbs", { method: "DELETE", path: "/Users/../Groups" }, "400", "invalidPath"],
      ["POST without a bulkId", { method: "POST", path: "/Users", data: userBody("x") }, "400", "invalidSyntax"],
      ["POST to a resource", post("/Users/1", "x", userBody("x")), "400", "invalidSyntax"],
      ["POST without data", { method: "POST", path: "/Users", bulkId: "x" }, "400", "invalidSyntax"],
      ["PUT of a whole collection", { method: "PUT", path: "/Users", data: userBody("x") }, "400", "invalidSyntax"],
      ["DELETE of a whole collection", { method: "DELETE", path: "/Users" }, "400", "invalidSyntax"],
      [
        "a bulkId that no operation has",
        post("/Groups", "x", groupBody("X", ["bulkId:nobody"])),
        "400",
        "invalidValue",
      ],
      ["an id of nobody", { method: "DELETE", path: "/Users/nobody" }, "404", undefined],
    ];
    for (const [what, operation, status, scimType] of wrong) {
      it(`refuses ${what}, and carries out what stands beside it`, async () => {
        const reply = await send([operation, post("/Users", "beside", userBody("beside"))]);
        const [line, beside] = linesOf(reply);
        expect(line).to.include({ status });
        expect(responseOf(line)["scimType"]).to.equal(scimType);
        expect(beside).to.include({ status: "201" });
      });
    }

    it("refuses the second of two operations with one bulkId", async () => {
      const reply = await send([post("/Users", "x", userBody("one")), post("/Users", "x", userBody("two"))]);
      expect(statusesOf(reply)).to.deep.equal(["201", "400"]);
    });

    const none: readonly (readonly [what: string, body: JsonObject, status: number, scimType: string | undefined])[] = [
      ["no schema", { Operations: [post("/Users", "x", userBody("x"))] }, 400, "invalidSyntax"],
      ["no operations", { schemas: [BULK_REQUEST] }, 400, "invalidSyntax"],
      ["an empty list of operations", bulk([]), 400, "invalidSyntax"],
      [
        "a negative `failOnErrors`",
        bulk([post("/Users", "x", userBody("x"))], { failOnErrors: -1 }),
        400,
        "invalidValue",
      ],
      [
        "SEC-06: prototype keys in the data of an operation",
        JSON.parse(
          `{"schemas":["${BULK_REQUEST}"],"Operations":[{"method":"POST","path":"/Users","bulkId":"x","data":{"constructor":{}}}]}`,
        ),
        400,
        "invalidSyntax",
      ],
    ];
    for (const [what, body, status, scimType] of none) {
      it(`refuses a request with ${what} as a whole`, async () => {
        const reply = await directory.post("/Bulk", body);
        expect(reply.status, reply.text).to.equal(status);
        expect(reply.json["scimType"]).to.equal(scimType);
        expect((await directory.get("/Users")).json["totalResults"]).to.equal(0);
      });
    }
  });

  it("W-13, RFC-52: more operations or bytes than the service says it takes are 413", async () => {
    const service = await startLimited({ bulkOperations: 3, bulkBodyBytes: 2_000 });
    try {
      const directory = await service.connect();
      const { json } = await directory.get("/ServiceProviderConfig");
      expect(json["bulk"]).to.deep.equal({ supported: true, maxOperations: 3, maxPayloadSize: 2_000 });
      const users = (count: number, title: string) =>
        bulk(Array.from({ length: count }, (_, at) => post("/Users", `${at}`, userBody(`u${at}`, { title }))));
      expect((await directory.post("/Bulk", users(4, ""))).status).to.equal(413);
      expect((await directory.post("/Bulk", users(3, "x".repeat(700)))).status).to.equal(413);
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(0);
      expect(statusesOf(await directory.post("/Bulk", users(3, "x")))).to.deep.equal(["201", "201", "201"]);
    } finally {
      await service.close();
    }
  });

  it("holds the data of each operation to what a body of its path may have, and carries out the others", async () => {
    const service = await startLimited({ scimBodyBytes: 2_000, scimGroupBodyBytes: 4_000 });
    try {
      const client = await service.connect();
      const long = "x".repeat(3_000);
      const reply = await client.post(
        "/Bulk",
        bulk([
          post("/Users", "a", userBody("ada", { displayName: long })),
          post("/Groups", "g", { ...groupBody("One"), padding: long }),
          post("/Groups", "h", { ...groupBody("Two"), padding: `${long}${long}` }),
          post("/Users", "b", userBody("bob", { nickName: "ä".repeat(800) })),
          post("/Users", "c", userBody("cy", { nickName: "ä".repeat(1_200) })),
        ]),
      );
      expect(statusesOf(reply)).to.deep.equal(["413", "201", "413", "201", "413"]);
      expect(responseOf(linesOf(reply)[0])["detail"]).to.match(/^`data` may have at most 2000 bytes below \/Users/);
    } finally {
      await service.close();
    }
  });

  it("counts the members that all operations name together, and refuses those that are too many in their line", async () => {
    const service = await startLimited({ membersPerRequest: 5 });
    try {
      const client = await service.connect();
      const ids = [await client.user("a"), await client.user("b"), await client.user("c")];
      const group = await client.group("Platform", ids);
      const adds = patchBody(
        { op: "add", path: "members", value: [{ value: ids[0] ?? "" }] },
        { op: "remove", path: `members[value eq "${ids[1]}"]` },
      );
      const reply = await client.post(
        "/Bulk",
        bulk([
          post("/Groups", "g", groupBody("One", ids)),
          post("/Groups", "h", groupBody("Two", ids)),
          { method: "PATCH", path: `/Groups/${group}`, data: adds },
          post("/Groups", "i", groupBody("Three", ids.slice(0, 1))),
          post("/Groups", "j", groupBody("Four")),
        ]),
      );
      expect(statusesOf(reply)).to.deep.equal(["201", "413", "200", "413", "201"]);
      expect(responseOf(linesOf(reply)[3])["detail"]).to.match(/^6 members in one request: send at most 5 at a time/);
      expect(
        (
          await client.patch(`/Groups/${group}`, [
            { op: "add", path: "members", value: ids.map((value) => ({ value })) },
          ])
        ).status,
      ).to.equal(200);
    } finally {
      await service.close();
    }
  });

  it("counts each operation against the token's rate", async () => {
    const service = await startLimited({ requestsPerMinutePerToken: 3 });
    try {
      const directory = await service.connect();
      const operations = Array.from({ length: 5 }, (_, at) => post("/Users", `${at}`, userBody(`u${at}`)));
      expect(statusesOf(await directory.post("/Bulk", bulk(operations)))).to.deep.equal([
        "201",
        "201",
        "201",
        "429",
        "429",
      ]);
    } finally {
      await service.close();
    }
  });
});
