import { createHash } from "node:crypto";
import { expect } from "chai";
import type { SamlSettings } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import { Refusal } from "../../src/model/problem.js";
import { type ConnectionPatch, deleteConnection, updateConnection } from "../../src/provisioning/connections.js";
import type { Store } from "../../src/provisioning/ports/store.js";
import { ADMIN, openTenant, type TestTenant } from "../support/tenant.js";

const KEY_ONE = Buffer.from("the first certificate").toString("base64");
const KEY_TWO = Buffer.from("the second certificate").toString("base64");

const TRUST: SamlSettings = {
  entityId: "https://idp.example",
  ssoRedirectUrl: "https://idp.example/sso",
  certificates: [KEY_ONE],
  requireSigned: "both",
};

function fingerprint(certificate: string): string {
  const hex = createHash("sha256").update(Buffer.from(certificate, "base64")).digest("hex");
  return hex.match(/../g)?.join(":").toUpperCase() ?? "";
}

describe("who may sign for a SAML connection", () => {
  let t: TestTenant;
  beforeEach(async () => {
    t = await openTenant();
    await t.connect({ slug: "sso", protocol: "saml", saml: TRUST });
  });
  afterEach(() => t.close());

  async function change(patch: ConnectionPatch) {
    return updateConnection(t.p, await t.tenant(), "sso", patch, ADMIN);
  }

  async function refusalOf(patch: ConnectionPatch): Promise<string> {
    const error = await change(patch).catch((thrown: unknown) => thrown);
    return error instanceof Refusal ? error.code : expect.fail("nothing was refused");
  }

  /** The details of the connection's entries, latest last. */
  async function audit(): Promise<readonly JsonObject[]> {
    const { items } = await t.p.store.read((await t.tenant()).id).audit({ limit: 100 });
    const details = items.filter(({ action }) => action.startsWith("connection.")).map(({ detail }) => detail);
    return details.toReversed();
  }

  it("is on record from the first day", async () => {
    const [made] = await audit();
    expect(made).to.deep.include({
      slug: "sso",
      saml: {
        ...{ entityId: "https://idp.example", requireSigned: "both" },
        ...{ certificatesAdded: [fingerprint(KEY_ONE)], certificatesRemoved: [] },
      },
    });
  });

  it("is on record whenever it changes: keys that came and went, and every other setting by its name", async () => {
    const saml: SamlSettings = {
      ...{ entityId: TRUST.entityId, certificates: [KEY_TWO], requireSigned: "either" },
      ssoPostUrl: "https://idp.example/post",
    };
    await change({ saml });
    await change({ saml: { ...saml, certificates: [KEY_TWO, KEY_ONE] } });
    await change({ jit: "off" });
    const [, replaced, added, other] = await audit();
    expect(replaced).to.deep.equal({
      slug: "sso",
      keys: ["saml"],
      saml: {
        ...{ entityId: "https://idp.example", requireSigned: "either" },
        changed: ["certificates", "requireSigned", "ssoPostUrl", "ssoRedirectUrl"],
        ...{ certificatesAdded: [fingerprint(KEY_TWO)], certificatesRemoved: [fingerprint(KEY_ONE)] },
      },
    });
    expect(added?.["saml"]).to.deep.include({
      changed: ["certificates"],
      ...{ certificatesAdded: [fingerprint(KEY_ONE)], certificatesRemoved: [] },
    });
    expect(other).to.deep.equal({ slug: "sso", keys: ["jit"] });
  });

  it("is never another identity provider, nor one where there was none", async () => {
    const other = { ...TRUST, entityId: "https://idp.example/" };
    expect(await refusalOf({ saml: other, jit: "off" })).to.equal("conflict");
    expect(await t.connection("sso")).to.deep.include({ saml: TRUST, jit: "every_sign_in", version: 1 });
    await t.connect({ slug: "scim", protocol: "scim" });
    const toScim = updateConnection(t.p, await t.tenant(), "scim", { saml: TRUST }, ADMIN);
    expect(await toScim.catch((error: Refusal) => error.code)).to.equal("conflict");
  });

  it("is not put back by a change that was worked out from earlier settings", async () => {
    const { version } = await t.connection("sso");
    await change({ saml: { ...TRUST, certificates: [KEY_TWO] }, ifVersion: version });
    expect(await refusalOf({ saml: { ...TRUST, requireSigned: "either" }, ifVersion: version })).to.equal("conflict");
    expect((await t.connection("sso")).saml).to.deep.equal({ ...TRUST, certificates: [KEY_TWO] });
    const two = await Promise.allSettled([
      change({ saml: { ...TRUST, certificates: [KEY_ONE] }, ifVersion: version + 1 }),
      change({ saml: { ...TRUST, certificates: [KEY_ONE, KEY_TWO] }, ifVersion: version + 1 }),
    ]);
    expect(two.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
  });

  it("is not changed on a connection that ended meanwhile", async () => {
    const tenant = await t.tenant();
    const store: Store = {
      ...t.p.store,
      async write(id, work) {
        await deleteConnection(t.p, tenant, "sso", {}, ADMIN);
        return t.p.store.write(id, work);
      },
    };
    const saml = { ...TRUST, certificates: [KEY_TWO] };
    const changing = updateConnection({ ...t.p, store }, tenant, "sso", { saml }, ADMIN);
    expect(await changing.catch((error: Refusal) => error.code)).to.equal("not_found");
    expect((await t.connection("sso")).saml).to.deep.equal(TRUST);
  });
});
