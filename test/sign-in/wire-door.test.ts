import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import type { ScimProfile } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";
import { type OidcCase, signInFixtures } from "./wire-fixtures.js";

const CLIENT = "rolecall";

/** Each group is a team: what somebody holds shows which groups were understood. */
const EVERY_GROUP: JsonObject = {
  unknown_team: "create_any",
  no_match: "allow",
  mappings: [{ group_pattern: "{team}", values: { team: { "*": true } }, team_name: "{team}", role_name: "viewer" }],
};

/** Files of test/sign-in/wire whose provider can be told from another without its host. */
const DOORS: readonly [file: string, profile: ScimProfile, path: string][] = [
  ["okta-oidc.json", "okta", ""],
  ["entra-oidc.json", "entra", ""],
  ["keycloak-oidc.json", "rfc", "/realms/acme"],
  ["lemonldap-oidc.json", "rfc", ""],
  ["authlib.json", "rfc", "/op"],
  ["glewlwyd.json", "rfc", "/api/glwd"],
  ["pingfederate-oidc.json", "rfc", ""],
];

describe("what identity providers put on the wire, at the door", () => {
  let service: SignInService;
  const ops: HostileOp[] = [];

  before(async () => {
    service = await startSignInService();
  });
  after(async () => {
    await Promise.all(ops.map((op) => op.close()));
    await service?.close();
  });

  for (const [file, profile, path] of DOORS) {
    describe(file, () => {
      const slug = file.replace(/\.json$/, "");
      const fixture = signInFixtures().find((one) => one.file === file);
      const cases = (fixture?.cases ?? []) as readonly OidcCase[];
      const shown = cases.filter((one) => one.expect.groups !== undefined && one.settings?.provedDomains === undefined);
      let op: HostileOp;

      before(async () => {
        op = await startHostileOp(CLIENT, path);
        ops.push(op);
      });

      it("has sign-ins that speak of groups", () => expect(shown.length).to.be.above(2));

      for (const [index, one] of shown.entries()) {
        it(one.title, async () => {
          const tenant = await service.addTenant({ slug: `${slug}-${index}`, name: slug });
          await service.map(tenant, EVERY_GROUP);
          const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
          const settings = { clientSecret: "a client secret", profile, ...one.settings };
          await service.addOidc(tenant, "sso", oidc, settings);
          expect(await teamsOf(op, tenant.slug, one)).to.deep.equal(namesOf(one));
        });
      }
    });
  }

  describe("what says nothing of groups", () => {
    const silent: readonly [title: string, claims: JsonObject, profile: ScimProfile][] = [
      ["no claim", {}, "rfc"],
      ["Entra's _claim_names", { _claim_names: { groups: "src1" } }, "entra"],
      ["Entra's hasgroups", { hasgroups: true }, "entra"],
      ["PingOne's mark", { groups: ["[SIZE_LIMIT_EXCEEDED]"] }, "rfc"],
      ["a list that cannot be read", { groups: ["Eng", { path: "/x" }] }, "rfc"],
    ];
    let op: HostileOp;

    before(async () => {
      op = await startHostileOp(CLIENT);
      ops.push(op);
    });

    for (const [index, [title, claims, profile]] of silent.entries()) {
      it(`${title}: known people keep what they hold, and strangers learn that nobody knows`, async () => {
        const tenant = await service.addTenant({ slug: `silent-${index}`, name: title });
        await service.map(tenant, { ...EVERY_GROUP, no_match: "deny_new" });
        const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
        await service.addOidc(tenant, "sso", oidc, { clientSecret: "a client secret", profile });
        const said = { title, expect: {} };
        const before = await teamsOf(op, tenant.slug, { ...said, idToken: { sub: "ada", groups: ["Eng"] } });
        const after = await teamsOf(op, tenant.slug, { ...said, idToken: { sub: "ada", ...claims } });
        expect([before, after]).to.deep.equal([["Eng"], ["Eng"]]);
        op.behave({ claims: { sub: "stranger", ...claims } });
        const refused = await createBrowser().visit(`${service.url}/sso/${tenant.slug}/sso/login`);
        expect([refused.status, refused.text.includes("groups_unknown")]).to.deep.equal([403, true]);
        const none = await teamsOf(op, tenant.slug, { ...said, idToken: { sub: "ada", groups: [] } });
        expect(none).to.deep.equal([]);
      });
    }
  });

  async function teamsOf(op: HostileOp, tenant: string, { idToken, userinfo }: OidcCase): Promise<readonly string[]> {
    const { tid: _, ...claims } = idToken;
    const metadata = { userinfo_endpoint: `${op.issuer}/userinfo` };
    op.behave({ claims, ...(userinfo === undefined ? {} : { metadata, userinfo }) });
    const browser = createBrowser();
    const visit = await browser.visit(`${service.url}/sso/${tenant}/sso/login`);
    expect(visit.status, visit.text).to.equal(200);
    const me = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
    const { teams } = JSON.parse(me.text) as { readonly teams: readonly { readonly team: string }[] };
    return teams.map(({ team }) => team).sort();
  }
});

/** Unknown groups give nothing; of a list that may go on, what is there is certain. */
function namesOf({ expect: { groups = [] } }: OidcCase): readonly string[] {
  if (typeof groups === "string") return [];
  return [...("value" in groups ? groups.value : groups)].sort();
}
