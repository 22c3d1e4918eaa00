import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { updateLocalUser } from "../../src/provisioning/local-users.js";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF, ON } from "./both-doors.js";
import { type DirectoryOptions, onEachDatabase, type ScimDirectory } from "./scim-service.js";

let domains = 0;

describe("a second account of somebody, known by sign-in alone, while the first is switched off elsewhere", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, waiting, give, posted, done } = bothDoors(service);
    const world = async (options: { sso?: DirectoryOptions } = {}) => {
      const domain = `closed${++domains}.example`;
      const pushes = await connect({ of: { domains: [domain] } });
      const signsIn = await connect({ tenant: pushes.tenant, sync: "off", ...options.sso });
      const mail = (local: string) => ({ userName: local, verifiedEmail: `${local}@${domain}` });
      const emails = (local: string) => ({ emails: [{ value: mail(local).verifiedEmail, primary: true }] });
      /** Pushed without an e-mail, signed in elsewhere, and given the e-mail then: two accounts. */
      const double = async (local: string) => {
        const id = await posted(pushes, local);
        const person = await enter(signsIn, `sub-${local}`, mail(local));
        await done(pushes.patch(`/Users/${id}`, [{ op: "replace", value: emails(local) }]));
        return { id, ...person };
      };
      return { pushes, signsIn, mail, emails, double };
    };
    const reasons = async (directory: ScimDirectory) =>
      (await waiting(directory)).flatMap(({ detail }) =>
        detail["reason"] === "deactivated" ? [detail["subject"]] : [],
      );
    const item = async (directory: ScimDirectory) =>
      String((await waiting(directory)).find(({ detail }) => detail["reason"] === "deactivated")?.id);

    it("W-8: loses its sessions with the deactivation over SCIM, and is refused from then on, until the person is back", async () => {
      const { pushes, signsIn, mail, double } = await world();
      const ann = await double("ann");
      expect(await ann.isIn()).to.equal(true);
      await done(pushes.patch(`/Users/${ann.id}`, OFF));
      expect(await ann.isIn()).to.equal(false);
      expect(await arrive(signsIn, "sub-ann", mail("ann"))).to.equal("deactivated");
      expect(await arrive(signsIn, "sub-ann", mail("ann-else")), "nor by another e-mail").to.equal("deactivated");
      expect(await reasons(signsIn)).to.deep.equal(["sub-ann"]);
      await done(pushes.patch(`/Users/${ann.id}`, ON));
      expect(await arrive(signsIn, "sub-ann", mail("ann"))).to.equal(ann.user);
    });

    it("W-8: by the deletion, and by an e-mail that was the person's before", async () => {
      const { pushes, signsIn, mail, emails, double } = await world();
      const [bo, cy] = [await double("bo"), await double("cy")];
      await done(pushes.delete(`/Users/${bo.id}`));
      await done(pushes.patch(`/Users/${cy.id}`, [{ op: "replace", value: emails("left-cy") }]));
      expect(await cy.isIn()).to.equal(true);
      await done(pushes.patch(`/Users/${cy.id}`, OFF));
      for (const [one, name] of [
        [bo, "bo"],
        [cy, "cy"],
      ] as const) {
        expect(await one.isIn()).to.equal(false);
        expect(await arrive(signsIn, `sub-${name}`, mail(name))).to.equal("deactivated");
      }
    });

    it("W-8: by an admin's word, too", async () => {
      const { signsIn, mail } = await world();
      const other = await connect({ tenant: signsIn.tenant, sync: "off", linkAcross: "off" });
      const first = await enter(other, "s1", mail("dan"));
      const second = await enter(signsIn, "s2", mail("dan"));
      expect(second.user).not.to.equal(first.user);
      await updateConnection(
        service().p,
        signsIn.tenant,
        other.connection.slug,
        { linkAcross: "verified_email" },
        ADMIN,
      );
      await updateLocalUser(service().p, signsIn.tenant, first.user as UserId, { active: false }, ADMIN);
      expect(await second.isIn()).to.equal(false);
      expect(await arrive(signsIn, "s2", mail("dan"))).to.equal("deactivated");
    });

    it("W-1: comes in where an admin puts the item away, and stays the account that it is", async () => {
      const { pushes, signsIn, mail, double } = await world();
      const eve = await double("eve");
      await done(pushes.patch(`/Users/${eve.id}`, OFF));
      await arrive(signsIn, "sub-eve", mail("eve"));
      await closeReviewItem(service().p, signsIn.tenant, await item(signsIn), ADMIN);
      const again = await enter(signsIn, "sub-eve", mail("eve"));
      expect(again.user).to.equal(eve.user);
      await done(pushes.patch(`/Users/${eve.id}`, ON));
      await done(pushes.patch(`/Users/${eve.id}`, OFF));
      expect(await again.isIn(), "the word holds").to.equal(true);
    });

    it("W-8: is not reached by a document that was never active, nor by a connection that takes no part", async () => {
      const { pushes, signsIn, mail, emails, double } = await world();
      const fay = await enter(signsIn, "sub-fay", mail("fay"));
      await posted(pushes, "fay", { active: false, ...emails("fay") });
      expect(await fay.isIn()).to.equal(true);
      expect(await arrive(signsIn, "sub-fay", mail("fay"))).to.equal(fay.user);
      const gus = await double("gus");
      await updateConnection(service().p, signsIn.tenant, pushes.connection.slug, { linkAcross: "off" }, ADMIN);
      await done(pushes.patch(`/Users/${gus.id}`, OFF));
      expect(await gus.isIn()).to.equal(true);
      expect(await arrive(signsIn, "sub-gus", mail("gus"))).to.equal(gus.user);
    });

    it("W-8: is not reached while a live push describes it as active: its source switches it off", async () => {
      const { pushes, signsIn, mail, emails, double } = await world({ sso: { sync: "live" } });
      const hal = await double("hal");
      const there = await service().join({ tenant: signsIn.tenant, connection: signsIn.connection });
      await posted({ ...there }, "hal", { externalId: "sub-hal", ...emails("hal") });
      await done(pushes.patch(`/Users/${hal.id}`, OFF));
      expect(await hal.isIn()).to.equal(true);
      expect(await arrive(signsIn, "sub-hal", mail("hal"))).to.equal(hal.user);
    });

    it("no client locks a tenant's owners out: who has the last way in stays, and two of them are no reason for each other to go", async () => {
      const { pushes, signsIn, mail, double } = await world();
      const [ida, jo] = [await double("ida"), await double("jo")];
      await give(signsIn, ida.user);
      await give(signsIn, jo.user);
      await done(pushes.patch(`/Users/${ida.id}`, OFF));
      expect(await ida.isIn(), "another owner can come in").to.equal(false);
      await done(pushes.patch(`/Users/${jo.id}`, OFF));
      expect(await jo.isIn(), "none can").to.equal(true);
      expect(await arrive(signsIn, "sub-jo", mail("jo"))).to.equal(jo.user);
    });

    it("whoever was accepted as a new hire with the e-mail of somebody who left comes in at the next sign-in, too", async () => {
      const { pushes, signsIn, mail, emails } = await world();
      const id = await posted(pushes, "kim", emails("kim"));
      await done(pushes.patch(`/Users/${id}`, OFF));
      const other = await connect({ tenant: signsIn.tenant, sync: "off", linkAcross: "off" });
      const hire = await arrive(other, "hire", mail("kim"));
      await updateConnection(
        service().p,
        signsIn.tenant,
        other.connection.slug,
        { linkAcross: "verified_email" },
        ADMIN,
      );
      expect(await arrive(signsIn, "sub-kim", mail("kim"))).to.equal("deactivated");
      await acceptReviewItem(service().p, signsIn.tenant, await item(signsIn), ADMIN);
      for (const _ of ["once", "twice"]) expect(await arrive(signsIn, "sub-kim", mail("kim"))).to.equal(hire);
      const there =
        (await service().p.store.read(signsIn.tenant.id).connectionBySlug(other.connection.slug)) ?? other.connection;
      expect(await arrive({ ...other, connection: there }, "hire", mail("kim")), "nor at the other").to.equal(hire);
    });
  });
});
