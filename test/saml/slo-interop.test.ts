/** Single logout with identity providers of other makes, as processes of their own, begun by either side. */
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { SamlServiceProvider } from "../../demo/processes/saml-provider-config.js";
import { type SamlProviderProcess, startSamlProvider } from "../../demo/processes/start-saml-provider.js";
import { PASSWORD, samlPerson, startSamlpProvider } from "../support/saml-idps.js";
import { sloServices, withoutService } from "./idp-metadata.js";
import { endOf, openSamlHouse, type SamlHouse, signInBy } from "./saml-house.js";

const MAPPING = { mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }] };
type Start = typeof startSamlProvider;

const PROVIDERS: readonly (readonly [name: string, start: Start, host: "127.0.0.1" | "localhost"])[] = [
  ["samlify", startSamlProvider, "localhost"],
  ["samlp", startSamlpProvider, "127.0.0.1"],
];

/** How the provider knows people, and by which bindings the connection was told that it takes messages of a logout. */
const CONNECTIONS: Readonly<Record<string, Pick<SamlServiceProvider, "nameIdFormat"> & { readonly without?: string }>> =
  {
    redirect: { without: "HTTP-POST" },
    post: { without: "HTTP-Redirect", nameIdFormat: "emailAddress" },
    transient: { nameIdFormat: "unspecified" },
  };

describe("single logout with other makes", () => {
  let house: SamlHouse;
  let people = 0;

  before(async () => {
    house = await openSamlHouse();
  });
  after(() => house?.close());

  for (const [tenant, start, host] of PROVIDERS) {
    describe(`with an identity provider made with ${tenant}`, () => {
      let idp: SamlProviderProcess;
      before(async () => {
        await house.addTenant(tenant, MAPPING);
        const serviceProviders = Object.entries(CONNECTIONS).map(([slug, { nameIdFormat = "persistent" }]) => ({
          ...house.partner(tenant, slug),
          nameIdFormat,
        }));
        idp = await start({ host, accounts: {}, serviceProviders });
        for (const [slug, { without }] of Object.entries(CONNECTIONS)) {
          const metadataXml = without === undefined ? idp.metadataXml : withoutService(idp.metadataXml, without);
          expect(sloServices(metadataXml)).to.have.length(without === undefined ? 2 : 1);
          await house.connect(tenant, slug, { metadataXml });
        }
      });
      after(() => idp?.stop());

      async function signedIn(connection: string): Promise<{ readonly browser: Browser; readonly user: string }> {
        people += 1;
        const [user, browser] = [`leaver-${people}`, createBrowser()];
        await idp.setAccount(user, samlPerson(user, { groups: ["Eng"] }));
        const visit = await signInBy(house.loginUrl(tenant, connection), { user, password: PASSWORD }, { browser });
        expect(endOf(visit), visit.text).to.equal("/me");
        return { browser, user };
      }

      const fromProvider = (browser: Browser, user: string, binding: string): Promise<Visit> =>
        browser.visit(`${new URL(idp.metadataUrl).origin}/logout?${new URLSearchParams({ user, binding })}`);

      for (const connection of Object.keys(CONNECTIONS)) {
        it(`signs people out at both ends when they sign out here (${connection})`, async () => {
          const { browser, user } = await signedIn(connection);
          const out = await browser.visit(`${house.url}/sso/logout`, { method: "POST", from: house.url });
          expect(out.text, out.hops.join(" ")).to.contain("Your identity provider has signed you out too.");
          expect(out.hops.some((hop) => hop.startsWith(`${new URL(idp.metadataUrl).origin}/slo`))).to.equal(true);
          expect((await house.me(browser)).status).to.equal(401);
          const again = await fromProvider(browser, user, "redirect");
          expect(again.text, "the provider knows nobody any more").not.to.contain("You are signed out");
        });

        for (const binding of ["redirect", "post"]) {
          it(`signs people out here when they sign out at the provider, by ${binding} (${connection})`, async () => {
            const { browser, user } = await signedIn(connection);
            const out = await fromProvider(createBrowser(), user, binding);
            expect([out.status, out.text], `${out.hops.length} ${out.text}`).to.satisfy(
              ([status, text]: [number, string]) => status === 200 && text.includes("You are signed out"),
            );
            expect(new URL(out.url).origin).to.equal(new URL(idp.metadataUrl).origin);
            expect((await house.me(browser)).status).to.equal(401);
          });
        }
      }
    });
  }
});
