import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { formsOf } from "../../demo/clients/html-form.js";
import type { Tenant } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import { departureTo, idTokenToKeep } from "../../src/protocols/oidc/sign-out.js";
import { loadIdpProfiles } from "../../src/protocols/sign-in/idp-profile.js";
import { type HostileOp, honest, startHostileOp } from "../support/hostile-op.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const CLIENT = "rolecall";
const BEFORE = "2026-01-01T00:00:00.000Z";

describe("signing out through OpenID Connect", () => {
  let service: SignInService;
  let op: HostileOp;
  let acme: Tenant;
  let made = 0;

  beforeEach(async () => {
    service = await startSignInService();
    op = await startHostileOp(CLIENT);
    acme = await service.addTenant({ slug: "acme", name: "Acme" });
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
    await service.addOidc(acme, "sso", oidc, { clientSecret: "a client secret" });
    await service.addOidc(acme, "here", { ...oidc, singleLogout: false }, { clientSecret: "a client secret" });
    const okta = { clientSecret: "a client secret", profile: "okta" } as const;
    await service.addOidc(acme, "okta", oidc, okta);
    await service.addOidc(acme, "okta-here", { ...oidc, singleLogout: false }, okta);
  });
  afterEach(async () => {
    await service?.close();
    await op?.close();
  });

  async function signedIn(metadata: JsonObject, claims: JsonObject = {}, connection = "sso"): Promise<Browser> {
    made += 1;
    op.behave({ metadata, claims: { sub: `s${made}`, ...claims } });
    const browser = createBrowser();
    const { status, text } = await browser.visit(`${service.url}/sso/acme/${connection}/login`);
    expect(status, text).to.equal(200);
    return browser;
  }

  const signOut = (browser: Browser, headers: Readonly<Record<string, string>> = {}): Promise<Visit> =>
    browser.visit(`${service.url}/sso/logout`, {
      method: "POST",
      from: `${service.url}/me`,
      stopBefore: op.issuer,
      headers,
    });

  async function expectEndsHere(browser: Browser): Promise<void> {
    const { status, text, url } = await signOut(browser);
    expect([status, url]).to.deep.equal([200, `${service.url}/sso/logout`]);
    expect(text).to.contain("may still know you");
    expect(await isAlive(browser)).to.equal(false);
  }

  const isAlive = async (browser: Browser) => (await browser.visit(`${service.url}/me`)).status === 200;

  it("OP-21: ends the own session, then sends the browser on to the provider with the registered address and no secret", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end?realm=x` }, { sid: "the sid" });
    const { url } = await signOut(browser);
    const { origin, pathname, searchParams } = new URL(url);
    expect(origin + pathname).to.equal(`${op.issuer}/end`);
    expect(Object.fromEntries(searchParams)).to.deep.equal({
      realm: "x",
      client_id: CLIENT,
      post_logout_redirect_uri: `${service.url}/sso/acme`,
      state: "signed_out",
      logout_hint: "the sid",
    });
    expect(await isAlive(browser)).to.equal(false);
    expect(browser.cookie("rolecall_session")).to.equal(undefined);
  });

  it("is told where the provider sends the browser back, instead of being signed in again", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` });
    await signOut(browser);
    const back = await browser.visit(`${service.url}/sso/acme?state=signed_out`);
    expect([back.status, back.hops.length]).to.deep.equal([200, 1]);
    expect(back.text).to.contain("You are signed out");
  });

  it("is told so by nobody who is still signed in", async () => {
    const browser = await signedIn({});
    const visit = await browser.visit(`${service.url}/sso/acme?state=signed_out`, {
      stopBefore: `${service.url}/sso/acme/sso`,
    });
    expect(visit.text).not.to.contain("signed out");
  });

  for (const endpoint of [undefined, "javascript:alert(1)", "not an address", 7]) {
    it(`ends here where the provider's place for it is ${endpoint}`, async () => {
      const browser = await signedIn(endpoint === undefined ? {} : { end_session_endpoint: endpoint });
      await expectEndsHere(browser);
    });
  }

  it("ends here where the connection says so", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` }, {}, "here");
    await expectEndsHere(browser);
  });

  describe("where the provider wants to see its ID token again", () => {
    const END = { end_session_endpoint: "" };
    /** The token that was made last. */
    let issued = "";

    beforeEach(() => {
      END.end_session_endpoint = `${op.issuer}/end?realm=x`;
    });

    async function signedInAt(connection: string, claims: JsonObject = {}): Promise<Browser> {
      made += 1;
      op.behave({
        metadata: END,
        claims: { sub: `s${made}`, sid: "the sid", ...claims },
        token: async (all, keys) => {
          issued = await honest(all, keys);
          return issued;
        },
      });
      const browser = createBrowser();
      const { status, text } = await browser.visit(`${service.url}/sso/acme/${connection}/login`);
      expect(status, text).to.equal(200);
      return browser;
    }

    /** What the session keeps sealed; it ends. */
    async function keptBy(browser: Browser): Promise<string | undefined> {
      const hash = service.p.secrets.hashToken(browser.cookie("rolecall_session") ?? "");
      const ended = await service.p.store.write(acme.id, (tx) => tx.endSession(hash, service.p.now()));
      expect(ended).to.include({ idpSession: "the sid" });
      return ended?.sealedHint;
    }

    it("OP-21: sends it along in a form, and in no address", async () => {
      const browser = await signedInAt("okta");
      const visit = await signOut(browser);
      const [form] = formsOf(visit.text, new URL(visit.url));
      expect(form?.action.href).to.equal(END.end_session_endpoint);
      expect(form?.fields).to.deep.equal({
        client_id: CLIENT,
        post_logout_redirect_uri: `${service.url}/sso/acme`,
        state: "signed_out",
        id_token_hint: issued,
      });
      expect(await isAlive(browser)).to.equal(false);
    });

    it("OP-21: keeps it sealed for that one session, and tells it to no log, no list and nobody else", async () => {
      const [one, other] = [await signedInAt("okta"), await signedInAt("okta")];
      const [, , signature = "no signature"] = issued.split(".");
      const everything = { now: service.p.now(), usedAfter: BEFORE, openedAfter: BEFORE, limit: 100 };
      expect(JSON.stringify(await service.p.store.read(acme.id).sessions(everything))).not.to.contain(signature);
      expect(service.log.join("\n")).not.to.contain(signature);
      const sealed = [await keptBy(one), await keptBy(other)];
      for (const text of sealed) {
        expect(text).to.be.a("string").and.not.contain(signature);
        expect(() => service.p.secrets.decrypt(text ?? "", `${acme.id}`)).to.throw();
      }
    });

    it("keeps it nowhere else: neither where sign-outs end here, nor where the provider asks for none, nor a very long one", async () => {
      for (const connection of ["sso", "okta-here"])
        expect(await keptBy(await signedInAt(connection)), connection).to.equal(undefined);
      expect(await keptBy(await signedInAt("okta", { padding: "x".repeat(9_000) }))).to.be.a("string");
      expect(await keptBy(await signedInAt("okta", { padding: "x".repeat(12_500) }))).to.equal(undefined);
    });

    it("ends here where it was too long to be kept, or was sealed with another key", async () => {
      await expectEndsHere(await signedInAt("okta", { padding: "x".repeat(12_500) }));
      const browser = await signedInAt("okta");
      const { decrypt } = service.p.secrets;
      Object.assign(service.p.secrets, {
        decrypt: () => {
          throw new Error("another key");
        },
      });
      await expectEndsHere(browser).finally(() => Object.assign(service.p.secrets, { decrypt }));
    });
  });

  it("answers a program without sending it anywhere", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` });
    expect((await signOut(browser, { accept: "application/json" })).status).to.equal(204);
    expect(await isAlive(browser)).to.equal(false);
  });

  it("W-26: is done by no other site's page", async () => {
    const browser = await signedIn({ end_session_endpoint: `${op.issuer}/end` });
    const foreign = await browser.visit(`${service.url}/sso/logout`, { method: "POST", from: "https://evil.example/" });
    expect(foreign.status).to.equal(403);
    expect(await isAlive(browser)).to.equal(true);
  });
});

