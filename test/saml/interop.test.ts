import { deflateRawSync, inflateRawSync } from "node:zlib";
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type {
  SamlAccount,
  SamlProviderConfig,
  SamlServiceProvider,
} from "../../demo/processes/saml-provider-config.js";
import { type SamlProviderProcess, startSamlProvider } from "../../demo/processes/start-saml-provider.js";
import type { JsonObject } from "../../src/model/json.js";
import { PASSWORD, samlPerson, startSamlpProvider } from "../support/saml-idps.js";
import { codeOn, endOf, openSamlHouse, type SamlHouse, signInBy, withoutRedirect } from "./saml-house.js";

const UMLAUTS = `Größe "XL" & <b>'Ämter'</b>`;
const DN = "CN=Eng,OU=Groups,DC=acme,DC=example";

const MAPPING: JsonObject = {
  no_match: "deny_new",
  mappings: [
    { group_name: "Eng", team_name: "Platform", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { group_name: "g249", team_name: "Last", role_name: "viewer" },
    { group_name: UMLAUTS, team_name: "Umlauts", role_name: "viewer" },
    { group_name: DN, team_name: "Directory", role_name: "viewer" },
  ],
};

const ENG = [{ team: "Platform", role: "editor" }];
const SALES = [{ team: "Sales", role: "viewer" }];
const MANY = Array.from({ length: 250 }, (_, at) => `g${at}`);

interface Connection {
  /** How the identity provider treats it. */
  readonly partner?: Omit<SamlServiceProvider, "acsUrl" | "entityId">;
  /** What the admin sets. */
  readonly settings?: object;
  /** How the admin hands the provider's metadata in. */
  readonly metadata?: "by url" | "without redirect";
}

const CONNECTIONS: Readonly<Record<string, Connection>> = {
  sso: {},
  strict: { settings: { requireSigned: "both" }, metadata: "by url" },
  response: { partner: { signs: "response", nameIdFormat: "emailAddress" } },
  assertion: { partner: { signs: "assertion", nameIdFormat: "unspecified" } },
  oids: { partner: { attributeNames: "oid" } },
  posted: { metadata: "without redirect" },
  transient: { partner: { nameIdFormat: "transient" } },
  once: { settings: { jit: "first_sign_in" } },
  closed: { settings: { jit: "off", sync: "live" }, partner: { nameIdFormat: "unspecified" } },
  pushed: { settings: { sync: "live" } },
};

/** The provider's own URLs as names of attributes: samlp leaves what it does not know below one of passport.js. */
const URIS: Readonly<Record<string, Connection>> = {
  samlify: { partner: { attributeNames: "uri" } },
  samlp: { partner: { attributeNames: "uri" }, settings: { groupAttribute: "http://schemas.passportjs.com/groups" } },
};

const WAYS: readonly [title: string, connection: string][] = [
  ["with response and assertion signed", "sso"],
  ["with both signed, where both must be, and metadata by URL", "strict"],
  ["with the response signed, by e-mail address", "response"],
  ["with the assertion signed, by a name of no format", "assertion"],
  ["with OIDs for names", "oids"],
  ["with URLs for names", "uris"],
  ["after a request by POST", "posted"],
];

const GROUPS: readonly [title: string, groups: readonly string[] | null, teams: unknown][] = [
  ["one", ["Eng"], ENG],
  ["several", ["Other", "Sales", "Eng"], [...ENG, ...SALES]],
  ["250", MANY, [{ team: "Last", role: "viewer" }]],
  ["with umlauts, quotes and markup", [UMLAUTS], [{ team: "Umlauts", role: "viewer" }]],
  ["by distinguished name", [DN], [{ team: "Directory", role: "viewer" }]],
  ["in another letter case", ["eng"], "403 not_assigned"],
  ["an empty one", [""], "403 not_assigned"],
  ["none said", null, "403 groups_unknown"],
];

type Start = (config: SamlProviderConfig) => Promise<SamlProviderProcess>;

/** `posts`: how often the response is posted to us, which is twice where the provider's page is of another site. */
const PROVIDERS: readonly [name: string, start: Start, host: "127.0.0.1" | "localhost", posts: number][] = [
  ["samlify", startSamlProvider, "localhost", 2],
  ["samlp", startSamlpProvider, "127.0.0.1", 1],
];

describe("signing in through SAML", () => {
  let house: SamlHouse;
  let people = 0;

  before(async () => {
    house = await openSamlHouse();
  });
  after(() => house?.close());

  for (const [tenant, start, host, posts] of PROVIDERS) {
    describe(`with an identity provider made with ${tenant}`, () => {
      const connections = { ...CONNECTIONS, ...(URIS[tenant] && { uris: URIS[tenant] }) };
      let idp: SamlProviderProcess;

      before(async () => {
        await house.addTenant(tenant, MAPPING);
        idp = await start({
          host,
          accounts: { mallory: null },
          serviceProviders: Object.entries(connections).map(([slug, { partner = {} }]) => ({
            ...house.partner(tenant, slug),
            ...partner,
          })),
        });
        for (const [slug, { settings = {}, metadata }] of Object.entries(connections)) {
          await house.connect(tenant, slug, { ...settings, ...metadataOf(idp, metadata) });
        }
      });
      after(() => idp?.stop());

      /** A person nobody has seen yet, with these groups. */
      async function somebody(
        groups: readonly string[] | null = ["Eng"],
        more: SamlAccount["attributes"] = {},
        nameId?: string,
      ): Promise<string> {
        people += 1;
        const name = `person-${people}`;
        await idp.setAccount(name, samlPerson(name, { ...(groups && { groups }), ...more }, nameId));
        return name;
      }

      function signIn(
        user: string,
        connection = "sso",
        browser = createBrowser(),
        password = PASSWORD,
      ): Promise<Visit> {
        return signInBy(house.loginUrl(tenant, connection), { user, password }, { browser });
      }

      /** Signs in with a fresh browser and asks who that is. */
      async function teamsOf(user: string, connection = "sso"): Promise<unknown> {
        const browser = createBrowser();
        const visit = await signIn(user, connection, browser);
        return endOf(visit) === "/me" ? (await house.me(browser)).teams : endOf(visit);
      }

      /** Goes as far as the provider lets; what it would have posted. */
      async function captured(user: string, browser: Browser): Promise<(another: Browser) => Promise<Visit>> {
        const { acsUrl } = house.partner(tenant, "sso");
        const fields = { user, password: PASSWORD };
        const { unsent } = await signInBy(house.loginUrl(tenant, "sso"), fields, { browser, stopBefore: acsUrl });
        expect(unsent).to.have.all.keys("SAMLResponse", "RelayState");
        const from = new URL(idp.metadataUrl).origin;
        return (another) => another.visit(acsUrl, { method: "POST", body: new URLSearchParams(unsent), from });
      }

      for (const [title, connection] of WAYS) {
        it(`lets people in ${title}, whom nobody knew before (TIN-1, TIN-3)`, async () => {
          expect(await teamsOf(await somebody(), connection)).to.deep.equal(ENG);
        });
      }

      for (const [title, groups, teams] of GROUPS) {
        it(`understands groups: ${title}`, async () => {
          const found = await teamsOf(await somebody(groups));
          expect(found).to.deep.equal(teams);
        });
      }

      it("shows what it was told of the person, as text", async () => {
        const browser = createBrowser();
        const name = await somebody(["Eng"], { displayName: ["<script>alert(1)</script> & Söhne"] });
        const visit = await signIn(name, "sso", browser);
        expect(visit.text).to.contain("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne").and.to.contain("Platform");
        expect((await house.me(browser)).user).to.include({ userName: name, email: `${name}@acme.example` });
      });

      it("lets people in who have no mail", async () => {
        const browser = createBrowser();
        const name = await somebody(["Eng"], { mail: [] });
        expect(endOf(await signIn(name, "sso", browser))).to.equal("/me");
        expect((await house.me(browser)).user).to.include({ userName: name, email: null });
      });

      it(`has the response posted ${posts === 1 ? "once" : "again from its own page, because another site's page posted it"}`, async () => {
        const { acsUrl } = house.partner(tenant, "sso");
        const { hops } = await signIn(await somebody());
        expect(hops.filter((hop) => hop === acsUrl)).to.have.length(posts);
        expect(hops.at(-1)).to.equal(`${house.url}/me`);
      });

      it("leads to where the person was going", async () => {
        const login = `${house.loginUrl(tenant, "posted")}?return_to=${encodeURIComponent("/me?tab=2&q=<")}`;
        const { status, url } = await signInBy(login, { user: await somebody(), password: PASSWORD });
        expect([status, url]).to.deep.equal([200, `${house.url}/me?tab=2&q=%3C`]);
      });

      it("lets nobody in with a wrong password", async () => {
        const [name, browser] = [await somebody(), createBrowser()];
        const before = await house.users(tenant);
        const visit = await signIn(name, "sso", browser, "wrong");
        expect([visit.status, new URL(visit.url).host]).to.deep.equal([401, new URL(idp.metadataUrl).host]);
        expect([(await house.me(browser)).status, await house.users(tenant)]).to.deep.equal([401, before]);
      });

      describe("when the provider says no", () => {
        /** One page for everybody; the admin finds the rest under the reference. */
        async function expectRefused(visit: Visit, status: string): Promise<void> {
          expect([visit.status, codeOn(visit.text)]).to.deep.equal([401, "sign_in_failed"]);
          expect(visit.text).not.to.contain(status);
          const { outcome, detail } = await house.traceOf(tenant, visit.text);
          expect([outcome, (detail as JsonObject)["guard"]]).to.deep.equal(["sign_in_failed", "status"]);
          expect(JSON.stringify(detail)).to.contain(status);
        }

        for (const connection of ["sso", "assertion"]) {
          it(`tells of NoPassive by code and reference alone, through \`${connection}\``, async () => {
            await idp.refuse("NoPassive");
            const visit = await createBrowser().visit(house.loginUrl(tenant, connection));
            await idp.refuse(null);
            await expectRefused(visit, "NoPassive");
          });
        }

        it("tells the same of a person who may not use the application", async () => {
          await expectRefused(await signIn("mallory"), "RequestDenied");
        });

        if (tenant === "samlify") {
          it("tells the same where nobody may be asked anything", async () => {
            const browser = createBrowser();
            const { url } = await browser.visit(house.loginUrl(tenant, "sso"), {
              stopBefore: new URL(idp.metadataUrl).origin,
            });
            const passive = new URL(url);
            passive.searchParams.set("SAMLRequest", asPassive(passive.searchParams.get("SAMLRequest") ?? ""));
            await expectRefused(await browser.visit(passive.href), "NoPassive");
          });
        }

        it("lets the same browser in at the next attempt", async () => {
          const browser = createBrowser();
          await signIn("mallory", "sso", browser);
          expect(endOf(await signIn(await somebody(), "sso", browser))).to.equal("/me");
        });
      });

      describe("with a captured response", () => {
        it("lets nobody in twice", async () => {
          const browser = createBrowser();
          const post = await captured(await somebody(), browser);
          expect(endOf(await post(browser))).to.equal("/me");
          expect(endOf(await post(browser))).to.equal("400 sign_in_expired");
        });

        it("lets nobody in for another login of the same browser", async () => {
          const [name, browser] = [await somebody(), createBrowser()];
          const post = await captured(name, browser);
          expect(endOf(await post(browser))).to.equal("/me");
          await captured(name, browser);
          expect(endOf(await post(browser))).to.equal("400 sign_in_expired");
        });

        it("lets nobody in with another browser", async () => {
          const post = await captured(await somebody(), createBrowser());
          const victim = createBrowser();
          expect(endOf(await post(victim))).to.equal("400 sign_in_expired");
          expect((await house.me(victim)).status).to.equal(401);
        });

        it("lets nobody in with another browser that has a login of its own", async () => {
          const name = await somebody();
          const post = await captured(name, createBrowser());
          const victim = createBrowser();
          await captured(name, victim);
          expect(endOf(await post(victim))).to.equal("400 sign_in_expired");
          expect((await house.me(victim)).status).to.equal(401);
        });
      });

      describe("again", () => {
        const later: readonly [
          title: string,
          groups: readonly string[] | undefined,
          connection: string,
          teams: unknown,
        ][] = [
          ["with other groups, moves people", ["Sales"], "sso", SALES],
          ["with an empty group attribute, takes what groups gave", [""], "sso", []],
          ["without a group attribute, keeps everything", undefined, "sso", ENG],
          ["with other groups where only the first sign-in counts, keeps everything", ["Sales"], "once", ENG],
        ];
        for (const [title, groups, connection, teams] of later) {
          it(title, async () => {
            const name = await somebody();
            expect(await teamsOf(name, connection)).to.deep.equal(ENG);
            await idp.setAccount(name, samlPerson(name, groups === undefined ? {} : { groups }));
            expect(await teamsOf(name, connection)).to.deep.equal(teams);
          });
        }

        for (const connection of ["sso", "response", "assertion"]) {
          it(`is the same account, through \`${connection}\``, async () => {
            const name = await somebody();
            const id = async (): Promise<string | undefined> => {
              const browser = createBrowser();
              await signIn(name, connection, browser);
              return (await house.me(browser)).user?.id;
            };
            expect(await id())
              .to.be.a("string")
              .and.equal(await id());
          });
        }
      });

      describe("under a name that is another one each time", () => {
        it("lets nobody in", async () => {
          expect(endOf(await signIn(await somebody(), "transient"))).to.equal("401 sign_in_failed");
        });

        it("lets people in by an attribute that lasts", async () => {
          const name = await somebody(["Eng"], {
            "urn:oasis:names:tc:SAML:attribute:subject-id": ["ada@acme.example"],
          });
          const before = (await house.users(tenant)).length;
          expect(await teamsOf(name, "transient")).to.deep.equal(ENG);
          expect(await teamsOf(name, "transient")).to.deep.equal(ENG);
          expect((await house.users(tenant)).length).to.equal(before + 1);
        });
      });

      describe("of people who were pushed", () => {
        let push: (person: object) => Promise<string>;
        before(async () => {
          push = await house.pushTo(tenant, "pushed");
        });

        async function userIdOf(userName: string): Promise<unknown> {
          const found = (await house.users(tenant)).filter((user) => user["userName"] === userName);
          expect(found).to.have.length(1);
          return found[0]?.["id"];
        }

        async function signedInAs(name: string, connection: string): Promise<unknown> {
          const browser = createBrowser();
          expect(endOf(await signIn(name, connection, browser))).to.equal("/me");
          return (await house.me(browser)).user?.id;
        }

        it("finds them by externalId, which the persistent name is", async () => {
          const name = await somebody(["Eng"], { uid: ["somebody else"] }, `lasting-${tenant}`);
          await push({ userName: `pushed-${name}`, externalId: `lasting-${tenant}` });
          expect(await signedInAs(name, "pushed")).to.equal(await userIdOf(`pushed-${name}`));
        });

        it("finds them by userName, in any letter case", async () => {
          const name = await somebody();
          await push({ userName: name.toUpperCase() });
          expect(await signedInAs(name, "pushed")).to.equal(await userIdOf(name.toUpperCase()));
        });

        it("lets in those alone where sign-ins create nobody", async () => {
          const pushHere = await house.pushTo(tenant, "closed");
          const [known, unknown] = [await somebody(), await somebody()];
          await pushHere({ userName: known });
          expect(await signedInAs(known, "closed")).to.equal(await userIdOf(known));
          expect(endOf(await signIn(unknown, "closed"))).to.equal("403 provisioning_off");
        });
      });
    });
  }
});

function metadataOf(idp: SamlProviderProcess, how: Connection["metadata"]): object {
  if (how === "by url") return { metadataUrl: idp.metadataUrl };
  if (how === undefined) return { metadataXml: idp.metadataXml };
  return { metadataXml: withoutRedirect(idp.metadataXml) };
}

function asPassive(request: string): string {
  const xml = inflateRawSync(Buffer.from(request, "base64")).toString("utf8");
  return deflateRawSync(xml.replace(" ID=", ' IsPassive="true" ID=')).toString("base64");
}
