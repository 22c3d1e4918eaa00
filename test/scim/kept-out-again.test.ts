import { expect } from "chai";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, type Claimed, OFF, ON } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("whoever was kept out before", () => {
  onEachDatabase((service) => {
    const { connect, entering, arrive, waiting, posted, done } = bothDoors(service);

    describe("has no session left when the person is switched off again", () => {
      /** `sub-ben` is kept out by a name that the pushed person got. */
      const alias = async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        await arrive(directory, "sub-ann", { userName: "ann" });
        await arrive(directory, "sub-ben", { userName: "ben" });
        await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
        return { directory, id };
      };
      it("SEC-05: under another name, since it was refused before", async () => {
        const { directory, id } = await alias();
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
        await done(directory.patch(`/Users/${id}`, ON));
        const ben = await entering(directory, "sub-ben", { userName: "else" });
        expect(await ben.isIn()).to.equal(true);
        await done(directory.patch(`/Users/${id}`, OFF));
        expect([await ben.isIn(), await arrive(directory, "sub-ben", { userName: "else" })]).to.deep.equal([
          false,
          "deactivated",
        ]);
      });
      for (const [what, named] of [
        ["a former name of the account", "ben"],
        ["another name, since it was refused before", "else"],
      ] as const) {
        it(`SEC-05: by ${what}, where the account came back in another row`, async () => {
          const { directory, id } = await alias();
          await done(directory.delete(`/Users/${id}`));
          expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
          const again = await posted(directory, "ann.new", { externalId: "e-ann" });
          const ben = await entering(directory, "sub-ben", { userName: named });
          expect(await ben.isIn()).to.equal(true);
          await done(directory.patch(`/Users/${again}`, OFF));
          expect([await ben.isIn(), await arrive(directory, "sub-ben", { userName: named })]).to.deep.equal([
            false,
            "deactivated",
          ]);
        });
      }
      it("SEC-05: by the last userName of the row before, which nobody refused yet", async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        await arrive(directory, "sub-ann", { userName: "ann" });
        await done(directory.delete(`/Users/${id}`));
        const again = await posted(directory, "ann.new", { externalId: "e-ann" });
        await arrive(directory, "e-ann", { userName: "ann.new" });
        const other = await entering(directory, "sub-other", { userName: "ann" });
        const isIn = await other.isIn();
        await done(directory.patch(`/Users/${again}`, OFF));
        expect([isIn, await other.isIn()]).to.deep.equal([true, false]);
        expect(await arrive(directory, "sub-other", { userName: "ann" })).to.equal("deactivated");
      });
    });

    describe("stays out under another name, however the refusal found them", () => {
      const FOUND: Readonly<Record<string, (one: ScimDirectory) => Promise<Claimed>>> = {
        "by the externalId of somebody deleted": async (one) => {
          await done(one.delete(`/Users/${await posted(one, "ann", { externalId: "e-1" })}`));
          return { userName: "new", externalIds: ["e-1"] };
        },
        "by the name that the provider asserts, of somebody linked to another subject": async (one) => {
          const id = await posted(one, "ann@acme.example", { externalId: "e-1" });
          await arrive(one, "sub-ann", { userName: "ann@acme.example" });
          await done(one.patch(`/Users/${id}`, OFF));
          return { userName: "ann@acme.example", assertedName: "ann@acme.example" };
        },
        "by the names of two, of whom one comes back": async (one) => {
          const [ann, ben] = [await posted(one, "ann"), await posted(one, "ben")];
          for (const name of ["ann", "ben"]) await arrive(one, `sub-${name}`, { userName: name });
          for (const id of [ann, ben]) await done(one.patch(`/Users/${id}`, OFF));
          expect(await arrive(one, "sub-x", { userName: "ann", verifiedEmail: "ben" })).to.equal("deactivated");
          await done(one.patch(`/Users/${ann}`, ON));
          return { userName: "ben" };
        },
      };
      for (const [what, make] of Object.entries(FOUND)) {
        it(`SEC-05: ${what}`, async () => {
          const directory = await connect();
          const claimed = await make(directory);
          if (!what.includes("two")) expect(await arrive(directory, "sub-x", claimed)).to.equal("deactivated");
          expect(await arrive(directory, "sub-x", { userName: "else" })).to.equal("deactivated");
          const items = await waiting(directory);
          expect(items.map(({ kind }) => kind)).to.include.oneOf(["kept_out", "deleted_name"]);
          for (const { id } of items) await closeReviewItem(service().p, directory.tenant, id, ADMIN);
          expect(await arrive(directory, "sub-x", { userName: "else" })).not.to.equal("deactivated");
        });
      }
      it("SEC-05: and an admin reads by whom, where the provider asserts the name of somebody linked", async () => {
        const directory = await connect();
        await arrive(
          directory,
          "sub-x",
          (await FOUND["by the name that the provider asserts, of somebody linked to another subject"]?.(directory)) ??
            {},
        );
        const [item, more] = await waiting(directory);
        expect([item?.kind, item?.detail["subject"], more]).to.deep.equal(["kept_out", "sub-x", undefined]);
      });
      it("nobody is told of the person's own sign-in", async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-1" });
        await arrive(directory, "sub-ann", { userName: "ann" });
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
        await done(directory.delete(`/Users/${id}`));
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
        expect(await waiting(directory)).to.deep.equal([]);
      });
    });

    for (const [what, leave] of Object.entries({
      "a rename": (one: ScimDirectory, id: string) => one.put(`/Users/${id}`, userBody("ann-left", { active: false })),
      "a DELETE": (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`),
    })) {
      it(`SEC-05: is not the new hire of the same name after ${what}, until an admin accepts it`, async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-old" });
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
        await done(leave(directory, id));
        await posted(directory, "ann", { externalId: "e-new" });
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("needs_review");
        const item = (await waiting(directory)).find(({ kind }) => kind === "other_subject");
        expect(await acceptReviewItem(service().p, directory.tenant, String(item?.id), ADMIN)).to.equal(true);
        const hire = await arrive(directory, "sub-ann", { userName: "ann" });
        expect([hire]).to.deep.equal(item?.detail["users"]);
        expect(await arrive(directory, "sub-hire", { userName: "ann" })).to.equal("needs_review");
      });
    }

    describe("by an e-mail as claimed", () => {
      for (const [what, end] of Object.entries({
        "active: false": (one: ScimDirectory, id: string) => one.patch(`/Users/${id}`, OFF),
        "a DELETE": (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`),
      })) {
        for (const isKnown of [true, false]) {
          it(`is let in by the one item that an admin puts away, after ${what}${isKnown ? ", with an account" : ""}`, async () => {
            const directory = await connect();
            const bob = { userName: "bob", claimedEmail: "ann@acme.example" };
            const before = isKnown ? await arrive(directory, "sub-bob", bob) : undefined;
            const id = await posted(directory, "ann@acme.example");
            await arrive(directory, "sub-ann", { userName: "ann@acme.example" });
            await done(end(directory, id));
            expect(await arrive(directory, "sub-bob", bob)).to.equal("deactivated");
            const [item, more] = await waiting(directory);
            expect(more).to.equal(undefined);
            await closeReviewItem(service().p, directory.tenant, String(item?.id), ADMIN);
            const came = await arrive(directory, "sub-bob", bob);
            expect(came).not.to.be.oneOf(["needs_review", "deactivated"]);
            if (before !== undefined) expect(came).to.equal(before);
            expect(await arrive(directory, "sub-ann", { userName: "x" })).to.equal("deactivated");
          });
        }
      }
    });

    it("SEC-05: lets a stranger have a deleted name, and nobody else in: who left, whatever they were called, or was refused", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e-ann" });
      await arrive(directory, "sub-old", { userName: "ann", externalIds: ["oid-ann"] });
      await arrive(directory, "e-ann", { userName: "ann" });
      const ben = await arrive(directory, "sub-ben", { userName: "ben" });
      await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
      await done(directory.delete(`/Users/${id}`));
      expect(await arrive(directory, "sub-s", { userName: "ann" })).to.equal("deactivated");
      const [item, more] = (await waiting(directory)).filter(({ kind }) => kind === "deleted_name");
      expect([item?.detail["subject"], more]).to.deep.equal(["sub-s", undefined]);
      await closeReviewItem(service().p, directory.tenant, String(item?.id), ADMIN);
      for (const [subject, claimed] of [
        ["sub-old", { userName: "x" }],
        ["sub-z", { userName: "z", externalIds: ["oid-ann"] }],
        ["oid-ann", { userName: "zz" }],
        ["e-ann", { userName: "zz" }],
        ["sub-ben", { userName: "ben" }],
        ["sub-ben", { userName: "else" }],
      ] as const) {
        expect(await arrive(directory, subject, claimed), `${subject} as ${claimed.userName}`).to.equal("deactivated");
      }
      for (const subject of ["sub-s", "sub-t"]) {
        expect(await arrive(directory, subject, { userName: "ann" })).not.to.equal("deactivated");
      }
      const ofBen = (await waiting(directory)).find(({ detail }) => detail["subject"] === "sub-ben");
      await closeReviewItem(service().p, directory.tenant, String(ofBen?.id), ADMIN);
      expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal(ben);
    });

    it("SEC-05: is not let in by the letter case of letters beyond ASCII", async () => {
      const directory = await connect();
      const id = await posted(directory, "jürgen@acme.example");
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await arrive(directory, "sub-j", { userName: "JÜRGEN@acme.example" })).to.equal("deactivated");
      await done(directory.delete(`/Users/${id}`));
      expect(await arrive(directory, "sub-k", { userName: "JÜRGEN@acme.example" })).to.equal("deactivated");
    });
  });
});
