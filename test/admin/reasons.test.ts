import { expect } from "chai";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";

const rule = (id: string, group: string, more: object = {}) => ({
  id,
  group_name: group,
  team_name: "Platform",
  role_name: "editor",
  ...more,
});

interface Reasons {
  readonly code: string;
  readonly reason: string;
  readonly nearest?: { readonly rule: string; readonly proved?: boolean };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

for (const [database, newUrl] of DATABASES) {
  describe(`reasons, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    async function save(tenant: string, document: object, query = ""): Promise<Reply> {
      const reply = await client.call("PUT", `${tenant}/mapping${query}`, { body: document });
      expect(reply.status, reply.text).to.equal(200);
      await client.finished(tenant, reply);
      return reply;
    }

    async function idOf(tenant: string, userName: string): Promise<string> {
      return String((await client.get(`${tenant}/users?userName=${userName}`)).body.items?.[0]?.["id"]);
    }

    async function check(tenant: string, query: string): Promise<{ allowed: unknown; because: readonly Reasons[] }> {
      const { status, body, text } = await client.get(`${tenant}/check?${query}`);
      expect(status, text).to.equal(200);
      return body as never;
    }

    it("prove what an assignment comes from, and what the rest would take, before they suggest it", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      await save(
        tenant,
        {
          mappings: [
            { group_name: "Eng", team_name: "Platform", role_name: "editor", note: "the whole department" },
            rule("low", "Eng", { role_name: "viewer" }),
            rule("sales", "Sales", { team_name: "Sales" }),
            { id: "nordics", when: "user.country = 'SE'", team_name: "Nordics", role_name: "viewer" },
          ],
        },
        "?note=go",
      );
      const { body } = await client.get(`${tenant}/users/${await idOf(tenant, "ada@acme.example")}/explain`);
      expect(body).to.have.nested.property("mapping.author", "operator");
      const [held] = body["assignments"] as readonly Record<string, unknown>[];
      expect(held).to.deep.include({
        toLose: [{ do: "leave_group", group: "Eng" }],
        conflict: { strategy: "first", lost: [{ rule: "low", name: "low", label: "Platform/viewer" }] },
      });
      const [grant] = (held?.["grants"] ?? []) as readonly Record<string, unknown>[];
      expect(grant).to.include({ name: "group Eng -> Platform/editor", note: "the whole department" });
      expect(grant?.["givenBy"]).to.deep.include({ version: 1, author: "operator", note: "go" });
      expect(grant?.["sentence"]).to.match(/group `Eng` \(by SCIM, since \d{4}-\d\d-\d\d, less than a day\)/);
      const notGiven = body["notGiven"] as readonly Record<string, unknown>[];
      expect(notGiven.map(({ rule: id, steps, proved }) => [id, proved, steps])).to.deep.equal([
        ["low", true, [{ do: "change_rule", rule: "low", how: "move_up", above: (grant?.["rule"] ?? "") as string }]],
        ["sales", true, [{ do: "join_group", anyOf: ["Sales"] }]],
        ["nordics", true, [{ do: "set_attribute", attribute: "country", anyOf: ["SE"] }]],
      ]);
      const path = `${tenant}/users/${await idOf(tenant, "ada@acme.example")}/explain`;
      const some = await client.get(`${path}?team=Sales&role=editor`);
      expect((some.body["notGiven"] as readonly { rule: string }[]).map((one) => one.rule)).to.deep.equal(["sales"]);
      const few = await client.get(`${path}?limit=1`);
      expect([(few.body["notGiven"] as readonly unknown[]).length, few.body["notGivenLeftOut"]]).to.deep.equal([1, 2]);
      expectProblem(await client.get(`${path}?role=editor`), 400, "bad_request");
      expectProblem(await client.get(`${path}?team=Sales`), 400, "bad_request");
    });

    it("answer for 5,000 rules with the nearest of them, bounded", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      const mappings = Array.from({ length: 5000 }, (_, n) => ({ group_name: `g${n}`, team_name: "T" }));
      const roles = mappings.map((one) => ({ ...one, role_name: "v" }));
      const saved = await client.call("PUT", `${tenant}/mapping`, { body: { mappings: roles.slice(0, 4500) } });
      expect(saved.status, saved.text.slice(0, 300)).to.be.oneOf([200, 413]);
      if (saved.status === 413) await save(tenant, { mappings: roles.slice(0, 3500) });
      else await client.finished(tenant, saved);
      const id = await idOf(tenant, "ada@acme.example");
      const { body } = await client.get(`${tenant}/users/${id}/explain`);
      const notGiven = body["notGiven"] as readonly { readonly proved?: boolean }[];
      expect(notGiven).to.have.length(100);
      expect(notGiven.filter(({ proved }) => proved)).to.have.length(40);
      expect(body["notGivenLeftOut"]).to.be.greaterThan(3000);
    });

    it("answer for a past day from closed grants: evidence, the rule as it stood then, who saved it, how it ended", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example", "ben@acme.example");
      await directory.group("Eng", "ada@acme.example", "ben@acme.example");
      await save(tenant, { mappings: [rule("eng", "Eng", { note: "as it was" })] }, "?note=first");
      await pause();
      const then = client.service.p.now();
      await pause();
      await save(tenant, { mappings: [rule("eng", "Eng", { role_name: "viewer", note: "as it is" })] });
      const id = await idOf(tenant, "ada@acme.example");
      const { body } = await client.get(`${tenant}/users/${id}/explain?at=${then}`);
      const assignments = body["assignments"] as readonly Record<string, unknown>[];
      expect(assignments.map(({ label }) => label)).to.deep.equal(["Platform/editor"]);
      const [grant] = (assignments[0]?.["grants"] ?? []) as readonly Record<string, unknown>[];
      expect(grant).to.deep.include({
        rule: "eng",
        ruleThen: rule("eng", "Eng", { note: "as it was" }),
        connection: "okta",
      });
      expect(grant?.["version"]).to.deep.include({ version: 1, author: "operator", note: "first" });
      expect(grant?.["evidence"]).to.have.nested.property("[0].label", "Eng");
      expect(grant?.["endReason"]).to.be.a("string");
      expect(grant?.["sentence"]).to.contain("rule `eng`: group `Eng` (by SCIM").and.to.contain("version 1");
      expect(body["absence"]).to.contain("present only");
      const since = String(grant?.["since"]);
      const ended = String(grant?.["endedAt"]);
      const labelsAt = async (at: string) =>
        (
          (await client.get(`${tenant}/users/${id}/explain?at=${at}`)).body["assignments"] as readonly {
            label: string;
          }[]
        ).map(({ label }) => label);
      expect(await labelsAt(since)).to.deep.equal(["Platform/editor"]);
      expect(await labelsAt(new Date(Date.parse(since) - 1).toISOString())).to.deep.equal([]);
      expect(await labelsAt(ended)).to.deep.equal(["Platform/viewer"]);
      expect(await labelsAt("2020-05-03")).to.deep.equal([]);
      expectProblem(await client.get(`${tenant}/users/${id}/explain?at=2999-01-01`), 400, "bad_request");
      for (const more of ["", "&format=csv"]) {
        expectProblem(await client.get(`${tenant}/assignments?at=2999-01-01${more}`), 400, "bad_request");
      }
      const review = await client.get(`${tenant}/assignments?at=${then}&user=ada@acme.example`);
      expect(review.body.items).to.have.length(1);
      expect(review.body.items?.[0]).to.deep.include({ rule: "eng", mappingVersion: 1, by: null });
      expect(review.body.items?.[0]?.["evidence"]).to.have.nested.property("[0].label", "Eng");
      expect((await client.get(`${tenant}/assignments?at=${then}`)).body.items).to.have.length(2);
      const { text } = await client.get(`${tenant}/assignments?at=${then}&user=${id}&format=csv`);
      expect(text.trimEnd().split("\r\n")).to.have.length(2);
      expect(text).to.contain("group `Eng`");
      expectProblem(await client.get(`${tenant}/assignments?user=nobody`), 404, "not_found");
    });

    it("say of a rule without an id what it said then, and of a grant by hand who gave it", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      await save(tenant, { mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }] });
      const id = await idOf(tenant, "ada@acme.example");
      await client.post(`${tenant}/users/${id}/grants`, { scope: "tenant", role: "auditor", reason: "year's end" });
      await pause();
      const { body } = await client.get(`${tenant}/users/${id}/explain?at=${client.service.p.now()}`);
      const sentences = (body["assignments"] as readonly { grants: readonly { sentence: string }[] }[]).map(
        ({ grants }) => grants[0]?.sentence,
      );
      expect(sentences[0]).to.contain("rule `group Eng -> Platform/editor`");
      expect(sentences[1]).to.contain("year's end");
      const { body: yes } = await client.get(`${tenant}/check?user=ada@acme.example&team=Platform&role=editor`);
      expect(yes).to.have.nested.property(
        "because[0].reason",
        "rule `group Eng -> Platform/editor` gives `Platform/editor` by what connection `okta` says",
      );
    });

    it("say of somebody whom `no_match` deactivated that no rule matches, though the source calls them active", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await client.call("PATCH", directory.connection, { body: { settleSeconds: 0 } });
      await directory.group("Eng", "ada@acme.example");
      await save(tenant, { no_match: "deactivate", mappings: [rule("eng", "Eng")] });
      const id = await idOf(tenant, "ada@acme.example");
      await save(tenant, { no_match: "deactivate", mappings: [rule("ops", "Ops")] });
      const { body } = await client.get(`${tenant}/users/${id}/explain`);
      expect(body["account"]).to.deep.include({ status: "deactivated", reason: "no rule matches" });
      const denied = await check(tenant, `user=${id}&team=Platform&role=editor`);
      expect(denied.because).to.deep.equal([
        { code: "deactivated", reason: "the user is deactivated: no rule matches" },
      ]);
    });

    it("tell a check that is denied what is in the way, and the nearest there is", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ada@acme.example");
      await directory.group("Eng", "ada@acme.example");
      await save(tenant, { mappings: [rule("eng", "Eng"), rule("ops", "Ops", { role_name: "viewer" })] });
      const who = "user=ada@acme.example";
      const yes = await check(tenant, `${who}&team=Platform&role=editor`);
      expect([yes.allowed, yes.because[0]?.code]).to.deep.equal([true, "granted"]);
      const no = await check(tenant, `${who}&team=Platform&role=viewer`);
      expect(no.because.map(({ code }) => code)).to.deep.equal(["not_held", "near_miss"]);
      expect(no.because[1]?.nearest).to.include({ rule: "ops" });
      const unknown = await check(tenant, `${who}&team=Platfrom&role=vewer`);
      expect(unknown.because.map(({ code }) => code)).to.deep.equal(["unknown_team", "unknown_role"]);
      expect(unknown.because[0]?.reason).to.contain("did you mean `Platform`");
      expect(unknown.because[1]?.reason).to.contain("did you mean `viewer`");
      const id = await idOf(tenant, "ada@acme.example");
      const given = await client.post(`${tenant}/users/${id}/grants`, { scope: "tenant", role: "editor", reason: "r" });
      expect((await check(tenant, `user=${id}&scope=tenant&role=editor`)).allowed).to.equal(true);
      await client.call("DELETE", `${tenant}/users/${id}/grants/${given.body["id"]}`);
      const ended = await check(tenant, `user=${id}&scope=tenant&role=editor`);
      expect(ended.because.map(({ code }) => code)).to.deep.equal(["not_held", "ended"]);
      const all = await client.post(`${tenant}/users/${id}/grants`, {
        scope: "all_teams",
        role: "viewer",
        reason: "r",
      });
      expect((await check(tenant, `${who}&team=Platform&role=viewer`)).allowed).to.equal(true);
      await client.call("DELETE", `${tenant}/users/${id}/grants/${all.body["id"]}`);
      const everywhere = await check(tenant, `${who}&team=Platform&role=viewer`);
      expect(everywhere.because.map(({ code }) => code)).to.deep.equal(["not_held", "ended", "near_miss"]);
      expect(everywhere.because[1]?.reason).to.match(/^`\*\/viewer` was held until /);
      const tenantWide = await check(tenant, `${who}&scope=tenant&role=viewer`);
      expect(
        tenantWide.because.map(({ code }) => code),
        "of teams alone",
      ).to.not.include("ended");
      await directory.deactivate("ada@acme.example");
      const gone = await check(tenant, `user=${id}&team=Platform&role=editor`);
      expect([gone.allowed, gone.because.map(({ code }) => code)]).to.deep.equal([false, ["deactivated"]]);
    });
  });
}
