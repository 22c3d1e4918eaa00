import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import { versionIn } from "../../src/protocols/scim/entity-tag.js";
import { createLocalGroup } from "../../src/provisioning/local-groups.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import type { Store, TenantWriter } from "../../src/provisioning/ports/store.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { overridden } from "../support/overridden.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import {
  type DirectoryOptions,
  groupBody,
  onEachDatabase,
  type ScimDirectory,
  type ScimReply,
  startScimService,
  userBody,
} from "./scim-service.js";
import { ENTERPRISE, SERVICE_ACCOUNT } from "./tables.js";
import { BADGE, TEST_RESOURCE_FILE } from "./test-resource.js";
import { testBody } from "./test-resource-client.js";

const BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

const post = (path: string, bulkId: string, data: JsonObject): JsonObject => ({ method: "POST", path, bulkId, data });
const managed = (bulkId: string, userName: string, manager: string, more: JsonObject = {}): JsonObject =>
  post("/Users", bulkId, userBody(userName, { [ENTERPRISE]: { manager: { value: `bulkId:${manager}` } }, ...more }));
const group = (bulkId: string, name: string, ...members: readonly string[]): JsonObject =>
  post("/Groups", bulkId, groupBody(name, members));

/** Ada and Bob manage one another, with a group that neither of them needs. */
const PAIR = [managed("a", "ada", "b"), managed("b", "bob", "a"), group("g", "Both", "bulkId:a", "bulkId:b")];
const NESTED = [
  group("x", "X", "bulkId:y", "bulkId:u"),
  group("y", "Y", "bulkId:x"),
  post("/Users", "u", userBody("u")),
];

function send(directory: ScimDirectory, operations: readonly Json[], more: JsonObject = {}): Promise<ScimReply> {
  return directory.post("/Bulk", { schemas: [BULK_REQUEST], Operations: operations, ...more });
}

function linesOf({ status, text, json }: ScimReply): readonly JsonObject[] {
  expect(status, text).to.equal(200);
  return json["Operations"] as readonly JsonObject[];
}

/** Of each line its status, and what it was refused for. */
function told(reply: ScimReply): readonly (readonly unknown[])[] {
  return linesOf(reply).map(({ status, location, response }) => {
    if (response === undefined) return [status];
    expect(location, "what was not made is nowhere").to.equal(undefined);
    const { scimType, detail } = response as JsonObject;
    return [status, scimType ?? detail];
  });
}

const refersTo = (bulkId: string) => [
  "409",
  `the operation with the bulkId \`${bulkId}\` failed, and this one refers to it`,
];

function idsOf(reply: ScimReply): readonly string[] {
  return linesOf(reply).map(({ status, location }) => {
    expect(status, reply.text).to.equal("201");
    return String(location).split("/").pop() ?? "";
  });
}

async function managerOf(directory: ScimDirectory, id: string | undefined): Promise<unknown> {
  const { json } = await directory.get(`/Users/${id}`);
  return ((json[ENTERPRISE] as JsonObject | undefined)?.["manager"] as JsonObject | undefined)?.["value"];
}

let domains = 0;

