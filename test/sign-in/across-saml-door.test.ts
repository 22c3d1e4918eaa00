import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import { type Door, endOf, openPolicyHouse, type PolicyHouse } from "./policy-house.js";

let worlds = 0;

describe("the SAML door of people whom another connection pushes", () => {
  let house: PolicyHouse;
  before(async () => {
    house = await openPolicyHouse();
  });
  after(() => house?.close());

  /** A tenant with this domain, `ann` pushed at one connection, and a door at another. */
  const opened = async (domainOf: (label: string) => string, proved = true) => {
    const slug = `samlacross${++worlds}`;
    const domain = domainOf(slug);
    const tenant = `/api/v1/tenants/${slug}`;
    const { admin } = house;
    expect((await admin.post("/api/v1/tenants", { slug, name: slug })).status).to.equal(201);
    if (proved)
      expect(
        (await admin.call("PATCH", tenant, { body: { domains: [new URL(`http://${domain}`).hostname] } })).status,
      ).to.equal(200);
    await house.map(tenant, { mappings: [], no_match: "allow" });
    const directory: Door = { tenant, slug: "directory", protocol: "oidc" };
    const door: Door = { tenant, slug: "door", protocol: "saml" };
    await house.connect(directory, { sync: "live" });
    await house.connect(door);
    const scim = await house.push(directory);
    const id = await scim.person("ann", { emails: [{ value: `ann@${domain}`, type: "work", primary: true }] });
    await house.settled(tenant);
    const users = async () => (await admin.get(`${tenant}/users?limit=1000`)).body.items ?? [];
    const email = `ann@${domain}`;
    const kinds = async () => {
      const { items = [] } = (await admin.get(`${tenant}/review-items`)).body;
      return items.map(({ kind, detail }) => [kind, (detail as { reason?: unknown }).reason]);
    };
    return { slug, tenant, domain, email, door, scim, id, users, kinds };
  };

  it("TEC-49, W-8: whoever comes with an e-mail in a proved domain is the pushed account; a deactivation ends session and sign-in", async () => {
    const w = await opened((label) => `${label}.example`);
    const browser = createBrowser();
    expect(endOf(await house.signIn(w.door, { name: "s-1", email: w.email.toUpperCase() }, browser))).to.equal("in");
    expect((await w.users()).map(({ status, synced }) => [status, synced])).to.deep.equal([["registered", true]]);
    await w.scim.switchOff(w.id);
    expect(await house.holds(browser), "the session").to.equal(undefined);
    expect(endOf(await house.signIn(w.door, { name: "s-1", email: w.email }))).to.equal("deactivated");
    const stranger = await house.signIn(w.door, { name: "s-2", email: w.email });
    expect(endOf(stranger)).to.equal("deactivated");
    const { detail } = (await house.traceOf(w.tenant, stranger)) as { detail: Record<string, unknown> };
    const [user] = await w.users();
    expect(detail["problem"]).to.include(`\`${user?.["id"]}\`, which was switched off`);
    expect(await w.users()).to.have.length(1);
  });

  it("W-1: a partner with domains of its own gets nobody's account by what it says later of whom it knows", async () => {
    const w = await opened((label) => `${label}.example`);
    const partner: Door = { tenant: w.tenant, slug: "partner", protocol: "saml" };
    await house.connect(partner, { allowedDomains: ["partner.example"] });
    const ceo = `ceo@${w.domain}`;
    for (const email of ["m@partner.example", ceo])
      expect(endOf(await house.signIn(partner, { name: "mal", email }))).to.equal("in");
    expect(endOf(await house.signIn(w.door, { name: "ceo", email: ceo }))).to.equal("in");
    expect(await w.users(), "the pushed one, the partner's and the other").to.have.length(3);
    expect(await w.kinds()).to.deep.equal([]);
  });

  it("W-1: a domain that nobody proved says nothing: whoever comes is somebody else", async () => {
    const w = await opened((label) => `${label}.example`, false);
    expect(endOf(await house.signIn(w.door, { name: "s-1", email: w.email }))).to.equal("in");
    expect(await w.users()).to.have.length(2);
    expect(await w.kinds()).to.deep.equal([]);
  });

  it("W-1, W-8: a domain whose proof has lapsed links nobody, and goes on keeping out who is off", async () => {
    const w = await opened((label) => `${label}.example`);
    const { p } = house.admin.service;
    const tenant = await p.store.instance.tenantBySlug(w.slug);
    if (tenant === undefined) throw new Error("no tenant");
    await p.store.write(tenant.id, (tx) => tx.lapseDomain(w.domain, p.now()));
    expect(endOf(await house.signIn(w.door, { name: "s-1", email: w.email }))).to.equal("in");
    expect(await w.users()).to.have.length(2);
    await w.scim.switchOff(w.id);
    expect(endOf(await house.signIn(w.door, { name: "s-2", email: w.email }))).to.equal("deactivated");
    expect(await w.kinds()).to.deep.equal([["same_email", "deactivated"]]);
  });

  /** Proved and pushed is `ann@bücher-....example`. */
  const ALIKE: readonly (readonly [what: string, email: (email: string) => string, end: "ann" | "else" | "refused"])[] =
    [
      ["the same in Unicode", (email) => email, "ann"],
      ["the same in upper case", (email) => email.toUpperCase(), "ann"],
      ["as xn--", (email) => `ann@${new URL(`http://${email.slice(4)}`).hostname}`, "ann"],
      ["a trailing dot", (email) => `${email}.`, "refused"],
      ["a Cyrillic letter for a Latin one", (email) => email.replace("c", "\u0441"), "refused"],
      ["a full-width letter", (email) => email.replace("b", "\uFF42"), "else"],
      ["a look-alike in the local part", (email) => email.replace("a", "\u0430"), "else"],
    ];
  for (const [what, written, end] of ALIKE)
    it(`W-17: of an internationalized domain, ${what}: ${end === "ann" ? "is the account" : "is not"}`, async () => {
      const w = await opened((label) => `b\u00FCcher-${label}.example`);
      const came = endOf(await house.signIn(w.door, { name: "s-1", email: written(w.email) }));
      const expected = { ann: ["in", 1], else: ["in", 2], refused: ["foreign_domain", 1] }[end];
      expect([came, (await w.users()).length]).to.deep.equal(expected);
    });
});
