import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { updateLocalUser } from "../../src/provisioning/local-users.js";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF, ON } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("whom an admin let in, and of whom an admin is told", () => {
  onEachDatabase((service) => {
    const { connect, entering, arrive, waiting, give, posted, done } = bothDoors(service);
    const kinds = async (directory: ScimDirectory) =>
      (await waiting(directory)).map(({ kind, detail }) => [kind, detail["subject"]]);
    const putAway = async (directory: ScimDirectory) => {
      for (const { id } of await waiting(directory)) await closeReviewItem(service().p, directory.tenant, id, ADMIN);
    };

    /** `sub-x` was kept out by the name of somebody pushed who never signed in, and let in. */
    const letIn = async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e-ann" });
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal("deactivated");
      await putAway(directory);
      const x = await entering(directory, "sub-x", { userName: "ann" });
      expect(x.came).not.to.be.oneOf(["deactivated", "needs_review"]);
      return { directory, id, x };
    };

    it("SEC-05: a namesake of somebody who never signed in is refused with an item", async () => {
      const directory = await connect();
      await done(directory.patch(`/Users/${await posted(directory, "ann", { externalId: "e-ann" })}`, OFF));
      expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal("deactivated");
      expect(await kinds(directory)).to.deep.equal([["kept_out", "sub-x"]]);
      await putAway(directory);
      expect(await arrive(directory, "e-ann", { userName: "ann" }), "plainly their own").to.equal("deactivated");
      expect(await kinds(directory)).to.deep.equal([]);
    });

    it("SEC-05: another subject of somebody whom an admin deactivated is refused with an item, and under other names", async () => {
      const directory = await connect();
      const user = await arrive(directory, "sub-1", { userName: "zoe" });
      const { tenant } = directory;
      await updateLocalUser(service().p, tenant, user as UserId, { active: false }, ADMIN);
      for (const userName of ["zoe", "else"]) {
        expect(await arrive(directory, "sub-2", { userName }), userName).to.equal("deactivated");
      }
      expect(await kinds(directory)).to.deep.equal([["kept_out", "sub-2"]]);
      await putAway(directory);
      expect(await arrive(directory, "sub-2", { userName: "zoe" })).not.to.be.oneOf([user, "deactivated"]);
    });

    describe("somebody who was deleted", () => {
      const left = async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        const user = await arrive(directory, "sub-ann", { userName: "ann" });
        await done(directory.delete(`/Users/${id}`));
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
        expect(await kinds(directory), "it is plainly theirs").to.deep.equal([]);
        return { directory, user };
      };
      it("SEC-05: is refused with an item once they may be hired again under another name, and let in by it", async () => {
        const { directory, user } = await left();
        await posted(directory, "ann.new", { externalId: "e-new" });
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
        expect(await kinds(directory)).to.deep.equal([["kept_out", "sub-ann"]]);
        await putAway(directory);
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).not.to.be.oneOf([user, "deactivated"]);
        expect(await arrive(directory, "sub-other", { userName: "ann" }), "nobody else").to.equal("deactivated");
        const again = await arrive(directory, "sub-ann", { userName: "ann.new" });
        const [hire] = (await service().p.store.read(directory.tenant.id).users({ userName: "ann.new", limit: 2 }))
          .items;
        expect(again, "who says the new name is the new hire").to.equal(hire?.id);
      });
    });

    describe("who is somebody else than a pushed user, by an admin's word,", () => {
      it("SEC-05: does not become them by their name when they come back", async () => {
        const { directory, id, x } = await letIn();
        await done(directory.patch(`/Users/${id}`, ON));
        expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal(x.came);
        expect(await x.isIn()).to.equal(true);
        const ann = await arrive(directory, "sub-ann", { userName: "ann" });
        expect(ann).not.to.be.oneOf([x.came, "needs_review", "deactivated"]);
      });
      it("SEC-05: nor where they are pushed anew by their externalId", async () => {
        const { directory, id, x } = await letIn();
        await done(directory.delete(`/Users/${id}`));
        await posted(directory, "ann", { externalId: "e-ann" });
        const ann = await arrive(directory, "e-ann", { userName: "ann" });
        expect(ann).not.to.be.oneOf([x.came, "needs_review", "deactivated"]);
        expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal(x.came);
      });
      it("SEC-05: nor where they are renamed to the name of the sign-in", async () => {
        const { directory, id, x } = await letIn();
        expect(await arrive(directory, "sub-x", { userName: "xen" })).to.equal(x.came);
        await done(directory.put(`/Users/${id}`, userBody("xen", { externalId: "e-ann", active: true })));
        expect(await arrive(directory, "sub-x", { userName: "xen" })).to.equal(x.came);
        expect((await kinds(directory)).map(([kind]) => kind)).to.deep.equal(["ambiguous_link"]);
      });
      it("SEC-05: but does by their id", async () => {
        const { directory, id, x } = await letIn();
        await done(directory.put(`/Users/${id}`, userBody("ann", { externalId: "sub-x", active: true })));
        expect(await arrive(directory, "sub-x", { userName: "ann" })).not.to.be.oneOf([x.came, "deactivated"]);
      });
      it("SEC-05: and waits for an admin where they have no account", async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal("deactivated");
        await putAway(directory);
        await done(directory.patch(`/Users/${id}`, ON));
        expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal("needs_review");
        const [item] = await waiting(directory);
        expect([item?.kind, item?.detail["subject"]]).to.deep.equal(["other_subject", "sub-x"]);
        expect(await acceptReviewItem(service().p, directory.tenant, String(item?.id), ADMIN)).to.equal(true);
        expect(await arrive(directory, "sub-x", { userName: "ann" })).not.to.be.oneOf(["needs_review", "deactivated"]);
      });
      it("is let in while the account comes back by its externalId and goes again, until the pushed user is renamed", async () => {
        const { directory, id, x } = await letIn();
        await done(directory.delete(`/Users/${id}`));
        const again = await posted(directory, "ann", { externalId: "e-ann" });
        await done(directory.patch(`/Users/${again}`, OFF));
        expect([await x.isIn(), await arrive(directory, "sub-x", { userName: "ann" })]).to.deep.equal([true, x.came]);
        await done(directory.delete(`/Users/${again}`));
        await posted(directory, "ann", { externalId: "e-ann", active: false });
        expect([await x.isIn(), await arrive(directory, "sub-x", { userName: "ann" })]).to.deep.equal([true, x.came]);
        expect((await kinds(directory)).map(([kind]) => kind)).not.to.include("kept_out");
      });
      for (const [what, rename] of [
        [
          "by PUT",
          async (directory: ScimDirectory, id: string) => {
            await done(directory.put(`/Users/${id}`, userBody("ann.b", { externalId: "e-ann", active: true })));
            await done(directory.patch(`/Users/${id}`, OFF));
          },
        ],
        [
          "by PUT, and back",
          async (directory: ScimDirectory, id: string) => {
            for (const name of ["ann.b", "ann"])
              await done(directory.put(`/Users/${id}`, userBody(name, { externalId: "e-ann" })));
            await done(directory.patch(`/Users/${id}`, OFF));
          },
        ],
        [
          "by DELETE and POST",
          async (directory: ScimDirectory, id: string) => {
            await done(directory.delete(`/Users/${id}`));
            await posted(directory, "ann.b", { externalId: "e-ann", active: false });
          },
        ],
      ] as const) {
        it(`SEC-05: but not once the account that came back is renamed ${what}`, async () => {
          const { directory, id, x } = await letIn();
          await done(directory.delete(`/Users/${id}`));
          await rename(directory, await posted(directory, "ann", { externalId: "e-ann" }));
          expect(await x.isIn()).to.equal(false);
          expect(await arrive(directory, "sub-x", { userName: "ann" })).to.equal("deactivated");
        });
      }
      it("keeps their session when the pushed user is switched off again", async () => {
        const { directory, id, x } = await letIn();
        await done(directory.patch(`/Users/${id}`, ON));
        await done(directory.patch(`/Users/${id}`, OFF));
        expect([await x.isIn(), await arrive(directory, "sub-x", { userName: "ann" })]).to.deep.equal([true, x.came]);
        await done(directory.delete(`/Users/${id}`));
        expect(await x.isIn()).to.equal(true);
      });
    });

    it("SEC-05: an owner who was let in is another owner, for whom the last one may go", async () => {
      const directory = await connect();
      const id = await posted(directory, "two", { externalId: "e-two" });
      const two = await entering(directory, "sub-2", { userName: "two" });
      const boss = await entering(directory, "sub-boss", { userName: "boss" });
      for (const { came } of [two, boss]) await give(directory, came);
      await done(directory.patch(`/Users/${await posted(directory, "boss")}`, OFF));
      expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal("deactivated");
      await putAway(directory);
      expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal(boss.came);
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await arrive(directory, "sub-2", { userName: "two" })).to.equal("deactivated");
    });

    describe("letters beyond ASCII", () => {
      it("SEC-05: a former userName is closed in any letter case", async () => {
        const directory = await connect();
        const id = await posted(directory, "JÜRGEN@acme.example", { externalId: "e-j" });
        await done(directory.put(`/Users/${id}`, userBody("left", { externalId: "e-j", active: false })));
        for (const [at, userName] of ["JÜRGEN@acme.example", "jürgen@acme.example", "Jürgen@acme.example"].entries()) {
          expect(await arrive(directory, `sub-${at}`, { userName }), userName).to.equal("deactivated");
        }
      });
      it("SEC-05: so is an e-mail of the person's own sign-ins, but for one as claimed", async () => {
        const directory = await connect();
        const id = await posted(directory, "ann");
        await arrive(directory, "sub-ann", { userName: "ann", verifiedEmail: "jörg@acme.example" });
        await arrive(directory, "sub-ann", { userName: "ann", claimedEmail: "info@acme.example" });
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await arrive(directory, "sub-3", { userName: "x", verifiedEmail: "JÖRG@acme.example" })).to.equal(
          "deactivated",
        );
        expect(await arrive(directory, "sub-3", { userName: "else" }), "under another name").to.equal("deactivated");
        expect(await arrive(directory, "sub-4", { userName: "y", verifiedEmail: "info@acme.example" })).not.to.equal(
          "deactivated",
        );
      });
      it("SEC-05: sessions end whatever the letter case, and nobody is linked by such a name", async () => {
        const directory = await connect();
        const jo = await entering(directory, "sub-jo", { userName: "JÖRG@acme.example" });
        const id = await posted(directory, "jörg@acme.example");
        expect(await arrive(directory, "sub-jo", { userName: "JÖRG@acme.example" })).to.equal(jo.came);
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await jo.isIn()).to.equal(false);
        expect(await arrive(directory, "sub-jo", { userName: "else" })).to.equal("deactivated");
      });
    });
  });
});
