import { expect } from "chai";
import {
  type AdminClient,
  DATABASES,
  expectProblem,
  mistakes,
  openAdmin,
  quickWorker,
  type Reply,
} from "./admin-client.js";
import { idpMetadata } from "./saml-metadata.js";

const SECRET = "the-client-secret-that-nobody-sees-again";
const OIDC = {
  slug: "sso",
  protocol: "oidc",
  issuer: "https://idp.example",
  clientId: "rolecall",
  clientSecret: SECRET,
};

for (const [database, newUrl] of DATABASES) {
  describe(`connections, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    it("tell what the provider has to be told, from the public URL alone", async () => {
      const tenant = await client.tenant();
      const slug = tenant.split("/").at(-1);
      const forged = { headers: { host: "evil.example", "x-forwarded-host": "evil.example" } };
      const { body } = await client.post(`${tenant}/connections`, OIDC, forged);
      const base = `${client.service.publicUrl}/sso/${slug}`;
      expect(body["oidc"]).to.deep.equal({
        redirectUri: `${base}/sso/callback`,
        loginUrl: `${base}/sso/login`,
        postLogoutRedirectUri: base,
        backchannelLogoutUri: `${base}/sso/backchannel-logout`,
        jwksUri: null,
      });
      const keyed = {
        ...OIDC,
        slug: "keyed",
        clientSecret: undefined,
        clientAuthMethod: "private_key_jwt",
        idTokenAlg: "ES256",
        singleLogout: false,
      };
      const made = (await client.post(`${tenant}/connections`, keyed)).body;
      expect(made).to.deep.include({ clientAuthMethod: "private_key_jwt", idTokenAlg: "ES256", singleLogout: false });
      expect(made["oidc"]).to.include({ jwksUri: `${base}/keyed/jwks` });
      const changed = await client.call("PATCH", `${tenant}/connections/keyed`, { body: { idTokenAlg: "PS256" } });
      expect(changed.body).to.include({
        clientAuthMethod: "private_key_jwt",
        idTokenAlg: "PS256",
        singleLogout: false,
      });
      const on = await client.call("PATCH", `${tenant}/connections/keyed`, { body: { singleLogout: true } });
      expect(on.body).to.include({ idTokenAlg: "PS256", singleLogout: true });
      const none = await client.call("PATCH", `${tenant}/connections/keyed`, { body: { idTokenAlg: "HS256" } });
      expect(none.status).to.equal(422);
      expect(body["scim"]).to.deep.equal({ baseUrl: `${client.service.publicUrl}/api/scim/v2` });
    });

    it("say when a second one that may make owners leaves the rules for them to nobody, which takes nothing and can be taken back", async () => {
      const tenant = await client.tenant();
      const okta = await client.directory(tenant, "root@acme.test", "ada@acme.test");
      const save = () => client.call("PUT", `${tenant}/mapping`, { body: { tenant_owners_groups: ["IT"] } });
      await client.finished(tenant, await save());
      const group = await okta.group("IT", "root@acme.test");
      const owners = async () => {
        const { items = [] } = (await client.get(`${tenant}/users?role=owner`)).body;
        return items.map((one) => one["userName"]);
      };
      expect(await owners()).to.deep.equal(["root@acme.test"]);
      const codes = ({ body }: Reply) =>
        (body["warnings"] as readonly { readonly code: string }[]).map(({ code }) => code);
      const quiet = await client.post(`${tenant}/connections`, { slug: "entra", protocol: "scim" });
      expect(quiet.body).not.to.have.property("warnings");
      const patch = (mayGrantOwner: boolean) =>
        client.call("PATCH", `${tenant}/connections/entra`, { body: { mayGrantOwner } });
      const warned = await patch(true);
      expect(codes(warned)).to.deep.equal(["ambiguous_connection"]);
      expect(warned.text).to.contain("`okta` and `entra` may all grant `owner`");
      const lint = await client.get(`${tenant}/mapping/lint`);
      expect(lint.text).to.contain("ambiguous_connection");
      expectProblem(await save(), 422, "invalid_document");
      const Operations = [{ op: "add", path: "members", value: [{ value: okta.ids.get("ada@acme.test") }] }];
      const schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
      await okta.scim("PATCH", `/Groups/${group}`, { schemas, Operations });
      expect(await owners(), "nobody is locked out, and nobody made").to.deep.equal(["root@acme.test"]);
      const also = { slug: "third", protocol: "scim", mayGrantOwner: true };
      expect(codes(await client.post(`${tenant}/connections`, also))).to.deep.equal(["ambiguous_connection"]);
      await client.call("PATCH", `${tenant}/connections/third`, { body: { mayGrantOwner: false } });
      expect(codes(await patch(false))).to.deep.equal([]);
      for (let left = 100; left > 0 && (await owners()).length < 2; left--)
        await new Promise((go) => setTimeout(go, 20));
      expect(await owners()).to.have.members(["root@acme.test", "ada@acme.test"]);
      expect((await save()).status).to.equal(200);
    });

    it("never show their client secret again: in no answer, no audit entry, no event", async () => {
      const tenant = await client.tenant();
      const made = await client.post(`${tenant}/connections`, OIDC);
      const changed = await client.call("PATCH", `${tenant}/connections/sso`, {
        body: { clientSecret: `${SECRET}-2` },
      });
      expect([made.status, changed.status]).to.deep.equal([201, 200]);
      const paths = ["connections", "connections/sso", "audit", "events"];
      const texts = [made.text, changed.text];
      for (const path of paths) texts.push((await client.get(`${tenant}/${path}`)).text);
      for (const text of texts) expect(text).to.not.contain(SECRET);
    });

    it("keep what a change leaves out, and judge the whole of what it makes of them", async () => {
      const tenant = await client.tenant();
      await client.post(`${tenant}/connections`, { ...OIDC, groupAttribute: "roles", allowedDomains: ["A.Example"] });
      const patch = (body: object) => client.call("PATCH", `${tenant}/connections/sso`, { body });
      const { body } = await patch({ scopes: ["openid", "groups"], jit: "first_sign_in", priority: 7 });
      expect(body).to.deep.include({
        ...{ issuer: "https://idp.example", clientId: "rolecall", scopes: ["openid", "groups"], jit: "first_sign_in" },
        ...{ groupAttribute: "roles", allowedDomains: ["a.example"], priority: 7 },
      });
      const wrong = await patch({ scopes: ["groups"], jit: "off" });
      expectProblem(wrong, 422, "invalid_document");
      expect(mistakes(wrong)).to.deep.equal(["/scopes invalid_setting"]);
      expect((await client.get(`${tenant}/connections/sso`)).body).to.include({ jit: "first_sign_in" });
    });

    it("go by the provider's metadata again when a change says null, and keep the rest", async () => {
      const tenant = await client.tenant();
      const chosen = { ...OIDC, clientAuthMethod: "client_secret_basic", idTokenAlg: "ES256", singleLogout: false };
      await client.post(`${tenant}/connections`, chosen);
      const patch = (body: object) => client.call("PATCH", `${tenant}/connections/sso`, { body });
      const { clientAuthMethod, idTokenAlg, singleLogout } = chosen;
      expect((await patch({ scopes: [] })).body).to.include({ clientAuthMethod, idTokenAlg, singleLogout });
      expect((await patch({ idTokenAlg: null })).body).to.include({ clientAuthMethod, idTokenAlg: null, singleLogout });
      const both = (await patch({ clientAuthMethod: null })).body;
      expect(both).to.include({ clientAuthMethod: null, idTokenAlg: null, singleLogout });
      const saml = { slug: "saml", protocol: "saml", metadataXml: idpMetadata(), signRequests: true };
      await client.post(`${tenant}/connections`, saml);
      const unsigned = await client.call("PATCH", `${tenant}/connections/saml`, { body: { signRequests: null } });
      expect(unsigned.body["idp"]).to.include({ signRequests: false });
    });

    it("go back to the provider's own place of groups when a change says null", async () => {
      const tenant = await client.tenant();
      await client.post(`${tenant}/connections`, { ...OIDC, groupAttribute: "roles" });
      const patch = (body: object) => client.call("PATCH", `${tenant}/connections/sso`, { body });
      expect((await patch({ groupSeparator: ";" })).body).to.include({ groupAttribute: "roles", groupSeparator: ";" });
      expect((await patch({ jit: "every_sign_in" })).body).to.include({ groupSeparator: ";" });
      expect((await patch({ groupSeparator: null })).body).to.include({ groupSeparator: null });
      expect(mistakes(await patch({ groupSeparator: " " }))).to.deep.equal(["/groupSeparator wrong_value"]);
      expect((await patch({ groupAttribute: null })).body).to.include({ groupAttribute: null });
      expect((await patch({ jit: "off" })).body).to.include({ groupAttribute: null, jit: "off" });
    });

    it("may make owners only if they are the first, or were told so", async () => {
      const tenant = await client.tenant();
      const may = async (body: object) => (await client.post(`${tenant}/connections`, body)).body["mayGrantOwner"];
      expect(await may({ slug: "one", protocol: "scim" })).to.equal(true);
      expect(await may({ slug: "two", protocol: "scim" })).to.equal(false);
      expect(await may({ slug: "three", protocol: "scim", mayGrantOwner: true })).to.equal(true);
    });

    it("go live as previewed: with the digest where access changes, without one where nothing does", async () => {
      const tenant = await client.tenant();
      const connection = `${tenant}/connections/okta`;
      await client.post(`${tenant}/connections`, { slug: "okta", protocol: "scim" });
      const made = await client.post(`${connection}/tokens`, { name: "t" });
      const token = String(made.body["token"]);
      expect((await client.get(connection)).body["sync"]).to.equal("test");
      const ada = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName: "ada@acme.example" };
      const pushed = await client.post("/api/scim/v2/Users", ada, { token });
      expect(pushed.status, pushed.text).to.equal(201);
      expectProblem(await client.post(`${connection}/go-live`, {}), 409, "digest_required");
      expectProblem(await client.call("PATCH", connection, { body: { sync: "live" } }), 409, "digest_required");
      const preview = await client.get(`${connection}/preview?to=live`);
      expect(preview.body["summary"]).to.deep.include({ users: 1, created: 1 });
      const [change] = preview.body["changes"] as readonly { readonly user: unknown }[];
      expect(change?.user).to.deep.equal({ id: null, userName: "ada@acme.example" });
      const live = await client.post(`${connection}/go-live`, { digest: preview.body["digest"], welcomeMail: false });
      expect(live.status, live.text).to.equal(202);
      const run = await client.finished(tenant, live);
      expect(run.body).to.include({ status: "done", trigger: "go_live", connection: "okta", done: 1, total: 1 });
      const [user] = (await client.get(`${tenant}/users`)).body.items ?? [];
      expect(user).to.include({ userName: "ada@acme.example", status: "registered", synced: true });
      expect((await client.call("PATCH", connection, { body: { sync: "live" } })).status).to.equal(200);
    });

    it("end as previewed, and with them their tokens; what was converted stays with its people", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      const mapping = { mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }] };
      const saved = await client.call("PUT", `${tenant}/mapping`, { body: mapping });
      await client.finished(tenant, saved);
      const ended = await client.call("DELETE", directory.connection, { body: { onDisable: "convert" } });
      expect(ended.status, ended.text).to.equal(202);
      await client.finished(tenant, ended);
      expect((await directory.scim("GET", "/Users")).status).to.be.oneOf([401, 403]);
      const [user] = (await client.get(`${tenant}/users`)).body.items ?? [];
      expect(user).to.deep.include({
        ...{ status: "registered", synced: false },
        teams: [{ team: "Platform", role: "editor" }],
      });
      const slugs = ((await client.get(`${tenant}/connections`)).body.items ?? []).map(({ slug }) => slug);
      expect(slugs).to.deep.equal(["local"]);
      expectProblem(await client.get(directory.connection), 404, "not_found");
      expectProblem(await client.get(`${directory.connection}/tokens`), 404, "not_found");
      const deactivating = await client.call("DELETE", directory.connection, { body: { onDisable: "deactivate" } });
      expectProblem(deactivating, 404, "not_found");
    });

    it("show their tokens once, and stop taking them once they are revoked", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant);
      const made = await client.post(`${directory.connection}/tokens`, {
        name: "second",
        expiresAt: "2099-01-01T00:00:00+02:00",
      });
      expect(made.body["expiresAt"]).to.equal("2098-12-31T22:00:00.000Z");
      const list = await client.get(`${directory.connection}/tokens`);
      expect(list.body.items?.map(({ name }) => name)).to.deep.equal(["okta", "second"]);
      expect(list.text).to.not.contain(String(made.body["token"]));
      const call = () => client.get("/api/scim/v2/Users", { token: String(made.body["token"]) });
      expect((await call()).status).to.equal(200);
      await client.call("DELETE", `${directory.connection}/tokens/${made.body["id"]}`);
      expect((await call()).status).to.equal(401);
      expect((await directory.scim("GET", "/Users")).status).to.equal(200);
    });
  });
}
