import { expect } from "chai";
import { SignJWT } from "jose";
import { type Browser, createBrowser } from "../../demo/clients/browser.js";
import type { Tenant } from "../../src/model/connection.js";
import { type HostileKeys, type HostileOp, honest, newKeys, startHostileOp } from "../support/hostile-op.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const CLIENT = "rolecall";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";

type Claims = Readonly<Record<string, unknown>>;

describe("OpenID Connect back-channel logout", () => {
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
    await service.addOidc(acme, "sso", oidc, more);
    await service.addOidc(acme, "second", oidc, more);
    await service.addOidc(acme, "pinned", { ...oidc, idTokenAlg: "ES256" }, more);
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

  async function signedIn(claims: Claims, path = "acme/sso"): Promise<Browser> {
    op.behave({ claims });
    const browser = createBrowser();
    const { status, text } = await browser.visit(`${service.url}/sso/${path}/login`);
    expect(status, text).to.equal(200);
    return browser;
  }

  async function isAlive(browser: Browser): Promise<boolean> {
    const { status } = await browser.visit(`${service.url}/me`);
    expect(status).to.be.oneOf([200, 401]);
    return status === 200;
  }

  function claims(more: Claims): Claims {
    const now = Math.floor(Date.now() / 1000);
    const jti = unique("jti");
    return { iss: op.issuer, aud: CLIENT, iat: now, exp: now + 120, jti, events: { [EVENT]: {} }, ...more };
  }

  function signed(payload: Claims, header: { readonly typ?: string } = { typ: "logout+jwt" }, keys = op.keys) {
    return new SignJWT(payload as Record<string, never>)
      .setProtectedHeader({ alg: "RS256", ...(keys.jwk.kid && { kid: keys.jwk.kid }), ...header })
      .sign(keys.privateKey);
  }

  const send = (token: string, path = "acme/sso", fields: Readonly<Record<string, string>> = {}) =>
    fetch(`${service.url}/sso/${path}/backchannel-logout`, {
      method: "POST",
      body: new URLSearchParams({ ...(token === "" ? {} : { logout_token: token }), ...fields }),
    });

  describe("ends", () => {
    const names: readonly [what: string, session: Claims, said: (sub: string, sid: string) => Claims][] = [
      ["the session of a sid", { sid: true }, (_, sid) => ({ sid })],
      ["the session of a sub and its sid", { sid: true }, (sub, sid) => ({ sub, sid })],
      ["all sessions of a sub", { sid: true }, (sub) => ({ sub })],
      ["a session that was never given a sid, by its sub", {}, (sub, sid) => ({ sub, sid })],
    ];
    for (const [what, session, said] of names) {
      it(what, async () => {
        const [sub, sid] = [unique("sub"), unique("sid")];
        const browser = await signedIn({ sub, ...(session["sid"] === true && { sid }) });
        const answer = await send(await signed(claims(said(sub, sid))));
        expect([answer.status, answer.headers.get("cache-control")]).to.deep.equal([200, "no-store"]);
        expect(await isAlive(browser)).to.equal(false);
      });
    }

    it("the other sessions of a person not, where it names one", async () => {
      const [sub, sid] = [unique("sub"), unique("sid")];
      const [named, other] = [await signedIn({ sub, sid }), await signedIn({ sub, sid: unique("sid") })];
      expect((await send(await signed(claims({ sub, sid })))).status).to.equal(200);
      expect([await isAlive(named), await isAlive(other)]).to.deep.equal([false, true]);
    });

    it("nothing where nobody is signed in, and says no other thing for it", async () => {
      expect((await send(await signed(claims({ sub: unique("nobody") })))).status).to.equal(200);
    });

    it("sessions whose token says no `typ` or a general one, has an aud of several, or no exp", async () => {
      const lenient: readonly [more: Claims, header: { readonly typ?: string }][] = [
        [{}, {}],
        [{}, { typ: "JWT" }],
        [{}, { typ: "application/logout+jwt" }],
        [{ aud: ["another", CLIENT] }, {}],
        [{ exp: undefined }, {}],
        [{ events: { [EVENT]: {}, "urn:other": {} } }, {}],
      ];
      for (const [more, header] of lenient) {
        const sub = unique("sub");
        const browser = await signedIn({ sub });
        expect((await send(await signed(claims({ sub, ...more }), header))).status, JSON.stringify(more)).to.equal(200);
        expect(await isAlive(browser), JSON.stringify(more)).to.equal(false);
      }
    });

    it("and tells of it in the audit and in the feed, with nobody's name", async () => {
      const sub = unique("sub");
      await signedIn({ sub });
      await signedIn({ sub });
      await send(await signed(claims({ sub })));
      const { items } = await service.p.store.read(acme.id).audit({ limit: 1, action: "session.ended" });
      expect(items[0]?.detail).to.deep.equal({ reason: "provider_logout", connection: "sso", sessions: 2 });
      expect(items[0]?.actor).to.deep.equal({ kind: "identity_provider" });
      expect(items[0]?.user).to.be.a("string");
    });
  });

  it("OP-21: ends sessions of its own connection and tenant alone, though the provider, client and sub are the same", async () => {
    const [sub, sid] = [unique("sub"), unique("sid")];
    const mine = await signedIn({ sub, sid });
    const others = [await signedIn({ sub, sid }, "acme/second"), await signedIn({ sub, sid }, "globex/sso")];
    expect((await send(await signed(claims({ sub, sid })))).status).to.equal(200);
    expect(await isAlive(mine)).to.equal(false);
    for (const other of others) expect(await isAlive(other)).to.equal(true);
  });

  describe("W-29: reaches whoever is on the way back at this moment", () => {
    const onTheWay: readonly [
      what: string,
      session: (sid: string) => Claims,
      said: (sub: string, sid: string) => Claims,
      isReached: boolean,
    ][] = [
      ["with the session that ended", (sid) => ({ sid }), (_, sid) => ({ sid }), true],
      ["with that session, and named too", (sid) => ({ sid }), (sub, sid) => ({ sub, sid }), true],
      ["with a session of any name, where the person alone is named", (sid) => ({ sid }), (sub) => ({ sub }), true],
      ["with a session without a name, where the person alone is named", () => ({}), (sub) => ({ sub }), true],
      [
        "with a session without a name, where person and session are named",
        () => ({}),
        (sub, sid) => ({ sub, sid }),
        true,
      ],
      ["but not with another session", () => ({ sid: unique("sid") }), (sub, sid) => ({ sub, sid }), false],
      ["but nobody else", (sid) => ({ sid }), () => ({ sub: unique("sub") }), false],
    ];
    for (const [what, session, said, isReached] of onTheWay) {
      it(what, async () => {
        const [sub, sid] = [unique("sub"), unique("sid")];
        op.behave({ claims: { sub, ...session(sid) } });
        const browser = createBrowser();
        const stopBefore = service.callbackUrl("acme", "sso");
        const { url } = await browser.visit(`${service.url}/sso/acme/sso/login`, { stopBefore });
        expect((await send(await signed(claims(said(sub, sid))))).status).to.equal(200);
        const { status, text } = await browser.visit(url);
        expect(status).to.equal(isReached ? 400 : 200);
        const reference = /Reference<\/dt><dd><code>([^<]+)</.exec(text)?.[1];
        if (isReached) {
          const trace = await service.p.store.read(acme.id).signInTrace(reference ?? "");
          expect([trace?.outcome, trace?.detail["guard"]]).to.deep.equal(["sign_in_expired", "session"]);
        }
        expect(await isAlive(browser)).to.equal(!isReached);
      });
    }

    it("and nobody who begins anew after it", async () => {
      const sub = unique("sub");
      expect((await send(await signed(claims({ sub })))).status).to.equal(200);
      expect(await isAlive(await signedIn({ sub, sid: unique("sid") }))).to.equal(true);
    });
  });

  describe("OP-21: refuses, and ends nothing by", () => {
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const plain = (change: (now: number) => Claims, header?: { readonly typ?: string }) => (sub: string) =>
      signed({ ...claims({ sub }), ...change(Math.floor(Date.now() / 1000)) }, header);
    const hostile: readonly [what: string, token: (sub: string) => Promise<string> | string][] = [
      ["no token", () => ""],
      ["a text that is no token", () => "a.b.c"],
      ["a token of five parts", () => "a.b.c.d.e"],
      ["an unsigned token", (sub) => `${encode({ alg: "none", typ: "logout+jwt" })}.${encode(claims({ sub }))}.`],
      ["a key that the provider does not have", (sub) => signed(claims({ sub }), undefined, stranger)],
      [
        "a key of an unknown name",
        (sub) => signed(claims({ sub }), undefined, { ...stranger, jwk: { ...stranger.jwk, kid: "unknown" } }),
      ],
      [
        "the public key taken for a shared secret",
        (sub) =>
          new SignJWT(claims({ sub }) as Record<string, never>)
            .setProtectedHeader({ alg: "HS256", typ: "logout+jwt" })
            .sign(new TextEncoder().encode(op.keys.publicPem)),
      ],
      [
        "claims that were changed behind the signature",
        async (sub) => {
          const [head, , signature] = (await signed(claims({ sub: "somebody else" }))).split(".");
          return `${head}.${encode(claims({ sub }))}.${signature}`;
        },
      ],
      ["another issuer", plain(() => ({ iss: "https://evil.example" }))],
      ["no issuer", plain(() => ({ iss: undefined }))],
      ["another client", plain(() => ({ aud: "another" }))],
      ["no audience", plain(() => ({ aud: undefined }))],
      ["one that is over", plain((now) => ({ exp: now - 120 }))],
      ["one of an hour ago", plain((now) => ({ iat: now - 3600 }))],
      ["one of an hour ahead", plain((now) => ({ iat: now + 3600 }))],
      ["no iat", plain(() => ({ iat: undefined }))],
      ["an iat that is a text", plain((now) => ({ iat: String(now) }))],
      ["no jti", plain(() => ({ jti: undefined }))],
      ["an empty jti", plain(() => ({ jti: "" }))],
      ["a nonce: it is an ID token", plain(() => ({ nonce: "n" }))],
      ["a nonce of null", plain(() => ({ nonce: null }))],
      ["no events", plain(() => ({ events: undefined }))],
      ["events of another kind", plain(() => ({ events: { "urn:other": {} } }))],
      ["an event that is no object", plain(() => ({ events: { [EVENT]: true } }))],
      ["events as a list", plain(() => ({ events: [EVENT] }))],
      ["events that are inherited", plain(() => ({ events: { ["__proto__"]: { [EVENT]: {} } } }))],
      ["a sub that is no text beside a sid", plain(() => ({ sub: ["x"], sid: "y" }))],
      ["a sid that cannot be stored", (sub) => signed(claims({ sub, sid: "a\u0000b" }))],
      ["an endless sid", (sub) => signed(claims({ sub, sid: "x".repeat(300) }))],
      ["the type of an access token", plain(() => ({}), { typ: "at+jwt" })],
      ["an ID token", (sub) => honest({ ...claims({ sub }), events: undefined, nonce: "n" }, op.keys)],
      ["one that is too long", (sub) => signed(claims({ sub, padding: "x".repeat(40_000) }))],
    ];
    for (const [what, token] of hostile) {
      it(what, async () => {
        const sub = unique("sub");
        const browser = await signedIn({ sub });
        const answer = await send(await token(sub));
        const body = await answer.text();
        expect(answer.status, body).to.be.oneOf([400, 413]);
        const said = body.replace(/[0-9A-Z]{26}/, ""); // a reference may spell anything
        expect(said).not.to.match(/JWT|JWS|jose|signature|claim/);
        expect(await isAlive(browser)).to.equal(true);
        // What differs is the hostile part alone.
        expect((await send(await signed(claims({ sub })))).status).to.equal(200);
        expect(await isAlive(browser)).to.equal(false);
      });
    }

    it("neither a sub nor a sid", async () => {
      expect((await send(await signed(claims({})))).status).to.equal(400);
    });

    it("a token that came before, however many come at once", async () => {
      const sub = unique("sub");
      const token = await signed(claims({ sub }));
      const statuses = (await Promise.all([1, 2, 3, 4].map(() => send(token)))).map(({ status }) => status);
      expect(statuses.sort()).to.deep.equal([200, 400, 400, 400]);
      const browser = await signedIn({ sub });
      expect((await send(token)).status).to.equal(400);
      expect(await isAlive(browser)).to.equal(true);
    });

    it("an algorithm that the connection does not take", async () => {
      expect((await send(await signed(claims({ sub: "x" })), "acme/pinned")).status).to.equal(400);
    });

    it("a form that says it twice, and what is no form", async () => {
      const address = `${service.url}/sso/acme/sso/backchannel-logout`;
      const token = await signed(claims({ sub: unique("sub") }));
      const twice = new URLSearchParams([
        ["logout_token", token],
        ["logout_token", token],
      ]);
      const json = { body: JSON.stringify({ logout_token: token }), headers: { "content-type": "application/json" } };
      expect((await fetch(address, { method: "POST", body: twice })).status).to.equal(400);
      expect((await fetch(address, { method: "POST", ...json })).status).to.equal(415);
      expect((await fetch(address)).status).to.equal(405);
    });
  });

  it("is nothing at connections that do not speak OpenID Connect, and tells no tenant from another", async () => {
    const token = await signed(claims({ sub: "x" }));
    for (const path of ["acme/push-only", "acme/local", "acme/none", "nowhere/sso"]) {
      expect((await send(token, path)).status, path).to.equal(404);
    }
  });

  it("lets an admin see by the reference what was wrong with a token of the provider's own", async () => {
    const answer = (await (await send(await signed(claims({ sub: "x", aud: "another" })))).json()) as Claims;
    expect(answer["error"]).to.equal("invalid_request");
    const reference = String(answer["error_description"]).replace(/^.* /, "");
    const trace = await service.p.store.read(acme.id).signInTrace(reference);
    expect(trace?.detail).to.include({ guard: "audience" });
    const unsigned = (await (await send("a.b.c")).json()) as Claims;
    expect(unsigned["error_description"]).not.to.contain("reference");
  });

  it("does not let strangers use up how often keys are read anew for sign-ins", async () => {
    const other = await startHostileOp(CLIENT);
    try {
      await service.addOidc(
        acme,
        "rotating",
        { issuer: other.issuer, clientId: CLIENT, scopes: ["openid"] },
        { clientSecret: "s", mayGrantOwner: false },
      );
      const junk = { ...stranger, jwk: { ...stranger.jwk, kid: "junk" } };
      for (let count = 0; count < 10; count += 1) {
        const said = { ...claims({ sub: "x" }), iss: other.issuer };
        expect((await send(await signed(said, undefined, junk), "acme/rotating")).status).to.equal(400);
      }
      const newer = await newKeys("RS256", "k2");
      other.behave({ jwks: [newer.jwk], token: (said) => honest(said, newer), claims: { sub: unique("sub") } });
      const { status, text } = await createBrowser().visit(`${service.url}/sso/acme/rotating/login`);
      expect(status, text).to.equal(200);
    } finally {
      await other.close();
    }
  });
});
