import { expect } from "chai";
import type { Tenant } from "../../src/model/connection.js";
import { Refusal } from "../../src/model/problem.js";
import {
  claimDomain,
  domainNamed,
  recheckDomains,
  recordOf,
  removeDomain,
  verifyDomain,
} from "../../src/provisioning/domains.js";
import type { TxtAnswer } from "../../src/provisioning/ports/domains.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { DATABASES } from "../admin/admin-client.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TestDatabase } from "../support/tenant.js";

const codeOf = (error: unknown) => (error instanceof Refusal ? error.code : String(error));

for (const [name, newUrl] of DATABASES) {
  describe(`domains that a tenant proves, on ${name}`, () => {
    const clock = testClock();
    /** What stands in the DNS, by name; a text is a server that does not answer. */
    const zone = new Map<string, readonly string[] | string>();
    let whenAsked: () => void = () => undefined;
    const dns = {
      async texts(asked: string): Promise<TxtAnswer> {
        whenAsked();
        const there = zone.get(asked) ?? [];
        if (typeof there === "string") return { kind: "unanswered", problem: there };
        return { kind: "answered", texts: there };
      },
    };
    let database: TestDatabase;
    before(async () => {
      database = await openDatabase({ databaseUrl: await newUrl(), with: (p) => ({ ...clock.into(p), dns }) });
    });
    after(() => database.close());
    let made = 0;
    let domain = "";
    let tenant: Tenant;
    beforeEach(async () => {
      zone.clear();
      domain = `acme${++made}.example`;
      tenant = await (await database.tenant()).tenant();
    });

    const now = ({ slug }: Tenant = tenant) => database.p.store.instance.tenantBySlug(slug) as Promise<Tenant>;
    const claim = async (of = tenant, wanted = domain) => {
      const claimed = await claimDomain(database.p, of, wanted, ADMIN);
      if (!claimed.claim) throw new Error("no claim");
      return recordOf({ ...claimed, claim: claimed.claim });
    };
    const verify = (of = tenant, wanted = domain) => verifyDomain(database.p, of, wanted, ADMIN);
    const prove = async () => {
      const record = await claim();
      zone.set(record.name, [record.value]);
      await verify();
      return record;
    };
    const recheck = () => recheckDomains(database.p, tenant.id, [domain]);
    const state = () => domainNamed(database.p.store.read(tenant.id), domain);
    const told = async () =>
      (await database.p.store.read(tenant.id).audit({ limit: 50 })).items
        .map(({ action }) => action)
        .filter((action) => action.startsWith("domain."));

    it("OP-20: is the tenant's once its record stands in the DNS, among others, and not before", async () => {
      const { name: at, value } = await claim();
      expect(at).to.equal(`_rolecall.${domain}`);
      expect(value).to.match(/^rolecall-domain-verification=\S{40,}$/);
      expect(await claim(), "the same when asked again").to.deep.equal({ name: at, value });
      for (const there of [[], [value.slice(0, -1)], [`${value}x`], ["v=spf1 -all", value.toUpperCase()]]) {
        zone.set(at, there);
        expect(await verify().catch(codeOf)).to.equal("domain_not_proved");
        expect((await now()).domains).to.deep.equal([]);
      }
      expect((await state()).claim?.problem).to.match(/none of 2 TXT records/);
      zone.set(at, ["v=spf1 -all", value]);
      expect((await verify()).held).to.equal(true);
      expect((await now()).domains).to.deep.equal([domain]);
      expect(await told()).to.have.members(["domain.claimed", "domain.proved"]);
    });

    it("OP-20: belongs to one tenant: another that proves it too is refused, and the operator moves it", async () => {
      await prove();
      const other = await (await database.tenant()).tenant();
      const record = await claim(other);
      const [first] = [zone.get(record.name) as readonly string[]];
      expect(first, "each tenant has a record of its own").to.not.include(record.value);
      zone.set(record.name, [...first, record.value]);
      expect(await verify(other).catch(codeOf)).to.equal("domain_taken");
      expect((await now(other)).domains).to.deep.equal([]);
      await updateTenant(database.p, tenant, { domains: [] }, ADMIN);
      expect(await state().catch(codeOf), "nor does a check that is under way bring it back").to.equal("not_found");
      await recheck();
      expect((await now()).domains, "what the operator took away comes back by no check").to.deep.equal([]);
      await verify(other);
      expect((await now(other)).domains).to.deep.equal([domain]);
    });

    it("OP-20: lapses when the record is gone for three days, and is proved anew when it is back", async () => {
      const { name: at, value } = await prove();
      zone.set(at, []);
      for (const hours of [0, 24, 24, 23]) {
        clock.forward({ hours });
        await recheck();
        expect((await now()).lapsedDomains).to.deep.equal([]);
      }
      clock.forward({ hours: 1 });
      await recheck();
      const lapsed = await now();
      expect([lapsed.domains, lapsed.lapsedDomains], "it stays the tenant's").to.deep.equal([[domain], [domain]]);
      expect(await told()).to.include("domain.lapsed");
      const other = await (await database.tenant()).tenant();
      zone.set(at, [(await claim(other)).value]);
      expect(await verify(other).catch(codeOf)).to.equal("domain_taken");
      zone.set(at, [value]);
      await recheck();
      expect((await now()).lapsedDomains).to.deep.equal([]);
      expect((await state()).claim).to.not.have.any.keys("missingSince", "problem");
    });

    it("does not lapse while nobody answers, or because of two absences with a presence between them", async () => {
      const { name: at, value } = await prove();
      for (const there of ["SERVFAIL", [], [value], [], "SERVFAIL", "SERVFAIL"]) {
        zone.set(at, there);
        clock.forward({ hours: 48 });
        await recheck();
        expect((await now()).lapsedDomains).to.deep.equal([]);
      }
      expect((await state()).claim?.problem).to.equal("SERVFAIL");
    });

    it("is looked at by the worker every day, as long as it is the tenant's", async () => {
      const { name: at } = await prove();
      zone.delete(at);
      const { checkedAt: first = "" } = (await state()).claim ?? {};
      clock.forward({ hours: 25 });
      const seen = async () => {
        for (;;) {
          const { checkedAt = "" } = (await state()).claim ?? {};
          if (checkedAt > first) return;
          database.worker.wake();
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      };
      await seen();
      expect((await state()).claim?.missingSince).to.equal(clock.now());
      await removeDomain(database.p, tenant, domain, { operator: false, context: ADMIN });
      clock.forward({ hours: 25 });
      database.worker.wake();
      expect((await now()).domains).to.deep.equal([]);
    });

    it("OP-20: is no domain where anybody may have an address, and no address, suffix or host name", async () => {
      for (const wanted of ["gmail.com", "GMail.com", "hotmail.com", "qq.com", "web.de"]) {
        expect(await claim(tenant, wanted).catch(codeOf), wanted).to.equal("public_domain");
      }
      for (const wanted of ["com", "a@acme.example", "10.0.0.1", "acme..example", "*.acme.example", "acme.example/x"]) {
        expect(await claim(tenant, wanted).catch(codeOf), wanted).to.equal("bad_request");
      }
      expect((await claim(tenant, `MÜNCHEN${made}.example`)).name).to.match(/^_rolecall\.xn--mnchen\d+-\w+\.example$/);
    });

    it("is claimed once, however many ask for it at the same time", async () => {
      const records = await Promise.all(Array.from({ length: 6 }, () => claim()));
      expect(new Set(records.map(({ value }) => value)).size).to.equal(1);
      expect(await told()).to.deep.equal(["domain.claimed"]);
    });

    const takers = {
      "the tenant gives it up": () => removeDomain(database.p, tenant, domain, { operator: false, context: ADMIN }),
      "the operator takes it away": () => updateTenant(database.p, tenant, { domains: [] }, ADMIN),
    };
    for (const [what, takeAway] of Object.entries(takers)) {
      it(`OP-20: does not come back by a check that is under way when ${what}`, async () => {
        for (let round = 0; round < 10; round++) {
          domain = `raced${made}-${round}.example`;
          await prove();
          let taken: Promise<unknown> | undefined;
          whenAsked = () => {
            taken = takeAway();
          };
          // the check may come after it, and finds nothing to check
          expect(await recheck().then(() => "checked", codeOf)).to.be.oneOf(["checked", "not_found"]);
          whenAsked = () => undefined;
          await taken;
          expect(await state().catch(codeOf), `round ${round}`).to.equal("not_found");
        }
      });
    }

    it("is the operator's to take away where the operator vouches for it, and outlives the operator's next list", async () => {
      await prove();
      const vouched = `vouched${made}.example`;
      const more = await updateTenant(database.p, tenant, { domains: [domain, vouched] }, ADMIN);
      expect(more.domains).to.deep.equal([domain, vouched]);
      const remove = (wanted: string, operator: boolean) =>
        removeDomain(database.p, tenant, wanted, { operator, context: ADMIN }).catch(codeOf);
      expect(await remove(vouched, false)).to.equal("forbidden");
      expect(await remove("nobody.example", true)).to.equal("not_found");
      expect(await remove(vouched, true)).to.equal(undefined);
      expect((await state()).claim, "still proved by its record").to.have.property("provedAt");
    });

    it("is not given up as the last one while a connection would take people of any domain then", async () => {
      const t = await database.tenant();
      tenant = await t.tenant();
      await prove();
      await t.connect({ slug: "sso", protocol: "scim", sync: "live" });
      const remove = () => removeDomain(database.p, tenant, domain, { operator: false, context: ADMIN }).catch(codeOf);
      expect(await remove()).to.equal("conflict");
      const second = domain;
      domain = `more${made}.example`;
      await prove();
      expect(await remove()).to.equal(undefined);
      expect((await now()).domains).to.deep.equal([second]);
    });
  });
}
