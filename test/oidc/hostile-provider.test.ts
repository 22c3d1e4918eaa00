import { createHash, createHmac } from "node:crypto";
import { expect } from "chai";
import { CompactSign, exportJWK, type JWK, SignJWT } from "jose";
import type { OidcSettings } from "../../src/model/connection.js";
import { OidcFailure } from "../../src/protocols/oidc/failure.js";
import { createRelyingParty, type RelyingParty, type VerifiedSignIn } from "../../src/protocols/oidc/rp.js";
import {
  type Behaviour,
  type HostileKeys,
  type HostileOp,
  honest,
  newKeys,
  startHostileOp,
} from "../support/hostile-op.js";
import { guardOf, logInAt, loopbackRelyingParty, providerAt } from "../support/relying-party.js";

const CLIENT = "rolecall";
const SECRET = "a secret that the provider knows too";
const REDIRECT = "http://127.0.0.1:9/sso/acme/sso/callback";
const TENANT = "5b1f7c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
const OTHER_TENANT = "00000000-5a0e-4a77-9d0c-2b1f5f0f7d11";

type Claims = Readonly<Record<string, unknown>>;

/** One whole login against a provider that behaves like this. */
async function signIn(op: HostileOp, behaviour: Behaviour, profile: "rfc" | "entra" = "rfc"): Promise<VerifiedSignIn> {
  op.behave(behaviour);
  const relyingParty = loopbackRelyingParty(SECRET);
  return logIn(op, relyingParty, profile);
}

async function logIn(
  op: HostileOp,
  relyingParty: RelyingParty,
  profile: "rfc" | "entra" = "rfc",
  more: Partial<OidcSettings> = {},
): Promise<VerifiedSignIn> {
  const provider = providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: ["openid"], ...more }, profile);
  return logInAt(relyingParty, provider, REDIRECT);
}

function hmacToken(claims: Claims, secret: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(Buffer.from(secret, "utf8"));
}

function unsigned(claims: Claims): string {
  return `${encode({ alg: "none" })}.${encode(claims)}.`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

async function tampered(claims: Claims, keys: HostileKeys): Promise<string> {
  const [header = "", , signature = ""] = (await honest(claims, keys)).split(".");
  return `${header}.${encode({ ...claims, sub: "the boss" })}.${signature}`;
}

async function publicKeyAsSecret(claims: Claims, { publicPem }: HostileKeys): Promise<string> {
  const body = `${encode({ alg: "HS256", kid: "k1" })}.${encode(claims)}`;
  return `${body}.${createHmac("sha256", publicPem).update(body).digest("base64url")}`;
}

function critical(claims: Claims, { privateKey }: HostileKeys): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "RS256", kid: "k1", crit: ["exp"], exp: 1 })
    .sign(privateKey, { crit: { exp: true } });
}

function withoutExponent({ e: _, ...half }: JWK): JWK {
  return half;
}

const seconds = (ahead: number): number => Math.floor(Date.now() / 1000) + ahead;
const HOUR = 3600;

