import { expect } from "chai";
import type { ComplaintCode } from "../../src/simulate/complaint.js";
import type { Directory } from "../../src/simulate/directory.js";
import { type EntraClient, entraClient } from "../../src/simulate/entra/client.js";
import * as entra from "../../src/simulate/entra.js";
import { type OktaClient, oktaClient } from "../../src/simulate/okta/client.js";
import * as okta from "../../src/simulate/okta.js";
import { readBack } from "../../src/simulate/read-back.js";
import { ada, bob, cy, platform } from "./people.js";
import {
  type Recorded,
  type Reply,
  scimError,
  startTinyScimServer,
  type TinyScimServer,
  TOKEN,
} from "./tiny-scim-server.js";

type Body = Readonly<Record<string, unknown>>;

interface Clients {
  readonly server: TinyScimServer;
  readonly okta: OktaClient;
  readonly entra: EntraClient;
}

interface Fault {
  readonly server: string;
  readonly code: ComplaintCode;
  /** Which answers are wrong. */
  readonly on: (request: Recorded) => boolean;
  readonly twist: (reply: Reply, body: Body) => Reply;
  readonly when: (clients: Clients) => Promise<unknown>;
  /** What else a client must say about it. */
  readonly also?: readonly ComplaintCode[];
}

const isList = ({ method, url }: Recorded) => method === "GET" && /^\/\w+\?/.test(url);
const isLookup = ({ url }: Recorded) => url.includes("filter=");
const method = (name: string) => (request: Recorded) => request.method === name;
const withBody = (change: (body: Body) => unknown) => (reply: Reply, body: Body) => ({ ...reply, body: change(body) });
const row = (body: Body) => ({ ...body, Resources: [{ ...ada, id: "u1", ...(body["row"] as Body) }] });
const testsConnection = ({ okta: client }: Clients) => okta.testConnection(client);
const assigns = ({ okta: client }: Clients) => okta.assign(client, ada);
const deactivates = async (clients: Clients) => {
  await okta.assign(clients.okta, ada);
  await okta.deactivate(clients.okta, ada.id);
};
const removesMember = async ({ okta: client }: Clients) => {
  await okta.sync(client, { people: [ada, bob], groups: [platform(ada)] });
  await okta.changeMembers(client, "00gplatform", { add: [bob.id], remove: [ada.id] });
};
const readsBack = async ({ okta: client }: Clients) => {
  await okta.sync(client, { people: [ada], groups: [platform(ada)] });
  await readBack(client.http, client.memory);
};

