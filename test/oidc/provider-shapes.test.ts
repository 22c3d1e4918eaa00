import { createHash } from "node:crypto";
import { expect } from "chai";
import { SignJWT } from "jose";
import type { OidcSettings } from "../../src/model/connection.js";
import { type Behaviour, type HostileOp, honest, newKeys, startHostileOp } from "../support/hostile-op.js";
import { guardOf, logInAt, loopbackRelyingParty, providerAt } from "../support/relying-party.js";

const CLIENT = "rolecall";
/** With every character that HTTP Basic has been seen to spoil. */
const SECRET = "s.e-c_r~e!t*'()";
const REDIRECT = "http://127.0.0.1:9/sso/acme/sso/callback";

/** How providers answer that were seen on the wire, in the places where they differ. */
interface Shape {
  readonly name: string;
  readonly path: string;
  readonly algorithm: string;
  readonly named: boolean;
  readonly behaviour: (issuer: string) => Behaviour;
  readonly groupsIn: readonly ("idToken" | "userinfo")[];
}

const both = ["client_secret_basic", "client_secret_post"];
const groups = ["Eng"];

const SHAPES: readonly Shape[] = [
  {
    name: "LemonLDAP",
    path: "",
    algorithm: "RS256",
    named: true,
    groupsIn: ["userinfo"],
    behaviour: (issuer) => ({
      metadata: { token_endpoint_auth_methods_supported: both, userinfo_endpoint: `${issuer}/userinfo` },
      answer: { session_state: "s" },
      claims: { aud: [CLIENT], azp: CLIENT, acr: "loa-2", auth_time: 1_700_000_000 },
      userinfo: { sub: "u1", groups: "Eng", email: "u1@acme.example" },
      credentials: `${CLIENT}:${SECRET}`,
    }),
  },
  {
    name: "LemonLDAP with a slash at the end of its issuer",
    path: "/",
    algorithm: "RS256",
    named: true,
    groupsIn: ["idToken"],
    behaviour: () => ({
      metadata: { token_endpoint_auth_methods_supported: both },
      claims: { aud: [CLIENT], azp: CLIENT, groups },
      credentials: `${CLIENT}:${SECRET}`,
    }),
  },
  {
    name: "Glewlwyd",
    path: "/api/glwd",
    algorithm: "ES256",
    named: true,
    groupsIn: ["idToken", "userinfo"],
    behaviour: (issuer) => ({
      metadata: {
        token_endpoint_auth_methods_supported: both,
        userinfo_endpoint: `${issuer}/userinfo`,
        authorization_response_iss_parameter_supported: true,
        id_token_signing_alg_values_supported: ["ES256", "HS256"],
      },
      answer: { iss: issuer, session_state: "s" },
      claims: { auth_time: 0, c_hash: "x", groups },
      userinfo: { sub: "u1", groups },
      credentials: `${CLIENT}:${SECRET}`,
    }),
  },
  ...["RS256", "ES256", "PS256", "EdDSA"].map((algorithm) => ({
    name: `Authlib with ${algorithm}`,
    path: "/op",
    algorithm,
    named: false,
    groupsIn: ["idToken"] as const,
    behaviour: () => ({
      metadata: {
        token_endpoint_auth_methods_supported: both,
        id_token_signing_alg_values_supported: [algorithm],
      },
      claims: { aud: [CLIENT], groups },
      credentials: `${CLIENT}:${SECRET}`,
    }),
  })),
];

