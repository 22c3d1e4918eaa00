import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import type { Tenant } from "../../src/model/connection.js";
import type { DirectoryChange } from "../../src/model/directory.js";
import type { DirectoryUserId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { push } from "../../src/provisioning/push.js";
import { type Behaviour, type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { scimUser } from "../support/people.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const CLIENT = "rolecall";
const JSON_ONLY = { accept: "application/json" };

interface Me {
  readonly tenant: string;
  readonly teams: unknown;
  readonly user: { readonly id: string; readonly userName: string; readonly email: string | null };
}

describe("the door that people sign in by", () => {
  let service: SignInService;
  let op: HostileOp;
  let acme: Tenant;
  let globex: Tenant;
  let people = 0;

  before(async () => {
    service = await startSignInService();
    op = await startHostileOp(CLIENT);
    acme = await service.addTenant({ slug: "acme", name: "Acme <Inc>", domains: ["acme.example"] });
    globex = await service.addTenant({ slug: "globex", name: "Globex" });
    await service.addTenant({ slug: "nobody", name: "Nobody signs in here" });
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
    const secret = { clientSecret: "a client secret", mayGrantOwner: false };
    await service.addOidc(acme, "sso", oidc, { ...secret, sync: "live" });
    await service.addOidc(acme, "staff", oidc, { ...secret, allowedDomains: ["staff.acme.example"] });
    await service.addOidc(acme, "entra", oidc, { ...secret, profile: "entra" });
    await service.addOidc(globex, "sso", oidc, secret);
    await service.connect(acme, { slug: "push-only", protocol: "scim", mayGrantOwner: false });
    await service.addOidc(acme, "gone", { ...oidc, issuer: "http://127.0.0.1:9" }, secret);
    await disable("gone-too");
  });
  after(async () => {
    await service?.close();
    await op?.close();
  });

  async function disable(slug: string): Promise<void> {
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] };
    const { id } = await service.addOidc(acme, slug, oidc, { mayGrantOwner: false });
    const now = new Date().toISOString();
    await service.p.store.write(acme.id, (tx) => tx.updateConnection(id, { disabledAt: now }, now));
  }

  const login = (path: string): string => `${service.url}/sso/${path}/login`;

  function signIn(behaviour: Behaviour, path = "acme/sso", browser = createBrowser()): Promise<Visit> {
    op.behave(behaviour);
    return browser.visit(login(path));
  }

  async function meOf(browser: Browser): Promise<Me> {
    return JSON.parse((await browser.visit(`${service.url}/me`, { headers: JSON_ONLY })).text);
  }

  async function signedIn(claims: JsonObject, path = "acme/sso"): Promise<Me> {
    const browser = createBrowser();
    const visit = await signIn({ claims }, path, browser);
    expect(visit.status, visit.text).to.equal(200);
    return meOf(browser);
  }

  async function pushed(...changes: readonly DirectoryChange[]): Promise<DirectoryUserId> {
    const connection = await service.p.store.read(acme.id).connectionBySlug("sso");
    if (connection === undefined) throw new Error("no connection");
    const context = { actor: { kind: "scim_token" }, door: "scim" } as const;
    const { rows } = await push(service.p, { tenant: acme, connection, changes, context });
    return rows[0]?.id as DirectoryUserId;
  }

  /** A person pushed by SCIM; answers with the name and the SCIM id. */
  async function pushedPerson(userName: string, externalId?: string) {
    const document = scimUser(userName, externalId === undefined ? {} : { externalId });
    return { document, id: await pushed({ kind: "upsertUser", document }) };
  }

  const unique = (name: string): string => {
    people += 1;
    return `${name}${people}`;
  };

  describe("recognises a pushed person", () => {
    it("by the sub that was pushed as externalId", async () => {
      const name = `${unique("kim")}@acme.example`;
      await pushedPerson(name, name.toUpperCase());
      expect((await signedIn({ sub: name.toUpperCase() })).user.userName).to.equal(name);
    });

    it("by user name, in whatever case", async () => {
      const name = `${unique("kim")}@acme.example`;
      await pushedPerson(name);
      const me = await signedIn({ sub: unique("s"), preferred_username: name.toUpperCase() });
      expect(me.user.userName.toLowerCase()).to.equal(name);
    });

    it("by verified e-mail", async () => {
      const name = `${unique("kim")}@acme.example`;
      await pushedPerson(name);
      const me = await signedIn({ sub: unique("s"), email: name, email_verified: true });
      expect([me.user.userName, me.user.email]).to.deep.equal([name, name]);
    });

    const strangers: readonly [title: string, claims: (name: string) => JsonObject][] = [
      ["an e-mail that nobody verified", (name) => ({ email: name })],
      ["an e-mail that is said to be unverified", (name) => ({ email: name, email_verified: false })],
      ["an e-mail that is verified as a text", (name) => ({ email: name, email_verified: "true" })],
      [
        "an e-mail with a KELVIN SIGN for its k",
        (name) => ({ email: name.replace("k", "\u212A"), email_verified: true }),
      ],
      ["a user name with a KELVIN SIGN for its k", (name) => ({ preferred_username: name.replace("k", "\u212A") })],
      ["a user name in full-width letters", (name) => ({ preferred_username: name.replace("k", "ｋ") })],
    ];
    for (const [title, claims] of strangers) {
      it(`but never by ${title}`, async () => {
        const name = `${unique("kim")}@acme.example`;
        await pushedPerson(name);
        const sub = unique("stranger");
        const me = await signedIn({ sub, ...claims(name) });
        const found = await service.p.store.read(acme.id).users({ userName: name, limit: 5 });
        const owner = found.items.find(({ userName }) => userName === name);
        expect(owner?.id).to.be.a("string").and.not.equal(me.user.id);
      });
    }

    it("once: a second subject with the same user name waits for an admin", async () => {
      const name = `${unique("kim")}@acme.example`;
      await pushedPerson(name);
      await signedIn({ sub: unique("s"), preferred_username: name });
      const { status, text } = await signIn({ claims: { sub: unique("s"), preferred_username: name } });
      expect([status, text]).to.deep.include(403);
      expect(text).to.contain("needs_review");
    });

    it("and ends the sessions of one whom SCIM deactivates", async () => {
      const name = `${unique("kim")}@acme.example`;
      const { id, document } = await pushedPerson(name, name);
      const browser = createBrowser();
      await signIn({ claims: { sub: name } }, "acme/sso", browser);
      await pushed({
        kind: "upsertUser",
        id,
        document: { ...document, ...scimUser(name, { active: false, externalId: name }) },
      });
      const again = await signIn({ claims: { sub: name } });
      expect([(await browser.visit(`${service.url}/me`)).status, codeOn(again)]).to.deep.equal([401, "deactivated"]);
    });
  });

  describe("keeps tenants apart", () => {
    it("when one provider tells both of the same person", async () => {
      const claims = { sub: unique("s"), email: "ceo@acme.example", email_verified: true };
      const [there, here] = [await signedIn(claims, "globex/sso"), await signedIn(claims)];
      expect([there.tenant, here.tenant]).to.deep.equal(["globex", "acme"]);
      expect(there.user.id).not.to.equal(here.user.id);
    });

    it("OP-1, OP-5: when a callback is taken to the other one", async () => {
      op.behave({ claims: { sub: unique("s") } });
      const browser = createBrowser();
      const stop = service.callbackUrl("globex", "sso");
      const { url } = await browser.visit(login("globex/sso"), { stopBefore: stop });
      const visit = await browser.visit(url.replace("/globex/", "/acme/"));
      expect([visit.status, codeOn(visit)]).to.deep.equal([400, "sign_in_expired"]);
    });

    it("when a session of one is used: it shows its own tenant alone", async () => {
      const browser = createBrowser();
      await signIn({ claims: { sub: unique("s") } }, "globex/sso", browser);
      expect((await meOf(browser)).tenant).to.equal("globex");
    });
  });

  describe("W-34: tells outsiders nothing", () => {
    const anonymous = ({ status, text }: Visit): readonly unknown[] => [
      status,
      text.replace(/<dd><code>[\w-]{20,}<\/code><\/dd>/, "<dd>a reference</dd>"),
    ];

    it("of which tenants and connections exist", async () => {
      const paths = [
        "nowhere/sso/login",
        "acme/nothing/login",
        "acme/push-only/login",
        "acme/local/login",
        "acme/gone-too/login",
      ];
      const more = [
        "nowhere",
        "nobody",
        "acme/nothing/callback",
        "acme/push-only/callback?state=x&code=y",
        "%00/x/login",
        "a%2Fb/x/login",
      ];
      const visits = await Promise.all(
        [...paths, ...more].map((path) => createBrowser().visit(`${service.url}/sso/${path}`)),
      );
      const first = visits[0];
      if (first === undefined) throw new Error("no visits");
      expect(anonymous(first)[0]).to.equal(404);
      for (const visit of visits) expect(anonymous(visit), visit.url).to.deep.equal(anonymous(first));
      const problems = await Promise.all(
        [...paths, ...more].map(async (path) => {
          const headers = { accept: "application/json" };
          const { status, text } = await createBrowser().visit(`${service.url}/sso/${path}`, { headers });
          const { requestId, ...problem } = JSON.parse(text);
          expect(requestId, path).to.be.a("string");
          return { path, told: { sent: status, ...problem } };
        }),
      );
      expect(problems[0]?.told).to.include({ sent: 404, code: "not_found" });
      for (const { path, told } of problems) expect(told, path).to.deep.equal(problems[0]?.told);
    });

    const failures: readonly [title: string, behaviour: Behaviour][] = [
      ["a token without a signature", { token: (claims) => `${encode({ alg: "none" })}.${encode(claims)}.` }],
      ["another issuer", { claims: { iss: "https://evil.example" } }],
      ["another nonce", { claims: { nonce: "x" } }],
      ["no subject", { claims: { sub: "" } }],
      ["an error", { answer: { error: "login_required", error_description: "<b>go away</b>" } }],
      ["no token", { tokenAnswer: { status: 500, body: "<b>stack trace</b>" } }],
    ];
    it("of why a sign-in failed", async () => {
      const visits: Visit[] = [];
      for (const [, behaviour] of failures) visits.push(await signIn(behaviour));
      for (const visit of visits) expect(anonymous(visit)).to.deep.equal(anonymous(visits[0] as Visit));
      expect(codeOn(visits[0] as Visit)).to.equal("sign_in_failed");
    });
  });

  describe("tells an admin by reference", () => {
    const guards: readonly [guard: string, behaviour: Behaviour, path?: string][] = [
      ["algorithm", { token: (claims) => `${encode({ alg: "none" })}.${encode(claims)}.` }],
      ["nonce", { claims: { nonce: "x" } }],
      ["issuer", { claims: { iss: "https://evil.example" } }],
      ["issued_at", { claims: { iat: 1_000_000_000 } }],
      // A connection of its own: what the others know of the provider is remembered.
      ["userinfo_subject", { metadata: { userinfo_endpoint: "" }, userinfo: { sub: "the boss" } }, "acme/entra"],
    ];
    for (const [guard, behaviour, path] of guards) {
      it(`that the check of ${guard} refused`, async () => {
        const endpoint = behaviour.metadata && { metadata: { userinfo_endpoint: `${op.issuer}/userinfo` } };
        const visit = await signIn({ ...behaviour, ...endpoint }, path);
        expect(await traceOf(visit)).to.include({ outcome: "sign_in_failed", guard });
      });
    }

    it("what was claimed: names and groups, and no value that is about the person", async () => {
      const claims = {
        nonce: "x",
        groups: ["Eng"],
        name: "Ada Lovelace",
        email: "ada@acme.example",
        phone: "555 12 34",
      };
      const { idToken } = await traceOf(await signIn({ claims }));
      expect(idToken)
        .to.include({ aud: CLIENT, email: "…@acme.example" })
        .and.to.deep.include({ groups: ["Eng"] });
      expect(JSON.stringify(idToken)).not.to.match(/Lovelace|ada@|555 12/);
    });

    it("that the provider does not answer", async () => {
      const visit = await createBrowser().visit(login("acme/gone"));
      expect([visit.status, codeOn(visit)]).to.deep.equal([503, "unavailable"]);
      expect(await traceOf(visit)).to.include({ outcome: "unavailable", guard: "provider_unreachable" });
    });
  });

  describe("leads whoever can begin again back to the beginning", () => {
    const AGAIN = /<a href="([^"]+)">Sign in again<\/a>/;
    const json = { accept: "application/json" };

    it("and to where they were going, of our own addresses alone", async () => {
      op.behave({ answer: { error: "login_required" } });
      const refusedAt = async (query: string) =>
        AGAIN.exec((await createBrowser().visit(`${login("acme/sso")}${query}`)).text)?.[1];
      expect(await refusedAt("?return_to=/me%3Ftab%3D2")).to.equal(`${login("acme/sso")}?return_to=%2Fme%3Ftab%3D2`);
      expect(await refusedAt("?return_to=https://evil.example&state=x")).to.equal(login("acme/sso"));
      const gone = await createBrowser().visit(`${login("acme/gone")}?return_to=/me/sessions`);
      expect(AGAIN.exec(gone.text)?.[1]).to.equal(`${login("acme/gone")}?return_to=%2Fme%2Fsessions`);
    });

    it("also whoever sends an answer twice, and to their own page, without a word of what was sent", async () => {
      op.behave({ claims: { sub: unique("s") } });
      const browser = createBrowser();
      const { url } = await browser.visit(login("acme/sso"), { stopBefore: service.callbackUrl("acme", "sso") });
      expect((await browser.visit(url)).status).to.equal(200);
      const again = await browser.visit(`${url}&return_to=https://evil.example/`);
      expect([again.status, codeOn(again)]).to.deep.equal([400, "sign_in_expired"]);
      expect(AGAIN.exec(again.text)?.[1]).to.equal(login("acme/sso"));
      expect(again.text).to.contain('<a href="/me">').and.not.contain("evil");
      const { startAgain } = JSON.parse((await browser.visit(url, { headers: json })).text);
      expect(startAgain).to.equal(login("acme/sso"));
    });

    it("but nobody who is refused for who they are, nor where there is nothing", async () => {
      const known = { sub: unique("s"), email: "eve@evil.example" };
      const foreign = await signIn({ claims: known }, "acme/staff");
      const nothing = await createBrowser().visit(login("acme/nowhere"));
      expect([codeOn(foreign), codeOn(nothing)]).to.deep.equal(["foreign_domain", "not_found"]);
      expect([foreign.text, nothing.text].join()).not.to.contain("<a ");
    });

    it("and says in plain words that they, or their provider, said no", async () => {
      const denied = await signIn({ answer: { error: "access_denied", error_description: "no <b>way</b>" } });
      expect([denied.status, codeOn(denied)]).to.deep.equal([401, "sign_in_failed"]);
      expect(denied.text)
        .to.match(/You or your identity provider said no/)
        .and.not.match(/way|access_denied/);
      expect(await traceOf(denied)).to.include({ guard: "provider_error", error: "access_denied" });
      const other = await signIn({ answer: { error: "server_error" } });
      expect(other.text).to.contain("could not be completed").and.not.contain("said no");
    });
  });

  it("finds groups where the mapping says that they are", async () => {
    const initech = await service.addTenant({ slug: "initech", name: "Initech" });
    await service.addOidc(initech, "sso", { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] });
    const rule = { group_name: "Eng", team_name: "Platform", role_name: "editor" };
    await service.map(initech, { group_attribute_name: "memberOf", mappings: [rule] });
    const me = await signedIn({ sub: unique("s"), memberOf: ["Eng"], groups: ["Other"] }, "initech/sso");
    expect(me.teams).to.deep.equal([{ team: "Platform", role: "editor" }]);
  });

  it("closes behind those who are away while their connection is switched off", async () => {
    const hooli = await service.addTenant({ slug: "hooli", name: "Hooli" });
    const { id } = await service.addOidc(hooli, "late", { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] });
    op.behave({ claims: { sub: unique("s") } });
    const browser = createBrowser();
    const { url } = await browser.visit(login("hooli/late"), { stopBefore: service.callbackUrl("hooli", "late") });
    const now = new Date().toISOString();
    await service.p.store.write(hooli.id, (tx) => tx.updateConnection(id, { disabledAt: now }, now));
    expect((await browser.visit(url)).status).to.equal(404);
  });

  describe("lets people choose", () => {
    const choose = (query: string, path = "acme"): Promise<Visit> => {
      op.behave({});
      return createBrowser().visit(`${service.url}/sso/${path}${query}`, { stopBefore: `${service.url}/sso/${path}/` });
    };

    it("among several connections, and keeps where they were going", async () => {
      const { status, text } = await choose("?return_to=/me%3Ftab%3D2");
      expect(status).to.equal(200);
      expect(text).to.contain("/sso/acme/staff/login?return_to=%2Fme%3Ftab%3D2").and.contain("Acme &lt;Inc&gt;");
      expect(text).not.to.match(/push-only|local|gone-too/);
    });

    it("not at all where there is one", async () => {
      expect((await choose("", "globex")).url).to.equal(login("globex/sso"));
    });

    it("not at all where the e-mail's domain tells", async () => {
      const { url } = await choose("?email=ada@staff.acme.example");
      expect(url).to.equal(`${login("acme/staff")}?login_hint=ada%40staff.acme.example`);
    });

    it("among those of the e-mail's domain, where several are", async () => {
      const { status, text } = await choose("?email=ada@ACME.example");
      expect(status).to.equal(200);
      expect(text).to.contain("/sso/acme/sso/login?login_hint=ada%40ACME.example").and.contain("/sso/acme/entra/login");
      expect(text).not.to.contain("/sso/acme/staff/login").and.not.to.contain("No way of signing in");
    });

    it("among all where no connection is for the domain, and says that of the domain alone", async () => {
      const pages = await Promise.all(
        ["ada", "nobody"].map((name) => choose(`?email=${name}@elsewhere.example`).then(({ text }) => text)),
      );
      expect(pages[0]).to.contain("No way of signing in is for addresses of this domain").and.contain("/staff/login");
      expect(pages[0]?.replaceAll("ada%40", "")).to.equal(pages[1]?.replaceAll("nobody%40", ""));
    });

    it("W-34: alike for people who are known and people who are not", async () => {
      const name = `${unique("kim")}@staff.acme.example`;
      await signedIn({ sub: unique("s"), preferred_username: name, email: name }, "acme/staff");
      const [known, unknown] = [await choose(`?email=${name}`), await choose("?email=never@staff.acme.example")];
      expect(new URL(known.url).pathname).to.equal(new URL(unknown.url).pathname);
    });

    it("by a form that needs no script, and that a screen reader names", async () => {
      const { text } = await choose("?return_to=/me%3Ftab%3D2");
      expect(text).to.contain('<label for="email">').and.contain('id="email" name="email" type="email"');
      expect(text).to.contain('<form method="get" action="/sso/acme">');
      expect(text).to.contain('name="return_to" value="/me?tab=2"').and.not.contain("<script");
    });

    it("not by a domain that merely looks like the tenant's", async () => {
      for (const email of [
        "a@xacme.example",
        "a@acme.example.evil",
        "a@acme.example@evil",
        "acme.example",
        "a@\u212Acme.example",
      ]) {
        const { text } = await choose(`?email=${encodeURIComponent(email)}`);
        expect(text, email).to.contain("No way of signing in");
      }
    });

    it("and never takes a foreign address along", async () => {
      expect((await choose("?return_to=//evil.example")).text).not.to.contain("evil");
    });
  });

  it("passes hints on to the provider, and nothing else that came with the request", async () => {
    op.behave({});
    const before = op.requests.length;
    await createBrowser().visit(
      `${login("acme/sso")}?login_hint=ada&redirect_uri=https://evil.example&prompt=none&scope=admin`,
    );
    const asked = new URL(op.requests.slice(before).find((path) => path.startsWith("/auth")) ?? "", op.issuer)
      .searchParams;
    expect(asked.get("login_hint")).to.equal("ada");
    expect(asked.get("redirect_uri")).to.equal(service.callbackUrl("acme", "sso"));
    expect([asked.get("scope"), asked.get("prompt"), asked.get("code_challenge_method")]).to.deep.equal([
      "openid",
      null,
      "S256",
    ]);
  });

  async function traceOf(visit: Visit): Promise<JsonObject> {
    const trace = await service.p.store
      .read(acme.id)
      .signInTrace(/Reference<\/dt><dd><code>([^<]+)</.exec(visit.text)?.[1] ?? "");
    return { outcome: trace?.outcome ?? "no trace", ...trace?.detail };
  }
});

