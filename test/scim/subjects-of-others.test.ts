import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { Refusal } from "../../src/model/problem.js";
import { acceptReviewItem, acceptReviewItems, closeReviewItem } from "../../src/provisioning/review-items.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("a subject that came in to the account of another pushed person", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, entering, waiting, give, posted, done } = bothDoors(service);
    const items = async (one: ScimDirectory) =>
      (await waiting(one)).map(({ kind, detail }) => [kind, detail["subject"], (detail["candidates"] as string[])[0]]);
    const accept = async (one: ScimDirectory) => {
      for (const { id, kind } of await waiting(one)) {
        if (kind === "other_subject") await acceptReviewItem(service().p, one.tenant, id, ADMIN);
      }
    };
    const putAway = async (one: ScimDirectory) => {
      for (const { id } of await waiting(one)) await closeReviewItem(service().p, one.tenant, id, ADMIN);
    };
    const put = (one: ScimDirectory, id: string, userName: string, more: JsonObject = {}) =>
      done(one.put(`/Users/${id}`, userBody(userName, more)));
    const address = (name: string) => ({ userName: name, assertedName: name });

    /** Bob came in to Ann's account, as she was pushed with his subject, which was corrected since. */
    const mistaken = async (corrected: JsonObject = { externalId: "sub-ann" }) => {
      const one = await connect();
      const ann = await posted(one, "ann", { externalId: "sub-bob" });
      const bob = await enter(one, "sub-bob", { userName: "bob.b" });
      await put(one, ann, "ann", corrected);
      return { one, ann, bob };
    };

    for (const [what, corrected] of [
      ["corrected", { externalId: "sub-ann" }],
      ["taken away", {}],
    ] as const) {
      it(`SEC-05: waits from the push on that says whose it is, where the externalId was ${what}, and is theirs by an admin's word`, async () => {
        const { one, bob } = await mistaken(corrected);
        expect(await bob.isIn(), "nobody is named instead so far").to.equal(true);
        const id = await posted(one, "bob", { externalId: "sub-bob" });
        expect(await bob.isIn()).to.equal(false);
        expect(await items(one)).to.deep.equal([["other_subject", "sub-bob", id]]);
        expect(await arrive(one, "sub-bob", { userName: "bob.b" })).to.equal("needs_review");
        expect((await items(one)).length, "one item").to.equal(1);
        await accept(one);
        const own = await arrive(one, "sub-bob", { userName: "bob.b" });
        expect(own).not.to.be.oneOf([bob.user, "needs_review", "deactivated"]);
        expect(await arrive(one, "sub-ann", { userName: "ann" })).to.equal(bob.user);
      });
    }

    it("SEC-05: is asked about by PUT as by POST, and where the subject had come by a name", async () => {
      const one = await connect();
      await posted(one, "ann", { externalId: "e-ann" });
      const came = await enter(one, "sub-bob", { userName: "ann" });
      const id = await posted(one, "bob", { externalId: "e-bob" });
      expect(await came.isIn()).to.equal(true);
      await put(one, id, "bob", { externalId: "sub-bob" });
      expect(await came.isIn()).to.equal(false);
      expect(await items(one)).to.deep.equal([["other_subject", "sub-bob", id]]);
      expect(await arrive(one, "sub-bob", { userName: "ann" })).to.equal("needs_review");
    });

    it("SEC-05: by another lasting id, too", async () => {
      const one = await connect();
      await posted(one, "ann", { externalId: "e-ann" });
      const claimed = { userName: "ann", externalIds: ["oid-bob"] };
      const came = await enter(one, "sub-bob", claimed);
      const id = await posted(one, "bob", { externalId: "oid-bob" });
      expect(await came.isIn()).to.equal(false);
      expect(await arrive(one, "sub-bob", claimed)).to.equal("needs_review");
      await done(one.patch(`/Users/${id}`, OFF));
      expect(await arrive(one, "sub-bob", claimed)).to.equal("deactivated");
    });

    for (const [what, leave] of [
      ["active: false", (one: ScimDirectory, id: string) => one.patch(`/Users/${id}`, OFF)],
      ["DELETE", (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`)],
    ] as const) {
      it(`SEC-05: has no session and no way in after ${what} of whose it is, an owner's account or not`, async () => {
        for (const isOwner of [false, true]) {
          const one = await connect();
          const ann = await posted(one, "ann", { externalId: "sub-bob" });
          const id = await posted(one, "bob", { externalId: "sub-bob" });
          const bob = await enter(one, "sub-bob", { userName: "ann" }).catch(() => undefined);
          expect(bob, "two have the id").to.equal(undefined);
          await put(one, id, "bob", { externalId: "later" });
          const came = await enter(one, "sub-bob", { userName: "ann" });
          if (isOwner) await give(one, came.user);
          await put(one, ann, "ann", { externalId: "sub-ann" });
          await put(one, id, "bob", { externalId: "sub-bob" });
          await putAway(one);
          await done(leave(one, id));
          expect(await came.isIn()).to.equal(false);
          expect(await arrive(one, "sub-bob", { userName: "ann" })).to.equal("deactivated");
          expect((await items(one)).map(([kind]) => kind)).to.deep.equal([
            what === "DELETE" ? "deleted_name" : "kept_out",
          ]);
          await putAway(one);
          expect(await arrive(one, "sub-bob", { userName: "ann" }), "by an admin's word").to.equal(came.user);
        }
      });
    }

    it("SEC-05: loses its session by the deactivation itself, also in a push of several", async () => {
      const { one, bob } = await mistaken();
      const others = await Promise.all(["x1", "x2"].map((name) => posted(one, name, { externalId: `sub-${name}` })));
      const id = await posted(one, "bob", { externalId: "sub-bob", active: false });
      expect(await bob.isIn()).to.equal(false);
      expect(await items(one)).to.deep.equal([]);
      expect(await arrive(one, "sub-bob", { userName: "ann" })).to.equal("deactivated");
      await put(one, id, "bob", { externalId: "sub-bob" });
      await putAway(one);
      const ann = await posted(one, "ann2", { externalId: "sub-cid" });
      const cid = await enter(one, "sub-cid", { userName: "x" });
      const his = await posted(one, "cid", { externalId: "e-cid" });
      await put(one, his, "cid", { externalId: "sub-cid" });
      expect(await cid.isIn(), "the id is hers, too").to.equal(true);
      await Promise.all([his, ...others].map((each) => done(one.patch(`/Users/${each}`, OFF))));
      expect(await cid.isIn()).to.equal(true);
      await put(one, ann, "ann2", { externalId: "else" });
      expect(await cid.isIn(), "by the correction").to.equal(false);
      expect(await arrive(one, "sub-cid", { userName: "x" })).to.equal("deactivated");
    });

    it("is whoever it was while the person's own externalId says so, or nobody else is named", async () => {
      const one = await connect();
      await posted(one, "ann", { externalId: "sub-ann" });
      const ann = await enter(one, "sub-ann", { userName: "ann" });
      const id = await posted(one, "twin", { externalId: "sub-ann" });
      await done(one.patch(`/Users/${id}`, OFF));
      expect([await ann.isIn(), await arrive(one, "sub-ann", { userName: "twin" })]).to.deep.equal([true, ann.user]);
      expect(await items(one)).to.deep.equal([]);
    });

    it("SEC-05: two people whose externalIds were swapped are mended by accepting both items in bulk", async () => {
      const one = await connect();
      const ann = await posted(one, "ann", { externalId: "sub-bob" });
      const bob = await posted(one, "bob", { externalId: "sub-ann" });
      const inAnns = await enter(one, "sub-bob", { userName: "b" });
      const inBobs = await enter(one, "sub-ann", { userName: "a" });
      await put(one, ann, "ann", { externalId: "sub-ann" });
      await put(one, bob, "bob", { externalId: "sub-bob" });
      expect([await inAnns.isIn(), await inBobs.isIn()]).to.deep.equal([false, false]);
      expect(await items(one)).to.have.deep.members([
        ["other_subject", "sub-bob", bob],
        ["other_subject", "sub-ann", ann],
      ]);
      const { p } = service();
      const of = { connection: one.connection.slug, kind: "other_subject" } as const;
      const mended = { accepted: 2, refused: [], left: 0, next: null };
      expect(await acceptReviewItems(p, one.tenant, of, ADMIN)).to.deep.equal(mended);
      expect(await arrive(one, "sub-ann", { userName: "a" })).to.equal(inAnns.user);
      expect(await arrive(one, "sub-bob", { userName: "b" })).to.equal(inBobs.user);
      expect(await items(one)).to.deep.equal([]);
    });

    it("SEC-05: loses its session when going live says whose it is", async () => {
      const one = await connect({ sync: "test" });
      const ann = await posted(one, "ann", { externalId: "sub-bob" });
      const bob = await enter(one, "sub-bob", { userName: "b" });
      await put(one, ann, "ann", { externalId: "sub-ann" });
      await posted(one, "bob", { externalId: "sub-bob" });
      expect(await bob.isIn()).to.equal(true);
      const { p } = service();
      const { digest } = await previewSync(p, one.tenant, one.connection.slug, { to: "live" });
      await goLive(p, one.tenant, one.connection.slug, digest, ADMIN);
      expect(await bob.isIn()).to.equal(false);
      expect((await items(one)).map(([kind]) => kind)).to.deep.equal(["other_subject"]);
    });

    for (const isOwner of [false, true]) {
      it(`SEC-05: a new hire with the former NameID of somebody renamed waits, ${isOwner ? "of the only owner" : "of anybody"}`, async () => {
        const one = await connect();
        const [before, after] = ["smith@acme.example", "jones@acme.example"];
        const id = await posted(one, before, { externalId: "00uA" });
        const anna = await enter(one, before, address(before));
        if (isOwner) await give(one, anna.user);
        await put(one, id, after, { externalId: "00uA" });
        expect(await arrive(one, before, address(before)), "nobody else has it").to.equal(anna.user);
        const hire = await posted(one, before, { externalId: "00uB" });
        expect(await anna.isIn(), "a name that somebody is pushed with ends no session").to.equal(true);
        for (const claimed of [address(before), { ...address(before), externalIds: ["oid-b"] }]) {
          expect(await arrive(one, before, claimed)).to.equal("needs_review");
        }
        expect(await items(one)).to.deep.equal([["other_subject", before, hire]]);
        if (isOwner) {
          const refused = await accept(one).catch((error: unknown) => (error instanceof Refusal ? error.code : error));
          expect(refused, "privileges go to nobody unasked").to.equal("conflict");
          return;
        }
        expect(await arrive(one, after, address(after)), "the way of whoever was renamed").to.equal(anna.user);
        const own = await arrive(one, before, address(before));
        expect(own).not.to.be.oneOf([anna.user, "needs_review", "deactivated"]);
      });
    }

    for (const [what, leave] of [
      ["switched off", (one: ScimDirectory, id: string) => one.patch(`/Users/${id}`, OFF)],
      ["deleted", (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`)],
    ] as const) {
      it(`SEC-05: nor does that new hire come in once they are ${what}`, async () => {
        const one = await connect();
        const [before, after] = ["smith@acme.example", "jones@acme.example"];
        const id = await posted(one, before, { externalId: "00uA" });
        const anna = await arrive(one, before, address(before));
        await put(one, id, after, { externalId: "00uA" });
        const hire = await posted(one, before, { externalId: "00uB" });
        await done(leave(one, hire));
        const again = await entering(one, before, address(before));
        expect(again.came).to.equal("deactivated");
        await putAway(one);
        expect(await arrive(one, before, address(before)), "if an admin says that it is not them").to.equal(anna);
      });
    }

    it("SEC-05: a name that a push had wrongly leaves nobody in the account, once it is that of somebody else", async () => {
      const one = await connect();
      const id = await posted(one, "bob", { externalId: "e-ann" });
      const came = await arrive(one, "sub-bob", { userName: "bob" });
      await put(one, id, "ann", { externalId: "e-ann" });
      expect(await arrive(one, "sub-bob", { userName: "bob" })).to.equal(came);
      await posted(one, "bob", { externalId: "e-bob" });
      expect(await arrive(one, "sub-bob", { userName: "bob" })).to.equal("needs_review");
      await accept(one);
      const own = await arrive(one, "sub-bob", { userName: "bob" });
      expect(own).not.to.be.oneOf([came, "needs_review", "deactivated"]);
      expect(await arrive(one, "sub-ann", { userName: "ann" })).to.equal(came);
    });

    it("two who exchanged addresses come in by the names that they have now", async () => {
      const one = await connect();
      const [a, b] = ["a@acme.example", "b@acme.example"];
      const first = await posted(one, a, { externalId: "e-1" });
      const second = await posted(one, b, { externalId: "e-2" });
      const [one1, two1] = [await arrive(one, a, address(a)), await arrive(one, b, address(b))];
      await put(one, first, "c@acme.example", { externalId: "e-1" });
      await put(one, second, a, { externalId: "e-2" });
      await put(one, first, b, { externalId: "e-1" });
      expect(await arrive(one, a, address(a))).to.equal("needs_review");
      expect(await arrive(one, b, address(b))).to.equal("needs_review");
      await accept(one);
      expect([await arrive(one, a, address(a)), await arrive(one, b, address(b))]).to.deep.equal([two1, one1]);
    });
  });
});