const faults: readonly Fault[] = [
  {
    server: "answers in plain JSON",
    code: "wrong_content_type",
    on: isLookup,
    twist: (reply) => ({ ...reply, headers: { "Content-Type": "application/json; charset=utf-8" } }),
    when: assigns,
  },
  {
    server: "refuses what should succeed",
    code: "unexpected_status",
    on: method("POST"),
    twist: () => scimError(403, "no free seat"),
    when: assigns,
  },
  {
    server: "answers a lookup without hits by 404",
    code: "unexpected_status",
    on: isLookup,
    twist: () => scimError(404, "nobody"),
    when: assigns,
  },
  {
    server: "creates with 200 instead of 201",
    code: "unexpected_status",
    on: method("POST"),
    twist: (reply) => ({ ...reply, status: 200 }),
    when: assigns,
  },
  {
    server: "wraps its errors in something of its own",
    code: "malformed_error",
    on: ({ url }) => /^\/Users\/[0-9a-f]{16}$/.test(url),
    twist: (reply) => ({ ...reply, body: { error: "not found" } }),
    when: ({ okta: client }) => okta.runSpecTest(client),
  },
  {
    server: "writes an error's status as a number",
    code: "malformed_error",
    on: ({ url }) => /^\/Users\/[0-9a-f]{16}$/.test(url),
    twist: withBody((body) => ({ ...body, status: 404 })),
    when: ({ okta: client }) => okta.runSpecTest(client),
  },
  {
    server: "lets a wrong token in",
    code: "unexpected_status",
    on: ({ headers }) => headers.authorization !== `Bearer ${TOKEN}`,
    twist: () => ({ status: 200, body: { schemas: [], totalResults: 0, Resources: [] } }),
    when: ({ okta: client }) => okta.runSpecTest(client),
  },
  {
    server: "creates a user and says nothing",
    code: "body_missing",
    on: method("POST"),
    twist: (reply) => ({ status: reply.status }),
    when: assigns,
  },
  {
    server: "answers with a page of HTML",
    code: "body_missing",
    on: isLookup,
    twist: (reply) => ({ ...reply, body: "<html></html>" }),
    when: assigns,
  },
  {
    server: "creates a user without an id",
    code: "id_missing",
    on: method("POST"),
    twist: withBody(({ id: _, ...others }) => others),
    when: assigns,
  },
  {
    server: "writes totalResults as text",
    code: "list_not_integer",
    on: isList,
    twist: withBody((body) => ({ ...body, totalResults: "0" })),
    when: ({ entra: client }) => entra.testConnection(client),
  },
  {
    server: "leaves out where a page starts",
    code: "list_not_integer",
    on: ({ url }) => url === "/Users?startIndex=1&count=2",
    twist: withBody(({ startIndex: _, ...body }) => row({ ...body, totalResults: 1, itemsPerPage: 1 })),
    when: testsConnection,
  },
  {
    server: "gives the page size that was asked for as itemsPerPage",
    code: "wrong_items_per_page",
    on: isList,
    twist: withBody((body) => ({ ...body, itemsPerPage: 100 })),
    when: ({ okta: client }) => okta.testConnection(client),
  },
  {
    server: "counts fewer results than it returns",
    code: "total_wrong",
    on: ({ url }) => url === "/Users?startIndex=1&count=2",
    twist: withBody((body) => row({ ...body, totalResults: 0, itemsPerPage: 1 })),
    when: testsConnection,
  },
  {
    server: "returns more than was asked for",
    code: "page_too_long",
    on: ({ url }) => url === "/Users?startIndex=1&count=2",
    twist: withBody((body) => ({
      ...body,
      totalResults: 3,
      itemsPerPage: 3,
      Resources: [{ id: "1" }, { id: "2" }, { id: "3" }],
    })),
    when: testsConnection,
  },
  {
    server: "leaves out Resources where there are none",
    code: "list_malformed",
    on: isLookup,
    twist: withBody(({ Resources: _, ...others }) => others),
    when: assigns,
  },
  {
    server: "ignores the filter",
    code: "filter_ignored",
    on: isLookup,
    twist: withBody((body) => row({ ...body, totalResults: 1, itemsPerPage: 1, row: { userName: "eve@acme.test" } })),
    when: assigns,
  },
  {
    server: "returns the members that were excluded",
    code: "excluded_attribute_returned",
    on: ({ url }) => url.startsWith("/Groups?excludedAttributes=members"),
    twist: withBody((body) => ({
      ...body,
      totalResults: 1,
      itemsPerPage: 1,
      Resources: [{ id: "g1", displayName: "Platform", members: [] }],
    })),
    when: ({ entra: client }) => entra.provisionGroup(client, platform()),
  },
  {
    server: "stores active as text",
    code: "active_not_boolean",
    on: method("PATCH"),
    twist: withBody((body) => ({ ...body, active: "False" })),
    when: async ({ entra: client }) => {
      await entra.provision(client, ada);
      await entra.disable(client, ada.id);
    },
  },
  {
    server: "answers 200 and leaves the user active",
    code: "active_unchanged",
    on: method("PATCH"),
    twist: withBody((body) => ({ ...body, active: true })),
    when: deactivates,
  },
  {
    server: "returns the password",
    code: "password_returned",
    on: method("POST"),
    twist: withBody((body) => ({ ...body, password: "1mz050nq" })),
    when: assigns,
  },
  {
    server: "gives the user another id on the way",
    code: "id_changed",
    on: method("PATCH"),
    twist: withBody((body) => ({ ...body, id: "other" })),
    when: deactivates,
  },
  {
    server: "lacks what Okta's suite looks for in a user",
    code: "attribute_missing",
    on: ({ url }) => url === "/Users?count=1&startIndex=1",
    twist: withBody((body) => ({
      ...body,
      totalResults: 1,
      itemsPerPage: 1,
      Resources: [{ id: "1", userName: "x", active: true, name: { givenName: "X", familyName: "Y" }, emails: [] }],
    })),
    when: ({ okta: client }) => okta.runSpecTest(client),
  },
  {
    server: "loses the display name",
    code: "attribute_differs",
    on: method("POST"),
    twist: withBody((body) => ({ ...body, displayName: "ada" })),
    when: assigns,
  },
  {
    server: "keeps a member who was removed",
    code: "member_still_there",
    on: method("PATCH"),
    twist: withBody((body) => ({ ...body, members: [{ value: "u1" }, { value: "u2" }] })),
    when: removesMember,
  },
  {
    server: "answers 200 to an added member and does nothing",
    code: "member_missing",
    on: method("PATCH"),
    twist: withBody((body) => ({ ...body, members: [] })),
    when: removesMember,
  },
  {
    server: "shows the same user on two pages",
    code: "page_repeats",
    on: isList,
    twist: withBody((body) => ({ ...body, totalResults: 2, itemsPerPage: 1, Resources: [{ id: "1" }] })),
    when: ({ okta: client }) => okta.importAll(client, "/Users"),
  },
  {
    server: "promises more users than its pages hold",
    code: "total_wrong",
    on: isList,
    twist: withBody((body) => ({ ...body, totalResults: 5 })),
    when: ({ okta: client }) => okta.importAll(client, "/Users"),
  },
  {
    server: "does not know a user that it created",
    code: "resource_missing",
    on: ({ url }) => url === "/Users/u1",
    twist: () => scimError(404, "nobody"),
    when: readsBack,
  },
  {
    server: "reads back another address",
    code: "attribute_differs",
    on: ({ method, url }) => method === "GET" && url === "/Users/u1",
    twist: withBody((body) => JSON.parse(JSON.stringify(body).replace('"value":"ada@', '"value":"eve@')) as Body),
    when: readsBack,
  },
  {
    server: "reads back a user who is not active",
    code: "attribute_differs",
    on: ({ method, url }) => method === "GET" && url === "/Users/u1",
    twist: withBody((body) => JSON.parse(JSON.stringify(body).replace('"active":true', '"active":false')) as Body),
    when: readsBack,
  },
  {
    server: "does not know a group that it created",
    code: "resource_missing",
    on: ({ method, url }) => method === "GET" && url === "/Groups/g2",
    twist: () => scimError(404, "nothing"),
    when: readsBack,
  },
  {
    server: "reads back a group under another name",
    code: "attribute_differs",
    on: ({ method, url }) => method === "GET" && url === "/Groups/g2",
    twist: withBody((body) => JSON.parse(JSON.stringify(body).replace("Platform", "platform")) as Body),
    when: readsBack,
  },
  {
    server: "reads back a group with a stranger in place of its member",
    code: "member_missing",
    on: ({ method, url }) => method === "GET" && url === "/Groups/g2",
    twist: withBody((body) => JSON.parse(JSON.stringify(body).replace('"value":"u1"', '"value":"u7"')) as Body),
    when: readsBack,
    also: ["member_still_there"],
  },
];

