import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { type AdminClient, DATABASES, expectProblem, openAdmin, type Reply, wholeList } from "./admin-client.js";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";
const CLIENT = "rolecall";

for (const [database, newUrl] of DATABASES) {
  describe(`sessions over the admin API, on ${database}`, () => {
    let client: AdminClient;
    let op: HostileOp;
    let tenant: string;
    let made = 0;

    before(async () => {
      client = await openAdmin((config) => config, await newUrl());
      op = await startHostileOp(CLIENT);
    });
    after(async () => {
      await client.close();
      await op.close();
    });
    beforeEach(async () => {
      tenant = await client.tenant();
      await connect(tenant, "sso");
    });

    async function connect(at: string, slug: string): Promise<void> {
      const oidc = { protocol: "oidc", issuer: op.issuer, clientId: CLIENT, clientSecret: "s", scopes: ["openid"] };
      expect((await client.post(`${at}/connections`, { slug, ...oidc })).status).to.equal(201);
    }

    async function signedIn(sub: string, slug = "sso", at = tenant) {
      op.behave({ claims: { sub, preferred_username: sub } });
      const browser = createBrowser();
      const headers = { "user-agent": FIREFOX, "x-forwarded-for": "198.51.100.9" };
      const address = `${client.service.url}/sso/${at.split("/").at(-1)}/${slug}/login`;
      const { status, text } = await browser.visit(address, { headers });
      expect(status, text).to.equal(200);
      const me = async () => (await browser.visit(`${client.service.url}/me`)).status;
      return { browser, me };
    }

    const unique = (name: string): string => {
      made += 1;
      return `${name}-${made}`;
    };
    const listed = async (query = "", options = {}) =>
      (await client.get(`${tenant}/sessions${query}`, options)).body.items ?? [];
    const userOf = (session: Readonly<Record<string, unknown>> = {}): string =>
      (session["user"] as { readonly id: string }).id;
    const end = (path: string, options = {}): Promise<Reply> =>
      client.call("DELETE", `${tenant}/sessions${path}`, options);

    it("lists who is signed in, by whom and whence, with nothing that lets another browser in", async () => {
      const name = unique("ada");
      const { browser } = await signedIn(name);
      const [one, ...others] = await listed();
      expect(others).to.deep.equal([]);
      expect(one).to.include({ connection: "sso", address: "127.0.0.1", browser: "Firefox on Linux" });
      expect(one?.["user"]).to.include({ userName: name });
      expect(one?.["createdAt"]).to.be.a("string");
      const secret = browser.cookie("rolecall_session") ?? "";
      const text = JSON.stringify(one);
      expect(text).not.to.contain(secret).and.not.to.contain(FIREFOX);
      expect(Object.keys(one ?? {}).sort()).to.deep.equal(
        ["address", "browser", "connection", "createdAt", "expiresAt", "id", "lastSeenAt", "user"].sort(),
      );
    });

    it("finds them by user and by connection, page by page, and no other tenant's", async () => {
      await connect(tenant, "second");
      const [ada, bob] = [unique("ada"), unique("bob")];
      await signedIn(ada);
      await signedIn(ada);
      await signedIn(bob, "second");
      const other = await client.tenant();
      await connect(other, "sso");
      await signedIn(ada, "sso", other);
      const all = await wholeList(client, `${tenant}/sessions`, 2);
      expect(all).to.have.length(3);
      const user = userOf(all.find((one) => one["connection"] === "sso"));
      expect(await listed(`?user=${user}`)).to.have.length(2);
      expect(await listed("?connection=second")).to.have.length(1);
      expectProblem(await client.get(`${tenant}/sessions?connection=none`), 404, "not_found");
      expect((await client.get(`${tenant}/sessions?who=x`)).status).to.equal(400);
    });

    it("ends one of them at once", async () => {
      const [first, second] = [await signedIn(unique("ada")), await signedIn(unique("bob"))];
      const [one] = await listed();
      expect((await end(`/${one?.["id"]}`)).status).to.equal(204);
      expect([await first.me(), await second.me()]).to.deep.equal([401, 200]);
      expectProblem(await end(`/${one?.["id"]}`), 404, "not_found");
      expectProblem(await end("/nonsense"), 404, "not_found");
    });

    it("ends all of one user at once, and nobody else's", async () => {
      const ada = unique("ada");
      const mine = [await signedIn(ada), await signedIn(ada)];
      const other = await signedIn(unique("bob"));
      const user = userOf((await listed())[0]);
      const reply = await end(`?user=${user}`);
      expect([reply.status, reply.body["ended"]]).to.deep.equal([200, 2]);
      expect(await Promise.all(mine.map(({ me }) => me()))).to.deep.equal([401, 401]);
      expect(await other.me()).to.equal(200);
      expect((await end(`?user=${user}`)).body["ended"]).to.equal(0);
      expectProblem(await end("?user=nobody"), 404, "not_found");
      expect((await end("")).status).to.equal(400);
    });

    it("tells of what ended in the audit, and who ended it", async () => {
      await signedIn(unique("ada"));
      const token = await client.key(tenant, "write");
      const [one] = await listed();
      expect((await end(`/${one?.["id"]}`, { token })).status).to.equal(204);
      const { items = [] } = (await client.get(`${tenant}/audit?action=session.ended`)).body;
      expect(items[0]?.["detail"]).to.deep.equal({ reason: "admin", sessions: 1 });
      expect(items[0]?.["actor"]).to.include({ kind: "api_key" });
    });

    it("is not for keys that may only read, nor for another tenant's", async () => {
      await signedIn(unique("ada"));
      const [one] = await listed();
      const path = `/${one?.["id"]}`;
      expectProblem(await end(path, { token: await client.key(tenant, "read") }), 403, "forbidden");
      const other = await client.tenant();
      expectProblem(await client.call("DELETE", `${other}/sessions${path}`), 404, "not_found");
      expectProblem(await end(path, { token: await client.key(other, "admin") }), 404, "not_found");
      expect(await listed("", { token: await client.key(tenant, "read") })).to.have.length(1);
    });

    it("lists nobody who was deactivated", async () => {
      await signedIn(unique("ada"));
      const user = userOf((await listed())[0]);
      await client.call("PATCH", `${tenant}/users/${user}`, { body: { active: false } });
      expect(await listed()).to.deep.equal([]);
    });

    it("lets a tenant shorten how long its own last, and no other than its admins", async () => {
      const limits = { idleMinutes: 30, absoluteMinutes: 60 };
      const change = (sessionLimits: unknown, token?: string) =>
        client.call("PATCH", tenant, { body: { sessionLimits }, ...(token && { token }) });
      expect((await client.get(tenant)).body["sessionLimits"]).to.deep.equal({
        idleMinutes: null,
        absoluteMinutes: null,
      });
      const reply = await change(limits, await client.key(tenant, "admin"));
      expect([reply.status, reply.body["sessionLimits"]]).to.deep.equal([200, limits]);
      await signedIn(unique("ada"));
      const [one] = await listed();
      const minutes = (Date.parse(String(one?.["expiresAt"])) - Date.parse(String(one?.["createdAt"]))) / 60_000;
      expect(minutes).to.equal(60);
      expectProblem(await change(limits, await client.key(tenant, "write")), 403, "forbidden");
      for (const bad of [{ idleMinutes: 0 }, { idleMinutes: 1.5 }, { absoluteMinutes: "60" }, { other: 1 }, []]) {
        expect((await change(bad)).status, JSON.stringify(bad)).to.be.oneOf([400, 422]);
      }
      const half = { ...limits, idleMinutes: null };
      const back = await change(half);
      expect([back.status, back.body["sessionLimits"]]).to.deep.equal([200, half]);
      const none = { idleMinutes: null, absoluteMinutes: null };
      for (const nothing of [none, null]) expect((await change(nothing)).body["sessionLimits"]).to.deep.equal(none);
    });
  });
}