describe("a provider that lies", () => {
  let op: HostileOp;
  before(async () => {
    op = await startHostileOp(CLIENT);
  });
  after(() => op.close());

  it("is believed while it is honest", async () => {
    const { subject, idToken } = await signIn(op, { claims: { groups: ["Eng"] } });
    expect([subject, idToken["groups"]]).to.deep.equal(["u1", ["Eng"]]);
  });

  const accepted: readonly [title: string, behaviour: Behaviour][] = [
    ["a key without a name", { token: (claims, keys) => honest(claims, { ...keys, jwk: { alg: "RS256" } }) }],
    ["an audience list with our name alone", { claims: { aud: [CLIENT] } }],
    ["an audience list with us as the authorized party", { claims: { aud: [CLIENT, "other"], azp: CLIENT } }],
    [
      "a token that ended ten seconds ago: clocks differ (OP-13)",
      { token: (claims, keys) => honest({ ...claims, exp: seconds(-10) }, keys) },
    ],
    ["auth_time 0", { claims: { auth_time: 0 } }],
    ["an age of nine minutes", { token: (claims, keys) => honest({ ...claims, iat: seconds(-540) }, keys) }],
  ];
  for (const [title, behaviour] of accepted) {
    it(`may send ${title}`, async () => {
      expect((await signIn(op, behaviour)).subject).to.equal("u1");
    });
  }

  const refused: readonly [guard: string, title: string, behaviour: Behaviour][] = [
    ["algorithm", "OP-7: an unsigned token, whatever its metadata offers", { token: unsigned }],
    ["algorithm", "OP-7: a token signed with our own secret", { token: (claims) => hmacToken(claims, SECRET) }],
    ["algorithm", "OP-7: a token signed with its public key as a secret", { token: publicKeyAsSecret }],
    [
      "algorithm",
      "OP-7: an algorithm that is not on the list",
      {
        metadata: { id_token_signing_alg_values_supported: ["RS256", "RS512"] },
        token: async (claims) => honest(claims, await newKeys("RS512")),
      },
    ],
    ["signature", "OP-6: a token that was changed after it was signed", { token: tampered }],
    [
      "signature",
      "OP-6: a token of a stranger's key by the same name",
      { token: async (claims) => honest(claims, await newKeys()) },
    ],
    [
      "key",
      "OP-6: a token of a key that it does not publish",
      { token: async (claims) => honest(claims, await newKeys("RS256", "k2")) },
    ],
    [
      "signature",
      "OP-6: a token without its signature",
      { token: async (claims, keys) => (await honest(claims, keys)).replace(/[^.]*$/, "") },
    ],
    ["response", "OP-6: something that is no token", { token: () => "no.token" }],
    ["issuer", "OP-8: another issuer in the token", { claims: { iss: "https://evil.example" } }],
    ["issuer", "OP-5: another issuer beside the code", { answer: { iss: "https://evil.example" } }],
    ["state", "OP-1: another state beside the code", { answer: { state: "theirs" } }],
    ["audience", "OP-8: a token for somebody else", { claims: { aud: "other" } }],
    [
      "authorized_party",
      "OP-9: a token for several, and us not the one it was made for",
      { claims: { aud: [CLIENT, "other"], azp: "other" } },
    ],
    ["authorized_party", "OP-9: a token for us that was made for somebody else", { claims: { azp: "other" } }],
    ["nonce", "OP-2: a token of another login", { claims: { nonce: "another" } }],
    ["nonce", "OP-2: a token of no login", { claims: { nonce: undefined } }],
    ["expiry", "OP-8: a token that is over", { claims: { exp: seconds(-HOUR) } }],
    ["expiry", "OP-8: a token that is not valid yet", { claims: { nbf: seconds(HOUR) } }],
    ["issued_at", "OP-8: a token made an hour ago", { claims: { iat: seconds(-HOUR) } }],
    ["issued_at", "OP-8: a token made an hour from now", { claims: { iat: seconds(HOUR), exp: seconds(2 * HOUR) } }],
    ["subject", "OP-8: an empty subject", { claims: { sub: "" } }],
    ["subject", "OP-8: a subject of 256 characters", { claims: { sub: "x".repeat(256) } }],
    ["subject", "OP-8: a subject with a NUL", { claims: { sub: "a\u0000b" } }],
    [
      "token_request",
      "OP-4: an error instead of a token",
      { tokenAnswer: { status: 400, body: '{"error":"invalid_grant"}' } },
    ],
    [
      "token_request",
      "OP-4: a page instead of a token",
      { tokenAnswer: { status: 502, body: "<h1>Bad gateway</h1>" } },
    ],
    [
      "response",
      "OP-4: no ID token",
      { tokenAnswer: { status: 200, body: '{"access_token":"at","token_type":"Bearer"}' } },
    ],
    [
      "provider_unreachable",
      "OP-14: an answer of two megabytes",
      { tokenAnswer: { status: 200, body: `"${"x".repeat(2_000_000)}"` } },
    ],
    ["provider_error", "OP-11: an error beside the state", { answer: { error: "login_required" } }],
    ["provider_metadata", "OP-14: metadata of another issuer", { metadata: { issuer: "https://evil.example" } }],
    ["provider_metadata", "OP-14: metadata without keys", { metadata: { jwks_uri: null } }],
    [
      "provider_metadata",
      "OP-14: a login page that is no address",
      { metadata: { authorization_endpoint: "nonsense" } },
    ],
    [
      "provider_metadata",
      "OP-14: a login page that is a script",
      { metadata: { authorization_endpoint: "javascript:alert(1)" } },
    ],
    [
      "provider_metadata",
      "OP-7: metadata with no algorithm that proves anything",
      { metadata: { id_token_signing_alg_values_supported: ["HS256", "none"] } },
    ],
    [
      "provider_unreachable",
      "OP-14, W-35: keys at a cloud's metadata address",
      { metadata: { jwks_uri: "http://169.254.169.254/jwks" } },
    ],
    [
      "provider_unreachable",
      "OP-14, W-35: a token endpoint at a cloud's metadata address",
      { metadata: { token_endpoint: "http://169.254.169.254/token" } },
    ],
    [
      "issuer",
      "OP-5: no issuer beside the code, though its metadata promises one",
      { metadata: { authorization_response_iss_parameter_supported: true } },
    ],
    ["expiry", "OP-13: a token that ended a minute ago", { claims: { exp: seconds(-60) } }],
    ["algorithm", "OP-11: a token with a header that must be understood", { token: critical }],
    [
      "response",
      "OP-11: an encrypted token",
      { token: () => `${encode({ alg: "RSA-OAEP", enc: "A256GCM" })}.a.b.c.d` },
    ],
    ["provider_error", "OP-11: an error beside a code", { answer: { error: "access_denied", code: "c" } }],
    ["provider_unreachable", "OP-14: metadata that fails", { metadataStatus: 503 }],
    ["provider_metadata", "OP-14: metadata that is elsewhere", { metadataStatus: 302 }],
  ];
  for (const [guard, title, behaviour] of refused) {
    it(`is refused with ${title}`, async () => {
      expect(await guardOf(signIn(op, behaviour))).to.equal(guard);
    });
  }

  it("OP-7: is refused with another algorithm than the connection pins, which it offers and signs well with", async () => {
    op.behave({});
    const pinned = (idTokenAlg: "RS256" | "ES256") => logIn(op, loopbackRelyingParty(SECRET), "rfc", { idTokenAlg });
    expect((await pinned("RS256")).subject).to.equal("u1");
    expect(await guardOf(pinned("ES256"))).to.equal("algorithm");
  });

  const withUserinfo = (userinfo: Behaviour["userinfo"]): Behaviour => ({
    metadata: { userinfo_endpoint: `${op.issuer}/userinfo` },
    ...(userinfo === undefined ? {} : { userinfo }),
  });

  it("OP-15: is refused when userinfo speaks of somebody else", async () => {
    expect(await guardOf(signIn(op, withUserinfo({ sub: "the boss", groups: ["Owners"] })))).to.equal(
      "userinfo_subject",
    );
  });

  it("may have a userinfo endpoint that fails: nothing is known from it then", async () => {
    const { userinfo, userinfoFailed } = await signIn(op, withUserinfo(500));
    expect([userinfo, userinfoFailed]).to.deep.equal([undefined, true]);
  });

  const JSON_TYPE = { headers: { "content-type": "application/json" } };
  const NO_ANSWERS: readonly [title: string, userinfo: NonNullable<Behaviour["userinfo"]>][] = [
    ["is empty", new Response("", JSON_TYPE)],
    ["cannot be read", new Response("{", JSON_TYPE)],
    ["is a page", new Response("<h1>Sign in</h1>", { headers: { "content-type": "text/html" } })],
    ["is a list", new Response('["u1"]', JSON_TYPE)],
    ["is no token, though it says so", () => "zzz"],
    ["asks for another token", new Response("", { status: 401, headers: { "www-authenticate": 'Bearer realm="x"' } })],
    ["is an error", new Response('{"error":"invalid_token"}', { status: 400, ...JSON_TYPE })],
  ];
  for (const [title, answer] of NO_ANSWERS) {
    it(`may answer at userinfo in a way that ${title}: nothing is known from it then`, async () => {
      const { userinfo, userinfoFailed } = await signIn(op, withUserinfo(answer));
      expect([userinfo, userinfoFailed]).to.deep.equal([undefined, true]);
    });
  }

  it("OP-15: is refused when userinfo does not say whom it speaks of", async () => {
    for (const userinfo of [{ groups: ["Owners"] }, { sub: ["u1"] }, { sub: "" }]) {
      expect(await guardOf(signIn(op, withUserinfo(userinfo))), JSON.stringify(userinfo)).to.equal("userinfo_subject");
    }
  });

  it("is refused with claims under the name of what brought them, for the trace", async () => {
    const others = { sub: "u1", aud: "other" };
    const failureOf = (attempt: Promise<unknown>) => attempt.catch((error: unknown) => error);
    const [userinfo, idToken] = [
      await failureOf(
        signIn(
          op,
          withUserinfo((keys) => honest({ ...others, iss: op.issuer }, keys)),
        ),
      ),
      await failureOf(signIn(op, { claims: { aud: "other" } })),
    ];
    expect(userinfo).to.deep.include({ guard: "audience", claimsOf: "userinfo" });
    expect(idToken).to.deep.include({ guard: "audience", claimsOf: "idToken" });
  });

  const hanging = (behaviour: Behaviour) => {
    op.behave(behaviour);
    return logIn(
      op,
      loopbackRelyingParty(SECRET, () => new Date().toISOString(), 300),
    );
  };
  for (const stalls of ["hangAt", "dripAt"] as const) {
    it(`OP-14: keeps nobody out by a userinfo endpoint that never ends its answer (${stalls}), and is asked once`, async () => {
      const before = op.requests.length;
      const { subject, userinfoFailed } = await hanging({ ...withUserinfo({}), [stalls]: "/userinfo" });
      expect([subject, userinfoFailed]).to.deep.equal(["u1", true]);
      expect(op.requests.slice(before).filter((path) => path === "/userinfo")).to.have.length(1);
    });

    it(`OP-14: is unreachable where nothing else comes to an end (${stalls}), and is asked once`, async () => {
      for (const path of ["/.well-known/openid-configuration", "/jwks", "/token"]) {
        const before = op.requests.length;
        expect(await guardOf(hanging({ [stalls]: path })), path).to.equal("provider_unreachable");
        expect(op.requests.slice(before).filter((asked) => asked === path)).to.have.length(1);
      }
    });
  }

  it("OP-6: is refused for the key where it publishes one that cannot be used under the name of the right one", async () => {
    const { jwk, privateKey } = op.keys;
    const unusable: Readonly<Record<string, JWK>> = {
      "a private one": { ...jwk, ...(await exportJWK(privateKey)) },
      "half of one": withoutExponent(jwk),
      "its certificate alone": { kid: "k1", use: "sig", alg: "RS256", kty: "RSA", x5c: ["AAAA"] },
      "no number": { ...jwk, n: "!!" },
      "one that is too short": { ...jwk, n: Buffer.alloc(64, 255).toString("base64url") },
    };
    for (const [title, key] of Object.entries(unusable)) {
      expect(await guardOf(signIn(op, { jwks: [key] })), title).to.equal("key");
    }
  });

  it("is asked once more when a connection breaks", async () => {
    expect((await signIn(op, { cut: 1 })).subject).to.equal("u1");
  });

  it("OP-12: is asked anew after a failure: failures are not remembered", async () => {
    const relyingParty = loopbackRelyingParty(SECRET);
    op.behave({ metadata: { issuer: "https://evil.example" } });
    const first = await guardOf(logIn(op, relyingParty));
    op.behave({});
    expect([first, (await logIn(op, relyingParty)).subject]).to.deep.equal(["provider_metadata", "u1"]);
  });

  it("is asked for its metadata once, by sign-ins that begin together", async () => {
    const relyingParty = loopbackRelyingParty(SECRET);
    op.behave({});
    const before = op.requests.length;
    await Promise.all([logIn(op, relyingParty), logIn(op, relyingParty), logIn(op, relyingParty)]);
    const asked = op.requests.slice(before).filter((path) => path.includes("well-known"));
    expect(asked).to.have.length(1);
  });

  it("is not asked again for metadata and keys by later sign-ins", async () => {
    const relyingParty = loopbackRelyingParty(SECRET);
    op.behave({});
    await logIn(op, relyingParty);
    const before = op.requests.length;
    await logIn(op, relyingParty);
    expect(op.requests.slice(before).filter((path) => /well-known|jwks/.test(path))).to.deep.equal([]);
  });

  describe("OP-12: changing its keys under a running service", () => {
    const rotations: readonly [title: string, keep: boolean, kid: string | undefined][] = [
      ["keeps the old one beside the new one", true, "k2"],
      ["takes the old one back", false, "k2"],
      ["gives the new one the name of the old one", false, "k1"],
      ["names none, and keeps the old one", true, undefined],
      ["names none, and takes the old one back", false, undefined],
    ];
    for (const [title, keep, kid] of rotations) {
      it(`loses no sign-in when it ${title}`, async () => {
        const relyingParty = loopbackRelyingParty(SECRET);
        const unnamed = ({ kid: _, ...jwk }: HostileKeys["jwk"]) => jwk;
        const old = kid === undefined ? { ...op.keys, jwk: unnamed(op.keys.jwk) } : op.keys;
        op.behave({ jwks: [old.jwk], token: (claims) => honest(claims, old) });
        await logIn(op, relyingParty);
        const made = await newKeys("RS256", kid);
        const fresh = kid === undefined ? { ...made, jwk: unnamed(made.jwk) } : made;
        op.behave({
          jwks: keep ? [old.jwk, fresh.jwk] : [fresh.jwk],
          token: (claims) => honest(claims, fresh),
        });
        const before = op.tokenRequests.length;
        expect((await logIn(op, relyingParty)).subject).to.equal("u1");
        expect(op.tokenRequests.length - before, "codes that were shown").to.equal(1);
      });
    }

    it("loses none of several sign-ins at once, and is asked once more for all", async () => {
      const relyingParty = loopbackRelyingParty(SECRET);
      op.behave({});
      await logIn(op, relyingParty);
      const fresh = await newKeys("RS256", "k2");
      op.behave({ jwks: [fresh.jwk], token: (claims) => honest(claims, fresh) });
      const before = op.requests.length;
      const all = await Promise.all(Array.from({ length: 5 }, () => logIn(op, relyingParty)));
      expect(all.map(({ subject }) => subject)).to.deep.equal(["u1", "u1", "u1", "u1", "u1"]);
      expect(op.requests.slice(before).filter((path) => path.includes("jwks"))).to.have.length(1);
    });

    it("finds keys that moved to another address", async () => {
      const relyingParty = loopbackRelyingParty(SECRET);
      op.behave({});
      await logIn(op, relyingParty);
      const fresh = await newKeys("RS256", "k2");
      const metadata = { jwks_uri: `${op.issuer}/jwks?version=2` };
      op.behave({ metadata, jwks: [fresh.jwk], token: (claims) => honest(claims, fresh) });
      expect((await logIn(op, relyingParty)).subject).to.equal("u1");
    });

    it("is not asked for keys without end by tokens that fit none", async () => {
      const relyingParty = loopbackRelyingParty(SECRET);
      const stranger = await newKeys("RS256", "k9");
      op.behave({ token: (claims) => honest(claims, stranger) });
      const before = op.requests.length;
      for (let attempt = 0; attempt < 12; attempt += 1) expect(await guardOf(logIn(op, relyingParty))).to.equal("key");
      expect(op.requests.slice(before).filter((path) => path.includes("jwks"))).to.have.length(7);
      op.behave({});
      expect((await logIn(op, relyingParty)).subject).to.equal("u1");
    });

    it("believes no key that it took back for longer than five minutes", async () => {
      let ahead = 0;
      const relyingParty = loopbackRelyingParty(SECRET, () => new Date(Date.now() + ahead).toISOString());
      op.behave({});
      await logIn(op, relyingParty);
      op.behave({ jwks: [(await newKeys("RS256", "k2")).jwk] });
      expect((await logIn(op, relyingParty)).subject).to.equal("u1");
      ahead = 301_000;
      expect(await guardOf(logIn(op, relyingParty))).to.equal("key");
    });

    it("is refused with a stranger's token without a name, however many keys it has", async () => {
      const jwks = await Promise.all(
        ["a", "b", "c"].map(async () => {
          const { kid: _, ...jwk } = (await newKeys()).jwk;
          return jwk;
        }),
      );
      const stranger = await newKeys();
      const token = (claims: Claims) => honest(claims, { ...stranger, jwk: { alg: "RS256" } });
      expect(await guardOf(signIn(op, { jwks, token }))).to.equal("signature");
    });

    it("does not fail twice because its keys could not be read once", async () => {
      const relyingParty = loopbackRelyingParty(SECRET);
      op.behave({ metadata: { jwks_uri: `${op.issuer}/nowhere` } });
      const first = await guardOf(logIn(op, relyingParty));
      op.behave({});
      expect([first, (await logIn(op, relyingParty)).subject]).to.deep.equal(["provider_metadata", "u1"]);
    });
  });

  describe("OP-10: an access token's hash in the ID token", () => {
    const half = (hash: string, token = "at") => {
      const whole = createHash(hash).update(token).digest();
      return whole.subarray(0, whole.length / 2).toString("base64url");
    };
    it("is compared: the right one passes", async () => {
      expect((await signIn(op, { claims: { at_hash: half("sha256") } })).subject).to.equal("u1");
    });

    for (const at_hash of [half("sha256", "another"), half("sha512"), "", 7]) {
      it(`is refused as ${JSON.stringify(at_hash)}`, async () => {
        expect(await guardOf(signIn(op, { claims: { at_hash } }))).to.equal("access_token");
      });
    }

    for (const hash of ["sha512", "sha256"]) {
      it(`may be made with ${hash} where the key is an Edwards one`, async () => {
        const edwards = await newKeys("EdDSA");
        const behaviour: Behaviour = {
          metadata: { id_token_signing_alg_values_supported: ["EdDSA"] },
          jwks: [edwards.jwk],
          claims: { at_hash: half(hash) },
          token: (claims) => honest(claims, edwards),
        };
        expect((await signIn(op, behaviour)).subject).to.equal("u1");
      });
    }
  });
});