describe("a provisioning client complains where the server", () => {
  for (const fault of faults) {
    it(`${fault.server}: ${fault.code}`, async () => {
      const server = await startTinyScimServer();
      try {
        const connection = { baseUrl: server.baseUrl, token: TOKEN, tuning: { retries: 0 } };
        const clients = { server, okta: oktaClient(connection), entra: entraClient(connection) };
        server.twist = (reply, request) => (fault.on(request) ? fault.twist(reply, (reply.body ?? {}) as Body) : reply);
        await fault.when(clients);
        const complaints = [...clients.okta.http.complaints, ...clients.entra.http.complaints];
        const codes = new Set(complaints.map(({ code }) => code));
        expect([...codes]).to.have.members([fault.code, ...(fault.also ?? [])]);
        for (const { request, detail } of complaints)
          expect(`${request}: ${detail}`).to.match(/^(GET|PATCH|POST|PUT) \/\w+.*: .+/);
      } finally {
        await server.close();
      }
    });
  }

  it("is not there: no_answer", async () => {
    const server = await startTinyScimServer();
    await server.close();
    const client = oktaClient({ baseUrl: server.baseUrl, token: TOKEN, tuning: { retries: 0 } });
    expect(await okta.assign(client, ada)).to.equal(false);
    expect(client.http.complaints.map(({ code, detail }) => [code, detail])).to.deep.equal([
      ["no_answer", "ECONNREFUSED"],
    ]);
  });

  it("is told of without the token, also where that is a part of other words", async () => {
    const server = await startTinyScimServer();
    await server.close();
    const client = oktaClient({ baseUrl: server.baseUrl, token: "e", tuning: { retries: 0 } });
    await okta.assign(client, ada);
    const [complaint] = client.http.complaints;
    expect(complaint?.request)
      .to.match(/^GET \/Us\[token\]rs\?/)
      .and.not.contain("[[");
  });
});

