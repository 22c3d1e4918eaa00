import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { formsOf } from "../../demo/clients/html-form.js";
import type { ProviderClaims } from "../../demo/processes/oidc-provider-config.js";
import type { OidcProviderProcess } from "../../demo/processes/start-oidc-provider.js";
import type { Tenant } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import { CLIENT_SECRET, idpClient, person, startOidcIdp } from "../support/oidc-idp.js";
import { type OidcExtras, type SignInService, startSignInService } from "../support/sign-in-service.js";

const MAPPING: JsonObject = {
  no_match: "deny_new",
  mappings: [
    { group_name: "Eng", team_name: "Platform", role_name: "editor" },
    { group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { group_name: "g249", team_name: "Last", role_name: "viewer" },
    { app_role: "Acme.Admin", connections: ["roles"], scope: "tenant", role_name: "admin" },
  ],
};

const ENG = [{ team: "Platform", role: "editor" }];
const SALES = [{ team: "Sales", role: "viewer" }];

/** Connections of the tenant `acme`; each has a client of its own at the provider. */
const CONNECTIONS: Readonly<Record<string, OidcExtras & { readonly placement?: "id_token" | "userinfo" }>> = {
  sso: {},
  other: {},
  "id-token": { placement: "id_token" },
  userinfo: { placement: "userinfo" },
  once: { jit: "first_sign_in" },
  closed: { jit: "off" },
  empty: { absentGroups: "empty" },
  entra: { profile: "entra" },
  okta: { profile: "okta" },
  nested: { groupAttribute: "realm_access.roles" },
  roles: {},
};

describe("signing in through OpenID Connect", () => {
  let service: SignInService;
  let idp: OidcProviderProcess;
  let acme: Tenant;
  let people = 0;

  before(async () => {
    service = await startSignInService();
    acme = await service.addTenant({ slug: "acme", name: "Acme" });
    idp = await startOidcIdp({
      accounts: { mallory: null },
      takesForms: true,
      claims: [
        "groups",
        "given_name",
        "family_name",
        "picture",
        "realm_access",
        "roles",
        "oid",
        "_claim_names",
        "_claim_sources",
        "hasgroups",
      ],
      clients: Object.entries(CONNECTIONS).map(([slug, { placement }]) =>
        idpClient(`client-of-${slug}`, service.callbackUrl("acme", slug), {
          backchannelLogoutUri: `${service.url}/sso/acme/${slug}/backchannel-logout`,
          postLogoutRedirectUris: [`${service.url}/sso/acme`],
          ...(placement !== undefined && { placement }),
        }),
      ),
    });
    for (const [slug, { placement: _, ...more }] of Object.entries(CONNECTIONS)) {
      const oidc = { issuer: idp.issuer, clientId: `client-of-${slug}`, scopes: [] };
      await service.addOidc(acme, slug, oidc, { clientSecret: CLIENT_SECRET, mayGrantOwner: false, ...more });
    }
    await service.map(acme, MAPPING);
  });
  after(async () => {
    await idp?.stop();
    await service?.close();
  });

  /** A person nobody has seen yet, with these claims. */
  async function somebody(claims: ProviderClaims = {}): Promise<string> {
    people += 1;
    const name = `person-${people}`;
    await idp.setAccount(name, person(name, claims));
    return name;
  }

  const loginUrl = (who: string, connection = "sso", more = ""): string =>
    `${service.url}/sso/acme/${connection}/login?login_hint=${who}${more}`;

  function signIn(who: string, connection = "sso", browser = createBrowser()): Promise<Visit> {
    return browser.visit(loginUrl(who, connection));
  }

  /** Signs in with a fresh browser and asks who that is. */
  async function teamsOf(who: string, connection = "sso"): Promise<unknown> {
    const browser = createBrowser();
    const visit = await signIn(who, connection, browser);
    if (visit.status !== 200) return `${visit.status}: ${codeOn(visit)}`;
    const answer = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
    return JSON.parse(answer.text).teams;
  }

  /** Goes as far as the provider lets; answers the address of our callback. */
  async function toCallback(who: string, connection = "sso", browser = createBrowser()): Promise<URL> {
    const visit = await browser.visit(loginUrl(who, connection), {
      stopBefore: service.callbackUrl("acme", connection),
    });
    return new URL(visit.url);
  }

  async function traceOf(visit: Visit): Promise<JsonObject> {
    const trace = await service.p.store.read(acme.id).signInTrace(referenceOn(visit));
    return { outcome: trace?.outcome ?? "no trace", ...trace?.detail };
  }

  describe("for the first time", () => {
    it("creates the account with what the claims give", async () => {
      const ada = await somebody({ groups: ["Eng"] });
      const browser = createBrowser();
      const visit = await signIn(ada, "sso", browser);
      expect([visit.status, visit.url]).to.deep.equal([200, `${service.url}/me`]);
      const answer = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
      const { user, ...me } = JSON.parse(answer.text);
      const why = [
        { scope: "team:Platform", team: "Platform", role: ENG[0]?.role, because: ["you are in group `Eng`"] },
      ];
      expect(me).to.deep.equal({ tenant: "acme", teams: ENG, roles: [], why, whyLeftOut: 0 });
      expect(user).to.include({ userName: ada, email: `${ada}@acme.example`, displayName: ada });
    });

    it("tells who holds nothing which groups came and what access depends on, and nothing that a rule says", async () => {
      const browser = createBrowser();
      const ada = await somebody({ groups: ["Eng"] });
      await signIn(ada, "sso", browser);
      await idp.setAccount(ada, person(ada, { groups: ["<Marketing>"] }));
      const page = await signIn(ada, "sso", createBrowser());
      expect(page.text).to.contain("You hold no role yet").and.to.contain("&lt;Marketing&gt;");
      expect(page.text).to.contain("Access depends on").and.not.to.contain("Platform");
      const answer = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
      const { received, teams } = JSON.parse(answer.text);
      expect(teams).to.deep.equal([]);
      expect(received).to.deep.include({ groups: ["<Marketing>"], groupsLeftOut: 0 });
      expect(received.asksFor).to.include("groups");
    });

    it("TIN-26: takes first name, last name and avatar from claims, and keeps them when a claim is gone or no address", async () => {
      const profile = { photo: "claims.picture[0]" };
      await service.map(acme, { ...MAPPING, profile });
      const browser = createBrowser();
      const claims = { groups: ["Eng"], given_name: "Ada", family_name: "Lovelace" };
      const ada = await somebody({ ...claims, picture: "https://img.acme.example/ada" });
      const shown = async () => {
        await signIn(ada, "sso", browser);
        const answer = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
        const { displayName, givenName, familyName, photo } = JSON.parse(answer.text).user;
        return [displayName, givenName, familyName, photo];
      };
      expect(await shown()).to.deep.equal([ada, "Ada", "Lovelace", "https://img.acme.example/ada"]);
      await idp.setAccount(
        ada,
        person(ada, { groups: ["Eng"], given_name: "Augusta", picture: "javascript:alert(1)" }),
      );
      expect(await shown()).to.deep.equal([ada, "Augusta", "Lovelace", "https://img.acme.example/ada"]);
      const page = await browser.visit(`${service.url}/me`);
      expect(page.text).to.contain(ada).and.not.to.contain("<img").and.not.to.contain("img.acme.example");
      await service.map(acme, MAPPING);
    });

    it("tells a stranger which groups came and what kind of thing is asked for, and no group that gives access", async () => {
      const eve = await somebody({ groups: ["Other", "<b>Mine</b>"] });
      const visit = await signIn(eve);
      expect(visit.status).to.equal(403);
      expect(visit.text).to.contain("Other, &lt;b&gt;Mine&lt;/b&gt;").and.to.contain("the groups that you are in");
      expect(visit.text).not.to.match(/Eng|Platform|g249/);
      expect(await traceOf(visit))
        .to.have.property("rules")
        .that.is.an("array")
        .with.length.greaterThan(0);
      const json = await createBrowser().visit(loginUrl(eve), { headers: { accept: "application/json" } });
      expect(JSON.parse(json.text)["received"]).to.deep.equal({
        groups: ["Other", "<b>Mine</b>"],
        groupsLeftOut: 0,
        asksFor: ["groups", "app_roles"],
      });
      expect(json.text).not.to.match(/Eng|Platform/);
    });

    it("shows the same as a page", async () => {
      const ada = await somebody({ groups: ["Eng"], name: "<script>alert(1)</script>" });
      const visit = await signIn(ada);
      expect(visit.text).to.contain("Platform").and.to.contain("&lt;script&gt;").and.not.to.contain("<script>");
    });

    const shapes: readonly [title: string, claims: ProviderClaims, connection: string, teams: unknown][] = [
      ["in userinfo alone", { groups: ["Eng"] }, "userinfo", ENG],
      ["in the ID token alone", { groups: ["Eng"] }, "id-token", ENG],
      ["as a bare string", { groups: "Eng" }, "sso", ENG],
      ["nested", { realm_access: { roles: ["Eng"] } }, "nested", ENG],
      [
        "250 of them",
        { groups: Array.from({ length: 250 }, (_, at) => `g${at}`) },
        "sso",
        [{ team: "Last", role: "viewer" }],
      ],
      ["none that is mapped", { groups: ["Other"] }, "sso", "403: not_assigned"],
      ["an empty list", { groups: [] }, "sso", "403: not_assigned"],
      ["none said", {}, "sso", "403: groups_unknown"],
      ["none said where that means none", {}, "empty", "403: not_assigned"],
      [
        "too many to say",
        { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint: "http://169.254.169.254/" } } },
        "entra",
        "403: groups_unknown",
      ],
    ];
    for (const [title, claims, connection, teams] of shapes) {
      it(`understands groups ${title}`, async () => {
        expect(await teamsOf(await somebody(claims), connection)).to.deep.equal(teams);
      });
    }

    it("gives what app roles give", async () => {
      const browser = createBrowser();
      await signIn(await somebody({ roles: ["Acme.Admin"] }), "roles", browser);
      const me = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
      expect(JSON.parse(me.text).roles).to.deep.equal([{ scope: "tenant", role: "admin" }]);
    });

    it("gives nobody an account where sign-ins may not", async () => {
      expect(await teamsOf(await somebody({ groups: ["Eng"] }), "closed")).to.equal("403: provisioning_off");
    });
  });

  describe("again", () => {
    const later: readonly [title: string, claims: ProviderClaims, connection: string, teams: unknown][] = [
      ["with other groups, moves", { groups: ["Sales"] }, "sso", SALES],
      ["with no groups, loses what they gave", { groups: [] }, "sso", []],
      ["without the groups claim, keeps everything", {}, "sso", ENG],
      ["with too many groups to say, keeps everything", { hasgroups: true }, "entra", ENG],
      ["with other groups where only the first sign-in counts, keeps everything", { groups: ["Sales"] }, "once", ENG],
    ];
    for (const [title, claims, connection, teams] of later) {
      it(title, async () => {
        const oid = `oid of ${title}`;
        const ada = await somebody({ groups: ["Eng"], oid });
        expect(await teamsOf(ada, connection)).to.deep.equal(ENG);
        await idp.setAccount(ada, person(ada, { ...claims, oid }));
        expect(await teamsOf(ada, connection)).to.deep.equal(teams);
      });
    }

    it("OP-17: says on /me that there are more groups than were listed, and nothing of it where all were", async () => {
      const [oid, browser] = ["oid of an overage", createBrowser()];
      const ada = await somebody({ groups: ["Eng"], oid });
      const shown = async () => {
        await signIn(ada, "entra", browser);
        const answer = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
        const { teams, groupsIncomplete } = JSON.parse(answer.text);
        return [teams, groupsIncomplete];
      };
      expect(await shown()).to.deep.equal([ENG, undefined]);
      await idp.setAccount(ada, person(ada, { oid, hasgroups: true }));
      expect(await shown()).to.deep.equal([ENG, "overage"]);
      expect((await browser.visit(`${service.url}/me`)).text).to.contain("more groups than it lists");
      await idp.setAccount(ada, person(ada, { oid, groups: ["Sales"] }));
      expect(await shown()).to.deep.equal([SALES, undefined]);
    });

    it("is the same account", async () => {
      const ada = await somebody({ groups: ["Eng"] });
      const id = async (): Promise<string> => {
        const browser = createBrowser();
        await signIn(ada, "sso", browser);
        const me = await browser.visit(`${service.url}/me`, { headers: { accept: "application/json" } });
        return JSON.parse(me.text).user.id;
      };
      expect(await id()).to.equal(await id());
    });
  });

  describe("OP-1: when it is not the browser's own login", () => {
    const expired = (visit: Visit): void => {
      expect([visit.status, codeOn(visit)]).to.deep.equal([400, "sign_in_expired"]);
    };

    it("refuses a callback in another browser", async () => {
      const callback = await toCallback(await somebody({ groups: ["Eng"] }));
      expired(await createBrowser().visit(callback.href));
    });

    it("refuses it in a browser with a login of its own", async () => {
      const callback = await toCallback(await somebody({ groups: ["Eng"] }));
      const victim = createBrowser();
      await toCallback(await somebody({ groups: ["Eng"] }), "sso", victim);
      expired(await victim.visit(callback.href));
    });

    it("refuses a callback that was used", async () => {
      const browser = createBrowser();
      const callback = await toCallback(await somebody({ groups: ["Eng"] }), "sso", browser);
      expect((await browser.visit(callback.href)).status).to.equal(200);
      expired(await browser.visit(callback.href));
    });

    it("refuses the second of two callbacks at once", async () => {
      const browser = createBrowser();
      const callback = await toCallback(await somebody({ groups: ["Eng"] }), "sso", browser);
      const visits = await Promise.all([browser.visit(callback.href), browser.visit(callback.href)]);
      expect(visits.map(({ status }) => status).toSorted()).to.deep.equal([200, 400]);
    });

    it("refuses one connection's callback at another", async () => {
      const browser = createBrowser();
      const callback = await toCallback(await somebody({ groups: ["Eng"] }), "sso", browser);
      expired(await browser.visit(`${service.callbackUrl("acme", "other")}${callback.search}`));
    });

    const foreign: readonly [title: string, search: string][] = [
      ["no state", "?code=abc"],
      ["an empty state", "?code=abc&state="],
      ["a state that nobody began", "?code=abc&state=abc"],
      ["a state of 10,000 characters", `?code=abc&state=${"x".repeat(10_000)}`],
      ["an error and no state", "?error=access_denied"],
    ];
    for (const [title, search] of foreign) {
      it(`refuses ${title}`, async () => {
        expired(await createBrowser().visit(`${service.callbackUrl("acme", "sso")}${search}`));
      });
    }

    it("lets two tabs of one browser sign in side by side", async () => {
      const browser = createBrowser();
      const first = await toCallback(await somebody({ groups: ["Eng"] }), "sso", browser);
      const second = await toCallback(await somebody({ groups: ["Eng"] }), "other", browser);
      expect([(await browser.visit(first.href)).status, (await browser.visit(second.href)).status]).to.deep.equal([
        200, 200,
      ]);
    });
  });

  describe("refused", () => {
    it("tells a code and a reference, and nothing that the provider wrote", async () => {
      const visit = await signIn("mallory");
      expect([visit.status, codeOn(visit)]).to.deep.equal([401, "sign_in_failed"]);
      expect(visit.text).not.to.contain("may not use the application");
      expect(await traceOf(visit)).to.deep.include({
        outcome: "sign_in_failed",
        guard: "provider_error",
        error: "access_denied",
      });
    });

    it("tells programs the same as a problem document", async () => {
      const browser = createBrowser();
      const callback = await toCallback("mallory", "sso", browser);
      const visit = await browser.visit(callback.href, { headers: { accept: "application/json" } });
      expect(visit.headers.get("content-type")).to.contain("application/problem+json");
      expect(JSON.parse(visit.text))
        .to.include({ status: 401, code: "sign_in_failed" })
        .and.to.have.property("reference");
    });

    it("leaves no session behind", async () => {
      const browser = createBrowser();
      await signIn(await somebody({ groups: ["Other"] }), "sso", browser);
      expect((await browser.visit(`${service.url}/me`)).status).to.equal(401);
    });

    it("leaves a trace with the groups that were claimed", async () => {
      const visit = await signIn(await somebody({ groups: ["Other"] }));
      expect(await traceOf(visit)).to.deep.include({ outcome: "not_assigned", groups: ["Other"] });
    });
  });

  describe("and the way back", () => {
    const ways: readonly [returnTo: string, end: string][] = [
      ["/me?tab=2", "/me?tab=2"],
      ["//evil.example", "/me"],
      ["https://evil.example/", "/me"],
      ["/\\evil.example", "/me"],
      ["/.//evil.example", "/me"],
      ["javascript:alert(1)", "/me"],
      ["/\t/evil.example", "/me"],
      ["/me\r\nSet-Cookie: a=b", "/me"],
    ];
    for (const [returnTo, end] of ways) {
      it(`leads from ${JSON.stringify(returnTo)} to ${end}`, async () => {
        const more = `&return_to=${encodeURIComponent(returnTo)}`;
        const visit = await createBrowser().visit(loginUrl(await somebody({ groups: ["Eng"] }), "sso", more));
        expect([visit.status, visit.url]).to.deep.equal([200, `${service.url}${end}`]);
      });
    }
  });

  describe("and its session", () => {
    it("W-24: is a new one at each sign-in, and the old one is over", async () => {
      const browser = createBrowser();
      const ada = await somebody({ groups: ["Eng"] });
      await signIn(ada, "sso", browser);
      const first = browser.cookie("rolecall_session") ?? "";
      await signIn(ada, "sso", browser);
      expect(browser.cookie("rolecall_session")).not.to.equal(first);
      const thief = createBrowser();
      thief.setCookie(service.url, "rolecall_session", first);
      expect((await thief.visit(`${service.url}/me`)).status).to.equal(401);
    });

    it("W-24: is never one that was planted before the sign-in", async () => {
      const browser = createBrowser();
      browser.setCookie(service.url, "rolecall_session", "planted");
      await signIn(await somebody({ groups: ["Eng"] }), "sso", browser);
      expect(browser.cookie("rolecall_session")).to.be.a("string").and.not.equal("planted");
    });

    it("ends with the logout", async () => {
      const browser = createBrowser();
      await signIn(await somebody({ groups: ["Eng"] }), "sso", browser);
      const token = browser.cookie("rolecall_session") ?? "";
      const visit = await browser.visit(`${service.url}/sso/logout`, {
        method: "POST",
        headers: { origin: service.url },
      });
      expect([visit.status, browser.cookie("rolecall_session")]).to.deep.equal([200, undefined]);
      const back = await browser.submit(visit, { logout: "yes" });
      expect([back.status, back.url]).to.deep.equal([200, `${service.url}/sso/acme?state=signed_out`]);
      expect(back.text).to.contain("You are signed out");
      browser.setCookie(service.url, "rolecall_session", token);
      expect((await browser.visit(`${service.url}/me`)).status).to.equal(401);
    });

    it("OP-21: ends with the logout where the provider is shown its ID token again, and knows it", async () => {
      const browser = createBrowser();
      await signIn(await somebody({ groups: ["Eng"] }), "okta", browser);
      const page = await browser.visit(`${service.url}/sso/logout`, {
        method: "POST",
        headers: { origin: service.url },
      });
      const forged = await browser.submit(page, {
        id_token_hint: `${formsOf(page.text, new URL(page.url))[0]?.fields["id_token_hint"]}x`,
      });
      expect([forged.status, forged.text.includes("id_token_hint")]).to.deep.equal([400, true]);
      const asked = await browser.submit(page);
      const back = await browser.submit(asked, { logout: "yes" });
      expect([back.status, back.url]).to.deep.equal([200, `${service.url}/sso/acme?state=signed_out`]);
      const anew = await browser.visit(`${service.url}/sso/acme/okta/login`);
      expect(anew.text, "the provider asks who it is").not.to.contain("Signed in to");
    });

    it("OP-21: ends where the provider says that the person signed out there", async () => {
      const browser = createBrowser();
      await signIn(await somebody({ groups: ["Eng"] }), "sso", browser);
      const other = createBrowser();
      await signIn(await somebody({ groups: ["Eng"] }), "sso", other);
      const asked = await browser.visit(`${idp.issuer}/session/end`);
      const gone = await browser.submit(asked, { logout: "yes" });
      expect(gone.status, gone.text).to.equal(200);
      const isAlive = async (one: Browser) => (await one.visit(`${service.url}/me`)).status === 200;
      expect([await isAlive(browser), await isAlive(other)]).to.deep.equal([false, true]);
    });

    it("W-26: does not end because another site says so", async () => {
      const browser = createBrowser();
      await signIn(await somebody({ groups: ["Eng"] }), "sso", browser);
      const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
      expect((await browser.visit(`${service.url}/sso/logout`, { method: "POST", headers })).status).to.equal(403);
      expect((await browser.visit(`${service.url}/me`)).status).to.equal(200);
    });

    it("is needed for /me", async () => {
      const answers = await Promise.all(
        ["text/html", "application/json"].map((accept) =>
          createBrowser().visit(`${service.url}/me`, { headers: { accept } }),
        ),
      );
      expect(answers.map(({ status }) => status)).to.deep.equal([401, 401]);
    });
  });

  it("OP-22: logs no secret, code, token, state or claim", async () => {
    const browser = createBrowser();
    const ada = await somebody({ groups: ["Eng"] });
    const callback = await toCallback(ada, "sso", browser);
    await browser.visit(callback.href);
    await browser.visit(callback.href);
    const log = service.log.join("\n");
    const secrets = [
      CLIENT_SECRET,
      callback.searchParams.get("code") ?? "",
      callback.searchParams.get("state") ?? "",
      browser.cookie("rolecall_session") ?? "",
      browser.cookie("rolecall_login") ?? "",
      `${ada}@acme.example`,
      "eyJ",
    ];
    expect(secrets.filter((secret) => secret === "" || log.includes(secret))).to.deep.equal([]);
    expect(log).to.contain("sign_in_expired");
  });
});

function codeOn({ text }: Visit): string {
  return /Code<\/dt><dd><code>([a-z_]+)</.exec(text)?.[1] ?? "no code";
}

function referenceOn({ text }: Visit): string {
  return /Reference<\/dt><dd><code>([^<]+)</.exec(text)?.[1] ?? "no reference";
}