describe("OP-21: the way to a provider's sign-out", () => {
  const providerOf = (name: string) => {
    const profile = loadIdpProfiles().find((one) => one.name === name);
    if (profile === undefined) throw new Error(`there is no profile ${name}`);
    return { profile, settings: { issuer: "https://idp.example", clientId: CLIENT, scopes: [] } };
  };
  const PLACE = "https://idp.example/end?realm=x";
  const leaving = { returnTo: "https://access.example/sso/acme", state: "signed_out", idpSession: "the sid" };

  it("leads to OneLogin with the ID token in an address that every server takes", () => {
    const onelogin = providerOf("onelogin-oidc");
    const idToken = idTokenToKeep(onelogin, "t".repeat(6_000));
    expect(idToken).to.have.length(6_000);
    const departure = departureTo(onelogin, PLACE, { ...leaving, ...(idToken && { idToken }) });
    const location = departure.kind === "redirect" ? departure.location : "";
    expect(Object.fromEntries(new URL(location).searchParams)).to.deep.equal({
      ...{ realm: "x", client_id: CLIENT, state: "signed_out" },
      ...{ post_logout_redirect_uri: leaving.returnTo, id_token_hint: idToken },
    });
    expect(location.length).to.be.below(8_000);
    expect(idTokenToKeep(onelogin, "t".repeat(6_001))).to.equal(undefined);
  });

  it("takes ID tokens of two providers along alone", () => {
    const wanting = loadIdpProfiles().filter((profile) => idTokenToKeep({ ...providerOf(profile.name) }, "t") === "t");
    expect(wanting.map(({ name }) => name)).to.deep.equal(["okta-oidc", "onelogin-oidc"]);
  });
});
