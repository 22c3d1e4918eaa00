import { expect } from "chai";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { createBrowser } from "../../demo/clients/browser.js";
import type { OidcProviderProcess } from "../../demo/processes/start-oidc-provider.js";
import type { Connection, ScimProfile, Tenant } from "../../src/model/connection.js";
import { activateKey, makeNextKey } from "../../src/provisioning/connection-keys.js";
import type { Context } from "../../src/provisioning/deps.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { person, startOidcIdp } from "../support/oidc-idp.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";

const OPERATOR: Context = { actor: { kind: "operator" }, door: "admin" };
const CLIENT = "rolecall";

describe("OP-22: a client that signs for itself (private_key_jwt) and has no secret to lose", () => {
  let service: SignInService;
  let acme: Tenant;
  let idp: OidcProviderProcess;
  let op: HostileOp;

  before(async () => {
    service = await startSignInService();
    acme = await service.addTenant({ slug: "acme", name: "Acme" });
    await service.map(acme, { no_match: "allow", mappings: [] });
    op = await startHostileOp(CLIENT);
    idp = await startOidcIdp({
      accounts: { ada: person("ada", { groups: ["Eng"] }) },
      clients: [
        {
          clientId: CLIENT,
          redirectUris: [service.callbackUrl("acme", "real")],
          authMethod: "private_key_jwt",
          jwksUri: jwksUrl("real"),
        },
      ],
    });
  });
  after(async () => {
    await idp?.stop();
    await op?.close();
    await service?.close();
  });

  function jwksUrl(connection: string): string {
    return `${service.url}/sso/acme/${connection}/jwks`;
  }

  function connect(slug: string, issuer: string, profile: ScimProfile = "rfc"): Promise<Connection> {
    const oidc = { issuer, clientId: CLIENT, scopes: [], clientAuthMethod: "private_key_jwt" } as const;
    return service.addOidc(acme, slug, oidc, { profile });
  }

  async function keysOf(connection: string): Promise<JSONWebKeySet> {
    const answer = await fetch(jwksUrl(connection));
    expect(answer.status).to.equal(200);
    return (await answer.json()) as JSONWebKeySet;
  }

  /** What the provider got instead of a secret, as it would verify it. */
  async function assertionAt(connection: string, audience: string) {
    const visit = await createBrowser().visit(`${service.url}/sso/acme/${connection}/login`);
    expect(visit.status, visit.text).to.equal(200);
    const { form, authorization } = op.tokenRequests.at(-1) ?? { form: new URLSearchParams() };
    expect([authorization, form.get("client_secret")]).to.deep.equal([undefined, null]);
    const keys = createLocalJWKSet(await keysOf(connection));
    const expected = { issuer: CLIENT, subject: CLIENT, audience };
    return jwtVerify(form.get("client_assertion") ?? "", keys, expected);
  }

  it("signs in at a real provider that takes nothing else", async () => {
    await connect("real", idp.issuer);
    const visit = await createBrowser().visit(`${service.url}/sso/acme/real/login?login_hint=ada`);
    expect([visit.status, visit.url], visit.text).to.deep.equal([200, `${service.url}/me`]);
  });

  it("shows the public halves of its keys and nothing more", async () => {
    await connect("shown", op.issuer);
    const { keys } = await keysOf("shown");
    expect(keys).to.have.length(1);
    expect(Object.keys(keys[0] ?? {}).sort()).to.deep.equal(["alg", "e", "kid", "kty", "n", "use", "x5c", "x5t#S256"]);
  });

  it("says its name, when it was made, and its one use, and little else", async () => {
    await connect("once", op.issuer);
    op.behave({});
    const first = await assertionAt("once", op.issuer);
    const second = await assertionAt("once", op.issuer);
    expect(Object.keys(first.payload).sort()).to.deep.equal(["aud", "exp", "iat", "iss", "jti", "sub"]);
    expect(first.payload.jti).not.to.equal(second.payload.jti);
    expect((first.payload.exp ?? 0) - (first.payload.iat ?? 0)).to.equal(180);
    const [key] = (await keysOf("once")).keys;
    expect(first.protectedHeader).to.deep.equal({ alg: "RS256", kid: key?.kid, "x5t#S256": key?.["x5t#S256"] });
  });

  it("is addressed to the token endpoint where the provider wants that", async () => {
    await connect("okta", op.issuer, "okta");
    op.behave({});
    expect((await assertionAt("okta", `${op.issuer}/token`)).payload.aud).to.equal(`${op.issuer}/token`);
  });

  it("publishes the next key before it is used, and the old one until it is deleted", async () => {
    const connection = await connect("rolled", op.issuer);
    op.behave({});
    const before = (await assertionAt("rolled", op.issuer)).protectedHeader.kid;
    const { id } = await makeNextKey(service.p, acme, connection, "signing", OPERATOR);
    expect((await keysOf("rolled")).keys.map(({ kid }) => kid)).to.deep.equal([before, id]);
    expect((await assertionAt("rolled", op.issuer)).protectedHeader.kid).to.equal(before);
    await activateKey(service.p, acme, connection, id, OPERATOR);
    expect((await assertionAt("rolled", op.issuer)).protectedHeader.kid).to.equal(id);
    expect((await keysOf("rolled")).keys).to.have.length(2);
  });

  it("has no keys to show where the connection has a secret, or is not there", async () => {
    const oidc = { issuer: op.issuer, clientId: CLIENT, scopes: [] };
    await service.addOidc(acme, "secret", oidc, { clientSecret: "s" });
    const answers = await Promise.all(["secret", "nowhere"].map((slug) => fetch(jwksUrl(slug))));
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 404]);
  });
});
