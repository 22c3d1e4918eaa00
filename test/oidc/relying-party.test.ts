import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import type { OidcProviderProcess } from "../../demo/processes/start-oidc-provider.js";
import type { OidcSettings } from "../../src/model/connection.js";
import { OidcFailure } from "../../src/protocols/oidc/failure.js";
import type { Provider } from "../../src/protocols/oidc/rp.js";
import { CLIENT_SECRET, idpClient, person, startOidcIdp } from "../support/oidc-idp.js";
import { logInAt, loopbackRelyingParty, providerAt } from "../support/relying-party.js";

const SIGNED_OUT = "http://127.0.0.1:9/sso/acme";
const REDIRECT = "http://127.0.0.1:9/sso/acme/sso/callback";
const ODD_SECRET = "ab+/cd==:100% & more, and long enough for anybody";

/** A real provider, oidc-provider, as a process of its own. */
describe("signing in at a real provider", () => {
  let idp: OidcProviderProcess;
  before(async () => {
    idp = await startOidcIdp({
      accounts: { ada: person("ada", { groups: ["Eng"] }), mallory: null },
      clients: [
        idpClient("rs256", REDIRECT, { placement: "id_token", postLogoutRedirectUris: [SIGNED_OUT] }),
        idpClient("ps256", REDIRECT, { algorithm: "PS256" }),
        idpClient("es256", REDIRECT, { algorithm: "ES256" }),
        idpClient("eddsa", REDIRECT, { algorithm: "EdDSA", userinfoAlgorithm: "EdDSA" }),
        idpClient("basic client", REDIRECT, { authMethod: "client_secret_basic", placement: "userinfo" }),
        { ...idpClient("odd", REDIRECT, { authMethod: "client_secret_basic" }), clientSecret: ODD_SECRET },
        { clientId: "public", redirectUris: [REDIRECT] },
        idpClient("pairwise", REDIRECT, { pairwise: true }),
        idpClient("another", REDIRECT, { pairwise: true }),
      ],
    });
  });
  after(() => idp.stop());

  async function signIn(clientId: string, more: Partial<OidcSettings> = {}, hint = "ada", secret = CLIENT_SECRET) {
    const relyingParty = loopbackRelyingParty(secret);
    const provider = providerAt({ issuer: idp.issuer, clientId, scopes: [], ...more });
    return logInAt(relyingParty, provider, REDIRECT, hint);
  }

  for (const algorithm of ["rs256", "ps256", "es256", "eddsa"]) {
    it(`works with ${algorithm}`, async () => {
      expect((await signIn(algorithm)).subject).to.equal("ada");
    });
  }

  it("finds groups that are in the ID token alone", async () => {
    const { idToken, userinfo } = await signIn("rs256");
    expect([idToken["groups"], userinfo?.["groups"]]).to.deep.equal([["Eng"], undefined]);
  });

  it("finds groups that are in userinfo alone", async () => {
    const { idToken, userinfo } = await signIn("basic client", { clientAuthMethod: "client_secret_basic" });
    expect([idToken["groups"], userinfo?.["groups"]]).to.deep.equal([undefined, ["Eng"]]);
  });

  it("works by Basic with a secret that two encodings write in two ways", async () => {
    const signedIn = await signIn("odd", { clientAuthMethod: "client_secret_basic" }, "ada", ODD_SECRET);
    expect(signedIn.subject).to.equal("ada");
  });

  it("works for a public client, by PKCE alone", async () => {
    expect((await signIn("public", { clientAuthMethod: "none" })).subject).to.equal("ada");
  });

  it("OP-21: shows the provider its own ID token in the address of the sign-out, where it wants that, and no other is taken for it", async () => {
    const relyingParty = loopbackRelyingParty(CLIENT_SECRET);
    const plain = providerAt({ issuer: idp.issuer, clientId: "rs256", scopes: [] });
    const provider: Provider = { ...plain, profile: { ...plain.profile, idTokenAtSignOut: "query" } };
    const { keptIdToken: idToken = "" } = await logInAt(relyingParty, provider, REDIRECT, "ada");
    const signOut = async (shown: { readonly idToken?: string }) => {
      const departure = await relyingParty.endSession(provider, { returnTo: SIGNED_OUT, state: "s", ...shown });
      return departure?.kind === "redirect" ? (await createBrowser().visit(departure.location)).status : departure;
    };
    expect(await signOut({ idToken })).to.equal(200);
    expect(await signOut({ idToken: `${idToken}x` })).to.equal(400);
    expect(await signOut({})).to.equal(undefined);
    expect(await logInAt(relyingParty, plain, REDIRECT, "ada")).not.to.have.property("keptIdToken");
  });

  it("knows people by the name that this client alone is told, in ID token and userinfo", async () => {
    const [one, again, other] = [await signIn("pairwise"), await signIn("pairwise"), await signIn("another")];
    expect([again.subject, one.userinfo?.["sub"]]).to.deep.equal([one.subject, one.subject]);
    expect(new Set([one.subject, other.subject, "ada"])).to.have.property("size", 3);
  });

  it("OP-12: loses no sign-in when the provider comes back with other keys by the same names", async () => {
    const config = { accounts: { ada: person("ada") }, clients: [idpClient("rolecall", REDIRECT)] };
    const before = await startOidcIdp(config);
    const relyingParty = loopbackRelyingParty(CLIENT_SECRET);
    const provider = providerAt({ issuer: before.issuer, clientId: "rolecall", scopes: [] });
    const keys = async () => (await fetch(`${before.issuer}/jwks`)).text();
    const first = await logInAt(relyingParty, provider, REDIRECT, "ada");
    const old = await keys();
    await before.stop();
    const after = await startOidcIdp({ ...config, port: Number(new URL(before.issuer).port) });
    try {
      expect(await keys()).not.to.equal(old);
      const second = await logInAt(relyingParty, provider, REDIRECT, "ada");
      expect([first.subject, second.subject]).to.deep.equal(["ada", "ada"]);
    } finally {
      await after.stop();
    }
  });

  const guards: readonly [title: string, guard: string, attempt: () => Promise<unknown>][] = [
    ["the provider refuses the person", "provider_error", () => signIn("rs256", {}, "mallory")],
    ["our secret is wrong", "token_request", () => signIn("rs256", {}, "ada", "wrong")],
  ];
  for (const [title, guard, attempt] of guards) {
    it(`says ${guard} when ${title}`, async () => {
      const failure: unknown = await attempt().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure instanceof OidcFailure && failure.guard).to.equal(guard);
    });
  }

  it("keeps secrets, codes and tokens out of what a failure tells", async () => {
    const failure: unknown = await signIn("rs256", {}, "ada", "a wrong secret").catch((error: unknown) => error);
    if (!(failure instanceof OidcFailure)) throw new Error("the sign-in went through");
    expect(JSON.stringify([failure.message, failure.detail])).not.to.match(/a wrong secret|code=|eyJ/);
  });
});
