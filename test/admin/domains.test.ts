import { expect } from "chai";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker } from "./admin-client.js";

for (const [database, newUrl] of DATABASES) {
  describe(`domains and set-up warnings over the admin API, on ${database}`, () => {
    let client: AdminClient;
    let tenant: string;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());
    beforeEach(async () => {
      tenant = await client.tenant();
    });

    it("a domain is claimed by an admin, shown with its record, and given up; the operator's stays the operator's", async () => {
      const vouched = `vouched-${tenant.split("/").at(-1)}.example`;
      await client.call("PATCH", tenant, { body: { domains: [vouched] } });
      const token = await client.key(tenant, "admin");
      const mine = { token };
      const made = await client.post(`${tenant}/domains`, { domain: "Acme.Example" }, mine);
      expect(made.status, made.text).to.equal(201);
      expect(made.headers["location"]).to.equal(`${tenant}/domains/acme.example`);
      const { body } = await client.get(`${tenant}/domains/ACME.example`, mine);
      expect(body)
        .to.deep.equal(made.body)
        .and.to.deep.include({ domain: "acme.example", state: "pending", provedBy: null });
      expect(body["record"]).to.include({ type: "TXT", name: "_rolecall.acme.example" });
      const { items = [] } = (await client.get(`${tenant}/domains`, mine)).body;
      expect(items.map(({ domain, state, provedBy }) => [domain, state, provedBy])).to.deep.equal([
        ["acme.example", "pending", null],
        [vouched, "proved", "operator"],
      ]);
      const remove = (domain: string) => client.call("DELETE", `${tenant}/domains/${domain}`, mine);
      expectProblem(await remove(vouched), 403, "forbidden");
      expect((await remove("acme.example")).status).to.equal(204);
      expectProblem(await client.post(`${tenant}/domains/acme.example/verify`, undefined, mine), 404, "not_found");
      expectProblem(await client.post(`${tenant}/domains`, { domain: "gmail.com" }, mine), 400, "public_domain");
      expectProblem(await client.post(`${tenant}/domains`, { domain: "nonsense" }, mine), 400, "bad_request");
      const reader = await client.key(tenant, "write");
      expectProblem(
        await client.post(`${tenant}/domains`, { domain: "x.example" }, { token: reader }),
        403,
        "forbidden",
      );
      const other = await client.tenant();
      expectProblem(await client.get(`${other}/domains`, mine), 404, "not_found");
    });

    it("TEC-50: a connection that makes people at sign-in and hears no SCIM says that it deprovisions nobody", async () => {
      const oidc = { protocol: "oidc", issuer: "https://idp.example", clientId: "c", clientSecret: "s" };
      const warnings = async (slug: string) =>
        (
          ((await client.get(`${tenant}/connections/${slug}`)).body["warnings"] ?? []) as readonly { code: string }[]
        ).map(({ code }) => code);
      await client.post(`${tenant}/connections`, { slug: "sso", ...oidc });
      expect(await warnings("sso")).to.deep.equal(["jit_alone"]);
      await client.call("PATCH", `${tenant}/connections/sso`, { body: { jit: "off" } });
      expect(await warnings("sso")).to.deep.equal([]);
      await client.post(`${tenant}/connections`, { slug: "both", ...oidc, sync: "live" });
      expect(await warnings("both")).to.deep.equal([]);
    });

    it("a connection to Entra ID says when the externalId of pushed people is not the object id", async () => {
      const { connection, push } = await client.directory(tenant);
      await client.call("PATCH", connection, { body: { profile: "entra" } });
      const warnings = async () =>
        ((await client.get(connection)).body["warnings"] ?? []) as readonly { code: string; message: string }[];
      await push("ann", { externalId: "1f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11" });
      expect(await warnings()).to.deep.equal([]);
      await push("ben", { externalId: "ben@acme.example" });
      const [warning, ...more] = await warnings();
      expect(more).to.deep.equal([]);
      expect(warning?.code).to.equal("external_id_not_object_id");
      expect(warning?.message).to.include("`ben`").and.to.include("`ben@acme.example`").and.to.include("objectId");
      await client.call("PATCH", connection, { body: { profile: "okta" } });
      expect(await warnings()).to.deep.equal([]);
    });
  });
}
