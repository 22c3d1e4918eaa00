import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import type { Config } from "../../src/platform/config.js";
import { createApiKey, revokeToken } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory, startScimService, userBody } from "./scim-service.js";

const NEVER = 404_000;

interface Entry extends JsonObject {
  readonly id: string;
  readonly method: string;
  readonly status: number;
  readonly quirks: readonly string[];
}

describe("the log of SCIM requests", () => {
  onEachDatabase((service) => {
    /** As an admin reads it. */
    async function read(path: string, token = service().operatorToken): Promise<{ status: number; json: JsonObject }> {
      const reply = await fetch(`${service().url}/api/v1/tenants${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return { status: reply.status, json: (await reply.json()) as JsonObject };
    }
    const pathOf = ({ tenant, connection }: ScimDirectory) => `/${tenant.slug}/connections/${connection.slug}`;
    /** Entries of the log, once there are so many; they are written soon after the answers. */
    async function logged(directory: ScimDirectory, count: number, query = ""): Promise<readonly Entry[]> {
      for (let left = 100; ; left--) {
        const { status, json } = await read(`${pathOf(directory)}/requests${query}`);
        expect(status, JSON.stringify(json)).to.equal(200);
        const items = json["items"] as readonly Entry[];
        if (items.length >= count || left === 0) {
          expect(items).to.have.length(count);
          return items;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    const whole = async (directory: ScimDirectory, { id }: Entry) =>
      (await read(`${pathOf(directory)}/requests/${id}`)).json;

    it("TEC-51: shows each request that arrived, how it was read and what it was answered, and nobody in it", async () => {
      const client = await service().connect({ of: { domains: ["acme.example"] } });
      const headers = { "User-Agent": "Okta SCIM Client 1.0.0", "x-request-id": "okta-1" };
      const body = userBody("ada@acme.example", {
        name: { givenName: "Ada", familyName: "Lovelace" },
        password: "hunter22",
      });
      const created = await client.post("/Users", body, headers);
      const again = await client.post("/Users", body);
      const id = String(created.json["id"]);
      const [second, first] = await logged(client, 2);
      if (first === undefined || second === undefined) throw new Error("two requests were sent");
      const { milliseconds, at, ...one } = await whole(client, first);
      expect([typeof milliseconds, Date.parse(String(at)) > 0]).to.deep.equal(["number", true]);
      const [token] = await service().p.store.read(client.tenant.id).tokens(client.connection.id);
      expect(one).to.deep.equal({
        ...{ id: first.id, method: "POST", path: "/Users", query: {}, status: 201, requestId: "okta-1", resource: id },
        body: {
          ...body,
          ...{
            userName: "a…(3)@acme.example",
            name: { givenName: "A…(3)", familyName: "L…(8)" },
            password: "(secret)",
          },
        },
        ...{ bytes: Buffer.byteLength(JSON.stringify(body)), from: "127.0.0.1", userAgent: "Okta SCIM Client 1.0.0" },
        ...{ client: "okta", profile: "rfc", suggestedProfile: "okta", quirks: ["placeholder_password"] },
        ...{ token: { id: token?.id, state: "live" }, alike: 0, alikeUntil: null },
        hint: "this looks like Okta: set the connection's profile to `okta`",
      });
      expect(again.headers["x-request-id"]).to.equal(second["requestId"]);
      expect(second).to.include({ status: 409, scimType: "uniqueness", client: "unknown" });
      expect(second["detail"]).to.match(/^userName `a…\(3\)@acme\.example` is taken/);
      expect(second).not.to.have.any.keys("body", "query");
    });

    it("shows the same path below the base with its version and without", async () => {
      const client = await service().connect();
      const headers = { authorization: `Bearer ${client.token}` };
      for (const base of ["/api/scim", "/api/scim/v2"]) {
        await fetch(`${service().url}${base}/Users/zoe.miller`, { headers });
      }
      await fetch(`${service().url}/api/scim`, { headers });
      const entries = await logged(client, 3);
      expect(entries.map(({ path }) => path)).to.have.members(["/Users/z…(10)", "/Users/z…(10)", "/"]);
    });

    /** Each is refused at another place. */
    const REFUSED: readonly (readonly [what: string, status: number, send: (to: ScimDirectory) => Promise<unknown>])[] =
      [
        ["an unknown path", 404, (to) => to.get("/Usres")],
        ["an unknown id", 404, (to) => to.get(`/Users/${NEVER}`)],
        ["a method that is not possible", 405, (to) => to.put("/Users", {})],
        ["broken JSON", 400, (to) => to.post("/Users", '{"userName":')],
        ["a filter that cannot be read", 400, (to) => to.get("/Users?filter=userName")],
        ["another media type", 415, (to) => to.post("/Users", {}, { "Content-Type": "text/plain" })],
        ["a body that is too long", 413, (to) => to.post("/Users", userBody("x".repeat(1_200_000)))],
        ["an older version", 412, async (to) => to.delete(`/Users/${await to.user("bob")}`, { "If-Match": 'W/"99"' })],
      ];
    for (const [what, status, send] of REFUSED) {
      it(`TEC-51: shows a request that is refused for ${what}, with ${status}`, async () => {
        const client = await service().connect();
        await send(client);
        const [entry] = await logged(client, 1, "?failed=true");
        expect(entry).to.include({ status });
        expect(entry?.["detail"]).to.be.a("string");
      });
    }

    it("TEC-51: shows each request for what is not there, however many come at once, as those for what is there", async () => {
      const client = await service().connect();
      const paths = [
        "/nothing",
        "//Users",
        "/Users/x/y",
        "/nothing2",
        "/Userz",
        "/nothing",
        "/a/b/c",
        "/?ada.lovelace=1",
      ];
      await Promise.all(paths.map((path) => client.get(path)));
      const entries = await logged(client, paths.length);
      expect(entries.map(({ alike }) => alike)).to.deep.equal(paths.map(() => 0));
      const shown = await Promise.all(entries.map((entry) => whole(client, entry)));
      expect(shown.map(({ path }) => path)).to.have.members([
        ...["/n…(7)", "//Users", "/Users/…(1)/…(1)", "/n…(8)", "/U…(5)", "/n…(7)", "/…(1)/…(1)/…(1)", "/"],
      ]);
      expect(new Set(shown.map(({ requestId }) => requestId)).size).to.equal(paths.length);
      expect(JSON.stringify(shown)).not.to.include("lovelace");
    });

    it("TEC-51: names nobody whose name stands in the path of a bulk operation or of a PATCH, or in the media type", async () => {
      const client = await service().connect();
      const paths = ["Users/ada.lovelace", "Peoples/ada.lovelace", "http://h.example/Users/ada.lovelace"];
      await client.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: paths.map((path) => ({ method: "DELETE", path })),
      });
      const id = await client.user("bob");
      for (const path of paths) await client.patch(`/Users/${id}`, [{ op: "replace", path, value: "x" }]);
      await client.post("/Users", "{}", { "Content-Type": "application/ada.lovelace" });
      const entries = await logged(client, 5, "?failed=true");
      const shown = await Promise.all(entries.map((entry) => whole(client, entry)));
      expect(JSON.stringify(shown)).not.to.match(/lovelace/i);
    });

    it("TEC-51: shows a request with a token that was revoked or has expired, and says which of the two", async () => {
      const client = await service().connect();
      const { p } = service();
      const { id, token } = await client.newToken();
      const expired = await client.newToken("2020-01-01T00:00:00.000Z");
      await revokeToken(p, client.tenant, client.connection.slug, id, ADMIN);
      const send = (bearer: string) => client.get("/Users", { Authorization: `Bearer ${bearer}` });
      const replies = [await send(token), await send(expired.token), await send("rcs_nobodys")];
      expect(replies.map((reply) => reply.status)).to.deep.equal([401, 401, 401]);
      const entries = await logged(client, 2, "?status=401");
      const states = entries.map(({ token: shown }) => shown);
      expect(states).to.have.deep.members([
        { id, state: "revoked" },
        { id: expired.id, state: "expired" },
      ]);
    });

    it("shows requests while sync is off, and to discovery, which asks for no token", async () => {
      const off = await service().connect();
      await service().p.store.write(off.tenant.id, (tx) =>
        tx.updateConnection(off.connection.id, { sync: "off" }, "2026-01-01T00:00:00.000Z"),
      );
      await off.get("/Users");
      await off.get("/ServiceProviderConfig");
      const entries = await logged(off, 2);
      expect(entries.map(({ status }) => status)).to.have.members([200, 403]);
    });

    it("says what the client turned out to need, and which profile would suit it", async () => {
      const client = await service().connect({ profile: "rfc" });
      const id = await client.user("ada");
      for (const value of ["False", "True"]) {
        await client.patch(`/Users/${id}`, [{ op: "Replace", path: "active", value }]);
      }
      await client.get(`/Users/${NEVER}`, { "User-Agent": "Microsoft Azure AD SCIM provisioning 1.0" });
      await logged(client, 4);
      const { status, json } = await read(`${pathOf(client)}/dialect`);
      expect(status, JSON.stringify(json)).to.equal(200);
      expect(json).to.deep.include({ profile: "rfc", suggestedProfile: "entra" });
      expect(json["hint"]).to.equal("this looks like Entra: set the connection's profile to `entra`");
      const counted = (list: unknown) => (list as readonly JsonObject[]).map(({ name, count }) => [name, count]);
      expect(counted(json["quirks"])).to.deep.equal([
        ["boolean_as_text", 2],
        ["capitalised_operation", 2],
      ]);
      expect(counted(json["clients"])).to.deep.equal([
        ["entra", 1],
        ["unknown", 3],
      ]);
      expect([json["answered"], json["refused"]].map((seen) => (seen as JsonObject)["count"])).to.deep.equal([3, 1]);
      const quirky = await logged(client, 2, "?quirk=boolean_as_text&method=PATCH");
      expect(quirky.map(({ quirks }) => quirks)).to.deep.equal([
        ["boolean_as_text", "capitalised_operation"],
        ["boolean_as_text", "capitalised_operation"],
      ]);
    });

    it("names nobody, wherever a client puts a name, and however it is refused", async () => {
      const client = await service().connect({ of: { domains: ["quiet.example"] }, profile: "entra" });
      const id = await client.user("bob@quiet.example");
      const group = await client.group("Staff", [id]);
      const core = "urn:ietf:params:scim:schemas:core:2.0:User";
      const mark = "quillaada";
      const address = `${mark}@quiet.example`;
      const sends: readonly (() => Promise<unknown>)[] = [
        () => client.post("/Users", userBody(address, { title: mark, emails: [{ value: address, type: mark }] })),
        () => client.post("/Users", userBody(address.toUpperCase())),
        () => client.post("/Users", userBody(`x@${mark}.example`)),
        () => client.post("/Users", userBody("eve@quiet.example", { active: mark, [mark]: mark })),
        () => client.post("/Users", userBody("eve@quiet.example", { schemas: [core, mark] })),
        () => client.post("/Users", `{"userName":"${mark}"`),
        () => client.post("/Users", `{"userName":"${mark}","__proto__":{"${mark} x":"${mark}"}}`),
        () => client.post("/Users", "{}", { "Content-Type": `text/${mark} ${mark}` }),
        () => client.put(`/Users/${id}`, userBody(`${mark} ${mark}`, { displayName: { [`${mark} ${mark}`]: mark } })),
        () => client.patch(`/Users/${id}`, [{ op: mark, path: `emails[value eq "${mark}"]`, value: mark }]),
        () => client.patch(`/Users/${id}`, [{ op: "replace", path: `${mark} ${mark}`, value: mark }]),
        () => client.patch(`/Users/${id}`, [{ op: "replace", path: `emails[type eq ${mark}].value`, value: [mark] }]),
        () => client.patch(`/Users/${id}`, [{ op: "add", path: "password", value: mark }]),
        () => client.patch(`/Users/${id}`, [{ op: "replace", value: mark }]),
        () =>
          client.patch(`/Groups/${group}`, [{ op: "add", path: "members", value: [{ value: `${mark}\`${mark}` }] }]),
        () => client.patch(`/Groups/${group}`, [{ op: "remove", path: `members[value eq "${mark}"]` }]),
        () => client.get(`/Users/${mark}`),
        () => client.delete(`/Groups/${encodeURIComponent(`${mark} ${mark}`)}`),
        () => client.get(`/Users?filter=${encodeURIComponent(`userName eq "${address}" and ${mark}`)}`),
        () => client.get(`/Users?filter=${encodeURIComponent(`userName eq ${mark} ${mark}`)}`),
        () =>
          client.get(`/Users?filter=${encodeURIComponent(`password eq "${mark}"`)}&count=${mark}&${mark}%20x=${mark}`),
        () => client.get(`/Users?startIndex=${mark}&attributes=${encodeURIComponent(`emails[value eq "${mark}"]`)}`),
        () => client.get("/Users", { "User-Agent": `x/1 (${address})` }),
      ];
      for (const send of sends) await send();
      const entries = await logged(client, sends.length + 2);
      expect(new Set(entries.map(({ status }) => status)).size, "of many kinds").to.be.above(4);
      for (const entry of entries) {
        const text = JSON.stringify(await whole(client, entry));
        // The one that has it as the name of an attribute shows that.
        expect(text.replaceAll(`"${mark}":`, ""), text).not.to.match(new RegExp(mark, "i"));
      }
    });

    it("tells which operations of a bulk request were refused, and why", async () => {
      const client = await service().connect();
      const add = (userName: string) => ({
        method: "POST",
        path: "/Users",
        bulkId: userName,
        data: userBody(userName),
      });
      await client.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: [add("lovelace"), add("lovelace-2"), { ...add("byron"), data: userBody("LoveLace") }],
      });
      await client.post("/Bulk", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        Operations: [add("hopper")],
      });
      const [good, ...others] = await logged(client, 1, "?failed=false");
      expect([good?.["failedOperations"], others]).to.deep.equal([undefined, []]);
      const [entry] = await logged(client, 1, "?failed=true");
      if (entry === undefined) throw new Error("a request was sent");
      const { failedOperations, failures } = await whole(client, entry);
      expect(failedOperations).to.equal(1);
      const [failure] = failures as readonly JsonObject[];
      expect(failure).to.include({ operation: 2, status: 409, scimType: "uniqueness" });
      expect(JSON.stringify(failures)).not.to.match(/lovelace/i);
    });

    it("tells why a filter or a path was refused in the words of the answer, with names of attributes as they are", async () => {
      const client = await service().connect();
      const { json } = await client.post("/Users", userBody("ada"));
      await client.patch(`/Users/${json["id"]}`, [{ op: "replace", path: "nickNam", value: "Countess" }]);
      await client.get(`/Users?filter=${encodeURIComponent("userName eq Jones and active eq true")}`);
      const [filtered, patched] = await logged(client, 2, "?failed=true");
      expect(patched?.["detail"]).to.match(/`n…\(7\)`.*, did you mean `nickName`\?$/);
      expect(filtered?.["detail"]).to.match(
        /put text in double quotes: "J…\(5\)", found `J…\(5\) and active eq true`$/,
      );
    });

    it("keeps the first of many that are alike, and counts the others", async () => {
      const client = await service().connect();
      const send = () => client.get("/Users?count=0");
      for (let at = 0; at < 100; at++) await send();
      const total = async () => {
        const { json } = await read(`${pathOf(client)}/dialect`);
        return (json["answered"] as JsonObject)["count"];
      };
      for (let left = 100; (await total()) !== 100 && left > 0; left--) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await total()).to.equal(100);
      const { json } = await read(`${pathOf(client)}/requests?limit=1000`);
      const items = json["items"] as readonly Entry[];
      const counted = items.reduce((sum, { alike }) => sum + 1 + Number(alike), 0);
      expect(counted).to.equal(100);
      // More than 60 when a minute ends meanwhile.
      expect(items.length).to.be.within(60, 100);
    });

    it("is each connection's own: other connections and tenants see nothing of it", async () => {
      const mine = await service().connect();
      const sibling = await service().connect({ tenant: mine.tenant });
      const theirs = await service().connect();
      await mine.user("ada");
      const [entry] = await logged(mine, 1);
      await theirs.user("bob");
      await logged(theirs, 1);
      await logged(sibling, 0);
      expect((await read(`${pathOf(sibling)}/requests/${entry?.id}`)).status).to.equal(404);
      expect((await read(`${pathOf(theirs)}/requests/${entry?.id}`)).status).to.equal(404);
      const { key } = await createApiKey(service().p, theirs.tenant, { name: "k", scopes: ["read"] }, ADMIN);
      for (const path of [`/requests`, `/requests/${entry?.id}`, `/dialect`]) {
        expect((await read(pathOf(mine) + path, key)).status, path).to.equal(404);
      }
      expect((await read(`${pathOf(theirs)}/requests`, key)).status).to.equal(200);
      expect((await read(`${pathOf(mine)}/requests`, mine.token)).status, "a SCIM token is no admin's").to.equal(401);
      expect((await read(`/${mine.tenant.slug}/connections/none/requests`)).status).to.equal(404);
    });
  });
});