describe("a provisioning client that was refused", () => {
  let server: TinyScimServer;

  beforeEach(async () => {
    server = await startTinyScimServer();
  });

  afterEach(() => server.close());

  it("does not take a lookup that failed for nobody, and creates nobody", async () => {
    server.twist = (reply, request) => (isLookup(request) ? scimError(400, "what filter", "invalidFilter") : reply);
    const connection = { baseUrl: server.baseUrl, token: TOKEN };
    const directory = { people: [ada], groups: [platform(ada)] };
    const failed = ["provision 00uada", "pushGroup 00gplatform"];
    expect(await okta.sync(oktaClient(connection), directory)).to.deep.equal({
      done: { provision: 0, pushGroup: 0 },
      failed,
    });
    expect((await entra.sync(entraClient(connection), directory)).failed).to.deep.equal(failed);
    expect(server.requests.every(({ method }) => method === "GET")).to.equal(true);
  });

  it("touches nobody for whom it did not ask, where the filter is ignored", async () => {
    server.users.set("u1", { id: "u1", userName: "eve@acme.test", externalId: "00ueve", active: true });
    const unfiltered = (recorded: Recorded) => ({ ...recorded, url: recorded.url.split("?")[0] ?? "" });
    server.refuse = (request) => (isLookup(request) ? server.answer(unfiltered(request)) : undefined);
    const connection = { baseUrl: server.baseUrl, token: TOKEN };
    expect(await okta.assign(oktaClient(connection), ada)).to.equal(false);
    expect(await entra.provision(entraClient(connection), ada)).to.equal(false);
    expect(server.requests.every(({ method }) => method === "GET")).to.equal(true);
    server.users.set("u2", { id: "u2", userName: "ada@acme.test", active: true });
    expect(await okta.assign(oktaClient(connection), ada)).to.equal(true);
    expect(server.users.get("u2")?.["externalId"]).to.equal("00uada");
    expect(server.users.get("u1")?.["externalId"]).to.equal("00ueve");
  });

  it("sends in the next cycle what failed in this one", async () => {
    const client = oktaClient({ baseUrl: server.baseUrl, token: TOKEN });
    const directory = { people: [ada, bob], groups: [platform(ada)] };
    server.refuse = ({ method }) => (method === "PATCH" ? scimError(403, "not now") : undefined);
    expect((await okta.sync(client, directory)).failed).to.deep.equal(["pushGroup 00gplatform"]);
    server.refuse = () => undefined;
    expect(await okta.sync(client, directory)).to.deep.equal({ done: { changeMembers: 1 }, failed: [] });
    expect(server.groups.get("g3")?.["members"]).to.deep.equal([{ value: "u1" }]);
  });

  const before: Directory = {
    people: [ada, bob, cy],
    groups: [platform(ada), { id: "00gother", name: "Other", members: [] }],
  };
  const after: Directory = {
    people: [
      { ...ada, title: "Dr" },
      { ...bob, active: false },
    ],
    groups: [{ ...platform(), name: "Core" }],
    erased: [cy.id],
  };
  const cycles = {
    "an Okta app of the catalogue": () => {
      const client = oktaClient({ baseUrl: server.baseUrl, token: TOKEN });
      return (directory: Directory) => okta.sync(client, directory);
    },
    "an Okta app of the wizard": () => {
      const client = oktaClient({ baseUrl: server.baseUrl, token: TOKEN, kind: "custom" });
      return (directory: Directory) => okta.sync(client, directory);
    },
    Entra: () => {
      const client = entraClient({ baseUrl: server.baseUrl, token: TOKEN });
      return (directory: Directory) => entra.sync(client, directory);
    },
  };
  for (const [name, open] of Object.entries(cycles)) {
    it(`keeps each refused change as still to be made: ${name}`, async () => {
      const sync = open();
      await sync(before);
      server.refuse = ({ method }) => (method === "GET" ? undefined : scimError(403, "not now"));
      const refused = await sync(after);
      expect(refused.failed).to.have.length(6);
      server.refuse = () => undefined;
      const accepted = await sync(after);
      expect(accepted.failed).to.deep.equal([]);
      expect(Object.keys(accepted.done)).to.deep.equal(Object.keys(refused.done));
      expect(await sync(after)).to.deep.equal({ done: {}, failed: [] });
    });
  }
});