describe("W-13: circles of bulk operations (RFC 7644 section 3.7.1)", () => {
  onEachDatabase(
    (service) => {
      const connect = (options?: DirectoryOptions) => service().connect(options);

      /** Everything that a request may leave behind. */
      const everything = async (directory: ScimDirectory) => {
        const { store } = service().p;
        const reader = store.read(directory.tenant.id);
        await store.write(directory.tenant.id, (tx) => tx.publishEvents(new Date().toISOString(), 1000));
        const listed = async (path: string) => (await directory.get(path)).json["Resources"];
        return {
          resources: [await listed("/Users"), await listed("/Groups"), await listed("/ServiceAccounts")],
          own: await listed("/TestResources"),
          people: (await reader.peopleIds({ limit: 1000 })).length,
          audit: (await reader.audit({ limit: 1000 })).items.length,
          events: (await reader.events({ after: 0, limit: 1000 })).length,
          reviews: (await reader.reviewItems({ limit: 50 })).items.length,
        };
      };

      /** Sends a request whose lines are refused like this, and of which nothing stays. */
      const expectNothing = async (
        directory: ScimDirectory,
        operations: readonly Json[],
        lines: readonly (readonly unknown[])[],
      ): Promise<void> => {
        const before = await everything(directory);
        expect(told(await send(directory, operations))).to.deep.equal(lines);
        expect(await everything(directory)).to.deep.equal(before);
      };

      const FAULTS: Readonly<Record<string, (tx: TenantWriter, die: () => never) => Partial<TenantWriter>>> = {
        "the first user": (_, die) => ({ insertUserRow: async () => die() }),
        "the last user": (tx, die) => {
          let made = 0;
          return {
            insertUserRow: async (row, now) => {
              made += 1;
              return made === 2 ? die() : tx.insertUserRow(row, now);
            },
          };
        },
        "the marks": (_, die) => ({ markDirty: async () => die() }),
      };
      for (const [where, faulty] of Object.entries(FAULTS)) {
        it(`broken off at ${where}, nothing of a circle stays, and sent again it makes each once`, async () => {
          const directory = await connect();
          const { store } = service().p;
          const { write } = store;
          const die = (): never => {
            throw new Error("broken off");
          };
          const dying: Store["write"] = (tenant, work) => write(tenant, (tx) => work(overridden(tx, faulty(tx, die))));
          const fault = ["500", "something went wrong on our side: quote the request id when you report it"];
          const before = await everything(directory);
          Object.assign(store, { write: dying });
          try {
            const lines = told(await send(directory, PAIR));
            expect(lines.slice(0, 2)).to.deep.equal([fault, fault]);
          } finally {
            Object.assign(store, { write });
          }
          expect(await everything(directory)).to.deep.equal(before);
          const [ada, bob, both] = idsOf(await send(directory, PAIR));
          expect([await managerOf(directory, ada), await managerOf(directory, bob)]).to.deep.equal([bob, ada]);
          expect(await directory.members(both ?? "")).to.have.members([ada, bob]);
          expect((await everything(directory)).people).to.equal(2);
        });
      }

      it("broken off between its groups and their members, nothing of a circle of groups stays", async () => {
        const directory = await connect();
        const { store } = service().p;
        const { write } = store;
        const addNested = () => Promise.reject(new Error("broken off"));
        const dying: Store["write"] = (tenant, work) => write(tenant, (tx) => work(overridden(tx, { addNested })));
        Object.assign(store, { write: dying });
        try {
          expect(linesOf(await send(directory, NESTED)).map(({ status }) => status)).to.deep.equal([
            "500",
            "500",
            "201",
          ]);
        } finally {
          Object.assign(store, { write });
        }
        expect((await directory.get("/Groups")).json["totalResults"]).to.equal(0);
        const [x, y] = idsOf(await send(directory, NESTED.slice(0, 2).concat(post("/Users", "u", userBody("v")))));
        expect(await directory.members(y ?? "")).to.deep.equal([x]);
      });

      it("a seat that is missing for one takes nobody in, and once there is one, each has one account", async () => {
        const directory = await connect({ of: { seats: 1 } });
        const noSeat = ["403", "no free seat: 1 of 1 used; add seats, then retry"];
        await expectNothing(directory, PAIR, [refersTo("b"), noSeat, refersTo("a")]);
        await updateTenant(service().p, directory.tenant, { seats: 2 }, ADMIN);
        idsOf(await send(directory, PAIR));
        const { seatsUsed } = await service().p.store.read(directory.tenant.id).tenantNow();
        expect([seatsUsed, (await everything(directory)).people]).to.deep.equal([2, 2]);
      });

      const REFUSED: Readonly<Record<string, readonly [operations: readonly Json[], lines: readonly unknown[]]>> = {
        "of two with equal userNames": [
          [managed("a", "same", "b"), managed("b", "Same", "a")],
          [refersTo("b"), ["409", "uniqueness"]],
        ],
        "of which one has a userName that is taken": [
          [managed("a", "new", "b"), managed("b", "taken", "c"), managed("c", "newer", "a")],
          [refersTo("b"), ["409", "uniqueness"], refersTo("b")],
        ],
        "of which one cannot be read": [
          [managed("a", "one", "b"), managed("b", "two", "a", { active: "perhaps" })],
          [refersTo("b"), ["400", "invalidValue"]],
        ],
        "of which one refers to what failed before it": [
          [
            managed("a", "one", "b"),
            managed("b", "two", "a", { [BADGE]: { keepers: ["bulkId:t"] } }),
            post("/Users", "t", userBody("taken")),
          ],
          [refersTo("b"), refersTo("t"), ["409", "uniqueness"]],
        ],
        "of which one refers to no operation": [
          [managed("a", "one", "b"), managed("b", "two", "a", { [BADGE]: { keepers: ["../Users/bulkId:nobody"] } })],
          [refersTo("b"), ["400", "invalidValue"]],
        ],
        "of groups of which one has a member who is nobody": [
          [group("x", "X", "bulkId:y"), group("y", "Y", "bulkId:x", "nobody")],
          [refersTo("y"), ["400", "invalidValue"]],
        ],
        "of own resources of which two share a unique value": [
          [
            post("/TestResources", "x", testBody({ uniqueString: "u", members: [{ value: "bulkId:y" }] })),
            post("/TestResources", "y", testBody({ uniqueString: "U", members: [{ value: "bulkId:x" }] })),
          ],
          [refersTo("y"), ["409", "uniqueness"]],
        ],
      };
      for (const [which, [operations, lines]] of Object.entries(REFUSED)) {
        it(`a circle ${which} leaves nothing, and each line says why`, async () => {
          const directory = await connect();
          await directory.user("taken");
          const after = managed("self", "self", "self");
          await expectNothing(directory, operations, lines as readonly (readonly unknown[])[]);
          const counted = linesOf(await send(directory, [...operations, after], { failOnErrors: operations.length }));
          expect(counted, "each line of a circle counts as an error").to.have.length(operations.length);
          const [self] = idsOf(await send(directory, [after]));
          expect(await managerOf(directory, self)).to.equal(self);
        });
      }

      it("SEC-03, TEC-30: whoever is made by hand, or known by sign-in, is taken over with their ids, each once", async () => {
        const { p } = service();
        const domain = `circle${++domains}.example`;
        const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
        const directory = await connect({ protocol: "oidc", oidc, of: { domains: [domain] } });
        const { tenant, connection } = directory;
        await createLocalUser(p, tenant, { userName: "hand", email: `hand@${domain}` }, ADMIN);
        const { json } = await directory.get("/Users");
        const byHand = String((json["Resources"] as readonly JsonObject[])[0]?.["id"]);
        const observed = signInOf("sub-1", { userName: `in@${domain}` });
        expect((await signIn(p, { tenant, connection, observed })).allowed).to.equal(true);
        const standing = await createLocalGroup(p, tenant, { displayName: "Standing" }, ADMIN);

        const reply = await send(directory, [
          managed("new", `new@${domain}`, "in"),
          managed("in", `in@${domain}`, "hand", { externalId: "sub-1" }),
          managed("hand", `hand@${domain}`, "new"),
          group("x", "Standing", "bulkId:y", "bulkId:in"),
          group("y", "New", "bulkId:x", "bulkId:hand"),
        ]);
        const [one, signedIn, taken, x = "", y = ""] = idsOf(reply);
        expect([taken, x]).to.deep.equal([byHand, standing]);
        const managers = await Promise.all([one, signedIn, taken].map((id) => managerOf(directory, id)));
        expect(managers).to.deep.equal([signedIn, taken, one]);
        expect(await directory.members(x)).to.have.members([signedIn, y]);
        expect(await directory.members(y)).to.have.members([taken, x]);
        expect((await everything(directory)).people, "nobody twice").to.equal(3);
        for (const { location, version } of linesOf(reply)) {
          const { headers } = await directory.get(String(location).split("/scim/v2")[1] ?? "");
          const [now, then] = [headers["etag"], version].map((tag) => versionIn(String(tag).slice(2)));
          expect(now, `${location}, which lines behind it put into groups`).to.equal(then);
        }
      });

      it("a service account, its owner and a resource of an own type may refer to one another, whichever comes first", async () => {
        const directory = await connect();
        const reply = await send(directory, [
          post("/ServiceAccounts", "s", {
            ...{ schemas: [SERVICE_ACCOUNT], displayName: "Export", [BADGE]: { keepers: ["bulkId:t"] } },
            owner: { value: "bulkId:u" },
          }),
          post("/TestResources", "t", testBody({ members: [{ value: "bulkId:u" }, { value: "bulkId:t" }] })),
          post("/Users", "u", userBody("u", { [BADGE]: { keepers: ["bulkId:s", "bulkId:t"] } })),
        ]);
        const [account, own, owner] = idsOf(reply);
        const read = async (path: string) => (await directory.get(path)).json;
        expect((await read(`/ServiceAccounts/${account}`))[BADGE]).to.deep.equal({ keepers: [own] });
        expect((await read(`/ServiceAccounts/${account}`))["owner"]).to.include({ value: owner });
        expect((await read(`/TestResources/${own}`))["members"]).to.deep.equal([{ value: owner }, { value: own }]);
        expect((await read(`/Users/${owner}`))[BADGE]).to.deep.include({ keepers: [account, own] });
      });

      it("of a circle that is sent at the same moment from either end, one is made", async () => {
        const directory = await connect();
        const [ada, bob, both] = PAIR as [Json, Json, Json];
        const replies = await Promise.all([send(directory, PAIR), send(directory, [bob, ada, both])]);
        const statuses = replies.map((reply) => linesOf(reply).map(({ status }) => status));
        expect(statuses).to.deep.include.members([
          ["201", "201", "201"],
          ["409", "409", "409"],
        ]);
        const { people, resources } = await everything(directory);
        expect([people, resources[1]]).to.satisfy(
          ([count, groups]: [number, Json[]]) => count === 2 && groups.length === 1,
        );
      });

      it("a reviewer hears of whom a circle may not take over, and nothing else stays of it", async () => {
        const domain = `circle${++domains}.example`;
        const directory = await connect({ of: { domains: [domain] } });
        const { p } = service();
        await createLocalUser(p, directory.tenant, { userName: "ann", email: `ann@${domain}` }, ADMIN);
        await createLocalUser(p, directory.tenant, { userName: "bea", email: `bea@${domain}` }, ADMIN);
        const both = { emails: [{ value: `ann@${domain}`, primary: true }] };
        const before = await everything(directory);
        const lines = told(await send(directory, [managed("a", "zoe", "b"), managed("b", "bea", "a", both)]));
        expect(lines).to.deep.equal([refersTo("b"), ["409", "uniqueness"]]);
        expect(await everything(directory)).to.deep.equal({ ...before, reviews: before.reviews + 1 });
      });
    },
    { settings: (config) => ({ ...config, scim: { schemaFiles: [TEST_RESOURCE_FILE] } }) },
  );

  it("count each operation and each member once, also where somebody turns out to be known", async () => {
    const service = await startScimService({
      settings: (config) => ({
        ...config,
        limits: { ...config.limits, membersPerRequest: 4, requestsPerMinutePerToken: 4 },
      }),
    });
    try {
      const directory = await service.connect();
      await createLocalGroup(service.p, directory.tenant, { displayName: "Standing" }, ADMIN);
      idsOf(
        await send(directory, [
          group("x", "Standing", "bulkId:y", "bulkId:x"),
          group("y", "New", "bulkId:x", "bulkId:y"),
        ]),
      );
      const lines = linesOf(
        await send(directory, [managed("a", "a", "b"), managed("b", "b", "c"), managed("c", "c", "a")]),
      );
      expect(lines.map(({ status }) => status)).to.deep.equal(["409", "409", "429"]);
    } finally {
      await service.close();
    }
  });
});