describe("a client secret on the wire", () => {
  let op: HostileOp;
  before(async () => {
    op = await startHostileOp(CLIENT);
  });
  after(() => op.close());

  async function sent(secret: string, method: OidcSettings["clientAuthMethod"], offered: readonly string[]) {
    op.behave({ metadata: { token_endpoint_auth_methods_supported: offered } });
    await logIn(op, loopbackRelyingParty(secret), "rfc", method && { clientAuthMethod: method });
    const { authorization, form } = op.tokenRequests.at(-1) ?? { form: new URLSearchParams() };
    const basic = authorization === undefined ? undefined : Buffer.from(authorization.slice(6), "base64").toString();
    return [basic, form.get("client_secret")];
  }

  const both = ["client_secret_basic", "client_secret_post"];
  const cases: readonly [title: string, Parameters<typeof sent>, [string | undefined, string | null]][] = [
    ["goes in the body where that is offered", ["s-1", undefined, both], [undefined, "s-1"]],
    [
      "goes by Basic where nothing else is offered",
      ["s-1", undefined, ["client_secret_basic"]],
      [`${CLIENT}:s-1`, null],
    ],
    ["goes by Basic where the connection says so", ["s-1", "client_secret_basic", both], [`${CLIENT}:s-1`, null]],
    [
      "goes in the body where the connection says so",
      ["s-1", "client_secret_post", ["client_secret_basic"]],
      [undefined, "s-1"],
    ],
    [
      "leaves marks alone that some providers do not decode",
      ["a-b_c.d!e~f*g'h(i)", "client_secret_basic", both],
      [`${CLIENT}:a-b_c.d!e~f*g'h(i)`, null],
    ],
    [
      "encodes what would be read as something else",
      ["a+b/c=d e%f:g", "client_secret_basic", both],
      [`${CLIENT}:a%2Bb%2Fc%3Dd+e%25f%3Ag`, null],
    ],
  ];
  for (const [title, given, expected] of cases) {
    it(title, async () => {
      expect(await sent(...given)).to.deep.equal(expected);
    });
  }

  const basic = { clientAuthMethod: "client_secret_basic" } as const;
  async function requestsOf(
    relyingParty: RelyingParty,
    behaviour: Behaviour,
  ): Promise<[end: string, requests: number]> {
    op.behave(behaviour);
    const before = op.tokenRequests.length;
    const end = await logIn(op, relyingParty, "rfc", basic).then(
      ({ subject }) => subject,
      (error: unknown) => (error instanceof OidcFailure ? error.guard : String(error)),
    );
    return [end, op.tokenRequests.length - before];
  }

  for (const secret of ["ab+/cd==", "100%", "%41", "a&b", "a:b", "a b", "ä"]) {
    it(`is sent as it is to a provider that decodes nothing, and at once the next time: ${secret}`, async () => {
      const relyingParty = loopbackRelyingParty(secret);
      const literal = { credentials: `${CLIENT}:${secret}` };
      expect(await requestsOf(relyingParty, literal)).to.deep.equal(["u1", 2]);
      expect(await requestsOf(relyingParty, literal)).to.deep.equal(["u1", 1]);
    });
  }

  it("is encoded again for a provider that began to decode", async () => {
    const relyingParty = loopbackRelyingParty("a+b");
    const [literal, encoded] = [{ credentials: `${CLIENT}:a+b` }, { credentials: `${CLIENT}:a%2Bb` }];
    const ends: unknown[] = [];
    for (const behaviour of [encoded, literal, literal, encoded, encoded])
      ends.push(await requestsOf(relyingParty, behaviour));
    expect(ends).to.deep.equal([1, 2, 1, 2, 1].map((requests) => ["u1", requests]));
  });

  const answers: readonly [what: string, secret: string, status: number, error: string, requests: number][] = [
    ["twice where neither is known", "a+b", 401, "invalid_client", 2],
    ["twice where the provider says so by 400", "a+b", 400, "invalid_client", 2],
    ["twice where the provider calls it unauthorized", "a+b", 403, "unauthorized_client", 2],
    ["once where both are the same", "a-b", 401, "invalid_client", 1],
    ["once where the code is refused", "a+b", 400, "invalid_grant", 1],
    ["once where the provider is out of order", "a+b", 500, "invalid_client", 1],
  ];
  for (const [what, secret, status, error, requests] of answers) {
    it(`is sent ${what}, and nobody comes in`, async () => {
      const relyingParty = loopbackRelyingParty(secret);
      const tokenAnswer = { status, body: JSON.stringify({ error }) };
      const [end, first] = await requestsOf(relyingParty, { tokenAnswer });
      const [, second] = await requestsOf(relyingParty, { tokenAnswer });
      expect([end === "u1", first, second]).to.deep.equal([false, requests, requests]);
    });
  }
});

