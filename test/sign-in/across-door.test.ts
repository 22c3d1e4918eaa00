import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import { claimsOf, openTinesHouse, PATCH, type TinesHouse, USER } from "../requirements/tines-house.js";

let domains = 0;

describe("the door of people whom another connection pushes", () => {
  let house: TinesHouse;
  before(async () => {
    house = await openTinesHouse();
  });
  after(() => house.close());

  const pushes = async () => {
    const tenant = await house.tenant();
    const domain = `door${++domains}.example`;
    const email = `ann@${domain}`;
    expect((await house.admin.call("PATCH", tenant, { body: { domains: [domain] } })).status).to.equal(200);
    const directory = { slug: "directory", protocol: "scim", sync: "live" };
    expect((await house.admin.post(`${tenant}/connections`, directory)).status).to.equal(201);
    const { body } = await house.admin.post(`${tenant}/connections/directory/tokens`, { name: "push" });
    const token = String(body["token"]);
    const scim = (method: string, path: string, sent: unknown) =>
      house.admin.call(method, `/api/scim/v2${path}`, { token, body: sent });
    const emails = [{ value: email, type: "work", primary: true }];
    const made = await scim("POST", "/Users", { schemas: [USER], userName: "ann", externalId: "e1", emails });
    expect(made.status, made.text).to.equal(201);
    const claims = claimsOf("sub-ann", undefined, { email, email_verified: true });
    return { tenant, scim, claims, id: String(made.body["id"]) };
  };

  it("TEC-49: by OpenID Connect and SCIM over HTTP, one person is one account, and a deactivation ends the session and the sign-in", async () => {
    const { tenant, scim, claims, id } = await pushes();
    const browser = createBrowser();
    const visit = await house.signIn(tenant, claims, browser);
    expect(visit.status, visit.text).to.equal(200);
    const { items = [] } = (await house.admin.get(`${tenant}/users`)).body;
    expect(items.map(({ status, synced }) => [status, synced])).to.deep.equal([["registered", true]]);
    const { body } = await house.admin.get(`${tenant}/sessions?user=${items[0]?.["id"]}`);
    expect(body.items).to.have.length(1);
    const off = { schemas: [PATCH], Operations: [{ op: "replace", value: { active: false } }] };
    expect((await scim("PATCH", `/Users/${id}`, off)).status).to.equal(200);
    const left = await house.admin.get(`${tenant}/sessions?user=${items[0]?.["id"]}`);
    expect(left.body.items).to.deep.equal([]);
    const refused = await house.signIn(tenant, claims);
    expect([refused.status, refused.text.includes("deactivated")]).to.deep.equal([403, true]);
    const stranger = await house.signIn(tenant, { ...claims, sub: "another" });
    expect([stranger.status, stranger.text.includes("deactivated")]).to.deep.equal([403, true]);
  });

  it("W-1: an e-mail that the provider does not call verified is somebody else", async () => {
    const { tenant, claims } = await pushes();
    expect((await house.signIn(tenant, { ...claims, email_verified: false })).status).to.equal(200);
    expect((await house.admin.get(`${tenant}/users`)).body.items).to.have.length(2);
  });
});
