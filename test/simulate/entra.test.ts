import { expect } from "chai";
import { type EntraClient, type EntraOptions, entraClient } from "../../src/simulate/entra/client.js";
import * as entra from "../../src/simulate/entra.js";
import { ada, bob, cy, platform } from "./people.js";
import { startTinyScimServer, type TinyScimServer, TOKEN } from "./tiny-scim-server.js";

const U = "urn:ietf:params:scim:schemas:core:2.0:User";
const G = "urn:ietf:params:scim:schemas:core:2.0:Group";
const E = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const P = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const GUID = "[0-9a-f]{8}-[0-9a-f-]{27}";

describe("the Entra client", () => {
  let server: TinyScimServer;
  let client: EntraClient;

  beforeEach(async () => {
    server = await startTinyScimServer();
    client = clientOf({});
  });

  afterEach(async () => {
    expect(client.http.complaints).to.deep.equal([]);
    await server.close();
  });

  function clientOf(options: Partial<EntraOptions>): EntraClient {
    return entraClient({ baseUrl: server.baseUrl, token: TOKEN, ...options });
  }

  /** What was sent since the last look. */
  function sent(): { method: string; url: string; body?: unknown }[] {
    return server.requests
      .splice(0)
      .map(({ method, url, body }) => ({ method, url, ...(body === undefined ? {} : { body }) }));
  }

  function operations(): unknown[] {
    return sent().flatMap(({ body }) => (body as { Operations?: unknown[] } | undefined)?.Operations ?? []);
  }

  async function pushed(...people: (typeof ada)[]): Promise<void> {
    for (const person of people) expect(await entra.provision(client, person)).to.equal(true);
    sent();
  }

  it("ENTRA-01 tests the connection by asking, form-encoded, for what cannot be there", async () => {
    expect(await entra.testConnection(client)).to.equal(true);
    const [users, groups] = sent();
    expect(users?.url).to.match(new RegExp(`^/Users\\?filter=userName\\+eq\\+%22${GUID}%22$`));
    expect(groups?.url).to.match(
      new RegExp(`^/Groups\\?excludedAttributes=members&filter=displayName\\+eq\\+%22${GUID}%22$`),
    );
  });

  it("ENTRA-02, 03, 05 looks a person up by user name and externalId and creates the user", async () => {
    expect(await entra.provision(client, ada)).to.equal(true);
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Users?filter=userName+eq+%22ada%40acme.test%22" },
      { method: "GET", url: "/Users?filter=externalId+eq+%2200uada%22" },
      {
        method: "POST",
        url: "/Users",
        body: {
          schemas: [U, E],
          externalId: "00uada",
          userName: "ada@acme.test",
          active: true,
          emails: [{ primary: true, type: "work", value: "ada@acme.test" }],
          meta: { resourceType: "User" },
          name: { formatted: "Ada Lovelace", familyName: "Lovelace", givenName: "Ada" },
          roles: [],
        },
      },
    ]);
  });

  it("ENTRA-05 maps what the profile has beyond the basics", async () => {
    const person = {
      displayName: "Ada L",
      title: "Countess",
      city: "London",
      country: "GB",
      mobilePhone: "+44 1",
      department: "Analysis",
    };
    await entra.provision(client, { ...ada, ...person });
    expect(sent()[2]?.body).to.deep.include({
      displayName: "Ada L",
      title: "Countess",
      addresses: [{ type: "work", locality: "London", country: "GB" }],
      phoneNumbers: [{ type: "mobile", value: "+44 1" }],
      [E]: { department: "Analysis" },
    });
  });

  it("ENTRA-04 can match by the work address", async () => {
    client = clientOf({ matching: ["email"] });
    server.users.set("u9", {
      id: "u9",
      userName: "x",
      active: true,
      emails: [{ type: "work", value: "ada@acme.test" }],
    });
    await entra.provision(client, ada);
    expect(sent()[0]?.url).to.equal("/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22ada%40acme.test%22");
    expect(client.memory.people.get("00uada")?.scimId).to.equal("u9");
  });

  it("ENTRA-03 aligns a user who matches, by what differs, instead of creating a second one", async () => {
    server.users.set("u9", {
      id: "u9",
      userName: "ada@acme.test",
      externalId: "00uada",
      active: false,
      name: { givenName: "Ada" },
    });
    await entra.provision(client, ada);
    expect(operations()).to.deep.equal([
      { op: "Add", path: 'emails[type eq "work"].value', value: "ada@acme.test" },
      { op: "Add", path: "name.formatted", value: "Ada Lovelace" },
      { op: "Add", path: "name.familyName", value: "Lovelace" },
      { op: "Replace", path: "active", value: "True" },
    ]);
    expect(server.users.get("u9")).to.deep.include({
      active: true,
      name: { givenName: "Ada", formatted: "Ada Lovelace", familyName: "Lovelace" },
    });
  });

  it("ENTRA-06, 10, 11 reads a user and patches each value that differs by an operation of its own", async () => {
    await pushed(ada);
    const changes = {
      familyName: "King",
      displayName: "Ada King",
      nickName: "A",
      employeeNumber: "7",
      mobilePhone: "+44 1",
      city: "London",
    };
    await entra.update(client, { ...ada, ...changes });
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Users/u1" },
      {
        method: "PATCH",
        url: "/Users/u1",
        body: {
          schemas: [P],
          Operations: [
            { op: "Add", path: "displayName", value: "Ada King" },
            { op: "Add", path: "nickName", value: "A" },
            { op: "Replace", path: "name.formatted", value: "Ada King" },
            { op: "Replace", path: "name.familyName", value: "King" },
            { op: "Add", path: 'phoneNumbers[type eq "mobile"].value', value: "+44 1" },
            { op: "Add", path: 'addresses[type eq "work"].locality', value: "London" },
            { op: "Add", path: `${E}:employeeNumber`, value: "7" },
          ],
        },
      },
    ]);
  });

  it("ENTRA-10 patches nothing where the server has it all", async () => {
    await pushed(ada);
    expect(await entra.update(client, ada)).to.equal(true);
    expect(sent()).to.deep.equal([{ method: "GET", url: "/Users/u1" }]);
  });

  it("ENTRA-09 bundles what it replaces under dotted and URN keys, with the compliance flag", async () => {
    client = clientOf({ aadOptscim062020: true });
    await pushed({ ...ada, displayName: "Ada", employeeNumber: "6" });
    await entra.update(client, {
      ...ada,
      displayName: "Ada K",
      familyName: "King",
      email: "k@acme.test",
      employeeNumber: "7",
      nickName: "A",
    });
    expect(operations()).to.deep.equal([
      { op: "add", path: "nickName", value: "A" },
      { op: "replace", path: 'emails[type eq "work"].value', value: "k@acme.test" },
      {
        op: "replace",
        value: {
          displayName: "Ada K",
          "name.formatted": "Ada K",
          "name.familyName": "King",
          [`${E}:employeeNumber`]: "7",
        },
      },
    ]);
  });

  it("ENTRA-07 disables and enables by texts in the default dialect", async () => {
    await pushed(ada);
    await entra.disable(client, ada.id);
    await entra.enable(client, ada.id);
    expect(operations()).to.deep.equal([
      { op: "Replace", path: "active", value: "False" },
      { op: "Replace", path: "active", value: "True" },
    ]);
  });

  it("ENTRA-08 disables by a boolean with the compliance flag", async () => {
    client = clientOf({ aadOptscim062020: true });
    await pushed(ada);
    await entra.disable(client, ada.id);
    expect(operations()).to.deep.equal([{ op: "replace", path: "active", value: false }]);
  });

  it("ENTRA-08 keeps the flag in every URL, also where it came with the tenant URL", async () => {
    client = clientOf({ baseUrl: `${server.baseUrl}/?aadOptscim062020` });
    await pushed(ada);
    await entra.disable(client, ada.id);
    await entra.testConnection(client);
    const requests = sent();
    expect(requests[0]?.url).to.equal("/Users/u1?aadOptscim062020");
    expect(requests[1]?.url).to.match(/^\/Users\?aadOptscim062020&filter=userName\+eq/);
    expect(requests[0]?.body).to.deep.include({ Operations: [{ op: "replace", path: "active", value: false }] });
  });

  it("ENTRA-13, ENTRA-14 tells, changes and clears who manages a person", async () => {
    await pushed(ada, bob, cy);
    await entra.assignManager(client, { ...ada, manager: bob.id });
    await entra.assignManager(client, { ...ada, manager: cy.id });
    await entra.assignManager(client, ada);
    expect(operations()).to.deep.equal([
      { op: "Add", path: `${E}:manager`, value: "u2" },
      { op: "Replace", path: `${E}:manager`, value: "u3" },
      { op: "Remove", path: `${E}:manager` },
    ]);
  });

  it("ENTRA-17, 18, 19 looks a group up without its members, creates it and adds them", async () => {
    await pushed(ada, bob);
    expect(await entra.provisionGroup(client, platform(ada, cy, bob))).to.equal(true);
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Groups?excludedAttributes=members&filter=displayName+eq+%22Platform%22" },
      {
        method: "POST",
        url: "/Groups",
        body: {
          schemas: [G, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
          externalId: "00gplatform",
          displayName: "Platform",
          meta: { resourceType: "Group" },
        },
      },
      {
        method: "PATCH",
        url: "/Groups/g3",
        body: {
          schemas: [P],
          Operations: [
            {
              op: "Add",
              path: "members",
              value: [
                { $ref: null, value: "u1" },
                { $ref: null, value: "u2" },
              ],
            },
          ],
        },
      },
    ]);
  });

  it("ENTRA-20 removes members by value in the default dialect", async () => {
    await pushed(ada, bob, cy);
    await entra.provisionGroup(client, platform(ada, bob, cy));
    sent();
    await entra.changeMembers(client, "00gplatform", { add: [], remove: [ada.id, cy.id] });
    expect(sent()).to.deep.equal([
      { method: "GET", url: "/Groups/g4?excludedAttributes=members" },
      {
        method: "PATCH",
        url: "/Groups/g4",
        body: {
          schemas: [P],
          Operations: [
            {
              op: "Remove",
              path: "members",
              value: [
                { $ref: null, value: "u1" },
                { $ref: null, value: "u3" },
              ],
            },
          ],
        },
      },
    ]);
    expect(server.groups.get("g4")?.["members"]).to.deep.equal([{ value: "u2" }]);
  });

  it("ENTRA-21 removes members by filter with the compliance flag, and adds in lower case", async () => {
    client = clientOf({ aadOptscim062020: true });
    await pushed(ada, bob);
    await entra.provisionGroup(client, platform(ada));
    sent();
    await entra.changeMembers(client, "00gplatform", { add: [bob.id], remove: [ada.id] });
    expect(operations()).to.deep.equal([
      { op: "remove", path: 'members[value eq "u1"]' },
      { op: "add", path: "members", value: [{ $ref: null, value: "u2" }] },
    ]);
  });

  it("ENTRA-19 splits a long list of members", async () => {
    client = clientOf({ membersPerPatch: 2 });
    await pushed(ada, bob, cy);
    await entra.provisionGroup(client, platform(ada, bob, cy));
    expect((operations() as { value: unknown[] }[]).map(({ value }) => value.length)).to.deep.equal([2, 1]);
    expect(server.groups.get("g4")?.["members"]).to.have.length(3);
  });

  it("ENTRA-22 renames a group, with a path in the default dialect and without one with the flag", async () => {
    await entra.provisionGroup(client, platform());
    sent();
    await entra.renameGroup(client, "00gplatform", "Core");
    expect(operations()).to.deep.equal([{ op: "Replace", path: "displayName", value: "Core" }]);
    client = clientOf({ aadOptscim062020: true });
    await entra.provisionGroup(client, { ...platform(), name: "Core" });
    sent();
    await entra.renameGroup(client, "00gplatform", "Kernel");
    expect(operations()).to.deep.equal([{ op: "replace", value: { displayName: "Kernel" } }]);
  });

  it("ENTRA-25 deletes users and groups, and takes gone already for done", async () => {
    await pushed(ada, bob);
    await entra.provisionGroup(client, platform(ada));
    sent();
    server.users.delete("u2");
    expect(await entra.deleteUser(client, ada.id)).to.equal(true);
    expect(await entra.deleteUser(client, bob.id)).to.equal(true);
    expect(await entra.deleteGroup(client, "00gplatform")).to.equal(true);
    expect(sent().map(({ method, url }) => `${method} ${url}`)).to.deep.equal([
      "DELETE /Users/u1",
      "DELETE /Users/u2",
      "DELETE /Groups/g3",
    ]);
  });

  it("ENTRA-27 declares its bodies with a charset", async () => {
    await entra.provision(client, ada);
    expect(server.requests[2]?.headers).to.include({
      accept: "application/scim+json",
      "content-type": "application/scim+json; charset=utf-8",
      authorization: `Bearer ${TOKEN}`,
    });
  });

  describe("in a cycle", () => {
    it("sends everything the first time, and nothing where nothing changed", async () => {
      const directory = { people: [{ ...ada, manager: bob.id }, bob], groups: [platform(ada, bob)] };
      const first = await entra.sync(client, directory);
      expect(first).to.deep.equal({ done: { provision: 2, relate: 1, pushGroup: 1 }, failed: [] });
      sent();
      expect(await entra.sync(client, directory)).to.deep.equal({ done: {}, failed: [] });
      expect(sent()).to.deep.equal([]);
    });

    it("disables leavers, deletes the erased, and never names them as members again", async () => {
      await entra.sync(client, { people: [ada, bob, cy], groups: [platform(ada, bob, cy)] });
      const after = { people: [ada], groups: [platform(ada)], erased: [cy.id] };
      expect((await entra.sync(client, after)).done).to.deep.equal({ deactivate: 1, erase: 1 });
      expect([...server.users.values()].map(({ userName, active }) => [userName, active])).to.have.deep.members([
        ["ada@acme.test", true],
        ["bob@acme.test", false],
      ]);
      expect([...(client.memory.groups.get("00gplatform")?.members ?? [])]).to.have.members([ada.id, bob.id]);
    });

    it("waits with a manager who is not assigned until there is one to name", async () => {
      const managed = { ...ada, manager: bob.id };
      expect((await entra.sync(client, { people: [managed], groups: [] })).done).to.deep.equal({ provision: 1 });
      const result = await entra.sync(client, { people: [managed, bob], groups: [] });
      expect(result.done).to.deep.equal({ provision: 1, relate: 1 });
    });

    it("looks everybody up again in an initial cycle, and creates nobody twice", async () => {
      const directory = { people: [ada, bob], groups: [platform(ada)] };
      await entra.initialCycle(client, directory);
      sent();
      await entra.initialCycle(client, directory);
      expect(sent().map(({ method }) => method)).to.deep.equal(["GET", "GET", "GET", "PATCH"]);
      expect([server.users.size, server.groups.size]).to.deep.equal([2, 1]);
    });

    it("renames, changes and drops groups by what differs", async () => {
      const other = { id: "other", name: "Other", members: [] };
      await entra.sync(client, { people: [ada, bob], groups: [platform(ada), other] });
      const result = await entra.sync(client, { people: [ada, bob], groups: [{ ...platform(bob), name: "Core" }] });
      expect(result.done).to.deep.equal({ unlinkGroup: 1, renameGroup: 1, changeMembers: 1 });
      expect([...server.groups.values()].map(({ displayName, members }) => [displayName, members])).to.deep.equal([
        ["Core", [{ value: "u2" }]],
      ]);
    });
  });
});
