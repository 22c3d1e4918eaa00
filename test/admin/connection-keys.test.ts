import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { decryptionKeys, keysOf, signingKey } from "../../src/provisioning/connection-keys.js";
import { WORKER } from "../../src/provisioning/deps.js";
import { takeWakeups } from "../../src/provisioning/runs/due.js";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";
import { idpMetadata } from "./saml-metadata.js";

type Key = Readonly<Record<"id" | "use" | "state" | "fingerprint" | "certificate", string>> &
  Readonly<Record<"activatedAt" | "retiringSince", string | null>>;

for (const [database, newUrl] of DATABASES) {
  describe(`keys of connections, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    let tenant: string;
    let path: string;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    beforeEach(async () => {
      tenant = await client.tenant();
      path = `${tenant}/connections/sso/keys`;
      await connect({ protocol: "saml", metadataXml: idpMetadata() });
    });
    after(() => client.close());

    async function connect(more: object): Promise<void> {
      const made = await client.post(`${tenant}/connections`, { slug: "sso", ...more });
      expect(made.status, made.text).to.equal(201);
    }

    async function keys(): Promise<readonly Key[]> {
      const reply = await client.get(path);
      expect(reply.status, reply.text).to.equal(200);
      return reply.body.items as unknown as readonly Key[];
    }

    const states = async () => (await keys()).map(({ use, state }) => `${use} ${state}`).sort();
    const keyIn = (reply: Reply) => reply.body as unknown as Key;

    async function next(use: string): Promise<Key> {
      const made = await client.post(path, { use });
      expect(made.status, made.text).to.equal(201);
      return keyIn(made);
    }

    async function stored() {
      const { p } = client.service;
      const found = await p.store.instance.tenantBySlug(tenant.split("/").at(-1) ?? "");
      if (found === undefined) throw new Error("no tenant");
      const connection = await p.store.read(found.id).connectionBySlug("sso");
      if (connection === undefined) throw new Error("no connection");
      return { p, tenant: found, connection };
    }

    it("are two for a SAML connection, made once however many ask at the same time", async () => {
      const answers = await Promise.all([keys(), keys(), keys()]);
      expect(await states()).to.deep.equal(["encryption active", "signing active"]);
      for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
      for (const key of await keys()) {
        const certificate = new X509Certificate(key.certificate);
        expect(certificate.fingerprint256).to.equal(key.fingerprint);
        expect(certificate.subject).to.equal(`CN=${tenant.split("/").at(-1)}/sso ${key.use}`);
      }
    });

    it("are one that signs for an OIDC connection, and none where nobody signs in", async () => {
      tenant = await client.tenant();
      path = `${tenant}/connections/sso/keys`;
      await connect({ protocol: "oidc", issuer: "https://op.example", clientId: "c", clientSecret: "s" });
      expect(await states()).to.deep.equal(["signing active"]);
      expectProblem(await client.post(path, { use: "encryption" }), 400, "bad_request");
      const scim = `${tenant}/connections/scim`;
      await client.post(`${tenant}/connections`, { slug: "scim", protocol: "scim" });
      expect((await client.get(`${scim}/keys`)).body.items).to.deep.equal([]);
      expectProblem(await client.post(`${scim}/keys`, { use: "signing" }), 400, "bad_request");
    });

    it("are followed by a next one, which takes over and can give back, while the one before still decrypts", async () => {
      const [first] = (await keys()).filter(({ use }) => use === "encryption");
      const made = await next("encryption");
      expect(made.state).to.equal("next");
      expectProblem(await client.post(path, { use: "encryption" }), 409, "conflict");
      const activated = await client.post(`${path}/${made.id}/activate`);
      expect(keyIn(activated)).to.include({ id: made.id, state: "active", retiringSince: null });
      expect(await states()).to.deep.equal(["encryption active", "encryption retiring", "signing active"]);
      const { p, tenant: of, connection } = await stored();
      const certificates = [made, first].map((key) => new X509Certificate(key?.certificate ?? ""));
      const opening = await decryptionKeys(p, of, connection);
      expect(opening.map((key, index) => certificates[index]?.checkPrivateKey(key))).to.deep.equal([true, true]);
      await client.post(`${path}/${first?.id}/activate`);
      expect((await keys()).find(({ id }) => id === made.id)?.state).to.equal("retiring");
    });

    it("sign with the active key, whatever else is published", async () => {
      const [first] = (await keys()).filter(({ use }) => use === "signing");
      const made = await next("signing");
      const { p, tenant: of, connection } = await stored();
      expect((await signingKey(p, of, connection)).id).to.equal(first?.id);
      await client.post(`${path}/${made.id}/activate`);
      const { id, privateKey } = await signingKey(p, of, connection);
      expect(id).to.equal(made.id);
      expect(new X509Certificate(made.certificate).checkPrivateKey(privateKey)).to.equal(true);
    });

    it("are deleted for good unless they are in use", async () => {
      const [active] = await keys();
      expectProblem(await client.call("DELETE", `${path}/${active?.id}`), 409, "conflict");
      const made = await next("signing");
      expect((await client.call("DELETE", `${path}/${made.id}`)).status).to.equal(204);
      expect(await states()).to.deep.equal(["encryption active", "signing active"]);
      expectProblem(await client.call("DELETE", `${path}/${made.id}`), 404, "not_found");
      expectProblem(await client.post(`${path}/${made.id}/activate`), 404, "not_found");
    });

    it("lie sealed in the database, each for its own row alone, and are never answered", async () => {
      const listed = await client.get(path);
      expect(listed.text).to.not.match(/PRIVATE|sealed/i);
      const { p, tenant: of, connection } = await stored();
      const rows = await p.store.read(of.id).connectionKeys(connection.id);
      expect(rows).to.have.length(2);
      for (const { id, sealed } of rows) {
        expect(sealed).to.match(/^v1\./);
        const context = `${of.id}:${connection.id}:connection-key:`;
        expect(Buffer.from(p.secrets.decrypt(sealed, `${context}${id}`), "base64")[0]).to.equal(0x30);
        const [other] = rows.filter((row) => row.id !== id);
        expect(() => p.secrets.decrypt(sealed, `${context}${other?.id}`)).to.throw(/does not open/);
      }
    });

    it("W-32: tell the tenant's owners of each change, in the audit and in the feed", async () => {
      await keys();
      const made = await next("signing");
      await client.post(`${path}/${made.id}/activate`);
      const retired = (await keys()).find(({ state }) => state === "retiring");
      await client.call("DELETE", `${path}/${retired?.id}`);
      const types = ["connection.key_made", "connection.key_activated", "connection.key_deleted"];
      expect(await client.published(tenant, ...types)).to.include.members(types);
      const audit = (await client.get(`${tenant}/audit`)).body.items ?? [];
      const activated = audit.find(({ action }) => action === "connection.key_activated");
      const detail = { connection: "sso", key: made.id, use: "signing", fingerprint: made.fingerprint };
      expect(activated?.["detail"]).to.deep.equal(detail);
    });

    for (const [protocol, settings, uses] of [
      ["saml", { metadataXml: idpMetadata() }, ["encryption", "signing"]],
      ["oidc", { issuer: "https://op.example", clientId: "c", clientSecret: "s" }, ["signing"]],
    ] as const) {
      it(`tell owners before their certificates end, unless they retire (${protocol})`, async () => {
        tenant = await client.tenant();
        path = `${tenant}/connections/sso/keys`;
        await connect({ protocol, sync: "test", ...settings });
        const warnings = async () => {
          const { body } = await client.get(`${tenant}/connections/sso`);
          return ((body["warnings"] ?? []) as readonly { code: string; message: string }[]).map(
            ({ code, message }) => `${code} ${/signing|encryption/.exec(message)}`,
          );
        };
        expect(await warnings()).to.deep.equal([]);
        const { p, tenant: of, connection } = await stored();
        const made = new Date();
        made.setUTCFullYear(made.getUTCFullYear() - 10, made.getUTCMonth(), made.getUTCDate() + 20);
        const then = { ...p, now: () => made.toISOString() };
        await keysOf(then, of, connection);
        expect((await warnings()).sort()).to.deep.equal(uses.map((use) => `own_key_expiring ${use}`));
        const told = async (day: number) => {
          const at = new Date(made);
          at.setUTCFullYear(made.getUTCFullYear() + 10, made.getUTCMonth(), made.getUTCDate() + day);
          await takeWakeups({ ...p, now: () => at.toISOString() }, of.id, WORKER);
          const items = (await client.get(`${tenant}/audit?limit=100`)).body.items ?? [];
          return items.filter(({ action }) => action === "connection.key_expiring").length;
        };
        const once = uses.length;
        // By the worker, as the first of the two times is over.
        await client.published(tenant, "connection.key_expiring");
        expect([await told(-29), await told(-8)]).to.deep.equal([once, once]);
        const fresh = await next("signing");
        await client.post(`${path}/${fresh.id}/activate`);
        expect(await warnings()).to.deep.equal(once === 2 ? ["own_key_expiring encryption"] : []);
        expect(await told(-6), "a key that retires is told of no more").to.equal(2 * once - 1);
      });
    }

    it("are changed by nobody who may only read, and are another tenant's business in no way", async () => {
      const readOnly = { token: await client.key(tenant, "read") };
      expect((await client.get(path, readOnly)).status).to.equal(200);
      expect((await client.post(path, { use: "signing" }, readOnly)).status).to.equal(403);
      const [key] = await keys();
      expect((await client.call("DELETE", `${path}/${key?.id}`, readOnly)).status).to.equal(403);
      const home = path;
      tenant = await client.tenant();
      path = `${tenant}/connections/sso/keys`;
      await connect({ protocol: "saml", metadataXml: idpMetadata() });
      expectProblem(await client.post(`${path}/${key?.id}/activate`), 404, "not_found");
      expect(home).to.not.equal(path);
    });
  });
}
