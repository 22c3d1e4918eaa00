import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { updateLocalUser } from "../../src/provisioning/local-users.js";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";

let domains = 0;

describe("an admin's word that could not hold", () => {
  onEachDatabase((service) => {
    const { connect, arrive, waiting, posted, done, reader } = bothDoors(service);
    const refusalOf = (promise: Promise<unknown>) =>
      promise.then(
        () => undefined,
        (error: unknown) => (error instanceof Refusal ? error : String(error)),
      );
    /** SCIM at one connection, sign-ins at another, of a proved domain. */
    const world = async () => {
      const domain = `words${++domains}.example`;
      const pushes = await service().connect({ of: { domains: [domain] } });
      const signsIn = await connect({ tenant: pushes.tenant, sync: "off" });
      const emails = (local: string) => ({ emails: [{ value: `${local}@${domain}`, primary: true }] });
      return { domain, pushes, signsIn, emails, mail: (local: string) => `${local}@${domain}` };
    };
    const entries = async (directory: ScimDirectory) =>
      (await reader(directory).audit({ limit: 50 })).items.map(({ action }) => action);

    describe("that somebody is active again", () => {
      const gone = async () => {
        const { pushes, signsIn, emails, mail } = await world();
        const id = await posted(pushes, "ann", emails("ann"));
        const user = await arrive(signsIn, "s1", { userName: "x", verifiedEmail: mail("ann") });
        await done(pushes.delete(`/Users/${id}`));
        expect(await arrive(signsIn, "s1", { userName: "x", verifiedEmail: mail("ann") })).to.equal("deactivated");
        const revive = () => updateLocalUser(service().p, pushes.tenant, user as UserId, { active: true }, ADMIN);
        return { pushes, signsIn, user, revive, come: () => arrive(signsIn, "s1", { userName: "x" }) };
      };

      it("is refused where a live connection deleted them, names it, and writes nothing", async () => {
        const { pushes, revive, come } = await gone();
        const before = await entries(pushes);
        const refusal = await refusalOf(revive());
        expect(refusal).to.include({ code: "conflict" });
        expect((refusal as Refusal).message).to.include(`connection \`${pushes.connection.slug}\` ended this user`);
        expect(await entries(pushes)).to.deep.equal(before);
        expect(await come()).to.equal("deactivated");
      });

      it("holds once that connection says nothing any more", async () => {
        const { pushes, user, revive, come } = await gone();
        const off = { sync: "off", onDisable: "convert" } as const;
        await updateConnection(service().p, pushes.tenant, pushes.connection.slug, off, ADMIN);
        await revive();
        expect(await come()).to.equal(user);
      });
    });

    describe("that whoever came is the account that has the e-mail", () => {
      const accept = ({ tenant }: ScimDirectory, id: string | undefined) =>
        refusalOf(acceptReviewItem(service().p, tenant, String(id), ADMIN));
      /** Somebody who left, and the new hire who has their address. */
      const taken = async () => {
        const { domain, pushes, signsIn, emails, mail } = await world();
        await done(pushes.patch(`/Users/${await posted(pushes, "ann", emails("ann"))}`, OFF));
        await posted(pushes, "ann2", emails("ann"));
        return { domain, pushes, signsIn, mail };
      };

      it("SEC-05: is refused where the e-mail was merely claimed, which the item says; putting it away stays", async () => {
        const { pushes, signsIn, mail } = await taken();
        const come = () => arrive(signsIn, "evil", { userName: "evil", claimedEmail: mail("ann") });
        expect(await come()).to.equal("deactivated");
        const item = (await waiting(pushes)).find(({ kind }) => kind === "same_email");
        expect(item?.detail).to.deep.include({ subject: "evil", claimed: true });
        expect(await accept(pushes, item?.id)).to.include({ code: "conflict" });
        expect(await come()).to.equal("deactivated");
        expect(await closeReviewItem(service().p, pushes.tenant, String(item?.id), ADMIN)).to.equal(true);
        expect(item?.detail["users"]).not.to.include(await come());
      });

      it("SEC-05: holds while the proof of the domain lasts", async () => {
        const { pushes, signsIn, mail } = await taken();
        const claimed = { userName: "x", verifiedEmail: mail("ann") };
        expect(await arrive(signsIn, "hire", claimed)).to.equal("deactivated");
        const item = (await waiting(pushes)).find(({ kind }) => kind === "same_email");
        expect(await accept(pushes, item?.id)).to.equal(undefined);
        expect(item?.detail["users"]).to.include(await arrive(signsIn, "hire", claimed));
      });

      it("SEC-05: is refused where the proof of the domain is gone since", async () => {
        const { domain, pushes, signsIn, mail } = await taken();
        const claimed = { userName: "x", verifiedEmail: mail("ann") };
        expect(await arrive(signsIn, "hire", claimed)).to.equal("deactivated");
        const item = (await waiting(pushes)).find(({ kind }) => kind === "same_email");
        expect(item?.detail).not.to.have.property("claimed");
        const { p } = service();
        await p.store.write(pushes.tenant.id, (tx) => tx.lapseDomain(domain, p.now()));
        const refusal = await accept(pushes, item?.id);
        expect((refusal as Refusal).message).to.include("without the proof of its domain");
      });
    });
  });
});
