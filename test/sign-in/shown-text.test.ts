/** What people, providers and tenants write, on every page that shows it. */
import { expect } from "chai";
import { createBrowser, type Visit } from "../../demo/clients/browser.js";
import { openPolicyHouse, type PolicyHouse, PROTOCOLS } from "./policy-house.js";

const HOSTILE = `<img src=x onerror="alert(1)">&'`;

describe("W-33: what others write", () => {
  let house: PolicyHouse;
  let tenant: string;

  before(async () => {
    house = await openPolicyHouse();
    tenant = await house.admin.tenant({ name: `Tenant ${HOSTILE}` });
    for (const protocol of PROTOCOLS) await house.connect({ tenant, slug: protocol, protocol });
    await house.map(tenant, {
      mappings: [{ group_name: HOSTILE, team_name: `Team ${HOSTILE}`, role_name: "editor" }],
    });
  });
  after(() => house?.close());

  /** Shown, as text, by a page that runs no script which stands in it. */
  function expectText({ text, headers }: Visit): void {
    expect(text).to.contain("&lt;img src=x onerror=").and.not.contain("<img");
    const [, scripts = ""] =
      /(?:script-src|default-src) ([^;]*)/.exec(headers.get("content-security-policy") ?? "") ?? [];
    expect(scripts)
      .not.to.equal("")
      .and.not.match(/unsafe|\*/);
    expect(headers.get("content-type")).to.match(/^text\/html; charset=utf-8/);
    expect(headers.get("x-content-type-options")).to.equal("nosniff");
  }

  for (const protocol of PROTOCOLS) {
    const door = () => ({ tenant, slug: protocol, protocol });

    it(`names of groups, on the page of a refusal (${protocol})`, async () => {
      const visit = await house.signIn(door(), { name: `eve-${protocol}`, groups: [`${HOSTILE} of others`] });
      expect(visit.status).to.equal(403);
      expectText(visit);
    });

    it(`names of people, teams and groups, on one's own pages (${protocol})`, async () => {
      const browser = createBrowser();
      const visit = await house.signIn(door(), { name: `ann ${HOSTILE} ${protocol}`, groups: [HOSTILE] }, browser);
      expect(visit.status, visit.text).to.equal(200);
      expectText(visit);
      expect(visit.text).to.contain("Team &lt;img").and.to.contain("ann &lt;img");
    });
  }

  it("names of tenants, where a person chooses a connection", async () => {
    const slug = tenant.slice(tenant.lastIndexOf("/") + 1);
    expectText(await createBrowser().visit(`${house.admin.service.publicUrl}/sso/${slug}`));
  });

  it("addresses in a form, which come back in it", async () => {
    const slug = tenant.slice(tenant.lastIndexOf("/") + 1);
    const query = new URLSearchParams({
      email: `${HOSTILE}@acme.example`,
      return_to: `/${HOSTILE}`,
      login_hint: HOSTILE,
    });
    const { text } = await createBrowser().visit(`${house.admin.service.publicUrl}/sso/${slug}?${query}`);
    expect(text).not.to.contain("<img");
  });
});