describe("OP-16: a provider that serves many tenants", () => {
  let op: HostileOp;
  before(async () => {
    op = await startHostileOp(CLIENT, `/${TENANT}/v2.0`);
  });
  after(() => op.close());

  it("lets in the tenant of its issuer", async () => {
    expect((await signIn(op, { claims: { tid: TENANT } }, "entra")).subject).to.equal("u1");
  });

  for (const tid of [OTHER_TENANT, undefined, "", [TENANT]]) {
    it(`is refused with the tenant ${JSON.stringify(tid)}`, async () => {
      expect(await guardOf(signIn(op, { claims: { tid } }, "entra"))).to.equal("tenant");
    });
  }

  it("is refused when it answers with a template for everybody", async () => {
    const issuer = op.issuer.replace(TENANT, "{tenantid}");
    expect(await guardOf(signIn(op, { metadata: { issuer } }, "entra"))).to.equal("provider_metadata");
  });

  it("gets no exception for being Microsoft", async () => {
    const issuer = `https://login.microsoftonline.com/${TENANT}/v2.0`;
    const endpoints = { authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/k` };
    const metadata = { issuer: "https://login.microsoftonline.com/{tenantid}/v2.0", ...endpoints };
    const relyingParty = createRelyingParty({
      fetch: async () => Response.json(metadata),
      clientSecret: async () => SECRET,
      signingKey: () => Promise.reject(new Error("no key here")),
      now: () => new Date().toISOString(),
      allowHttp: false,
    });
    const provider = providerAt({ issuer, clientId: CLIENT, scopes: ["openid"] }, "entra");
    const attempt = relyingParty.authorizationUrl(provider, REDIRECT, relyingParty.newLogin());
    expect(await guardOf(attempt)).to.equal("provider_metadata");
  });
});
