import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { Refusal } from "../../src/model/problem.js";
import { acceptReviewItem, acceptReviewItems, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF, ON } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("whose account an accepted subject gets", () => {
  onEachDatabase((service) => {
    const { connect, arrive, waiting, posted, done } = bothDoors(service);
    const subjectItem = async (directory: ScimDirectory) =>
      (await waiting(directory)).find(({ kind }) => kind === "other_subject");
    const accept = (directory: ScimDirectory, id: string | undefined) =>
      acceptReviewItem(service().p, directory.tenant, String(id), ADMIN).catch((error: unknown) =>
        error instanceof Refusal ? error.message : String(error),
      );
    const acceptMany = ({ tenant, connection: { slug } }: ScimDirectory) =>
      acceptReviewItems(service().p, tenant, { connection: slug, kind: "other_subject" }, ADMIN);
    const put = (directory: ScimDirectory, id: string, userName: string, more: JsonObject = {}) =>
      done(directory.put(`/Users/${id}`, userBody(userName, more)));
    const insert = ({ tenant, connection }: ScimDirectory, detail: JsonObject) =>
      service().p.store.write(tenant.id, (tx) =>
        tx.insertReviewItem({ kind: "other_subject", connection: connection.id, detail }, service().p.now()),
      );
    const named = (userName: string) => ({ userName });
    /** Somebody who left and tries their own sign-in, and the new hire of their name. */
    const hired = async (leave: (directory: ScimDirectory, id: string) => Promise<unknown>) => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e1" });
      const leaver = await arrive(directory, "s1", named("ann"));
      await leave(directory, id);
      await posted(directory, "ann", { externalId: "e2" });
      expect(await arrive(directory, "s1", named("ann"))).to.equal("needs_review");
      return { directory, id, leaver };
    };
    const LEAVE = {
      "switched off and renamed": async (directory: ScimDirectory, id: string) => {
        await done(directory.patch(`/Users/${id}`, OFF));
        await done(directory.patch(`/Users/${id}`, [{ op: "replace", path: "userName", value: "ann.left" }]));
      },
      deleted: (directory: ScimDirectory, id: string) => done(directory.delete(`/Users/${id}`)),
    } as const;

    for (const [what, leave] of Object.entries(LEAVE)) {
      it(`SEC-05: among others not that of whom took the place of somebody who is ${what}, unless the item is read, which says so`, async () => {
        const { directory, leaver } = await hired(leave);
        const item = await subjectItem(directory);
        expect(item?.detail["formerOf"]).to.deep.equal([leaver]);
        const { accepted, refused, left } = await acceptMany(directory);
        expect([accepted, refused.length, left]).to.deep.equal([0, 1, 1]);
        expect(refused[0]?.problem).to.include(`that of \`${leaver}\`, who is switched off or deleted`);
        expect(await arrive(directory, "s1", named("ann"))).to.equal("needs_review");
        expect((await subjectItem(directory))?.id, "it is the same still").to.equal(item?.id);
        expect(await accept(directory, item?.id)).to.equal(true);
        expect(await arrive(directory, "s1", named("ann"))).not.to.be.oneOf([leaver, "needs_review", "deactivated"]);
      });

      it(`SEC-05: nor from whoever signs in to it since, who took the place of somebody ${what}, in either way`, async () => {
        const { directory } = await hired(leave);
        const item = await subjectItem(directory);
        const hire = await arrive(directory, "s9", named("ann"));
        expect((await acceptMany(directory)).refused[0]?.problem).to.include("signed in to by another subject");
        expect(await accept(directory, item?.id)).to.include("signed in to by another subject");
        expect(await arrive(directory, "s9", named("ann"))).to.equal(hire);
        expect(await arrive(directory, "s1", named("ann"))).to.be.oneOf(["needs_review", "deactivated"]);
      });
    }

    it("an item that is out of date gives way to one that says how things stand, which can be accepted", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e1" });
      const user = await arrive(directory, "s1", named("ann"));
      const come = (subject: string) => arrive(directory, subject, named("ann"));
      expect(await come("s2")).to.equal("needs_review");
      const before = await subjectItem(directory);
      expect(before?.detail["signedInBy"]).to.equal("s1");
      await put(directory, id, "ann", { externalId: "s3" });
      expect(await come("s3")).to.equal("needs_review");
      const corrected = (await waiting(directory)).find(({ detail }) => detail["subject"] === "s3");
      expect(await accept(directory, corrected?.id)).to.equal(true);
      expect(await come("s3")).to.equal(user);
      expect(await accept(directory, before?.id)).to.include("signed in to by another subject");
      expect(await come("s2")).to.equal("needs_review");
      const items = await waiting(directory);
      expect(items.map(({ detail }) => [detail["subject"], detail["signedInBy"]])).to.deep.equal([["s2", "s3"]]);
      expect((await acceptMany(directory)).accepted).to.equal(1);
      expect(await come("s2")).to.equal(user);
    });

    it("SEC-05: not by a subject that became another pushed person's: the item goes", async () => {
      const directory = await connect();
      await posted(directory, "ann", { externalId: "e1" });
      const ann = await arrive(directory, "s1", named("ann"));
      expect(await arrive(directory, "s2", named("ann"))).to.equal("needs_review");
      const item = await subjectItem(directory);
      await posted(directory, "quin", { externalId: "s2" });
      const quin = await arrive(directory, "s2", named("ann"));
      expect(quin).not.to.be.oneOf([ann, "needs_review"]);
      expect(await waiting(directory)).to.deep.equal([]);
      expect(await accept(directory, item?.id)).to.equal(false);
      expect([await arrive(directory, "s1", named("ann")), await arrive(directory, "s2", named("ann"))]).to.deep.equal([
        ann,
        quin,
      ]);
    });

    const PUSHES = {
      "a POST of their names": (directory: ScimDirectory) => posted(directory, "eve"),
      "a change of their names": async (directory: ScimDirectory) =>
        put(directory, await posted(directory, "ben"), "eve"),
    } as const;
    for (const [what, push] of Object.entries(PUSHES)) {
      it(`SEC-05: not by a subject that became a pushed person's by ${what}: the item goes`, async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e1" });
        const ann = await arrive(directory, "s1", named("ann"));
        await arrive(directory, "s2", named("eve"));
        await put(directory, id, "ann", { externalId: "s2" });
        const item = await subjectItem(directory);
        expect(item?.detail["subject"]).to.equal("s2");
        await put(directory, id, "ann", { externalId: "e1" });
        await push(directory);
        expect(await subjectItem(directory)).to.equal(undefined);
        expect(await accept(directory, item?.id)).to.equal(false);
        expect(await arrive(directory, "s2", named("eve"))).not.to.be.oneOf([ann, "needs_review"]);
      });
    }

    it("SEC-05: not by a subject that went back to whoever came back: the item goes, and one of before is refused", async () => {
      const { directory, leaver } = await hired(LEAVE.deleted);
      const item = await subjectItem(directory);
      await posted(directory, "ann.again", { externalId: "e1" });
      expect(await subjectItem(directory)).to.equal(undefined);
      await insert(directory, item?.detail ?? {});
      expect((await acceptMany(directory)).refused[0]?.problem).to.include("who is pushed, by now");
      expect(await accept(directory, (await subjectItem(directory))?.id)).to.include("who is pushed, by now");
      expect(await arrive(directory, "s1", named("ann.again"))).to.equal(leaver);
    });

    it("SEC-05: not by a subject whose person was switched off since the item was made, until another says so", async () => {
      const directory = await connect();
      const [ann, bob] = [await posted(directory, "ann", { externalId: "oid-ann" }), await posted(directory, "bob")];
      const is = await arrive(directory, "ann", { userName: "ann", assertedName: "ann", externalIds: ["oid-ann"] });
      await put(directory, bob, "bob", { externalId: "oid-bob" });
      const come = () => arrive(directory, "ann", { userName: "ann", assertedName: "ann", externalIds: ["oid-bob"] });
      expect(await come()).to.equal("needs_review");
      const item = await subjectItem(directory);
      expect(item?.detail).to.deep.include({ heldBy: is, candidates: [bob] });
      await done(directory.patch(`/Users/${ann}`, OFF));
      expect(await accept(directory, item?.id)).to.include("by now");
      expect(await come()).to.equal("needs_review");
      const again = await subjectItem(directory);
      expect(again?.detail["formerOf"]).to.deep.equal([is]);
      await done(directory.patch(`/Users/${ann}`, ON));
      expect(await accept(directory, again?.id), "nor back the other way").to.include("who is pushed, by now");
    });

    it("whose subject an admin told apart from who left is accepted among others", async () => {
      const { directory, id } = await hired(LEAVE["switched off and renamed"]);
      await service().p.store.write(directory.tenant.id, (tx) =>
        tx.letPass(directory.connection.id, "s1", [id as never], service().p.now()),
      );
      expect((await acceptMany(directory)).accepted).to.equal(1);
    });

    it("an item from before says nothing: whoever is gone is asked about anew", async () => {
      const { directory } = await hired(LEAVE.deleted);
      const item = await subjectItem(directory);
      const { formerOf: _, ...detail } = item?.detail ?? {};
      await closeReviewItem(service().p, directory.tenant, String(item?.id), ADMIN);
      await insert(directory, detail);
      expect(await accept(directory, (await subjectItem(directory))?.id)).to.include("by now");
      expect(await arrive(directory, "s1", named("ann"))).to.equal("needs_review");
      const [one, ...others] = await waiting(directory).then((all) =>
        all.filter(({ kind }) => kind === "other_subject"),
      );
      expect(others).to.deep.equal([]);
      expect(await accept(directory, one?.id)).to.equal(true);
    });
  });
});
