import { expect } from "chai";
import type { OidcSettings } from "../../src/model/connection.js";
import { Refusal } from "../../src/model/problem.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const OIDC: OidcSettings = { issuer: "https://idp.example", clientId: "rolecall", scopes: [] };

describe("the provider of an OpenID Connect connection", () => {
  let database: TestDatabase;
  let t: TenantInTest;
  before(async () => {
    database = await openDatabase();
  });
  after(() => database.close());
  beforeEach(async () => {
    t = await database.tenant();
    await t.connect({ slug: "sso", protocol: "oidc", oidc: OIDC, sync: "live" });
  });

  async function change(settings: Partial<OidcSettings>): Promise<string> {
    const changed = updateConnection(t.p, await t.tenant(), "sso", { oidc: { ...OIDC, ...settings } }, ADMIN);
    const outcome = await changed.catch((thrown: unknown) => thrown);
    return outcome instanceof Refusal ? `${outcome.code}: ${outcome.message}` : "taken";
  }

  const OTHERS = [
    { issuer: "https://other.example" },
    { issuer: "https://idp.example/path" },
    { clientId: "another" },
  ] as const;
  const KNOWN: readonly [who: string, make: () => Promise<unknown>][] = [
    ["somebody signed in", () => t.signIn("sso", "ada")],
    [
      "a pushed person signed in",
      async () => {
        await t.pushUser("sso", "ada@acme.test", { externalId: "ada" });
        await t.signIn("sso", "ada");
      },
    ],
    [
      "a deleted person had signed in",
      async () => {
        const id = await t.pushUser("sso", "ada@acme.test", { externalId: "ada" });
        await t.signIn("sso", "ada");
        await t.change("sso", { kind: "deleteUser", id });
      },
    ],
    [
      "a stranger is kept out",
      async () => {
        await t.pushUser("sso", "ada@acme.test", { externalId: "ada", active: false });
        await t.signIn("sso", "ada-2", { userName: "ada@acme.test" });
      },
    ],
  ];
  for (const [who, make] of KNOWN) {
    it(`W-32: becomes no other issuer and no other client once ${who}: the same subject would be another person`, async () => {
      await make();
      for (const other of OTHERS) {
        const refused = await change(other);
        expect(refused, JSON.stringify(other)).to.match(/^conflict: .*make a new connection/);
      }
      expect((await t.connection("sso")).oidc).to.deep.equal(OIDC);
      expect(await change({ scopes: ["openid", "email"] }), "the rest may change").to.equal("taken");
    });
  }

  it("may be spelt with and without the slash after the host, which are one, and one at the end of a path is another", async () => {
    await t.signIn("sso", "ada");
    const issuer = "https://idp.example/";
    expect([await change({ issuer }), (await t.connection("sso")).oidc?.issuer]).to.deep.equal(["taken", issuer]);
    expect(await t.signIn("sso", "ada"), "the same person").to.include({ allowed: true, created: false });
    expect(await change({ issuer: "https://IDP.example" })).to.equal("taken");
    const deep = "https://idp.example/tenant";
    await t.connect({ slug: "deep", protocol: "oidc", oidc: { ...OIDC, issuer: deep }, mayGrantOwner: false });
    await t.signIn("deep", "bob");
    const settings = { oidc: { ...OIDC, issuer: `${deep}/` } };
    const moved = await updateConnection(t.p, await t.tenant(), "deep", settings, ADMIN).catch((thrown) => thrown);
    expect(moved).to.include({ code: "conflict" });
  });

  for (const other of OTHERS) {
    it(`may become another one as long as nobody is known by it: ${JSON.stringify(other)}`, async () => {
      await t.pushUser("sso", "ada@acme.test", { externalId: "ada" });
      await t.connect({ slug: "second", protocol: "oidc", oidc: OIDC });
      await t.signIn("second", "bob");
      expect(await change(other)).to.equal("taken");
      expect((await t.connection("sso")).oidc).to.include(other);
    });

    it(`links nobody by a sign-in that was verified before the change: ${JSON.stringify(other)}`, async () => {
      const [tenant, connection] = [await t.tenant(), await t.connection("sso")];
      expect(await change(other)).to.equal("taken");
      const late = await signIn(t.p, { tenant, connection, observed: signInOf("ada") });
      expect(late).to.include({ allowed: false, code: "sign_in_expired" });
      expect(await t.p.store.read(tenant.id).countPeople()).to.equal(0);
      expect(await change(OIDC), "nobody is known").to.equal("taken");
    });
  }
});