describe("the door that too many knock at", () => {
  it("answers 429 to one address, whatever it asks for", async () => {
    const service = await startSignInService({ signInsPerMinutePerAddress: 3 });
    try {
      const statuses: number[] = [];
      for (const path of ["a", "a/b/login", "a/b/callback", "a"]) {
        statuses.push((await createBrowser().visit(`${service.url}/sso/${path}`)).status);
      }
      expect(statuses).to.deep.equal([404, 404, 404, 429]);
      // One provider ends the sessions of many people at once, and everybody of an office leaves by one address.
      expect((await fetch(`${service.url}/sso/a/b/slo?SAMLRequest=x`)).status).to.equal(404);
      for (const path of ["backchannel-logout", "global-token-revocation", "slo"]) {
        const address = `${service.url}/sso/a/b/${path}`;
        const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
        const form = { method: "POST", body: new URLSearchParams({ logout_token: "x" }) };
        const { status } = await fetch(address, path === "global-token-revocation" ? json : form);
        expect(status, path).to.equal(404);
      }
    } finally {
      await service.close();
    }
  });
});

describe("a flood from one network", () => {
  const home = (address: number) => `2001:db8:0:1:${address.toString(16)}::${address}`;

  it("is held back as one caller, however many addresses of the network it has; another network is let through", async () => {
    const service = await startSignInService({ signInsPerMinutePerAddress: 3 }, { trustedProxies: ["127.0.0.1/32"] });
    try {
      const asked = async (path: string, from: string, init: RequestInit = {}) =>
        (await fetch(`${service.url}${path}`, { ...init, headers: { ...init.headers, "x-forwarded-for": from } }))
          .status;
      const statuses = [];
      for (let address = 1; address <= 5; address++) statuses.push(await asked("/sso/acme", home(address)));
      expect(statuses).to.deep.equal([404, 404, 404, 429, 429]);
      expect(await asked("/sso/acme", "2001:db8:0:2::1")).to.equal(404);
      const written = ["::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.1", "::ffff:192.0.2.1"];
      const mapped = [];
      for (const address of written) mapped.push(await asked("/sso/acme", address));
      expect(mapped, "one IPv4 address, however it is written").to.deep.equal([404, 404, 404, 429]);
      const guess = { headers: { authorization: "Bearer guessed" } };
      const guesses = [];
      for (let address = 1; address <= 4; address++) guesses.push(await asked("/api/v1/tenants", home(address), guess));
      expect(guesses).to.deep.equal([401, 401, 401, 429]);
      expect(await asked("/api/v1/tenants", "2001:db8:0:2::1", guess)).to.equal(401);
    } finally {
      await service.close();
    }
  });
});

describe("the door of SAML logouts", () => {
  it("lets a stranger leave no more traces by messages that are refused than by sign-ins", async () => {
    const service = await startSignInService({ signInsPerMinutePerAddress: 2 });
    try {
      const acme = await service.addTenant({ slug: "acme", name: "Acme" });
      const requireSigned = "both";
      const ssoRedirectUrl = "https://idp.example/sso";
      const saml = { entityId: "https://idp.example", ssoRedirectUrl, certificates: [], requireSigned } as const;
      await service.connect(acme, { slug: "sso", protocol: "saml", saml, mayGrantOwner: false });
      const statuses: number[] = [];
      for (let sent = 0; sent < 3; sent++) {
        statuses.push((await fetch(`${service.url}/sso/acme/sso/slo?SAMLRequest=x`)).status);
      }
      expect(statuses).to.deep.equal([400, 400, 429]);
    } finally {
      await service.close();
    }
  });
});

function codeOn({ text }: Visit): string {
  return /Code<\/dt><dd><code>([a-z_]+)</.exec(text)?.[1] ?? "no code";
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
