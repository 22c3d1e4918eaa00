import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { NAME_ID_FORMATS } from "../../demo/processes/saml-provider-config.js";
import type { JsonObject } from "../../src/model/json.js";
import { type SamlIdpPerson, type SamlIdpProcess, startSamlIdp } from "../support/saml-idps.js";
import { endOf, openSamlHouse, type SamlHouse, signInBy, withoutRedirect } from "./saml-house.js";

const TENANT = "acme";
const UMLAUTS = `Größe "XL" & <b>'Ämter'</b>`;

const MAPPING: JsonObject = {
  mappings: [
    { group_name: "Eng", team_name: "Platform", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { group_name: "g249", team_name: "Last", role_name: "viewer" },
    { group_name: UMLAUTS, team_name: "Umlauts", role_name: "viewer" },
    { group_name: "CN=Eng,OU=Groups", team_name: "Directory", role_name: "viewer" },
  ],
};

const ENG = [{ team: "Platform", role: "editor" }];
const SALES = [{ team: "Sales", role: "viewer" }];

describe("signing in through the program saml-idp", () => {
  let house: SamlHouse;
  let idp: SamlIdpProcess;
  let people = 0;

  before(async () => {
    house = await openSamlHouse();
    idp = await startSamlIdp(house.partner(TENANT, "sso").acsUrl);
    await house.addTenant(TENANT, MAPPING);
    const { metadataXml, metadataUrl } = idp;
    await house.connect(TENANT, "sso", { metadataXml });
    await house.connect(TENANT, "by-url", { metadataUrl, sync: "live" });
    await house.connect(TENANT, "posted", { metadataXml: withoutRedirect(metadataXml) });
  });
  after(async () => {
    await idp?.stop();
    await house?.close();
  });

  function somebody(groups: string | undefined, more: Partial<SamlIdpPerson> = {}): SamlIdpPerson {
    people += 1;
    const userName = `Person.${people}@acme.example`;
    const own = { userName, firstName: "Ada", lastName: "Söderström", email: userName };
    return { ...own, ...(groups === undefined ? {} : { groups }), ...more };
  }

  interface How {
    readonly connection?: string;
    readonly signs?: "assertion" | "both" | "response";
    readonly browser?: Browser;
  }

  /** The form comes filled in with the person, but for what its script would choose from a list. */
  async function signIn(person: SamlIdpPerson, how: How = {}): Promise<Visit> {
    const { connection = "sso", signs = "both", browser = createBrowser() } = how;
    await idp.answer({ ...house.partner(TENANT, connection), signs });
    await idp.setPerson(person);
    const nameIdFormat = NAME_ID_FORMATS[person.nameIdFormat ?? "emailAddress"];
    return signInBy(house.loginUrl(TENANT, connection), { nameIdFormat }, { browser });
  }

  async function teamsOf(person: SamlIdpPerson, how: How = {}): Promise<unknown> {
    const browser = createBrowser();
    const visit = await signIn(person, { ...how, browser });
    return endOf(visit) === "/me" ? (await house.me(browser)).teams : endOf(visit);
  }

  for (const signs of ["both", "response", "assertion"] as const) {
    for (const connection of ["sso", "by-url", "posted"]) {
      it(`lets people in through \`${connection}\` with ${signs} signed`, async () => {
        expect(await teamsOf(somebody("Eng"), { connection, signs })).to.deep.equal(ENG);
      });
    }
  }

  const shapes: readonly [title: string, groups: string | undefined, teams: unknown][] = [
    ["one", "Eng", ENG],
    ["several, with the blanks that it leaves behind commas", "Other, Eng, Sales", [...ENG, ...SALES]],
    ["250", Array.from({ length: 250 }, (_, at) => `g${at}`).join(","), [{ team: "Last", role: "viewer" }]],
    ["with umlauts, quotes and markup", UMLAUTS, [{ team: "Umlauts", role: "viewer" }]],
    ["torn at their commas", "CN=Eng,OU=Groups", "403 not_assigned"],
    ["an empty one", "", "403 not_assigned"],
    ["none said", undefined, "403 groups_unknown"],
  ];
  for (const [title, groups, teams] of shapes) {
    it(`understands groups: ${title}`, async () => {
      expect(await teamsOf(somebody(groups))).to.deep.equal(teams);
    });
  }

  for (const nameIdFormat of ["persistent", "emailAddress", "unspecified"] as const) {
    it(`knows people again by a NameID that is \`${nameIdFormat}\``, async () => {
      const person = somebody("Eng", { nameIdFormat });
      const id = async (): Promise<string | undefined> => {
        const browser = createBrowser();
        await signIn(person, { browser });
        return (await house.me(browser)).user?.id;
      };
      expect(await id())
        .to.be.a("string")
        .and.equal(await id());
    });
  }

  it("does not know people by a NameID that is transient", async () => {
    expect(await teamsOf(somebody("Eng", { nameIdFormat: "transient" }))).to.equal("401 sign_in_failed");
  });

  it("lets nobody in with an answer that nobody asked for", async () => {
    await idp.answer({ ...house.partner(TENANT, "sso"), signs: "both" });
    await idp.setPerson(somebody("Eng"));
    const browser = createBrowser();
    const visit = await signInBy(new URL("/", idp.metadataUrl).href, {}, { browser });
    expect(endOf(visit)).to.equal("401 sign_in_failed");
    const { detail } = await house.traceOf(TENANT, visit.text);
    expect(detail).to.have.property("guard", "in_response_to");
    expect((await house.me(browser)).status).to.equal(401);
  });

  it("finds people who were pushed by userName", async () => {
    const push = await house.pushTo(TENANT, "by-url");
    const person = somebody("Eng");
    await push({ userName: person.userName });
    const before = await house.users(TENANT);
    const browser = createBrowser();
    expect(endOf(await signIn(person, { connection: "by-url", browser }))).to.equal("/me");
    const pushed = before.find((user) => user["userName"] === person.userName);
    expect((await house.me(browser)).user?.id)
      .to.equal(pushed?.["id"])
      .and.to.be.a("string");
    expect(await house.users(TENANT)).to.have.length(before.length);
  });
});
