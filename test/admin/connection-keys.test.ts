import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { decryptionKeys, signingKey } from "../../src/provisioning/connection-keys.js";
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
