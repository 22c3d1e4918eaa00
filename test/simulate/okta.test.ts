import { expect } from "chai";
import { type OktaClient, type OktaKind, oktaClient } from "../../src/simulate/okta/client.js";
import * as okta from "../../src/simulate/okta.js";
import { ada, bob, cy, platform } from "./people.js";
import { startTinyScimServer, type TinyScimServer, TOKEN } from "./tiny-scim-server.js";

const U = "urn:ietf:params:scim:schemas:core:2.0:User";
const G = "urn:ietf:params:scim:schemas:core:2.0:Group";
const E = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const P = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

describe("the Okta client", () => {
  let server: TinyScimServer;
  let client: OktaClient;

  beforeEach(async () => {
    server = await startTinyScimServer();
    client = clientOf("catalogue");
  });

  afterEach(async () => {
    expect(client.http.complaints).to.deep.equal([]);
    await server.close();
  });

  function clientOf(kind: OktaKind): OktaClient {
    return oktaClient({ baseUrl: server.baseUrl, token: TOKEN, kind });
  }

  /** What was sent since the last look. */
  function sent(): { method: string; url: string; body?: unknown }[] {
    return server.requests
      .splice(0)
      .map(({ method, url, body }) => ({ method, url, ...(body === undefined ? {} : { body }) }));
  }

  async function pushed(...people: (typeof ada)[]): Promise<void> {
    for (const person of people) expect(await okta.assign(client, person)).to.equal(true);
    sent();
  }

  it("OKTA-01 tests the connection by two small lists", async () => {
    expect(await okta.testConnection(client)).to.equal(true);
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Users?startIndex=1&count=2" },
      { method: "GET", url: "/Groups?startIndex=1&count=100" },
    ]);
  });

  it("OKTA-01, 02, 06, 07 runs the reading part of the suite that integrations must pass", async () => {
    await pushed(ada);
    expect(await okta.runSpecTest(client)).to.equal(true);
    const [first, miss, unknown, refused] = server.requests;
    expect(first?.url).to.equal("/Users?count=1&startIndex=1");
    expect(miss?.url).to.match(
      /^\/Users\?filter=userName%20eq%20%22[0-9a-f]{16}%40example\.com%22&startIndex=1&count=100$/,
    );
    expect(unknown?.url).to.match(/^\/Users\/[0-9a-f]{16}$/);
    expect(refused?.headers.authorization).to.match(/^Bearer [0-9a-f]{16}$/);
  });

  it("OKTA-02, OKTA-04 looks a person up and creates the user", async () => {
    expect(await okta.assign(client, ada)).to.equal(true);
    const [lookup, creation] = sent();
    expect(lookup).to.deep.equal({
      method: "GET",
      url: "/Users?filter=userName%20eq%20%22ada%40acme.test%22&startIndex=1&count=100",
    });
    const { password, ...body } = (creation?.body ?? {}) as { password?: string };
    expect(password).to.match(/^[0-9a-f]{8}$/);
    expect({ ...creation, body }).to.deep.equal({
      method: "POST",
      url: "/Users",
      body: {
        schemas: [U],
        userName: "ada@acme.test",
        name: { givenName: "Ada", familyName: "Lovelace" },
        emails: [{ primary: true, value: "ada@acme.test", type: "work" }],
        displayName: "Ada Lovelace",
        locale: "en-US",
        externalId: "00uada",
        groups: [],
        active: true,
      },
    });
  });

  it("OKTA-04 puts what the profile has beyond the basics into the core and the enterprise schema", async () => {
    await okta.assign(client, {
      ...ada,
      title: "Countess",
      department: "Analysis",
      country: "GB",
      mobilePhone: "+44 1",
    });
    expect(sent()[1]?.body).to.deep.include({
      schemas: [U, E],
      title: "Countess",
      addresses: [{ country: "GB", type: "work" }],
      phoneNumbers: [{ value: "+44 1", type: "mobile" }],
      [E]: { department: "Analysis" },
    });
  });

  it("OKTA-08 takes over a user who has the name already, and activates it", async () => {
    server.users.set("u9", {
      id: "u9",
      userName: "ADA@acme.test",
      active: false,
      meta: { resourceType: "User" },
      nickName: "A",
    });
    expect(await okta.assign(client, ada)).to.equal(true);
    const [, read, put] = sent();
    expect(read).to.deep.equal({ method: "GET", url: "/Users/u9" });
    expect(put).to.deep.include({ method: "PUT", url: "/Users/u9" });
    expect(put?.body).to.deep.include({ id: "u9", userName: "ada@acme.test", externalId: "00uada", active: true });
    expect(client.memory.people.get("00uada")?.scimId).to.equal("u9");
  });

  it("OKTA-08 changes a profile by reading the user and putting it back whole", async () => {
    await pushed({ ...ada, title: "Countess", department: "Analysis" });
    const stored = server.users.get("u1") ?? {};
    server.users.set("u1", {
      ...stored,
      emails: [{ primary: true, value: "ada@acme.test", type: "work", display: "Ada" }],
    });
    expect(
      await okta.update(client, { ...ada, familyName: "King", email: "king@acme.test", costCenter: "7" }),
    ).to.equal(true);
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Users/u1" },
      {
        method: "PUT",
        url: "/Users/u1",
        body: {
          schemas: [U, E],
          id: "u1",
          meta: { resourceType: "User" },
          userName: "ada@acme.test",
          name: { givenName: "Ada", familyName: "King" },
          emails: [{ primary: true, value: "king@acme.test", type: "work", display: "Ada" }],
          displayName: "Ada King",
          locale: "en-US",
          externalId: "00uada",
          groups: [],
          active: true,
          [E]: { costCenter: "7" },
        },
      },
    ]);
  });

  it("OKTA-09 deactivates, and reactivates, by a PATCH without a path", async () => {
    await pushed(ada);
    await okta.deactivate(client, ada.id);
    await okta.reactivate(client, ada.id);
    const patchOf = (active: boolean) => ({
      method: "PATCH",
      url: "/Users/u1",
      body: { schemas: [P], Operations: [{ op: "replace", value: { active } }] },
    });
    expect(sent()).to.deep.equal([patchOf(false), patchOf(true)]);
  });

  it("OKTA-10 deactivates, and reactivates, by PUT in an app of the wizard", async () => {
    client = clientOf("custom");
    await pushed(ada);
    await okta.deactivate(client, ada.id);
    expect(server.users.get("u1")?.["active"]).to.equal(false);
    await okta.reactivate(client, ada.id);
    expect(server.users.get("u1")?.["active"]).to.equal(true);
    const requests = sent();
    expect(requests.map(({ method }) => method)).to.deep.equal(["GET", "PUT", "GET", "PUT"]);
    expect(requests[1]?.body).to.deep.include({
      id: "u1",
      userName: "ada@acme.test",
      displayName: "Ada Lovelace",
      active: false,
    });
  });

  it("OKTA-14, OKTA-12 pushes a new group empty, then adds the members who are assigned", async () => {
    await pushed(ada, bob);
    expect(await okta.pushGroup(client, platform(ada, cy, bob))).to.equal(true);
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Groups?filter=displayName%20eq%20%22Platform%22&startIndex=1&count=100" },
      { method: "POST", url: "/Groups", body: { schemas: [G], displayName: "Platform", members: [] } },
      {
        method: "PATCH",
        url: "/Groups/g3",
        body: {
          schemas: [P],
          Operations: [
            {
              op: "add",
              path: "members",
              value: [
                { value: "u1", display: "ada@acme.test" },
                { value: "u2", display: "bob@acme.test" },
              ],
            },
          ],
        },
      },
    ]);
  });

  it("OKTA-11, OKTA-13 sends the name along with each change of members, and removes and adds in one PATCH", async () => {
    await pushed(ada, bob);
    await okta.pushGroup(client, platform(ada));
    sent();
    await okta.changeMembers(client, "00gplatform", { add: [bob.id], remove: [ada.id] });
    const patchOf = (...operations: unknown[]) => ({
      method: "PATCH",
      url: "/Groups/g3",
      body: { schemas: [P], Operations: operations },
    });
    expect(sent()).to.deep.equal([
      patchOf({ op: "replace", value: { id: "g3", displayName: "Platform" } }),
      patchOf(
        { op: "remove", path: 'members[value eq "u1"]' },
        { op: "add", path: "members", value: [{ value: "u2", display: "bob@acme.test" }] },
      ),
    ]);
  });

  it("OKTA-12 splits a long list of members", async () => {
    client = oktaClient({ baseUrl: server.baseUrl, token: TOKEN, membersPerPatch: 2 });
    await pushed(ada, bob, cy);
    await okta.pushGroup(client, platform(ada, bob, cy));
    const added = sent().flatMap(
      ({ body }) => (body as { Operations?: { value: unknown[] }[] } | undefined)?.Operations ?? [],
    );
    expect(added.map(({ value }) => value.length)).to.deep.equal([2, 1]);
    expect(server.groups.get("g4")?.["members"]).to.have.length(3);
  });

  it("OKTA-11 renames a group", async () => {
    await okta.pushGroup(client, platform());
    sent();
    await okta.renameGroup(client, "00gplatform", "Core");
    const operations = [{ op: "replace", value: { id: "g1", displayName: "Core" } }];
    expect(sent()).to.deep.equal([
      { method: "PATCH", url: "/Groups/g1", body: { schemas: [P], Operations: operations } },
    ]);
    expect(server.groups.get("g1")?.["displayName"]).to.equal("Core");
  });

  it("OKTA-15 replaces all members by push now, also by none", async () => {
    await pushed(ada, bob);
    await okta.pushGroup(client, platform(ada));
    sent();
    await okta.pushNow(client, platform(bob));
    await okta.pushNow(client, platform());
    expect(sent().map(({ body }) => (body as { Operations: unknown }).Operations)).to.deep.equal([
      [{ op: "replace", path: "members", value: [{ value: "u2", display: "bob@acme.test" }] }],
      [{ op: "replace", path: "members", value: [] }],
    ]);
  });

  it("OKTA-15 fills a group that has the name already by replacing its members", async () => {
    await pushed(ada);
    server.groups.set("g9", { id: "g9", displayName: "Platform", members: [{ value: "someone" }] });
    await okta.pushGroup(client, platform(ada));
    const operation = { op: "replace", path: "members", value: [{ value: "u1", display: "ada@acme.test" }] };
    expect(sent()[1]).to.deep.equal({
      method: "PATCH",
      url: "/Groups/g9",
      body: { schemas: [P], Operations: [operation] },
    });
  });

  it("OKTA-16 puts whole groups in an app of the wizard", async () => {
    client = clientOf("custom");
    await pushed(ada, bob);
    await okta.pushGroup(client, platform(ada));
    await okta.changeMembers(client, "00gplatform", { add: [bob.id], remove: [ada.id] });
    await okta.renameGroup(client, "00gplatform", "Core");
    const putOf = (displayName: string, value: string, display: string) => ({
      method: "PUT",
      url: "/Groups/g3",
      body: { schemas: [G], displayName, members: [{ value, display }] },
    });
    expect(sent().slice(2)).to.deep.equal([
      putOf("Platform", "u1", "ada@acme.test"),
      putOf("Platform", "u2", "bob@acme.test"),
      putOf("Core", "u2", "bob@acme.test"),
    ]);
  });

  it("OKTA-17 deletes a group that is unlinked", async () => {
    await okta.pushGroup(client, platform());
    sent();
    await okta.unlinkGroup(client, "00gplatform");
    expect(sent()).to.deep.equal([{ method: "DELETE", url: "/Groups/g1" }]);
  });

  it("OKTA-18 imports page by page while there is more", async () => {
    for (let n = 1; n <= 205; n++) server.users.set(`u${n}`, { id: `u${n}`, userName: `user${n}` });
    expect(await okta.importAll(client, "/Users")).to.have.length(205);
    expect(sent().map(({ url }) => url)).to.deep.equal([
      "/Users?startIndex=1&count=100",
      "/Users?startIndex=101&count=100",
      "/Users?startIndex=201&count=100",
    ]);
  });

  it("writes the headers that Okta writes, and a content type only where there is content", async () => {
    await okta.assign(client, ada);
    const [lookup, creation] = server.requests;
    expect(creation?.headers).to.include({
      "user-agent": "Okta SCIM Client 1.0.0",
      accept: "application/scim+json",
      "accept-charset": "utf-8",
      "content-type": "application/scim+json; charset=utf-8",
      authorization: `Bearer ${TOKEN}`,
    });
    expect(lookup?.headers).to.not.have.property("content-type");
  });

  it("quotes a name that holds quotation marks", async () => {
    await okta.pushGroup(client, { id: "g", name: 'the "A" team\\', members: [] });
    expect(decodeURIComponent(sent()[0]?.url ?? "")).to.include('displayName eq "the \\"A\\" team\\\\"');
  });

  describe("in a cycle", () => {
    it("sends everything the first time, and nothing where nothing changed", async () => {
      const directory = { people: [ada, bob], groups: [platform(ada, bob)] };
      const first = await okta.sync(client, directory);
      expect(first).to.deep.equal({ done: { provision: 2, pushGroup: 1 }, failed: [] });
      sent();
      expect(await okta.sync(client, directory)).to.deep.equal({ done: {}, failed: [] });
      expect(sent()).to.deep.equal([]);
    });

    it("sends only what differs", async () => {
      await okta.sync(client, { people: [ada, bob], groups: [platform(ada)] });
      const result = await okta.sync(client, {
        people: [{ ...ada, title: "Dr" }, bob, cy],
        groups: [platform(bob, cy)],
      });
      expect(result).to.deep.equal({ done: { provision: 1, update: 1, changeMembers: 1 }, failed: [] });
      expect(server.groups.get("g3")?.["members"]).to.deep.equal([{ value: "u2" }, { value: "u4" }]);
    });

    it("deactivates whoever is suspended, unassigned or erased, and deletes nobody", async () => {
      await okta.sync(client, { people: [ada, bob, cy], groups: [] });
      sent();
      const after = { people: [{ ...ada, active: false }], groups: [], erased: [cy.id] };
      expect((await okta.sync(client, after)).done).to.deep.equal({ deactivate: 3 });
      expect(sent().map(({ method }) => method)).to.deep.equal(["PATCH", "PATCH", "PATCH"]);
      expect([...server.users.values()].map(({ active }) => active)).to.deep.equal([false, false, false]);
    });

    it("reactivates a person who is assigned again, with the profile of now", async () => {
      await okta.sync(client, { people: [ada], groups: [] });
      await okta.sync(client, { people: [], groups: [] });
      const result = await okta.sync(client, { people: [{ ...ada, title: "Dr" }], groups: [] });
      expect(result.done).to.deep.equal({ reactivate: 1, update: 1 });
      expect(server.users.get("u1")).to.deep.include({ active: true, title: "Dr" });
    });

    it("leaves a leaver's memberships to the server", async () => {
      await okta.sync(client, { people: [ada, bob], groups: [platform(ada, bob)] });
      const result = await okta.sync(client, { people: [ada], groups: [platform(ada)] });
      expect(result.done).to.deep.equal({ deactivate: 1 });
    });

    it("renames a group and unlinks one that is no longer pushed", async () => {
      const other = { id: "00gother", name: "Other", members: [] };
      await okta.sync(client, { people: [], groups: [platform(), other] });
      const result = await okta.sync(client, { people: [], groups: [{ ...platform(), name: "Core" }] });
      expect(result.done).to.deep.equal({ unlinkGroup: 1, renameGroup: 1 });
      expect([...server.groups.values()].map(({ displayName }) => displayName)).to.deep.equal(["Core"]);
    });

    it("keeps to the concurrency that it was given", async () => {
      client = oktaClient({ baseUrl: server.baseUrl, token: TOKEN, concurrency: 2 });
      server.delayMs = 5;
      const people = Array.from({ length: 12 }, (_, n) => ({ ...ada, id: `p${n}`, userName: `p${n}@acme.test` }));
      await okta.sync(client, { people, groups: [] });
      expect(server.users.size).to.equal(12);
      expect(server.mostAtOnce).to.be.within(1, 2);
    });
  });
});
