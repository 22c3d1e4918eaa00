import { expect } from "chai";
import type { LintFinding } from "../../src/engine/lint/finding.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { patched } from "../engine/lint-made-up.js";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";

function findings({ body, text, status }: Reply): readonly LintFinding[] {
  expect(status, text).to.equal(200);
  return body["findings"] as readonly LintFinding[];
}

function codes(reply: Reply): readonly string[] {
  return findings(reply).map(({ pointer, code }) => `${pointer} ${code}`);
}

for (const [database, newUrl] of DATABASES) {
  describe(`lint of the mapping, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
    });
    after(() => client.close());

    it("finds nothing in a tenant without a mapping, and asks for the right to read", async () => {
      const tenant = await client.tenant();
      const { body } = await client.get(`${tenant}/mapping/lint`);
      expect(body).to.deep.equal({
        ...{ version: 0, days: 90, counts: { error: 0, warning: 0, hint: 0 }, findings: [] },
        groups: { seen: 0, unmapped: 0, largest: [] },
      });
      expectProblem(await client.get(`${tenant}/mapping/lint`, { token: null }), 401, "unauthorized");
      expectProblem(await client.get(`${tenant}/mapping/lint?days=0`), 400, "bad_request");
      const token = await client.key(tenant, "read");
      expect((await client.post(`${tenant}/mapping/lint?days=7`, {}, { token })).body["days"]).to.equal(7);
    });

    it("holds a document beside what was pushed: misspelt groups, unmapped ones, and patterns that hand out privileges", async () => {
      const tenant = await client.tenant();
      const directory = await client.directory(tenant, "ann@acme.test", "bob@acme.test");
      await directory.group("Engineering", "ann@acme.test");
      await directory.group("Everybody", "ann@acme.test", "bob@acme.test");
      const document: MappingDocument = {
        mappings: [
          { group_name: "engineering", team_name: "Platform", role_name: "editor" },
          { group_pattern: "app-{team}", team_name: "{team}", role_name: "admin" },
        ],
        examples: [{ name: "a", groups: ["app-x"], expect: [] }],
      };
      const draft = await client.post(`${tenant}/mapping/lint`, document);
      expect(codes(draft)).to.deep.equal([
        "/mappings unmapped_groups",
        "/mappings/0 uncovered_rule",
        "/mappings/0/group_name unknown_group",
        "/mappings/1/group_pattern privileged_pattern",
        "/mappings/1/group_pattern unmatched_pattern",
      ]);
      expect(draft.body["groups"]).to.deep.equal({
        ...{ seen: 2, unmapped: 2 },
        largest: [
          { connection: "okta", name: "Everybody", source: "scim", members: 2 },
          { connection: "okta", name: "Engineering", source: "scim", members: 1 },
        ],
      });
      const fix = findings(draft).find(({ code }) => code === "unknown_group")?.fix ?? [];
      const fixed = patched(document, fix);
      expect(codes(await client.post(`${tenant}/mapping/lint`, fixed))).to.not.include(
        "/mappings/0/group_name unknown_group",
      );
      const saved = await client.call("PUT", `${tenant}/mapping`, { body: fixed });
      await client.finished(tenant, saved);
      await directory.group("app-x", "bob@acme.test");
      expect(codes(await client.get(`${tenant}/mapping/lint`))).to.include(
        "/mappings/1/group_pattern new_privileged_match",
      );
    });

    it("says of a draft what a save would refuse, instead of refusing", async () => {
      const tenant = await client.tenant();
      const wrong = [
        { mapings: [], mappings: [{ everyone: true, team_name: "A" }] },
        { mappings: [{ everyone: true, scope: "nowhere", role_name: "a" }] },
        { mappings: [{ everyone: true, team_name: "A", role_name: "a" }], examples: [{ name: "x", expect: [] }] },
      ];
      for (const document of wrong) {
        const { body } = await client.post(`${tenant}/mapping/lint`, document);
        expect((body["counts"] as { readonly error: number }).error, JSON.stringify(body)).to.be.at.least(1);
      }
      const text = findings(await client.call("POST", `${tenant}/mapping/lint`, { text: "{ nope" }));
      expect(text.map(({ code, severity }) => `${severity} ${code}`)).to.deep.equal(["error syntax"]);
    });

    it("tells of connections and teams by what the tenant has", async () => {
      const tenant = await client.tenant();
      await client.directory(tenant);
      const made = { slug: "old", protocol: "scim", mayGrantOwner: false };
      expect((await client.post(`${tenant}/connections`, made)).status).to.equal(201);
      const rule = { group_name: "A", team_name: "Platform", role_name: "editor" };
      await client.finished(
        tenant,
        await client.call("PUT", `${tenant}/mapping`, {
          body: { mappings: [{ ...rule, everyone: true, connections: ["old"] }] },
        }),
      );
      expect((await client.call("DELETE", `${tenant}/connections/old?onDisable=convert`)).status).to.be.oneOf([
        200, 202, 204,
      ]);
      const active = codes(await client.get(`${tenant}/mapping/lint`));
      expect(active.filter((code) => code.startsWith("/mappings/0/connections/0"))).to.have.length(1);
    });
  });
}
