import { expect } from "chai";
import { scopesFor } from "../../src/protocols/oidc/metadata.js";

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
