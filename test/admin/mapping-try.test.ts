import { expect } from "chai";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";

const RULES = {
  mappings: [
    { id: "sales", group_name: "Sales", team_name: "Sales", role_name: "editor" },
    { id: "se", when: "user.country = 'SE'", team_name: "Nordics", role_name: "viewer" },
    { id: "boss", app_role: "Boss", scope: "tenant", role_name: "admin" },
  ],
  no_match: "deny",
};

interface Tried {
  readonly assignments: readonly { readonly label: string; readonly grants: readonly { readonly rule: string }[] }[];
  readonly notGiven: readonly { readonly rule: string; readonly why: string; readonly sentence: string }[];
  readonly changes: readonly {
    readonly change: string;
    readonly target: { readonly role: string } | null;
    readonly reason: string;
  }[];
  readonly account: { readonly status: string; readonly verdict: object };
}

const tried = ({ body }: Reply): Tried => body as unknown as Tried;
const labels = (reply: Reply) => tried(reply).assignments.map(({ label }) => label);
const changed = (reply: Reply) =>
  tried(reply).changes.map(({ change, target }) => `${change} ${target?.role ?? ""}`.trim());

for (const [database, newUrl] of DATABASES) {
  describe(`trying one person, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    let tenant: string;
    let user: string;

    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
      tenant = await client.tenant();
      await client.call("POST", `${tenant}/connections`, { body: { slug: "okta", protocol: "scim", sync: "live" } });
      await client.finished(
        tenant,
        await client.call("PUT", `${tenant}/mapping`, { body: { ...RULES, no_match: "allow" } }),
      );
      const made = await client.call("POST", `${tenant}/users`, { body: { userName: "ann@acme.test" } });
      user = made.body["id"] as string;
    });
    after(() => client.close());

    const ask = (body: object) => client.call("POST", `${tenant}/mapping/try`, { body });

    it("makes somebody up who is in these groups: what they would hold, why, and why not the rest", async () => {
      const reply = await ask({ facts: { groups: ["Sales"], user: { userName: "eve", country: "NO" } } });
      expect(reply.status).to.equal(200);
      expect(reply.body["user"]).to.deep.equal({ id: null, userName: "eve" });
      expect(reply.body["connection"]).to.equal("okta");
      expect(labels(reply)).to.deep.equal(["Sales/editor"]);
      expect(tried(reply).assignments[0]?.grants.map(({ rule }) => rule)).to.deep.equal(["sales"]);
      expect(changed(reply)).to.deep.equal(["create_user", "grant editor"]);
      expect(tried(reply).notGiven.map(({ rule, why }) => [rule, why])).to.deep.equal([
        ["se", "unmet"],
        ["boss", "unmet"],
      ]);
      expect(tried(reply).account.verdict).to.deep.equal({ allow: true });
    });

    it("says how a sign-in with these facts would end", async () => {
      const reply = await ask({ facts: { groups: [] }, document: RULES });
      expect(labels(reply)).to.deep.equal([]);
      expect(tried(reply).account.verdict).to.deep.equal({ allow: false, code: "not_assigned" });
    });

    it("edits a real user's facts, and compares with what they hold", async () => {
      const joins = await ask({
        user: "ann@acme.test",
        facts: { groups: { add: ["Sales"] }, user: { country: "SE" } },
      });
      expect(joins.body["user"]).to.deep.equal({ id: user, userName: "ann@acme.test" });
      expect(joins.body["connection"]).to.equal("local");
      expect(changed(joins)).to.deep.equal(["grant viewer", "grant editor"]);
      expect(labels(joins)).to.deep.equal(["Nordics/viewer", "Sales/editor"]);
      const asIs = await ask({ user });
      expect(changed(asIs)).to.deep.equal([]);
      expect(asIs.body["connection"]).to.equal(null);
    });

    it("means by an id its owner, also where somebody else is called like it, as a check does", async () => {
      const made = await client.call("POST", `${tenant}/users`, { body: { userName: user } });
      expect((await ask({ user })).body["user"]).to.deep.equal({ id: user, userName: "ann@acme.test" });
      const checked = await client.get(`${tenant}/check?user=${user}&team=Sales&role=editor`);
      expect(checked.status).to.equal(200);
      await client.call("PATCH", `${tenant}/users/${made.body["id"]}`, { body: { userName: "other@acme.test" } });
    });

    it("writes nothing", async () => {
      const before = await client.get(`${tenant}/users/${user}`);
      const everybody = await client.get(`${tenant}/users`);
      await ask({ user, facts: { groups: ["Sales"], app_roles: ["Boss"] } });
      expect((await client.get(`${tenant}/users/${user}`)).body).to.deep.equal(before.body);
      expect((await client.get(`${tenant}/users`)).body).to.deep.equal(everybody.body);
      expect((await client.get(`${tenant}/teams`)).body["items"]).to.deep.equal([]);
    });

    it("tries a draft, also one whose examples fail, and refuses one that does not compile with every problem", async () => {
      const everyone = { mappings: [{ everyone: true, team_name: "All", role_name: "viewer" }] };
      const draft = { ...everyone, examples: [{ name: "nobody", groups: [], expect: [] }] };
      const reply = await ask({ document: draft });
      expect(labels(reply)).to.deep.equal(["All/viewer"]);
      expect((reply.body["problems"] as readonly { readonly code: string }[]).map(({ code }) => code)).to.deep.equal([
        "example_failed",
      ]);
      const broken = { mappings: [{ group_name: "A", team_name: "A", scope: "tenant", role_name: "x" }] };
      expectProblem(await ask({ document: broken }), 422, "invalid_document");
    });

    it("refuses a person, a connection and facts that there are not", async () => {
      expectProblem(await ask({ user: "nobody" }), 404, "not_found");
      expectProblem(await ask({ connection: "none" }), 404, "not_found");
      expectProblem(await ask({ user, connection: "okta", facts: { groups: [] } }), 400, "bad_request");
      for (const facts of [{ groups: "Sales" }, { group: [] }, { user: { shoe: "43" } }, { claims: { a: "b" } }]) {
        expect((await ask({ facts })).status, JSON.stringify(facts)).to.be.oneOf([400, 422]);
      }
    });
  });
}
