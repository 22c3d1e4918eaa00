import { expect } from "chai";
import type { SamlSettings } from "../../src/model/connection.js";
import { type OpenStore, storeForTests } from "./store-for-tests.js";
import { expectRefusal, LATER, makeWorld, NOW, register, SCIM_CONNECTION, unique } from "./world.js";

export function connectionConformance(open: OpenStore): void {
  describe("tenants and connections", () => {
    const store = storeForTests(open);
    const tenant = (more: object = {}) => ({
      slug: unique("t"),
      name: "T",
      domains: [],
      seats: null,
      scim: true,
      ...more,
    });

    it("makes a tenant with its built-in local connection", async () => {
      const made = await store().instance.createTenant(
        tenant({ slug: "acme", domains: ["b.test", "a.test"], seats: 3 }),
        NOW,
      );
      expect(made).to.include({ slug: "acme", seats: 3, seatsUsed: 0, scim: true, activeVersion: 0, createdAt: NOW });
      expect(made.domains).to.deep.equal(["a.test", "b.test"]);
      expect(await store().instance.tenantBySlug("acme")).to.deep.equal(made);
      expect(await store().instance.tenantBySlug("nobody")).to.equal(undefined);
      expect(await store().read(made.id).tenantNow()).to.deep.equal(made);
      const [local, ...others] = await store().read(made.id).connections();
      expect(local).to.include({ slug: "local", protocol: "local", version: 1 });
      expect(others).to.deep.equal([]);
    });

    it("refuses a slug that is taken and leaves nothing of the second tenant", async () => {
      const input = tenant();
      await store().instance.createTenant(input, NOW);
      const domain = `${unique("d")}.test`;
      await expectRefusal(store().instance.createTenant({ ...input, domains: [domain] }, NOW), "slug_taken");
      await store().instance.createTenant(tenant({ domains: [domain] }), NOW);
    });

    it("lets a domain belong to one tenant only", async () => {
      const domain = `${unique("d")}.test`;
      const first = await store().instance.createTenant(tenant({ domains: [domain] }), NOW);
      const slug = unique("t");
      await expectRefusal(store().instance.createTenant(tenant({ slug, domains: [domain] }), NOW), "domain_taken");
      expect(await store().instance.tenantBySlug(slug)).to.equal(undefined);
      const second = await store().instance.createTenant(tenant(), NOW);
      await expectRefusal(store().instance.updateTenant(second.id, { domains: [domain] }, NOW), "domain_taken");
      await store().instance.updateTenant(first.id, { domains: [] }, NOW);
      const updated = await store().instance.updateTenant(second.id, { domains: [domain], seats: 9 }, NOW);
      expect(updated).to.deep.include({ domains: [domain], seats: 9 });
    });

    it("changes only what a change of a tenant names", async () => {
      const made = await store().instance.createTenant(tenant({ seats: 4 }), NOW);
      const renamed = await store().instance.updateTenant(made.id, { name: "Other", scim: false }, NOW);
      expect(renamed).to.deep.equal({ ...made, name: "Other", scim: false });
      expect(await store().instance.updateTenant(made.id, { seats: null }, NOW)).to.include({ seats: null });
      expect(await store().instance.updateTenant(made.id, {}, NOW)).to.deep.equal({ ...renamed, seats: null });
    });

    it("pages through all tenants once", async () => {
      for (let i = 0; i < 3; i++) await store().instance.createTenant(tenant(), NOW);
      const slugs: string[] = [];
      let after: string | undefined;
      do {
        const page = await store().instance.listTenants({ limit: 2, ...(after === undefined ? {} : { after }) });
        slugs.push(...page.items.map((item) => item.slug));
        after = page.next;
      } while (after !== undefined);
      expect(slugs.length).to.be.greaterThan(2);
      expect(new Set(slugs).size).to.equal(slugs.length);
      await expectRefusal(store().instance.listTenants({ limit: 2, after: "x' or 1=1" }), "bad_request");
    });

    it("keeps a connection's settings and raises its version with each change", async () => {
      const { write, read, connection } = await makeWorld(store());
      const oidc = { issuer: "https://idp.test", clientId: "c", scopes: ["openid"] };
      const made = await write((tx) =>
        tx.insertConnection(
          { ...SCIM_CONNECTION, protocol: "oidc", slug: "sso", oidc, secret: "sealed", groupAttribute: "groups" },
          NOW,
        ),
      );
      expect(made.rolesFrom).to.deep.equal(["users", "groups"]);
      expect(made).to.deep.include({ slug: "sso", oidc, groupAttribute: "groups", version: 1, createdAt: NOW });
      expect(made.priority).to.be.greaterThan(connection.priority);
      expect(await read.connectionSecret(made.id)).to.equal("sealed");
      const change = {
        sync: "off",
        allowedDomains: ["x.test"],
        disabledAt: LATER,
        firstGroupPushAt: NOW,
        priority: 7,
        rolesFrom: ["groups"],
        manages: ["users", "serviceAccounts"],
        groupsUnmanagedSince: NOW,
        adopt: "off",
      } as const;
      const changed = await write((tx) => tx.updateConnection(made.id, change, LATER));
      expect(changed, "and when it was live last").to.deep.equal({ ...made, ...change, liveUntil: LATER, version: 2 });
      expect(await read.connectionSecret(made.id), "a change that names no secret keeps it").to.equal("sealed");
      const enabled = await write((tx) =>
        tx.updateConnection(made.id, { disabledAt: null, groupsUnmanagedSince: null, secret: "new" }, LATER),
      );
      expect(enabled).not.to.have.any.keys("disabledAt", "groupsUnmanagedSince");
      expect(await read.connectionSecret(made.id)).to.equal("new");
      expect(await read.connectionBySlug("sso")).to.deep.equal(enabled);
      expect((await read.connections()).map((each) => each.slug)).to.deep.equal(["main", "sso", "local"]);
    });

    it("keeps what a SAML connection believes of its identity provider, and forgets what a change leaves out", async () => {
      const { write, read } = await makeWorld(store());
      const saml: SamlSettings = {
        entityId: "https://idp.test/\u00e4?a=1&b='2'",
        ssoRedirectUrl: "https://idp.test/sso",
        certificates: ["QUJD", "REVG"],
        metadataUrl: "https://idp.test/metadata",
        validUntil: LATER,
        requireSigned: "both",
      };
      const made = await write((tx) =>
        tx.insertConnection({ ...SCIM_CONNECTION, protocol: "saml", slug: "sso", saml }, NOW),
      );
      expect(made).to.deep.include({ protocol: "saml", saml, version: 1 });
      expect(made).not.to.have.property("oidc");
      expect(await read.connectionBySlug("sso")).to.deep.equal(made);
      const renamed = await write((tx) => tx.updateConnection(made.id, { jit: "first_sign_in" }, LATER));
      expect(renamed.saml, "a change that names no metadata keeps it").to.deep.equal(saml);
      const other: SamlSettings = {
        entityId: saml.entityId,
        ssoPostUrl: "https://idp.test/post",
        certificates: ["R0hJ"],
        requireSigned: "either",
      };
      const changed = await write((tx) => tx.updateConnection(made.id, { saml: other }, LATER));
      expect(changed).to.deep.equal({ ...made, jit: "first_sign_in", saml: other, version: 3 });
      expect((await read.connections()).map((each) => each.saml)).to.deep.equal([undefined, other, undefined]);
    });

    it("refuses a connection's slug twice in a tenant, `local` among them", async () => {
      const { write } = await makeWorld(store());
      const insert = (slug: string) => write((tx) => tx.insertConnection({ ...SCIM_CONNECTION, slug }, NOW));
      await expectRefusal(insert("main"), "slug_taken");
      await expectRefusal(insert("local"), "slug_taken");
    });

    it("finds a token by its hash until it is revoked", async () => {
      const { store: opened, tenant: owner, write, read, connection } = await makeWorld(store());
      const hash = unique("hash");
      const info = await write((tx) => tx.insertToken(connection.id, { name: "okta", hash, expiresAt: LATER }, NOW));
      const found = await opened.instance.tokenByHash(hash);
      expect(found).to.deep.equal({ tokenId: info.id, tenant: owner, connection, expiresAt: LATER });
      const changed = await write((tx) => tx.updateConnection(connection.id, { sync: "off" }, LATER));
      const renamed = await opened.instance.updateTenant(
        owner.id,
        { name: "Renamed", domains: [`${unique("domain")}.test`] },
        LATER,
      );
      const asChanged = { tokenId: info.id, tenant: renamed, connection: changed, expiresAt: LATER };
      expect(await opened.instance.tokenByHash(hash), "whose it is moved").to.deep.equal(asChanged);
      await opened.instance.touchToken(owner.id, info.id, LATER, "192.0.2.1");
      expect((await opened.instance.tokenByHash(hash))?.lastUsedAt).to.equal(LATER);
      expect(await read.tokens(connection.id)).to.deep.equal([
        { ...info, lastUsedAt: LATER, lastUsedFrom: "192.0.2.1" },
      ]);
      expect(await write((tx) => tx.revokeToken(connection.id, info.id, LATER))).to.equal(true);
      expect(await write((tx) => tx.revokeToken(connection.id, info.id, LATER))).to.equal(false);
      expect(await opened.instance.tokenByHash(hash)).to.equal(undefined);
      expect(await read.tokens(connection.id)).to.deep.equal([]);
    });

    it("finds an API key by its hash until it is revoked", async () => {
      const { store: opened, tenant: owner, read, write } = await makeWorld(store());
      const hash = unique("hash");
      const { id } = await write((tx) => tx.insertApiKey({ name: "ci", hash, scopes: ["read"] }, NOW));
      const found = await opened.instance.apiKeyByHash(hash);
      expect(found).to.deep.equal({ keyId: id, name: "ci", tenant: owner, scopes: ["read"] });
      expect(await opened.instance.apiKeyByHash("other")).to.equal(undefined);
      expect(await read.apiKeys()).to.deep.equal([{ id, name: "ci", scopes: ["read"], createdAt: NOW }]);
      expect(await write((tx) => tx.revokeApiKey(id, LATER))).to.equal(true);
      expect(await write((tx) => tx.revokeApiKey(id, LATER))).to.equal(false);
      expect(await opened.instance.apiKeyByHash(hash)).to.equal(undefined);
      expect(await read.apiKeys()).to.deep.equal([]);
    });

    it("makes ids that sort in the order of their making", () => {
      const ids = Array.from({ length: 200 }, () => store().newId());
      expect([...ids].sort()).to.deep.equal(ids);
      expect(new Set(ids).size).to.equal(200);
    });

    it("keeps counting registered synced people right through every way in and out", async () => {
      const world = await makeWorld(store());
      const { read, write, connection } = world;
      const { user, row } = await world.push("ann");
      const counted = async () => (await read.brakeState(connection.id, "access")).registeredSynced;
      expect(await counted(), "pending").to.equal(0);
      await register(world, [user]);
      await register(world, [user]);
      expect(await counted(), "registered, said twice").to.equal(1);
      const leave = { statuses: [{ user, to: "deactivated" as const, by: "scim" as const }] };
      const writes = { profiles: [], open: [], close: [], refresh: [], reconciled: [], version: 0 };
      await write((tx) => tx.applyAccess({ ...writes, ...leave }, NOW));
      expect(await counted(), "deactivated").to.equal(0);
      await register(world, [user]);
      await write((tx) => tx.deleteUserRow(connection.id, row, NOW));
      expect(await counted(), "deleted").to.equal(0);
    });
  });
}
