import { expect } from "chai";
import type { IdTokenAlg } from "../../src/model/connection.js";
import { OidcFailure } from "../../src/protocols/oidc/failure.js";
import { checkedMetadata, scopesFor } from "../../src/protocols/oidc/metadata.js";

const metadata = { issuer: "https://sso.acme.example" };
const settings = { issuer: metadata.issuer, clientId: "rolecall" };

describe("scopes that a provider is asked for", () => {
  const cases: readonly [title: string, named: readonly string[], offered: unknown, asked: readonly string[]][] = [
    ["those that the connection names, offered or not", ["openid", "x"], ["openid"], ["openid", "x"]],
    ["the usual ones that it offers", [], ["groups", "email", "openid", "x"], ["openid", "email", "groups"]],
    ["openid even when it is not listed", [], ["email"], ["openid", "email"]],
    [
      "no groups when nothing is listed: some providers refuse scopes that they do not know",
      [],
      undefined,
      ["openid", "profile", "email"],
    ],
    ["the usual ones when the list is none", [], 7, ["openid", "profile", "email"]],
  ];
  for (const [title, scopes, offered, asked] of cases) {
    it(`are ${title}`, () => {
      const listed = { ...metadata, scopes_supported: offered } as Parameters<typeof scopesFor>[1];
      expect(scopesFor({ ...settings, scopes }, listed)).to.deep.equal(asked);
    });
  }
});

describe("OP-7: algorithms that an ID token may be signed with", () => {
  const endpoint = "https://sso.acme.example/x";
  const endpoints = { authorization_endpoint: endpoint, token_endpoint: endpoint, jwks_uri: endpoint };
  const cases: readonly [
    title: string,
    offered: unknown,
    pinned: IdTokenAlg | undefined,
    allowed: readonly string[],
  ][] = [
    ["those of ours that are listed", ["ES256", "HS256", "none", "RS256"], undefined, ["RS256", "ES256"]],
    ["the one that the connection pins, whatever is listed", ["RS256", "ES256"], "ES256", ["ES256"]],
    ["the pinned one that is not listed", ["RS256"], "PS256", ["PS256"]],
    ["EdDSA by both of its names", ["RS256"], "EdDSA", ["EdDSA", "Ed25519"]],
    ["no shared secret, though a stored setting says so", ["HS256"], "HS256" as IdTokenAlg, []],
  ];
  for (const [title, offered, pinned, allowed] of cases) {
    it(`are ${title}`, () => {
      const listed = { ...metadata, ...endpoints, id_token_signing_alg_values_supported: offered as string[] };
      const pin = pinned === undefined ? {} : { idTokenAlg: pinned };
      const check = () =>
        checkedMetadata(listed, { ...settings, scopes: [], ...pin }).id_token_signing_alg_values_supported;
      if (allowed.length === 0) expect(check).to.throw(OidcFailure);
      else expect(check()).to.deep.equal(allowed);
    });
  }
});
