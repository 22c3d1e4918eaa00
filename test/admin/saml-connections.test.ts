import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import { globexKey, idpKey, idpNextKey, type SigningKey } from "../support/saml-keys.js";
import { type AdminClient, DATABASES, expectProblem, mistakes, openAdmin, quickWorker } from "./admin-client.js";
import { ENTITY_ID, idpMetadata, type MetadataServer, SSO_URL, startMetadataServer } from "./saml-metadata.js";

const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const SAML = { slug: "sso", protocol: "saml" };

function fingerprintOf({ certificatePem }: SigningKey): string {
  return new X509Certificate(certificatePem).fingerprint256;
}

for (const [database, newUrl] of DATABASES) {
  describe(`SAML connections, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    let idp: MetadataServer;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
      idp = await startMetadataServer();
    });
    after(() => Promise.all([client.close(), idp.close()]));

    async function connected(more: object = { metadataXml: idpMetadata() }): Promise<string> {
      const tenant = await client.tenant();
      const made = await client.post(`${tenant}/connections`, { ...SAML, ...more });
      expect(made.status, made.text).to.equal(201);
      return tenant;
    }

    const patch = (tenant: string, body: object) => client.call("PATCH", `${tenant}/connections/sso`, { body });

    async function fingerprints(tenant: string): Promise<readonly unknown[]> {
      const { body } = await client.get(`${tenant}/connections/sso`);
      const { certificates } = body["idp"] as { readonly certificates: readonly { readonly fingerprint: string }[] };
      return certificates.map(({ fingerprint }) => fingerprint);
    }

    it("tell what the identity provider has to be told, from the public URL alone, and what they believe of it", async () => {
      const tenant = await client.tenant();
      const slug = tenant.split("/").at(-1);
      const metadataXml = idpMetadata({ validUntil: "2099-01-01T00:00:00Z" });
      const forged = { headers: { host: "evil.example", "x-forwarded-host": "evil.example" } };
      const made = await client.post(`${tenant}/connections`, { ...SAML, metadataXml }, forged);
      expect(made.status, made.text).to.equal(201);
      expect(made.headers["location"]).to.equal(`${tenant}/connections/sso`);
      const base = `${client.service.publicUrl}/sso/${slug}/sso`;
      expect(made.body["saml"]).to.deep.equal({
        entityId: `${base}/metadata`,
        acsUrl: `${base}/acs`,
        metadataUrl: `${base}/metadata`,
        loginUrl: `${base}/login`,
        sloUrl: `${base}/slo`,
      });
      const { notAfter, ...certificate } = (made.body["idp"] as { certificates: { notAfter: string }[] })
        .certificates[0] as { notAfter: string };
      expect(made.body["idp"]).to.deep.include({
        ...{ entityId: ENTITY_ID, ssoRedirectUrl: SSO_URL, ssoPostUrl: SSO_URL, metadataUrl: null },
        ...{ validUntil: "2099-01-01T00:00:00.000Z", requireSigned: "either" },
      });
      const subject = "CN=idp.acme.example";
      expect(certificate).to.deep.equal({ fingerprint: fingerprintOf(idpKey), subject, expired: false });
      expect(Date.parse(notAfter)).to.equal(Date.parse(new X509Certificate(idpKey.certificatePem).validTo));
      expect(made.body).to.deep.include({ protocol: "saml", jit: "every_sign_in", sync: "off", groups: "auto" });
      expect(made.body).to.not.have.any.keys("oidc", "issuer", "clientId");
      const { warnings, ...read } = (await client.get(`${tenant}/connections/sso`)).body;
      expect(warnings).to.have.lengthOf(1);
      expect(read).to.deep.equal(made.body);
      expect((await client.get(`${tenant}/connections`)).body.items).to.deep.include(made.body);
      expect((await patch(tenant, { allowIdpInitiated: false })).body).to.deep.equal(made.body);
    });

    it("keep every setting that they share with others, and change what a change names", async () => {
      const shared = {
        ...{ jit: "first_sign_in", sync: "test", groups: "claims", profile: "entra", mayGrantOwner: false },
        ...{ allowedDomains: ["acme.example"], requireDomains: true, absentGroups: "empty", settleSeconds: 60 },
        rolesFrom: ["groups"],
        groupAttribute: "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
      };
      const own = { metadataXml: idpMetadata(), requireSigned: "both", allowIdpInitiated: false };
      const tenant = await connected({ ...shared, ...own });
      const { warnings: _, ...body } = (await client.get(`${tenant}/connections/sso`)).body;
      expect(body).to.deep.include(shared);
      expect(body["idp"]).to.include({ requireSigned: "both" });
      const changed = await patch(tenant, { profile: "okta", groupAttribute: "memberOf", jit: "off", priority: 7 });
      expect(changed.body).to.deep.equal({
        ...body,
        ...{ profile: "okta", groupAttribute: "memberOf", jit: "off", priority: 7 },
      });
    });

    it("fetch metadata from its address, and again whenever the address is given", async () => {
      idp.serve(idpMetadata({ certificates: [idpKey.certificate] }));
      const tenant = await connected({ metadataUrl: idp.url, requireSigned: "assertion" });
      const { body } = await client.get(`${tenant}/connections/sso`);
      expect(body["idp"]).to.include({ metadataUrl: idp.url, entityId: ENTITY_ID });
      const asked = idp.asked();
      idp.serve(idpMetadata({ certificates: [idpKey.certificate, idpNextKey.certificate] }));
      expect((await patch(tenant, { requireSigned: "both", jit: "off" })).status).to.equal(200);
      expect(idp.asked(), "a change of something else asks nobody").to.equal(asked);
      expect(await fingerprints(tenant)).to.deep.equal([fingerprintOf(idpKey)]);
      const again = await patch(tenant, { metadataUrl: idp.url });
      expect(again.body["idp"]).to.include({ metadataUrl: idp.url, requireSigned: "both" });
      expect(await fingerprints(tenant)).to.deep.equal([idpKey, idpNextKey].map(fingerprintOf));
      const pasted = await patch(tenant, { metadataXml: idpMetadata({ certificates: [idpNextKey.certificate] }) });
      expect(pasted.body["idp"]).to.include({ metadataUrl: null, requireSigned: "both" });
      expect(await fingerprints(tenant)).to.deep.equal([fingerprintOf(idpNextKey)]);
    });

    it("take a megabyte of metadata, and say how much a body may have", async () => {
      const bare = idpMetadata();
      const metadataXml = idpMetadata({ more: " ".repeat(1024 * 1024 - bare.length) });
      const tenant = await connected({ metadataXml });
      expect(await fingerprints(tenant)).to.deep.equal([fingerprintOf(idpKey)]);
      const longer = await patch(tenant, { metadataXml: metadataXml + " ".repeat(1024 * 1024) });
      expectProblem(longer, 413, "body_too_large");
    });

    it("put on record which keys came and went, in the fingerprints that they show", async () => {
      const tenant = await connected();
      await patch(tenant, { metadataXml: idpMetadata({ certificates: [idpNextKey.certificate] }) });
      const audit = (await client.get(`${tenant}/audit`)).body.items ?? [];
      const found = audit.filter(({ action }) => String(action).startsWith("connection."));
      const told = found.map(({ action, detail }) => [action, (detail as { saml: object }).saml]);
      const [before, after] = [fingerprintOf(idpKey), fingerprintOf(idpNextKey)];
      expect(told).to.deep.equal([
        [
          "connection.updated",
          {
            ...{ entityId: ENTITY_ID, requireSigned: "either", changed: ["certificates"] },
            ...{ certificatesAdded: [after], certificatesRemoved: [before] },
          },
        ],
        [
          "connection.created",
          {
            ...{ entityId: ENTITY_ID, requireSigned: "either" },
            ...{ certificatesAdded: [before], certificatesRemoved: [] },
          },
        ],
      ]);
    });

    it("never become another identity provider's, by XML or by address", async () => {
      const tenant = await connected();
      const untouched = (await client.get(`${tenant}/connections/sso`)).body;
      const hostile = idpMetadata({ entityId: `${ENTITY_ID}/`, certificates: [globexKey.certificate] });
      idp.serve(hostile);
      for (const [key, value] of [
        ["metadataXml", hostile],
        ["metadataUrl", idp.url],
      ] as const) {
        const reply = await patch(tenant, { [key]: value, jit: "off" });
        expectProblem(reply, 422, "invalid_document");
        expect(mistakes(reply).map((mistake) => mistake.split(" ")[0])).to.deep.equal([`/${key}`]);
        expect((await client.get(`${tenant}/connections/sso`)).body).to.deep.equal(untouched);
      }
    });

    it("let others write while metadata is on its way", async () => {
      const tenant = await client.tenant();
      idp.serve(idpMetadata(), async () => {
        const made = await client.post(`${tenant}/users`, { userName: "ada@acme.example" });
        expect(made.status).to.equal(201);
      });
      const made = await client.post(`${tenant}/connections`, { ...SAML, metadataUrl: idp.url });
      expect(made.status, made.text).to.equal(201);
      idp.serve(idpMetadata(), () => client.post(`${tenant}/users`, { userName: "ben@acme.example" }));
      expect((await patch(tenant, { metadataUrl: idp.url })).status).to.equal(200);
      expect((await client.get(`${tenant}/users`)).body.items).to.have.length(2);
    });

    it("put back nothing that somebody changed while metadata was on its way", async () => {
      const tenant = await connected();
      const safe = { metadataXml: idpMetadata({ certificates: [idpNextKey.certificate] }), requireSigned: "both" };
      idp.serve(idpMetadata(), () => patch(tenant, safe));
      expectProblem(await patch(tenant, { metadataUrl: idp.url }), 409, "conflict");
      expect(await fingerprints(tenant)).to.deep.equal([fingerprintOf(idpNextKey)]);
      expect((await client.get(`${tenant}/connections/sso`)).body["idp"]).to.include({ requireSigned: "both" });
      const { body } = await client.get(`${tenant}/audit?action=connection.updated`);
      expect(body.items).to.have.length(1);
    });

    it("have a SCIM face of their own, from test to live, and are known to mappings by slug and protocol", async () => {
      const tenant = await connected({ metadataXml: idpMetadata(), profile: "okta" });
      const connection = `${tenant}/connections/sso`;
      const rules = [
        { group_name: "Eng", connections: ["sso"], team_name: "Platform", role_name: "editor" },
        {
          when: 'connection.protocol = "saml" and connection.slug = "sso"',
          team_name: "Everybody",
          role_name: "viewer",
        },
        { when: 'connection.protocol = "scim"', team_name: "Wrong", role_name: "viewer" },
      ];
      const unknown = await client.call("PUT", `${tenant}/mapping`, {
        body: { mappings: [{ ...rules[0], connections: ["ssso"] }] },
      });
      expect(mistakes(unknown)).to.deep.equal(["/mappings/0/connections/0 unknown_connection"]);
      const saved = await client.call("PUT", `${tenant}/mapping`, { body: { mappings: rules } });
      expect(saved.status, saved.text).to.equal(200);
      await client.finished(tenant, saved);
      const token = String((await client.post(`${connection}/tokens`, { name: "okta" })).body["token"]);
      expect((await client.get(connection)).body).to.include({ sync: "test", profile: "okta" });
      const scim = (path: string, body: object) => client.post(`/api/scim/v2${path}`, body, { token });
      const ada = await scim("/Users", { schemas: [USER], userName: "ada@acme.example" });
      expect(ada.status, ada.text).to.equal(201);
      const schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"];
      await scim("/Groups", { schemas, displayName: "Eng", members: [{ value: ada.body["id"] }] });
      expect((await client.get(`${tenant}/users`)).body.items).to.deep.equal([]);
      const preview = await client.get(`${connection}/preview?to=live`);
      const live = await client.post(`${connection}/go-live`, { digest: preview.body["digest"] });
      expect(live.status, live.text).to.equal(202);
      await client.finished(tenant, live);
      const [user] = (await client.get(`${tenant}/users`)).body.items ?? [];
      expect(user?.["teams"]).to.have.deep.members([
        { team: "Platform", role: "editor" },
        { team: "Everybody", role: "viewer" },
      ]);
      const ended = await client.call("DELETE", connection, { body: { onDisable: "convert" } });
      expect(ended.status, ended.text).to.equal(202);
      await client.finished(tenant, ended);
      expectProblem(await client.get(connection), 404, "not_found");
      expectProblem(await patch(tenant, { metadataXml: idpMetadata() }), 404, "not_found");
      expectProblem(
        await client.post(`${tenant}/connections`, { ...SAML, metadataXml: idpMetadata() }),
        409,
        "slug_taken",
      );
    });

    it("W-31: may share their identity provider with another tenant's, each with names of its own", async () => {
      const [one, two] = [await connected(), await connected()];
      const told = await Promise.all([one, two].map((tenant) => client.get(`${tenant}/connections/sso`)));
      const names = told.map(({ body }) => (body["saml"] as { readonly entityId: string }).entityId);
      expect(new Set(names).size).to.equal(2);
      expect(told.map(({ body }) => body["idp"]).map((view) => (view as { entityId: string }).entityId)).to.deep.equal([
        ENTITY_ID,
        ENTITY_ID,
      ]);
    });
  });
}
