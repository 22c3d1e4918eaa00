import { expect } from "chai";
import { type AdminClient, DATABASES, openAdmin, quickWorker } from "./admin-client.js";

const RULES = { mappings: [{ everyone: true, team_name: "Hall", role_name: "viewer" }] };
const PROFILE = {
  givenName: "$uppercase(user.givenName)",
  familyName: "'Dr ' & $number(user.title)",
  photo: "'https://img.acme.example/' & user.employeeNumber",
};

for (const [database, newUrl] of DATABASES) {
  describe(`profiles, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    async function save(tenant: string, document: object): Promise<void> {
      const reply = await client.call("PUT", `${tenant}/mapping`, { body: document });
      expect(reply.status, reply.text).to.equal(200);
      await client.finished(tenant, reply);
    }

    async function found(tenant: string, query: string) {
      const { status, body, text } = await client.get(`${tenant}/users?${query}`);
      expect(status, text).to.equal(200);
      return body.items ?? [];
    }

    it("TIN-26: show first name, last name and avatar of those who were pushed, once a mapping that computes them is saved", async () => {
      const tenant = await client.tenant();
      await save(tenant, RULES);
      const directory = await client.directory(tenant);
      await directory.push("ada@acme.example", {
        name: { givenName: "Ada", familyName: "Lovelace" },
        title: "x",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { employeeNumber: "42" },
      });
      const [before] = await found(tenant, "q=lovelace");
      expect(before).to.include({ givenName: "Ada", familyName: "Lovelace", photo: null });
      await save(tenant, { ...RULES, profile: PROFILE });
      const [after] = await found(tenant, "q=LOVELACE");
      const shown = { givenName: "ADA", familyName: "Lovelace", photo: "https://img.acme.example/42" };
      expect(after).to.include(shown);
      const one = `${tenant}/users/${after?.["id"]}`;
      expect((await client.get(one)).body).to.include(shown);
      const audit = await client.get(`${tenant}/audit?user=${after?.["id"]}&action=user.updated`);
      expect(audit.body.items?.[0]?.["detail"], audit.text).to.include(shown);

      const { body, text } = await client.get(`${one}/explain`);
      expect(body["profileKept"]).to.deep.equal([
        {
          ...{ attribute: "familyName", pointer: "/profile/familyName", connection: "okta", why: "failed" },
          ...{ because: "`$number` cannot read this as a number", position: 8 },
          sentence: "`familyName` stays as it is: `$number` cannot read this as a number",
        },
      ]);
      expect(text).not.to.contain('"x"');
      const tried = await client.post(`${tenant}/mapping/try`, {
        user: "ada@acme.example",
        document: { ...RULES, profile: { displayName: "claims.nick[0]", photo: "user.title" } },
      });
      expect(tried.status, tried.text).to.equal(200);
      expect((tried.body["profileKept"] as { sentence: string }[]).map(({ sentence }) => sentence)).to.deep.equal([
        "`displayName` stays as it is: the sign-in did not carry `claims.nick`",
        "`photo` stays as it is: the expression yielded no https address",
      ]);
    });

    it("TIN-26: take first and last name of people whom an admin keeps by hand, and no photo", async () => {
      const tenant = await client.tenant();
      await save(tenant, { ...RULES, profile: PROFILE });
      const made = await client.post(`${tenant}/users`, { userName: "ben", givenName: "Ben", familyName: "Lee" });
      expect(made.status, made.text).to.equal(201);
      expect(made.body).to.include({ displayName: null, givenName: "Ben", familyName: "Lee", photo: null });
      const ben = `${tenant}/users/${made.body["id"]}`;
      const changed = await client.call("PATCH", ben, { body: { familyName: null, displayName: "Ben L." } });
      expect(changed.body).to.include({ displayName: "Ben L.", givenName: "Ben", familyName: null });
      const photo = { userName: "cai", photo: "https://img.acme.example/1" };
      expect((await client.post(`${tenant}/users`, photo)).status).to.equal(422);
      expect((await client.get(`${ben}/explain`)).body["profileKept"]).to.deep.equal([]);
    });

    it("refuse expressions for what identifies people, and name those there are", async () => {
      const tenant = await client.tenant();
      const reply = await client.call("PUT", `${tenant}/mapping`, {
        body: { ...RULES, profile: { givenname: "'x'" } },
      });
      expect(reply.status).to.equal(422);
      expect(reply.text).to.contain("/profile/givenname").and.to.contain("givenName");
    });
  });
}
