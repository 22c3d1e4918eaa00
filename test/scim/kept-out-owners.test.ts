import { expect } from "chai";
import { bothDoors, type Claimed, OFF, ON } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("keeping people out", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, give, posted, done } = bothDoors(service);
    const owner = async (directory: ScimDirectory, subject: string, claimed: Claimed) => {
      const one = await enter(directory, subject, claimed);
      await give(directory, one.user);
      return one;
    };

    for (const [what, end] of Object.entries({
      "active: false": (one: ScimDirectory, id: string) => one.patch(`/Users/${id}`, OFF),
      "a DELETE": (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`),
    })) {
      for (const isRevived of [false, true]) {
        it(`SEC-05: leaves the only owner in, who was refused before, after ${what}${isRevived ? " of a revived account" : ""}`, async () => {
          const directory = await connect();
          let id = await posted(directory, "ben2", { externalId: "e-2" });
          await done(directory.patch(`/Users/${id}`, OFF));
          expect(await arrive(directory, "sub-ben", { userName: "ben2" })).to.equal("deactivated");
          if (isRevived) {
            await done(directory.delete(`/Users/${id}`));
            id = await posted(directory, "ben2", { externalId: "e-2" });
          } else await done(directory.patch(`/Users/${id}`, ON));
          const ben = await owner(directory, "sub-ben", { userName: "ben" });
          await done(end(directory, id));
          for (const userName of ["ben", "ben2", "ben"]) {
            expect([await arrive(directory, "sub-ben", { userName }), await ben.isIn()], userName).to.deep.equal([
              ben.user,
              true,
            ]);
          }
        });
      }
    }

    it("SEC-05: lets no owner in again by a push of somebody who is switched off already", async () => {
      const directory = await connect();
      const boss = await owner(directory, "sub-boss", { userName: "boss" });
      await owner(directory, "sub-2", { userName: "two" });
      const id = await posted(directory, "boss");
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await boss.isIn()).to.equal(false);
      await done(directory.patch(`/Users/${await posted(directory, "two")}`, OFF));
      await done(directory.put(`/Users/${id}`, userBody("gone", { active: false })));
      expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal("deactivated");
    });

    for (const [what, more] of Object.entries({ "another externalId": { externalId: "e-new" }, "no externalId": {} })) {
      it(`SEC-05: the last owner, who is deleted and pushed anew with ${what}, comes in by their own subject`, async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        const ann = await owner(directory, "sub-ann", { userName: "ann" });
        await done(directory.delete(`/Users/${id}`));
        await posted(directory, "ann", more);
        for (const userName of ["ann", "else"]) {
          expect(await arrive(directory, "sub-ann", { userName }), userName).to.equal(ann.user);
        }
        await owner(directory, "sub-2", { userName: "two" });
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.be.oneOf(["needs_review", "deactivated"]);
      });
    }

    it("SEC-05: who is kept out does not come in by a push of their subject that joins nothing", async () => {
      const directory = await connect();
      const boss = await owner(directory, "sub-boss", { userName: "boss" });
      await owner(directory, "sub-2", { userName: "two" });
      await done(directory.patch(`/Users/${await posted(directory, "boss")}`, OFF));
      expect(await boss.isIn()).to.equal(false);
      await posted(directory, "q1", { externalId: "sub-boss" });
      expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal("deactivated");
    });

    it("SEC-05: nor by a lasting id of two pushed users", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e-ann" });
      await enter(directory, "sub-ann", { userName: "ann" });
      await enter(directory, "sub-x", { userName: "ben" });
      await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
      await done(directory.patch(`/Users/${id}`, OFF));
      for (const userName of ["q1", "q2"]) await posted(directory, userName, { externalId: "oid-x" });
      expect(await arrive(directory, "sub-x", { userName: "ben", externalIds: ["oid-x"] })).to.equal("deactivated");
    });
  });
});
