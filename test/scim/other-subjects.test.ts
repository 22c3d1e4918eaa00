import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { Refusal } from "../../src/model/problem.js";
import { acceptReviewItem, acceptReviewItems } from "../../src/provisioning/review-items.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, type Claimed } from "./both-doors.js";
import { type DirectoryOptions, onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("a pushed person who is named by another subject than they sign in by", () => {
  onEachDatabase((service) => {
    const { connect, arrive, reader, waiting, give: own } = bothDoors(service);
    const accept = async (directory: ScimDirectory, kind = "other_subject") => {
      const item = (await waiting(directory)).find((one) => one.kind === kind);
      return acceptReviewItem(service().p, directory.tenant, String(item?.id), ADMIN).catch((error: unknown) =>
        error instanceof Refusal ? error.code : String(error),
      );
    };
    const put = async (directory: ScimDirectory, id: string, userName: string, more: JsonObject = {}) =>
      expect((await directory.put(`/Users/${id}`, userBody(userName, more))).status).to.equal(200);
    /** Somebody pushed who has signed in. */
    const linked = async (options: DirectoryOptions = {}) => {
      const directory = await connect(options);
      const id = await directory.user("ann@acme.example", { externalId: "e-ann" });
      const user = await arrive(directory, "sub-ann", { userName: "ann@acme.example", externalIds: ["oid-ann"] });
      return { directory, id, user };
    };

    it("SEC-05: a PUT of the externalId hands the account to nobody, until an admin accepts", async () => {
      const { directory, id, user } = await linked();
      await put(directory, id, "ann@acme.example", { externalId: "sub-eve" });
      expect(await arrive(directory, "sub-eve", { userName: "eve" })).to.equal("needs_review");
      expect(await arrive(directory, "sub-ann", { userName: "ann@acme.example" })).to.equal(user);
      expect((await waiting(directory)).map(({ kind, detail }) => [kind, detail["subject"]])).to.deep.equal([
        ["other_subject", "sub-eve"],
      ]);
      expect(await accept(directory)).to.equal(true);
      expect(await arrive(directory, "sub-eve", { userName: "eve" })).to.equal(user);
      expect(await arrive(directory, "sub-ann", { userName: "ann@acme.example" })).to.equal("needs_review");
      const { items } = await reader(directory).audit({ limit: 50 });
      expect(items.find(({ action }) => action === "review_item.accepted")?.user).to.equal(user);
    });

    it("SEC-05: nor to somebody known by sign-in alone, whose account ends only when an admin accepts", async () => {
      const { directory, id, user } = await linked();
      const eve = await arrive(directory, "sub-eve", { userName: "eve" });
      await put(directory, id, "eve", { externalId: "sub-eve" });
      expect(await arrive(directory, "sub-eve", { userName: "eve" })).to.equal(eve);
      expect(await arrive(directory, "sub-ann", { userName: "ann@acme.example" })).to.equal(user);
      expect((await waiting(directory)).map(({ kind }) => kind)).to.deep.equal(["other_subject"]);
      expect(await accept(directory)).to.equal(true);
      expect(await arrive(directory, "sub-eve", { userName: "eve" })).to.equal(user);
      expect((await reader(directory).user(eve as UserId))?.status).to.equal("deactivated");
    });

    it("is not moved by going live either, where test mode changed the externalId", async () => {
      const { directory, id, user } = await linked({ sync: "test" });
      const eve = await arrive(directory, "sub-eve", { userName: "eve" });
      await put(directory, id, "ann@acme.example", { externalId: "sub-eve" });
      const { p } = service();
      const { tenant, connection } = directory;
      const { digest } = await previewSync(p, tenant, connection.slug, { to: "live" });
      await goLive(p, tenant, connection.slug, digest, ADMIN);
      const live: ScimDirectory = { ...directory, connection: { ...connection, sync: "live" } };
      expect(await arrive(live, "sub-eve", { userName: "eve" })).to.equal(eve);
      expect(await arrive(live, "sub-ann", { userName: "ann@acme.example" })).to.equal(user);
      expect((await waiting(live)).map(({ kind }) => kind)).to.deep.equal(["other_subject"]);
    });

    for (const isOwner of [false, true]) {
      for (const [what, renamed, again, subject] of [
        ["another userName", undefined, { userName: "eve", externalId: "e-ann" }, "sub-eve"],
        ["the same userName", undefined, { userName: "ann@acme.example", externalId: "e-ann" }, "sub-eve"],
        ["an externalId that a PUT gave before", "sub-eve", { userName: "eve", externalId: "sub-eve" }, "sub-eve"],
      ] as const) {
        it(`SEC-05: nor do DELETE and POST with ${what}, ${isOwner ? "of an owner" : "of anybody"}`, async () => {
          const { directory, id, user } = await linked();
          if (isOwner) await own(directory, user);
          if (renamed) await put(directory, id, "eve", { externalId: renamed });
          expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
          const { userName, externalId } = again;
          await directory.user(userName, { externalId });
          expect(await arrive(directory, subject, { userName })).to.equal("needs_review");
          expect(await arrive(directory, "sub-ann", { userName: "ann@acme.example" })).to.equal(user);
          expect(await arrive(directory, subject, { userName })).to.equal("needs_review");
          expect((await waiting(directory)).map(({ kind, detail }) => [kind, detail["subject"]])).to.deep.equal([
            ["other_subject", subject],
          ]);
          expect(await accept(directory)).to.equal(true);
          expect(await arrive(directory, subject, { userName })).to.equal(user);
          expect(await arrive(directory, "sub-ann", { userName })).to.equal("needs_review");
        });
      }
    }

    for (const isOwner of [false, true]) {
      it(`SEC-05: nor do a DELETE and a POST in the past, when others come by what they were known by, ${isOwner ? "of an owner" : "of anybody"}`, async () => {
        const named = (name: string) => [name, { userName: name, assertedName: name }] as const;
        const [before, after] = ["ann@acme.example", "ann.new@acme.example"];
        const directory = await connect();
        const id = await directory.user(before, { externalId: "e-1" });
        const user = await arrive(directory, ...named(before));
        if (isOwner) await own(directory, user);
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
        const again = await directory.user(before, { externalId: "e-1" });
        await put(directory, again, after, { externalId: "e-2" });
        expect(await arrive(directory, ...named(after))).to.equal(isOwner ? "needs_review" : user);
        if (isOwner) expect(await accept(directory)).to.equal(true);
        for (const [subject, claimed] of [
          named(before),
          [before, { userName: "else" }],
          ["e-1", { userName: "zed" }],
          ["sub-zed", { userName: "zed", externalIds: ["e-1"] }],
        ] as const) {
          expect(await arrive(directory, subject, claimed), `${subject} as ${claimed.userName}`).to.equal(
            "needs_review",
          );
        }
        expect(await arrive(directory, ...named(after))).to.equal(user);
        expect((await waiting(directory)).map(({ kind }) => kind)).to.include("other_subject");
      });
    }

    it("SEC-05: what an admin accepted is not undone by the subject of before under another name", async () => {
      const { directory, id, user } = await linked();
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      await directory.user("ann@acme.example", { externalId: "e-ann" });
      const again = () => arrive(directory, "sub-new", { userName: "ann@acme.example" });
      expect(await again()).to.equal("needs_review");
      expect(await accept(directory)).to.equal(true);
      expect(await again()).to.equal(user);
      expect(await arrive(directory, "sub-ann", { userName: "else" })).to.equal("needs_review");
      expect(await again()).to.equal(user);
    });

    it("SEC-05: nobody gets a revived account that was never signed in to by an externalId that it has no more", async () => {
      const directory = await connect();
      const id = await directory.user("ann@acme.example", { externalId: "e-1" });
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      await put(directory, await directory.user("ann@acme.example", { externalId: "e-1" }), "ann", {
        externalId: "e-2",
      });
      expect(await arrive(directory, "e-1", { userName: "zed" })).to.equal("needs_review");
    });

    it("nobody is revived without their sign-in, where an admin gave that to the new hire", async () => {
      const { directory, id, user } = await linked();
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      await directory.user("ann@acme.example", { externalId: "e-new" });
      expect(await arrive(directory, "sub-ann", { userName: "ann@acme.example" })).to.equal("needs_review");
      expect(await accept(directory)).to.equal(true);
      await directory.user("eve", { externalId: "e-ann" });
      expect(await arrive(directory, "sub-eve", { userName: "eve" })).not.to.be.oneOf([user, "needs_review"]);
    });

    it("is plain where nobody has signed in by the old one", async () => {
      const directory = await connect();
      const id = await directory.user("ann@acme.example", { externalId: "ann@acme.example" });
      await put(directory, id, "ann@acme.example", { externalId: "oid-ann" });
      const [user] = (await reader(directory).users({ limit: 5 })).items;
      expect(await arrive(directory, "oid-ann", { userName: "other" })).to.equal(user?.id);
    });

    for (const [what, externalId, moved] of [
      ["the subject itself", "sub-ann", "sub-ann"],
      ["another lasting id of their own sign-ins", "oid-ann", "oid-ann"],
      ["what it was all the time", "e-ann", "e-ann"],
    ] as const) {
      it(`follows the provider where the externalId becomes ${what}`, async () => {
        const { directory, id, user } = await linked();
        await put(directory, id, "ann@acme.example", { externalId });
        expect(await arrive(directory, moved, { userName: "other" })).to.equal(user);
        expect(await waiting(directory)).to.deep.equal([]);
      });
    }

    it("SEC-05: a rename and a NameID of that name move an owner only when an admin accepts, and anybody else at once", async () => {
      for (const isOwner of [true, false]) {
        const { directory, id, user } = await linked();
        if (isOwner) await own(directory, user);
        await put(directory, id, "new@acme.example", { externalId: "e-ann" });
        const claimed = { userName: "new@acme.example", assertedName: "new@acme.example" };
        expect(await arrive(directory, "new@acme.example", claimed)).to.equal(isOwner ? "needs_review" : user);
        if (!isOwner) continue;
        expect(await arrive(directory, "sub-ann", { userName: "x" })).to.equal(user);
        expect(await accept(directory)).to.equal(true);
        expect(await arrive(directory, "new@acme.example", claimed)).to.equal(user);
      }
    });

    it("somebody hired again, whose subject was that of the one who was deleted, gets the new account by an admin's word", async () => {
      const directory = await connect();
      const id = await directory.user("ann@acme.example", { externalId: "e-old" });
      const old = await arrive(directory, "sub-ann", { userName: "ann@acme.example" });
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      await directory.user("ann@acme.example", { externalId: "e-new" });
      expect(await arrive(directory, "sub-ann", { userName: "ann@acme.example" })).to.equal("needs_review");
      expect(await accept(directory)).to.equal(true);
      const again = await arrive(directory, "sub-ann", { userName: "ann@acme.example" });
      expect([old, "needs_review", "deactivated"]).not.to.include(again);
    });

    it("SEC-05: a NameID in the subject's place moves the account without the sessions of the former subject", async () => {
      const { p } = service();
      const { directory, user } = await linked();
      const { tenant, connection } = directory;
      const enter = async (subject: string, claimed: Claimed) => {
        const signedIn = await signIn(p, { tenant, connection, observed: signInOf(subject, claimed) });
        if (!signedIn.allowed) throw new Error(signedIn.code);
        const session = { user: signedIn.user, epoch: signedIn.epoch, connection, subject };
        const { token } = await openSession(p, tenant, session);
        return async () => (await currentSession(p, token))?.userId;
      };
      const former = await enter("sub-ann", { userName: "ann@acme.example", externalIds: ["oid-ann"] });
      const next = await enter("sub-new", { userName: "x", assertedName: "ann@acme.example" });
      expect([await former(), await next()]).to.deep.equal([undefined, user]);
      const again = await enter("sub-new", { userName: "x", assertedName: "ann@acme.example" });
      expect([await next(), await again()], "those of the same subject stay").to.deep.equal([user, user]);
    });

    it("nothing else is accepted: not another kind of item, not the sign-in of an owner, nothing twice", async () => {
      const { directory, id } = await linked();
      const eve = await arrive(directory, "sub-eve", { userName: "eve" });
      await own(directory, eve);
      await put(directory, id, "ann@acme.example", { externalId: "sub-eve" });
      expect(await accept(directory)).to.equal("conflict");
      expect((await waiting(directory)).map(({ kind }) => kind)).to.include("other_subject");
      await arrive(directory, "sub-x", { userName: "x", claimedEmail: "ann@acme.example" });
      expect(await accept(directory, "ambiguous_link")).to.equal("conflict");
      expect(await acceptReviewItem(service().p, directory.tenant, "none", ADMIN)).to.equal(false);
    });

    describe("many of them at once", () => {
      const acceptMany = (
        { tenant, connection: { slug } }: ScimDirectory,
        more: { limit?: number; after?: string } = {},
      ) => acceptReviewItems(service().p, tenant, { connection: slug, kind: "other_subject", ...more }, ADMIN);
      /** People who wait for a correction of their externalId; their accounts, by name. */
      const corrected = async (...names: readonly string[]) => {
        const directory = await connect();
        const accounts = new Map<string, string>();
        for (const name of names) {
          const id = await directory.user(name, { externalId: `mail-${name}` });
          accounts.set(name, await arrive(directory, `sub-${name}`, { userName: name }));
          await put(directory, id, name, { externalId: `oid-${name}` });
        }
        const come = (name: string) => arrive(directory, `oid-${name}`, { userName: name });
        for (const name of names) expect(await come(name)).to.equal("needs_review");
        return { directory, accounts, come };
      };

      it("are accepted page by page, each as by itself, and of another connection none", async () => {
        const { directory, accounts, come } = await corrected("ann", "ben", "cid");
        const other = await connect({ tenant: directory.tenant });
        expect(await acceptMany(other)).to.deep.equal({ accepted: 0, refused: [], left: 0, next: null });
        const first = await acceptMany(directory, { limit: 2 });
        expect(first).to.deep.include({ accepted: 2, refused: [], left: 1 });
        expect(await come("cid")).to.equal("needs_review");
        const second = await acceptMany(directory, { limit: 2, after: String(first.next) });
        expect(second).to.deep.equal({ accepted: 1, refused: [], left: 0, next: null });
        for (const [name, user] of accounts) {
          expect(await come(name), name).to.equal(user);
          expect(await arrive(directory, `sub-${name}`, { userName: name }), name).to.equal("needs_review");
        }
        const { items } = await reader(directory).audit({ limit: 90 });
        expect(items.filter(({ action }) => action === "review_item.accepted").length).to.equal(3);
      });

      it("SEC-05: but not whose account owns the tenant: that one waits to be accepted by itself", async () => {
        const { directory, accounts, come } = await corrected("ann", "ben");
        await own(directory, String(accounts.get("ann")));
        const { refused, ...answer } = await acceptMany(directory);
        expect(answer).to.deep.equal({ accepted: 1, left: 1, next: null });
        expect(refused.map(({ problem }) => problem).join()).to.include("holds privileges");
        expect([await come("ann"), await come("ben")]).to.deep.equal(["needs_review", accounts.get("ben")]);
        expect(await accept(directory)).to.equal(true);
        expect(await come("ann")).to.equal(accounts.get("ann"));
      });

      it("SEC-05: but not where two subjects would be one person, nor the sign-in of an owner; those wait on", async () => {
        const { directory, come } = await corrected("ann", "ben", "cid");
        expect(await arrive(directory, "sub-eve", { userName: "ann" })).to.equal("needs_review");
        const boss = await arrive(directory, "sub-boss", { userName: "boss" });
        await own(directory, boss);
        const id = await directory.user("dan", { externalId: "mail-dan" });
        const dan = await arrive(directory, "sub-dan", { userName: "dan" });
        await put(directory, id, "dan", { externalId: "sub-boss" });
        // one at a time: the rival is not on the same page
        const refused: string[] = [];
        let accepted = 0;
        for (let after: string | null = ""; after !== null; ) {
          const answer = await acceptMany(directory, { limit: 1, ...(after && { after }) });
          accepted += answer.accepted;
          refused.push(...answer.refused.map(({ problem }) => problem));
          after = answer.next;
        }
        expect([accepted, refused.length]).to.deep.equal([2, 3]);
        expect(refused.filter((problem) => problem.includes("about the same person")).length).to.equal(2);
        expect((await waiting(directory)).length).to.equal(3);
        expect(await come("ann")).to.equal("needs_review");
        expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal(boss);
        expect(await arrive(directory, "sub-dan", { userName: "dan" })).to.equal(dan);
      });
    });
  });
});