describe("the log of SCIM requests of a client that asks too often", () => {
  it("TEC-51: shows that it was refused with 429, and how often", async () => {
    const settings = (config: Config): Config => ({
      ...config,
      limits: { ...config.limits, requestsPerMinutePerToken: 3 },
    });
    const service = await startScimService({ settings });
    try {
      const client = await service.connect();
      for (let at = 0; at < 8; at++) await client.get("/Users?count=0");
      const reader = service.p.store.read(client.tenant.id);
      const kept = async () => (await reader.keptRequests(client.connection.id, { limit: 10, status: 429 })).items;
      const count = async () => (await kept()).reduce((sum, { alike }) => sum + 1 + alike, 0);
      for (let left = 100; (await count()) < 5 && left > 0; left--) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await count()).to.equal(5);
      const [entry] = await kept();
      expect(entry?.detail["token"]).to.equal("live");
    } finally {
      await service.close();
    }
  });

  it("TEC-51: is written to the end when the service stops", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rolecall-request-log-"));
    const databaseUrl = `sqlite:${join(folder, "test.db")}`;
    const service = await startScimService({ databaseUrl });
    const { tenant, connection, get } = await service.connect();
    await get("/Users");
    await service.close();
    const again = await startScimService({ databaseUrl });
    try {
      const { items } = await again.p.store.read(tenant.id).keptRequests(connection.id, { limit: 10 });
      expect(items.map(({ status }) => status)).to.deep.equal([200]);
    } finally {
      await again.close();
      rmSync(folder, { recursive: true });
    }
  });
});
