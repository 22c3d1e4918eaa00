import { expect } from "chai";
import { SignJWT } from "jose";
import { type Browser, createBrowser } from "../../demo/clients/browser.js";
import type { Tenant } from "../../src/model/connection.js";
import { push } from "../../src/provisioning/push.js";
import { type HostileKeys, type HostileOp, newKeys, startHostileOp } from "../support/hostile-op.js";
import { scimUser } from "../support/people.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const CLIENT = "rolecall";
const TYPE = "global-token-revocation+jwt";

type Claims = Readonly<Record<string, unknown>>;

describe("Universal Logout", () => {
  let service: SignInService;
  let op: HostileOp;
  let acme: Tenant;
  let stranger: HostileKeys;
  let made = 0;

  before(async () => {
    service = await startSignInService();
    op = await startHostileOp(CLIENT);
    stranger = await newKeys();
    acme = await service.addTenant({ slug: "acme", name: "Acme" });
    const globex = await service.addTenant({ slug: "globex", name: "Globex" });
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
    const more = { clientSecret: "a client secret", mayGrantOwner: false };
    await service.addOidc(acme, "sso", oidc, { ...more, sync: "live" });
    await service.addOidc(acme, "second", oidc, more);
    await service.addOidc(globex, "sso", oidc, more);
    await service.connect(acme, { slug: "push-only", protocol: "scim", mayGrantOwner: false });
  });
  after(async () => {
    await service?.close();
    await op?.close();
  });

  const unique = (name: string): string => {
    made += 1;
    return `${name}-${made}`;
  };
  const addressOf = (path: string): string => `${service.url}/sso/${path}/global-token-revocation`;

  async function signedIn(claims: Claims, path = "acme/sso"): Promise<Browser> {
    op.behave({ claims });
    const browser = createBrowser();
    const { status, text } = await browser.visit(`${service.url}/sso/${path}/login`);
    expect(status, text).to.equal(200);
    return browser;
  }

  const isAlive = async (browser: Browser) => (await browser.visit(`${service.url}/me`)).status === 200;

  /** As Okta makes it. */
  function claims(more: Claims = {}, path = "acme/sso"): Claims {
    const now = Math.floor(Date.now() / 1000);
    return {
      ...{ iss: op.issuer, sub: "0oa1", aud: addressOf(path), jti: unique("jti") },
      ...{ iat: now, nbf: now - 300, exp: now + 300, ...more },
    };
  }

  function signed(payload: Claims = claims(), header: { readonly typ?: string } = { typ: TYPE }, keys = op.keys) {
    return new SignJWT(payload as Record<string, never>)
      .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
      .sign(keys.privateKey);
  }

  const send = (token: string | undefined, body: unknown, path = "acme/sso") =>
    fetch(addressOf(path), {
      method: "POST",
      headers: { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  const ofSub = (sub: string) => ({ sub_id: { format: "iss_sub", iss: op.issuer, sub } });
  const ofEmail = (email: string) => ({ sub_id: { format: "email", email } });

  describe("ends all sessions", () => {
    it("of a sub, in every browser, and those of nobody else", async () => {
      const sub = unique("sub");
      const mine = [await signedIn({ sub }), await signedIn({ sub })];
      const other = await signedIn({ sub: unique("sub") });
      const answer = await send(await signed(), ofSub(sub));
      expect([answer.status, await answer.text()]).to.deep.equal([204, ""]);
      for (const browser of mine) expect(await isAlive(browser)).to.equal(false);
      expect(await isAlive(other)).to.equal(true);
    });

    const emails: readonly [what: string, claims: (email: string) => Claims][] = [
      ["a verified e-mail", (email) => ({ email, email_verified: true })],
      ["an e-mail that was merely claimed", (email) => ({ email })],
      ["a user name", (email) => ({ preferred_username: email })],
    ];
    for (const [what, said] of emails) {
      it(`of ${what}, in whatever case`, async () => {
        const email = `${unique("Ada")}@acme.example`;
        const browser = await signedIn({ sub: unique("sub"), ...said(email) });
        expect((await send(await signed(), ofEmail(email.toUpperCase()))).status).to.equal(204);
        expect(await isAlive(browser)).to.equal(false);
      });
    }

    it("of somebody pushed, by userName, by e-mail and by the externalId that is their sub", async () => {
      const connection = await service.p.store.read(acme.id).connectionBySlug("sso");
      if (connection === undefined) throw new Error("no connection");
      const bodies: readonly ((names: {
        readonly userName: string;
        readonly email: string;
        readonly sub: string;
      }) => unknown)[] = [({ userName }) => ofEmail(userName), ({ email }) => ofEmail(email), ({ sub }) => ofSub(sub)];
      for (const body of bodies) {
        const [userName, email, sub] = [unique("kim"), `${unique("kim")}@acme.example`, unique("sub")];
        const document = { ...scimUser(userName, { externalId: sub, attributes: { email } }), email };
        const changes = [{ kind: "upsertUser", document }] as const;
        const context = { actor: { kind: "scim_token" }, door: "scim" } as const;
        await push(service.p, { tenant: acme, connection, changes, context });
        const browser = await signedIn({ sub });
        expect((await send(await signed(), body({ userName, email, sub }))).status).to.equal(204);
        expect(await isAlive(browser)).to.equal(false);
      }
    });

    it("of somebody who is just coming back from the provider", async () => {
      const sub = unique("sub");
      await signedIn({ sub });
      const before = await service.p.store.read(acme.id).connectionBySlug("sso");
      const epoch = () => service.p.store.write(acme.id, (tx) => tx.sessionEpoch(before?.id as never, sub));
      const first = await epoch();
      expect((await send(await signed(), ofSub(sub))).status).to.equal(204);
      expect((await epoch())?.epoch).to.be.above(first?.epoch ?? Number.POSITIVE_INFINITY);
    });

    it("and lets them sign in again, if the provider does", async () => {
      const sub = unique("sub");
      await signedIn({ sub });
      await send(await signed(), ofSub(sub));
      expect(await isAlive(await signedIn({ sub }))).to.equal(true);
    });

    it("and tells of it in the audit and in the feed", async () => {
      const sub = unique("sub");
      await signedIn({ sub });
      await send(await signed(), ofSub(sub));
      const { items } = await service.p.store.read(acme.id).audit({ limit: 1, action: "session.ended" });
      expect(items[0]?.detail).to.deep.equal({ reason: "universal_logout", connection: "sso" });
      expect(items[0]?.user).to.be.a("string");
    });
  });

  it("finds people by the provider's own issuer, typed without the slash after its host, and by no other", async () => {
    const slashed = await startHostileOp(CLIENT, "/");
    try {
      const issuer = slashed.issuer.replace(/\/$/, "");
      await service.addOidc(acme, "typed", { issuer, clientId: CLIENT, scopes: ["openid"] }, { mayGrantOwner: false });
      const sub = unique("sub");
      slashed.behave({ claims: { sub } });
      const browser = createBrowser();
      expect((await browser.visit(`${service.url}/sso/acme/typed/login`)).status).to.equal(200);
      const revoke = async (iss: string) => {
        const token = await signed(claims({ iss: slashed.issuer }, "acme/typed"), undefined, slashed.keys);
        return (await send(token, { sub_id: { format: "iss_sub", iss, sub } }, "acme/typed")).status;
      };
      for (const other of [`${issuer}//`, `${issuer}/x`, "https://evil.example", "x"])
        expect(await revoke(other), other).to.equal(404);
      expect(await isAlive(browser)).to.equal(true);
      expect(await revoke(slashed.issuer)).to.equal(204);
      expect(await isAlive(browser)).to.equal(false);
    } finally {
      await slashed.close();
    }
  });

  it("W-3, W-30: reaches nobody whom another connection or tenant knows by the same sub and e-mail", async () => {
    const [sub, email] = [unique("sub"), `${unique("eve")}@acme.example`];
    const said = { sub, email, email_verified: true, preferred_username: email };
    const others = [await signedIn(said, "acme/second"), await signedIn(said, "globex/sso")];
    expect((await send(await signed(), ofSub(sub))).status).to.equal(404);
    expect((await send(await signed(), ofEmail(email))).status).to.equal(404);
    for (const other of others) expect(await isAlive(other)).to.equal(true);
  });

  describe("refuses with 401, and ends nothing by", () => {
    const seconds = () => Math.floor(Date.now() / 1000);
    const hostile: readonly [what: string, token: () => Promise<string | undefined> | string | undefined][] = [
      ["no token", () => undefined],
      ["an empty token", () => ""],
      ["a text that is no token", () => "a.b.c"],
      ["a key that the provider does not have", () => signed(claims(), undefined, stranger)],
      ["another issuer", () => signed(claims({ iss: "https://evil.example" }))],
      ["the address of another connection", () => signed(claims({}, "acme/second"))],
      ["the client id as its audience, as ID tokens have", () => signed(claims({ aud: CLIENT }))],
      ["no audience", () => signed(claims({ aud: undefined }))],
      ["one that is over", () => signed(claims({ exp: seconds() - 120 }))],
      ["one that is not good yet", () => signed(claims({ nbf: seconds() + 600 }))],
      ["one of an hour ago", () => signed(claims({ iat: seconds() - 3600 }))],
      ["no jti", () => signed(claims({ jti: undefined }))],
      ["a logout token", () => signed(claims(), { typ: "logout+jwt" })],
    ];
    for (const [what, token] of hostile) {
      it(what, async () => {
        const sub = unique("sub");
        const browser = await signedIn({ sub });
        const answer = await send(await token(), ofSub(sub));
        const text = await answer.text();
        expect(answer.status, text).to.equal(401);
        expect(answer.headers.get("www-authenticate")).to.match(/^Bearer/);
        const said = text.replace(/[0-9A-Z]{26}/, ""); // a reference may spell anything
        expect(said).not.to.match(/JWT|JWS|jose|signature/);
        expect(await isAlive(browser)).to.equal(true);
        expect((await send(await signed(), ofSub(sub))).status).to.equal(204);
        expect(await isAlive(browser)).to.equal(false);
      });
    }

    it("a token that came before about somebody else", async () => {
      const [first, second] = [unique("sub"), unique("sub")];
      await signedIn({ sub: first });
      const browser = await signedIn({ sub: second });
      const token = await signed();
      expect((await send(token, ofSub(first))).status).to.equal(204);
      for (let again = 0; again < 2; again++) expect((await send(token, ofSub(second))).status).to.equal(401);
      expect(await isAlive(browser)).to.equal(true);
    });
  });

  it("does nothing when the same message comes again, and says that it is done", async () => {
    const sub = unique("sub");
    await signedIn({ sub });
    const token = await signed();
    expect((await send(token, ofSub(sub))).status).to.equal(204);
    const browser = await signedIn({ sub });
    expect((await send(token, ofSub(sub))).status).to.equal(204);
    expect(await isAlive(browser)).to.equal(true);
  });

  it("takes the same message again where it found nobody, and ends what is there now", async () => {
    const sub = unique("sub");
    const token = await signed();
    expect((await send(token, ofSub(sub))).status).to.equal(404);
    const browser = await signedIn({ sub });
    expect((await send(token, ofSub(unique("sub")))).status, "of somebody else").to.equal(401);
    expect((await send(token, ofSub(sub))).status).to.equal(204);
    expect(await isAlive(browser)).to.equal(false);
  });

  describe("answers 400 to", () => {
    const bad: readonly [what: string, body: unknown][] = [
      ["no JSON", "x"],
      ["nothing", ""],
      ["a list", []],
      ["null", "null"],
      ["no sub_id", {}],
      ["a sub_id that is a text", { sub_id: "ada" }],
      ["a format that is not known", { sub_id: { format: "phone_number", phone_number: "+1" } }],
      ["an e-mail that is none", { sub_id: { format: "email", email: 7 } }],
      ["no issuer", { sub_id: { format: "iss_sub", sub: "x" } }],
      ["a sub that cannot be stored", { sub_id: { format: "iss_sub", iss: "x", sub: "a\u0000b" } }],
      ["keys that are inherited", '{"sub_id":{"__proto__":{"format":"email","email":"a@b.example"}}}'],
    ];
    for (const [what, body] of bad) {
      it(what, async () => {
        const answer = await send(await signed(), body);
        expect(answer.status, await answer.text()).to.equal(400);
      });
    }
  });

  it("answers 404 where the sub is of another issuer, or nobody's", async () => {
    const sub = unique("sub");
    const browser = await signedIn({ sub });
    const foreign = { sub_id: { format: "iss_sub", iss: "https://evil.example", sub } };
    expect((await send(await signed(), foreign)).status).to.equal(404);
    expect((await send(await signed(), ofSub(unique("nobody")))).status).to.equal(404);
    expect(await isAlive(browser)).to.equal(true);
  });

  it("is nothing at connections without such a provider", async () => {
    for (const path of ["acme/push-only", "acme/local", "acme/none", "nowhere/sso"]) {
      expect((await send(await signed(), ofSub("x"), path)).status, path).to.equal(404);
    }
  });
});