describe("providers as they answer on the wire", () => {
  const ops: HostileOp[] = [];
  after(async () => {
    await Promise.all(ops.map((op) => op.close()));
  });

  async function started(path: string): Promise<HostileOp> {
    const op = await startHostileOp(CLIENT, path);
    ops.push(op);
    return op;
  }

  for (const { name, path, algorithm, named, behaviour, groupsIn } of SHAPES) {
    it(`${name}: people sign in, by Basic that is not decoded`, async () => {
      const op = await started(path);
      const made = await newKeys(algorithm);
      const { kid: _, ...unnamed } = made.jwk;
      const keys = named ? made : { ...made, jwk: unnamed };
      op.behave({ ...behaviour(op.issuer), jwks: [keys.jwk], token: (claims) => honest(claims, keys) });
      const settings: OidcSettings = { issuer: op.issuer, clientId: CLIENT, scopes: [] };
      const provider = providerAt({ ...settings, clientAuthMethod: "client_secret_basic" });
      const signedIn = await logInAt(loopbackRelyingParty(SECRET), provider, REDIRECT);
      expect(signedIn.subject).to.equal("u1");
      const said = (["idToken", "userinfo"] as const).filter((place) => signedIn[place]?.["groups"] !== undefined);
      expect(said).to.deep.equal(groupsIn);
    });

    it(`${name}: people sign in where the connection says nothing of how`, async () => {
      const op = await started(path);
      const keys = await newKeys(algorithm);
      const { credentials: _, ...shape } = behaviour(op.issuer);
      op.behave({ ...shape, jwks: [keys.jwk], token: (claims) => honest(claims, keys) });
      const provider = providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: [] });
      expect((await logInAt(loopbackRelyingParty(SECRET), provider, REDIRECT)).subject).to.equal("u1");
      expect(op.tokenRequests.at(-1)?.form.get("client_secret")).to.equal(SECRET);
    });
  }

  it("OP-14: an issuer with a path is another one with a slash behind it", async () => {
    const op = await started("/op");
    const slashed = await started("/op/");
    const at = (issuer: string) =>
      logInAt(loopbackRelyingParty(SECRET), providerAt({ issuer, clientId: CLIENT, scopes: [] }), REDIRECT);
    for (const one of [op, slashed]) one.behave({});
    expect((await at(op.issuer)).subject).to.equal("u1");
    expect(await guardOf(at(`${op.issuer}/`))).to.equal("provider_metadata");
    expect(await guardOf(at(slashed.issuer.slice(0, -1)))).to.equal("provider_metadata");
  });

  it("OP-8: the issuer in the token is compared to the letter, its slash included", async () => {
    const op = await started("");
    const provider = providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: [] });
    op.behave({ claims: { iss: `${op.issuer}/` } });
    expect(await guardOf(logInAt(loopbackRelyingParty(SECRET), provider, REDIRECT))).to.equal("issuer");
  });

  it("OP-3: what goes to the provider is a challenge, and its verifier comes with the code", async () => {
    const op = await started("");
    op.behave({});
    await logInAt(
      loopbackRelyingParty(SECRET),
      providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: [] }),
      REDIRECT,
    );
    const asked = new URL(op.requests.find((path) => path.startsWith("/auth?")) ?? "", op.issuer).searchParams;
    const verifier = op.tokenRequests.at(-1)?.form.get("code_verifier") ?? "";
    expect(asked.get("code_challenge_method")).to.equal("S256");
    expect(asked.get("code_challenge")).to.equal(createHash("sha256").update(verifier).digest("base64url"));
    for (const name of ["state", "nonce"]) expect(asked.get(name)).to.match(/^[\w-]{43}$/);
  });

  it("OP-11: a parameter that comes twice is refused", async () => {
    const op = await started("");
    op.behave({});
    const relyingParty = loopbackRelyingParty(SECRET);
    const provider = providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: [] });
    const login = relyingParty.newLogin();
    for (const twice of ["code=a&code=b", "code=a&state=theirs", "code=a&iss=x&iss=y"]) {
      const answer = new URL(`${REDIRECT}?${twice}&state=${login.state}`);
      expect(await guardOf(relyingParty.redeem(provider, answer, login)), twice).to.be.oneOf([
        "response",
        "state",
        "issuer",
      ]);
    }
    expect(op.tokenRequests).to.have.length(0);
  });

  it("a kept connection that was closed meanwhile loses nobody, wherever it is met", async () => {
    const op = await started("");
    const metadata = { userinfo_endpoint: `${op.issuer}/userinfo` };
    for (const cutAt of ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"]) {
      op.behave({ metadata, cutAt });
      const provider = providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: [] });
      const { subject, userinfo } = await logInAt(loopbackRelyingParty(SECRET), provider, REDIRECT);
      expect([subject, userinfo], cutAt).to.deep.equal(["u1", { sub: "u1" }]);
    }
  });

  describe("OP-15: userinfo as a JWT", () => {
    let op: HostileOp;
    before(async () => {
      op = await started("");
    });

    const attempt = (
      userinfo: NonNullable<Behaviour["userinfo"]>,
      more: Behaviour = {},
      relyingParty = loopbackRelyingParty(SECRET),
    ) => {
      op.behave({ metadata: { userinfo_endpoint: `${op.issuer}/userinfo` }, userinfo, ...more });
      return logInAt(relyingParty, providerAt({ issuer: op.issuer, clientId: CLIENT, scopes: [] }), REDIRECT);
    };
    const claims = (more: Readonly<Record<string, unknown>> = {}) => ({
      iss: op.issuer,
      aud: CLIENT,
      sub: "u1",
      groups,
      ...more,
    });

    it("is believed when the provider signed it", async () => {
      expect((await attempt((keys) => honest(claims(), keys))).userinfo?.["groups"]).to.deep.equal(groups);
    });

    it("is believed when a key signed it that came between ID token and userinfo", async () => {
      const fresh = await newKeys("RS256", "k2");
      const relyingParty = loopbackRelyingParty(SECRET);
      await attempt((keys) => honest(claims(), keys), {}, relyingParty);
      const { userinfo } = await attempt(
        () => honest(claims(), fresh),
        { jwks: [op.keys.jwk, fresh.jwk] },
        relyingParty,
      );
      expect(userinfo?.["groups"]).to.deep.equal(groups);
    });

    const refused: readonly [title: string, guard: string, userinfo: NonNullable<Behaviour["userinfo"]>][] = [
      ["a stranger signed it", "signature", async () => honest(claims(), await newKeys())],
      [
        "our secret signed it",
        "algorithm",
        () => new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(Buffer.from(SECRET.repeat(3))),
      ],
      [
        "nobody signed it",
        "algorithm",
        () =>
          `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify(claims())).toString("base64url")}.`,
      ],
      ["it is somebody else's", "userinfo_subject", (keys) => honest(claims({ sub: "the boss" }), keys)],
      ["it is for somebody else", "audience", (keys) => honest(claims({ aud: "other" }), keys)],
      ["it is another issuer's", "issuer", (keys) => honest(claims({ iss: "https://evil.example" }), keys)],
    ];
    for (const [title, guard, userinfo] of refused) {
      it(`is refused when ${title}`, async () => {
        expect(await guardOf(attempt(userinfo))).to.equal(guard);
      });
    }
  });
});
