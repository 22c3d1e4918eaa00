import { expect } from "chai";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("an admin's word on who is kept out", () => {
  onEachDatabase((service) => {
    const { connect, arrive, posted, done } = bothDoors(service);
    const items = async ({ tenant }: ScimDirectory, subject: string) =>
      (await service().p.store.read(tenant.id).reviewItems({ limit: 50 })).items.filter(
        ({ detail }) => detail["subject"] === subject,
      );
    /** Says of the one item of a subject that it is somebody else. */
    const letIn = async (one: ScimDirectory, subject: string) => {
      const [item, more] = await items(one, subject);
      expect(more).to.equal(undefined);
      await closeReviewItem(service().p, one.tenant, String(item?.id), ADMIN);
    };
    const accept = async (one: ScimDirectory, subject: string) => {
      const [item] = (await items(one, subject)).filter(({ kind }) => kind === "other_subject");
      await acceptReviewItem(service().p, one.tenant, String(item?.id), ADMIN);
    };

    const REVIVED: Readonly<Record<string, (one: ScimDirectory, id: string) => Promise<unknown>>> = {
      "switched off, let in, deleted and pushed anew": async (one, id) => {
        await done(one.patch(`/Users/${id}`, OFF));
        expect(await arrive(one, "sub-x", { userName: "ann" })).to.equal("deactivated");
        await letIn(one, "sub-x");
        await arrive(one, "sub-x", { userName: "ann" });
        await done(one.delete(`/Users/${id}`));
        await posted(one, "ann", { externalId: "e-1" });
      },
      "deleted, let in, and pushed anew": async (one, id) => {
        await done(one.delete(`/Users/${id}`));
        expect(await arrive(one, "sub-x", { userName: "ann" })).to.equal("deactivated");
        await letIn(one, "sub-x");
        await arrive(one, "sub-x", { userName: "ann" });
        await posted(one, "ann", { externalId: "e-1" });
      },
      "pushed anew under another name, and renamed back": async (one, id) => {
        await done(one.patch(`/Users/${id}`, OFF));
        expect(await arrive(one, "sub-x", { userName: "ann" })).to.equal("deactivated");
        await letIn(one, "sub-x");
        await arrive(one, "sub-x", { userName: "ann" });
        await done(one.delete(`/Users/${id}`));
        const again = await posted(one, "ann.b", { externalId: "e-1" });
        await done(one.put(`/Users/${again}`, userBody("ann", { externalId: "e-1" })));
      },
    };
    for (const [what, revive] of Object.entries(REVIVED)) {
      it(`SEC-05: a name never links an account to whom it is not, after it was ${what}`, async () => {
        const one = await connect();
        await revive(one, await posted(one, "ann", { externalId: "e-1" }));
        const stranger = await arrive(one, "sub-x", { userName: "ann" });
        const ann = await arrive(one, "sub-ann", { userName: "ann" });
        expect(ann).not.to.be.oneOf(["needs_review", "deactivated", stranger]);
      });
    }

    it("SEC-05: gives an account back after it was given to another subject by mistake, whose own sign-in was joined to it", async () => {
      const one = await connect();
      const id = await posted(one, "wrong", { externalId: "e-1" });
      await arrive(one, "sub-ann", { userName: "ann" });
      await done(one.put(`/Users/${id}`, userBody("ann", { externalId: "e-1" })));
      const account = await arrive(one, "sub-ann", { userName: "ann" });
      expect(await arrive(one, "sub-eve", { userName: "ann" })).to.equal("needs_review");
      await accept(one, "sub-eve");
      expect(await arrive(one, "sub-eve", { userName: "eve" })).to.equal(account);
      expect(await arrive(one, "sub-ann", { userName: "ann" })).to.equal("needs_review");
      await accept(one, "sub-ann");
      expect(await arrive(one, "sub-ann", { userName: "ann" })).to.equal(account);
    });

    const address = (name: string) => ({ userName: name, assertedName: name });
    it("SEC-05: gives a new hire the address of a leaver who is only switched off, as soon as it is accepted", async () => {
      const one = await connect();
      const tom = await posted(one, "tom@acme.example", { externalId: "e-1" });
      const former = await arrive(one, "tom@acme.example", address("tom@acme.example"));
      await done(one.patch(`/Users/${tom}`, OFF));
      await done(one.put(`/Users/${tom}`, userBody("tom.left@acme.example", { externalId: "e-1", active: false })));
      expect(await arrive(one, "tom@acme.example", address("tom@acme.example"))).to.equal("deactivated");
      await posted(one, "tom@acme.example", { externalId: "e-2" });
      expect(await arrive(one, "tom@acme.example", address("tom@acme.example"))).to.equal("needs_review");
      await accept(one, "tom@acme.example");
      const hire = await arrive(one, "tom@acme.example", address("tom@acme.example"));
      expect(hire).not.to.be.oneOf(["deactivated", "needs_review", former]);
      expect(await arrive(one, "e-1", { userName: "tom.left@acme.example" })).to.equal("deactivated");
    });

    it("is not asked where a readable NameID is the userName of a new hire, and of a leaver who was deleted", async () => {
      const one = await connect();
      const id = await posted(one, "tom@acme.example", { externalId: "e-1" });
      const former = await arrive(one, "tom@acme.example", address("tom@acme.example"));
      await done(one.delete(`/Users/${id}`));
      expect(await arrive(one, "tom@acme.example", address("tom@acme.example"))).to.equal("deactivated");
      await posted(one, "tom@acme.example", { externalId: "e-2" });
      const hire = await arrive(one, "tom@acme.example", address("tom@acme.example"));
      expect(hire).not.to.be.oneOf(["deactivated", "needs_review", former]);
    });

    it("SEC-05: is asked before a new hire with the former address of somebody active gets their account", async () => {
      const one = await connect();
      const id = await posted(one, "tom@acme.example", { externalId: "e-1" });
      const tom = await arrive(one, "tom@acme.example", address("tom@acme.example"));
      await done(one.put(`/Users/${id}`, userBody("tom.new@acme.example", { externalId: "e-1" })));
      await posted(one, "tom@acme.example", { externalId: "e-2" });
      const claimed = { ...address("tom@acme.example"), externalIds: ["e-2"] };
      expect(await arrive(one, "tom@acme.example", claimed)).to.equal("needs_review");
      expect(await arrive(one, "tom@acme.example", claimed), "again").to.equal("needs_review");
      await accept(one, "tom@acme.example");
      const hire = await arrive(one, "tom@acme.example", claimed);
      expect(hire).not.to.be.oneOf(["deactivated", "needs_review", tom]);
      expect(await arrive(one, "tom.new@acme.example", address("tom.new@acme.example"))).to.equal(tom);
    });

    it("SEC-05: is not asked of somebody who gets a further lasting id that nobody was pushed with", async () => {
      const one = await connect();
      await posted(one, "tom@acme.example", { externalId: "e-1" });
      const tom = await arrive(one, "sub-tom", { userName: "tom@acme.example", externalIds: ["o-1"] });
      expect(await arrive(one, "sub-tom", { userName: "tom@acme.example", externalIds: ["o-2"] })).to.equal(tom);
    });

    for (const [what, userName, more] of [
      ["under a new name", "ann.new", {}],
      ["by the subject as externalId", "ann3", { externalId: "sub-ann" }],
    ] as const) {
      it(`SEC-05: lets whoever was hired again as another pushed user ${what} in, while the former one stays switched off`, async () => {
        const one = await connect();
        const id = await posted(one, "ann", { externalId: "e-1" });
        const former = await arrive(one, "sub-ann", { userName: "ann" });
        await done(one.patch(`/Users/${id}`, OFF));
        await posted(one, userName, more);
        expect(await arrive(one, "sub-ann", { userName })).to.equal("needs_review");
        await accept(one, "sub-ann");
        expect(await arrive(one, "sub-ann", { userName })).not.to.be.oneOf(["deactivated", "needs_review", former]);
      });
    }

    it("SEC-05: is not needed for colleagues by whose names somebody who is switched off tries to sign in", async () => {
      const one = await connect();
      const bob = await arrive(one, "sub-bob", { userName: "bob" });
      const id = await posted(one, "ann", { externalId: "e-1" });
      await arrive(one, "sub-ann", { userName: "ann" });
      await done(one.patch(`/Users/${id}`, OFF));
      for (const userName of ["bob", "carol"])
        expect(await arrive(one, "sub-ann", { userName })).to.equal("deactivated");
      expect(await arrive(one, "sub-bob", { userName: "bob" })).to.equal(bob);
      expect(await arrive(one, "sub-carol", { userName: "carol" })).not.to.equal("deactivated");
      expect(await arrive(one, "sub-x", { userName: "ann" }), "a name of an accepted sign-in").to.equal("deactivated");
    });

    it("SEC-05: is not asked where a new hire has the address whose sign-in was joined to somebody renamed since", async () => {
      const one = await connect();
      await arrive(one, "tom@acme.example", address("tom@acme.example"));
      const id = await posted(one, "wrong", { externalId: "e-1" });
      await done(one.put(`/Users/${id}`, userBody("tom@acme.example", { externalId: "e-1" })));
      await done(one.put(`/Users/${id}`, userBody("tom.new@acme.example", { externalId: "e-1" })));
      const tom = await arrive(one, "tom.new@acme.example", address("tom.new@acme.example"));
      const hire = await arrive(one, "tom@acme.example", address("tom@acme.example"));
      expect([tom, hire]).not.to.include("deactivated");
      expect(hire).not.to.equal(tom);
    });
  });
});
