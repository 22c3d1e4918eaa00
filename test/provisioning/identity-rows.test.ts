import { expect } from "chai";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { DATABASES } from "../admin/admin-client.js";
import { ADMIN, openDatabase, type TenantInTest, type TestDatabase } from "../support/tenant.js";

const MAIL = "kim@acme.example";
/** Look-alikes of letters in the address: KELVIN SIGN, a dotless i, a full-width k. */
const LOOK_ALIKES = ["\u212Aim@acme.example", "k\u0131m@acme.example", "\uFF4Bim@acme.example"];

for (const [name, newUrl] of DATABASES) {
  describe(`who a sign-in is, against threats, on ${name}`, () => {
    let database: TestDatabase;
    let t: TenantInTest;
    before(async () => {
      database = await openDatabase({ databaseUrl: await newUrl() });
    });
    after(() => database.close());
    const house = async (): Promise<TenantInTest> => {
      const one = await database.tenant({});
      await one.connect({ slug: "sso", protocol: "oidc", sync: "live", allowedDomains: ["acme.example"] });
      await one.connect({ slug: "other", protocol: "oidc", sync: "off", allowedDomains: ["acme.example"] });
      await one.mapping({ no_match: "allow" });
      return one;
    };
    beforeEach(async () => {
      t = await house();
    });

    const arrive = async (
      at: TenantInTest,
      slug: string,
      subject: string,
      more: Parameters<TenantInTest["signIn"]>[2],
    ) => {
      const outcome = await at.signIn(slug, subject, more);
      return outcome.allowed ? outcome.user : outcome.code;
    };
    const people = async (): Promise<number> => t.p.store.read((await t.tenant()).id).countPeople();

    for (const first of ["ours", "theirs"]) {
      it(`W-1, OP-18: another tenant's provider asserts our address, ${first} first: it gets nobody of ours`, async () => {
        const theirs = await house();
        const order = first === "ours" ? [t, theirs] : [theirs, t];
        const users: string[] = [];
        for (const one of order) users.push(await arrive(one, "sso", "sub-kim", { verifiedEmail: MAIL }));
        expect(new Set(users)).to.have.property("size", 2);
        const [mine] = await t.p.store.read((await t.tenant()).id).people([await t.userId("sub-kim")]);
        expect(order[0] === t ? users[0] : users[1]).to.equal(mine?.id);
        expect(await people()).to.equal(1);
      });
    }

    it("W-2, OP-18: whoever took an address first at another connection is not joined by the sign-in of its owner", async () => {
      for (const squatted of [{ claimedEmail: MAIL }, { userName: MAIL }, { verifiedEmail: MAIL }]) {
        t = await house();
        const squatter = await arrive(t, "other", "sub-eve", squatted);
        const owner = await arrive(t, "sso", "sub-kim", { verifiedEmail: MAIL });
        expect(owner).to.not.equal(squatter);
        expect(await arrive(t, "other", "sub-eve", squatted)).to.equal(squatter);
        expect(await arrive(t, "sso", "sub-kim", { verifiedEmail: MAIL })).to.equal(owner);
      }
    });

    it("W-2: a local account with the address, whoever typed it, is not joined by a sign-in unasked", async () => {
      const tenant = await t.tenant();
      const id = await createLocalUser(t.p, tenant, { userName: "kim", email: MAIL }, ADMIN);
      expect(await arrive(t, "sso", "sub-kim", { verifiedEmail: MAIL })).to.not.equal(id);
    });

    const OFF: Readonly<Record<string, (one: TenantInTest) => Promise<unknown>>> = {
      SCIM: async (one) => one.pushUser("sso", MAIL, { id: await one.pushUser("sso", MAIL), active: false }),
      "an admin": async (one) => {
        await arrive(one, "sso", "sub-kim", { userName: MAIL });
        await updateLocalUser(one.p, await one.tenant(), await one.userId(MAIL), { active: false }, ADMIN);
      },
    };
    for (const [by, end] of Object.entries(OFF)) {
      it(`W-8: whom ${by} deactivated is refused under whatever subject, and revived by none`, async () => {
        await end(t);
        for (const subject of ["sub-kim", "sub-2"]) {
          for (const more of [{ userName: MAIL }, { verifiedEmail: MAIL }, { claimedEmail: MAIL, userName: MAIL }]) {
            expect(await arrive(t, "sso", subject, more), subject).to.equal("deactivated");
          }
        }
        expect(await people()).to.equal(1);
        expect(await t.holds(MAIL)).to.equal("deactivated");
      });
    }

    it("W-8: whom no rule let in is back with a sign-in that one does", async () => {
      await t.mapping({
        no_match: "deactivate",
        mappings: [{ group_name: "Eng", team_name: "P", role_name: "editor" }],
      });
      const user = await arrive(t, "other", "sub-kim", { userName: "kim", groups: ["Eng"] });
      await arrive(t, "other", "sub-kim", { userName: "kim", groups: ["Sales"] });
      expect(await t.holds("kim")).to.equal("deactivated");
      expect(await arrive(t, "other", "sub-kim", { userName: "kim", groups: ["Eng"] })).to.equal(user);
      expect(await t.holds("kim")).to.deep.equal(["P/editor"]);
    });

    it("W-17: a look-alike of a pushed address is somebody else", async () => {
      await t.pushUser("sso", MAIL);
      const kim = await t.userId(MAIL);
      for (const [at, mail] of LOOK_ALIKES.entries()) {
        expect(await arrive(t, "sso", `sub-${at}`, { userName: mail, claimedEmail: mail }), mail).to.not.equal(kim);
      }
      expect(await arrive(t, "sso", "sub-kim", { userName: MAIL.toUpperCase() })).to.equal(kim);
    });

    it("TEC-49: SCIM and sign-in make one person, in either order and at the same moment", async () => {
      const more = { userName: MAIL };
      for (const order of ["push", "sign-in", "together"]) {
        t = await house();
        if (order === "push") await t.pushUser("sso", MAIL);
        if (order === "sign-in") await arrive(t, "sso", "sub-kim", more);
        await Promise.all([
          order === "push" ? undefined : t.pushUser("sso", MAIL),
          order === "sign-in" ? undefined : arrive(t, "sso", "sub-kim", more),
        ]);
        expect(await people(), order).to.equal(1);
        expect(await arrive(t, "sso", "sub-kim", more), order).to.equal(await t.userId(MAIL));
      }
    });
  });
}
