import { expect } from "chai";
import type { DirectoryUserId, UserId } from "../../src/model/ids.js";
import { explainUser } from "../../src/provisioning/explain/explain-user.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { closeReviewItem } from "../../src/provisioning/review-items.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF, ON } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("whoever is kept out by somebody who is switched off or deleted", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, reader, waiting: reviews, give, posted, done } = bothDoors(service);
    const putAway = async (directory: ScimDirectory, kind: string) => {
      for (const item of await reviews(directory)) {
        if (item.kind === kind) await closeReviewItem(service().p, directory.tenant, item.id, ADMIN);
      }
    };

    const ENDS: Readonly<Record<string, (one: ScimDirectory, id: string) => Promise<unknown>>> = {
      "active: false": (one, id) => done(one.patch(`/Users/${id}`, OFF)),
      "a DELETE": (one, id) => done(one.delete(`/Users/${id}`)),
      "a rename beside active: false": (one, id) => done(one.put(`/Users/${id}`, userBody("gone", { active: false }))),
      "a rename, then active: false": async (one, id) => {
        await done(one.put(`/Users/${id}`, userBody("ben-left", { externalId: "x-left" })));
        await done(one.patch(`/Users/${id}`, OFF));
      },
      "active: false, then a rename": async (one, id) => {
        await done(one.patch(`/Users/${id}`, OFF));
        await done(one.put(`/Users/${id}`, userBody("ben-left", { externalId: "x-left", active: false })));
      },
      "active: false, two renames, then a DELETE": async (one, id) => {
        await done(one.patch(`/Users/${id}`, OFF));
        await done(one.put(`/Users/${id}`, userBody("one", { active: false })));
        await done(one.put(`/Users/${id}`, userBody("two", { active: false })));
        await done(one.delete(`/Users/${id}`));
      },
      "a rename, then a DELETE": async (one, id) => {
        await done(one.put(`/Users/${id}`, userBody("ben-left", { externalId: "x-left" })));
        await done(one.delete(`/Users/${id}`));
      },
    };
    for (const [what, end] of Object.entries(ENDS)) {
      it(`SEC-05: stays so after ${what}, by each name that the pushed person ever had, and under other names`, async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-1" });
        const ann = await enter(directory, "sub-ann", { userName: "ann" });
        const ben = await enter(directory, "sub-ben", { userName: "ben" });
        await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-2" })));
        await end(directory, id);
        expect([await ann.isIn(), await ben.isIn()]).to.deep.equal([false, false]);
        for (const [subject, claimed] of [
          ["sub-ann", { userName: "ann" }],
          ["sub-ann", { userName: "else-sub-ann" }],
          ["sub-ben", { userName: "ben" }],
          ["sub-ben", { userName: "else-sub-ben" }],
          ["sub-ben", { userName: "ben", verifiedEmail: "ben@acme.example" }],
          ["sub-new-1", { userName: "ann" }],
          ["sub-new-1", { userName: "else-sub-new-1" }],
          ["sub-new-2", { userName: "new", claimedEmail: "ben" }],
          ["sub-new-3", { userName: "new", externalIds: ["e-1"] }],
          ["e-2", { userName: "new" }],
        ] as const) {
          expect(await arrive(directory, subject, claimed), `${subject} as ${claimed.userName}`).to.equal(
            "deactivated",
          );
        }
        expect(await arrive(directory, "sub-stranger", { userName: "stranger" })).not.to.equal("deactivated");
      });
    }

    it("SEC-05: comes back with the pushed person, also after a rename, and not by a rename alone", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e-ann" });
      const ann = await enter(directory, "sub-ann", { userName: "ann" });
      const ben = await enter(directory, "sub-ben", { userName: "ben" });
      await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
      await done(directory.patch(`/Users/${id}`, OFF));
      await done(directory.put(`/Users/${id}`, userBody("gone", { externalId: "e-ann", active: false })));
      expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
      await done(directory.patch(`/Users/${id}`, ON));
      expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal(ben.user);
      expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal(ann.user);
    });

    it("SEC-05: comes back with the account that is pushed anew by its externalId", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e-ann" });
      const ann = await enter(directory, "sub-ann", { userName: "ann" });
      const ben = await enter(directory, "sub-ben", { userName: "ben" });
      await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
      await done(directory.delete(`/Users/${id}`));
      expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
      const again = await posted(directory, "ann.new", { externalId: "e-ann" });
      expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal(ben.user);
      expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal(ann.user);
      await done(directory.patch(`/Users/${again}`, OFF));
      expect(await arrive(directory, "sub-ben", { userName: "ben" }), "gone again").to.equal("deactivated");
    });

    it("SEC-05: is not let in by the names of the pushed person's own sign-ins", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann");
      await enter(directory, "sub-ann", { userName: "ann", verifiedEmail: "a.old@acme.example", externalIds: ["oid"] });
      await enter(directory, "sub-ann", { userName: "ann", verifiedEmail: "a.new@acme.example" });
      await done(directory.patch(`/Users/${id}`, OFF));
      for (const verifiedEmail of ["a.old@acme.example", "a.new@acme.example"]) {
        expect(await arrive(directory, `sub-${verifiedEmail}`, { userName: "x", verifiedEmail })).to.equal(
          "deactivated",
        );
      }
      expect(await arrive(directory, "sub-x", { userName: "x", externalIds: ["oid"] })).to.equal("deactivated");
    });

    it("SEC-05: is not let in by a subject that was the pushed person's before", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann@acme.example", { externalId: "e-ann" });
      const ann = await enter(directory, "sub-old", { userName: "ann@acme.example" });
      expect(await arrive(directory, "e-ann", { userName: "x" }), "the subject is another one now").to.equal(ann.user);
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await arrive(directory, "sub-old", { userName: "else" })).to.equal("deactivated");
    });

    it("is let in by an admin who says that it is somebody else, which a rename makes void", async () => {
      const directory = await connect();
      const id = await posted(directory, "old");
      await enter(directory, "sub-ann", { userName: "old" });
      const other = await enter(directory, "sub-other", { userName: "ann" });
      await done(directory.put(`/Users/${id}`, userBody("ann")));
      await done(directory.patch(`/Users/${id}`, OFF));
      expect([await other.isIn(), await arrive(directory, "sub-other", { userName: "ann" })]).to.deep.equal([
        false,
        "deactivated",
      ]);
      const item = (await reviews(directory)).find(({ kind }) => kind === "kept_out");
      expect([item?.kind, item?.detail["subject"], item?.detail["candidates"]]).to.deep.equal([
        "kept_out",
        "sub-other",
        [id],
      ]);
      const { keptOut } = await explainUser(service().p, directory.tenant, other.user);
      expect(keptOut.map(({ connection, subject, by }) => ({ connection, subject, by }))).to.deep.equal([
        { connection: directory.connection.slug, subject: "sub-other", by: { id, userName: "ann", deleted: false } },
      ]);
      const observed = signInOf("sub-other", { userName: "ann" });
      const refused = await signIn(service().p, { ...directory, observed });
      const trace = await reader(directory).signInTrace(refused.reference);
      expect(trace?.detail["problem"]).to.equal(`kept out by the pushed user \`ann\` (\`${id}\`), who is switched off`);
      await putAway(directory, "kept_out");
      expect(await arrive(directory, "sub-other", { userName: "ann" })).to.equal(other.user);
      expect(await arrive(directory, "sub-third", { userName: "ann" })).to.equal("deactivated");
      const { items } = await reader(directory).audit({ limit: 50 });
      expect(items.find(({ action }) => action === "review_item.closed")?.detail).to.include({ kind: "kept_out" });
      await done(directory.put(`/Users/${id}`, userBody("ann2", { active: false })));
      expect(await arrive(directory, "sub-other", { userName: "ann" })).to.equal("deactivated");
    });

    it("a name that was let go by a rename is the new hire's, and opens nobody else", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann");
      const ann = await enter(directory, "sub-ann", { userName: "ann" });
      const ben = await enter(directory, "sub-ben", { userName: "ben" });
      await done(directory.put(`/Users/${id}`, userBody("ben")));
      await done(directory.put(`/Users/${id}`, userBody("ben-left", { active: false })));
      expect(await arrive(directory, "sub-hire", { userName: "ben" })).to.equal("deactivated");
      await posted(directory, "ben");
      expect(await arrive(directory, "sub-ben", { userName: "ben" }), "not the new hire").to.equal("deactivated");
      expect(await arrive(directory, "sub-hire", { userName: "ben" }), "was refused for them").to.equal("needs_review");
      const hire = await arrive(directory, "sub-new", { userName: "ben" });
      expect([ann.user, ben.user, "deactivated", "needs_review"]).not.to.include(hire);
      expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
      expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
    });

    describe("and the new hire of the same userName", () => {
      for (const [what, oldId, newId] of [
        ["without externalIds", null, null],
        ["with another externalId", "e-old", "e-new"],
      ] as const) {
        it(`SEC-05: ${what}: who signs in first does not take the account`, async () => {
          const directory = await connect();
          const id = await posted(directory, "ann", { externalId: oldId });
          const old = await enter(directory, "sub-old", { userName: "ann" });
          await done(directory.delete(`/Users/${id}`));
          await posted(directory, "ann", { externalId: newId });
          expect(await arrive(directory, "sub-old", { userName: "ann" })).to.equal("needs_review");
          const hire = await arrive(directory, "sub-new", { userName: "ann" });
          expect([old.user, "deactivated", "needs_review"]).not.to.include(hire);
          expect(await arrive(directory, "sub-old", { userName: "ann" })).not.to.be.oneOf([hire, old.user]);
        });
      }

      it("whose very subject is that name is who the provider says it is", async () => {
        const directory = await connect();
        const claimed = { userName: "ann@acme.example", assertedName: "ann@acme.example" };
        const id = await posted(directory, "ann@acme.example");
        const old = await enter(directory, "ann@acme.example", claimed);
        await done(directory.delete(`/Users/${id}`));
        expect(await arrive(directory, "ann@acme.example", claimed)).to.equal("deactivated");
        await posted(directory, "ann@acme.example");
        const hire = await arrive(directory, "ann@acme.example", claimed);
        expect([old.user, "deactivated", "needs_review"]).not.to.include(hire);
      });
    });

    it("is kept out in no other connection", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann");
      await enter(directory, "sub-ann", { userName: "ann" });
      const second = await connect({ tenant: directory.tenant });
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await arrive(second, "sub-ann", { userName: "ann" })).not.to.equal("deactivated");
      expect(await arrive(directory, "sub-2", { userName: "ann" })).to.equal("deactivated");
    });

    it("SEC-05: is refused for good who comes with a name of a moment when it is closed", async () => {
      const directory = await connect();
      const names = ["a", "b", "c", "d"];
      const ids = await Promise.all(names.map((name) => posted(directory, `${name}@acme.example`)));
      const people = await Promise.all(names.map((name) => enter(directory, `s-${name}`, { userName: `x-${name}` })));
      await Promise.all([
        ...ids.map((id) => done(directory.patch(`/Users/${id}`, OFF))),
        ...names.map(async (name) => {
          const claimed = { userName: `x-${name}`, claimedEmail: `${name}@acme.example` };
          people.push(
            await enter(directory, `s-${name}`, claimed).catch(() => ({ user: "" as UserId, isIn: async () => false })),
          );
        }),
      ]);
      for (const name of names) {
        const claimed = { userName: `x-${name}`, claimedEmail: `${name}@acme.example` };
        expect(await arrive(directory, `s-${name}`, claimed)).to.equal("deactivated");
      }
      for (const one of people.slice(names.length))
        expect(await one.isIn(), "a session beside the deactivation").to.equal(false);
    });

    describe("owners", () => {
      /** An owner known by sign-in alone, whom a pushed namesake keeps out where another owner has a way in. */
      const boss = async (directory: ScimDirectory) => {
        const one = await enter(directory, "sub-boss", { userName: "boss" });
        await give(directory, one.user);
        const namesake = await posted(directory, "boss");
        return { ...one, namesake, again: () => arrive(directory, "sub-boss", { userName: "boss" }) };
      };
      const OTHERS: Readonly<Record<string, (one: ScimDirectory) => Promise<boolean>>> = {
        "nobody else": async () => false,
        "somebody who has signed in": async (one) => {
          await give(one, (await enter(one, "sub-2", { userName: "two" })).user);
          return true;
        },
        "somebody made by hand who never signed in": async (one) => {
          const made = { userName: "hand", email: "hand@acme.example" };
          await give(one, await createLocalUser(service().p, one.tenant, made, ADMIN));
          return false;
        },
        "somebody whose connection is disabled": async (one) => {
          const second = await connect({ tenant: one.tenant });
          await give(one, (await enter(second, "sub-2", { userName: "two" })).user);
          const { p } = service();
          const ended = { sync: "off", disabledAt: p.now() } as const;
          await p.store.write(one.tenant.id, (tx) => tx.updateConnection(second.connection.id, ended, p.now()));
          return false;
        },
        "somebody pushed who never signed in": async (one) => {
          await posted(one, "two");
          const [two] = (await reader(one).users({ userName: "two", limit: 1 })).items;
          await give(one, two?.id as UserId);
          return false;
        },
        "somebody who is kept out, too": async (one) => {
          await give(one, (await enter(one, "sub-2", { userName: "two", claimedEmail: "two@acme.example" })).user);
          const id = await posted(one, "two@acme.example");
          const { p } = service();
          await p.store.write(one.tenant.id, (tx) =>
            tx.noteKeptOut(one.connection.id, [{ subject: "sub-2", by: id as DirectoryUserId }], p.now()),
          );
          await done(one.delete(`/Users/${id}`));
          return false;
        },
      };
      for (const [who, make] of Object.entries(OTHERS)) {
        it(`SEC-05: beside ${who}`, async () => {
          const directory = await connect();
          const one = await boss(directory);
          const isClosed = await make(directory);
          await done(directory.patch(`/Users/${one.namesake}`, OFF));
          expect([await one.isIn(), await one.again()]).to.deep.equal(
            isClosed ? [false, "deactivated"] : [true, one.user],
          );
        });
      }

      it("SEC-05: who was kept out stays so when the other owners go, until an admin says otherwise", async () => {
        const directory = await connect();
        const one = await boss(directory);
        const two = await enter(directory, "sub-2", { userName: "two" });
        await give(directory, two.user);
        await done(directory.patch(`/Users/${one.namesake}`, OFF));
        const idOfTwo = await posted(directory, "two");
        await done(directory.patch(`/Users/${idOfTwo}`, OFF));
        expect(await arrive(directory, "sub-2", { userName: "two" }), "the last who can come in").to.equal(two.user);
        expect(await one.again()).to.equal("deactivated");
        await putAway(directory, "kept_out");
        expect(await one.again()).to.equal(one.user);
      });

      for (const [groups, isClosed] of [
        [[], false],
        [["G"], true],
      ] as const) {
        it(`SEC-05: beside somebody whom the mapping ${isClosed ? "lets in" : "refuses"}`, async () => {
          const directory = await connect();
          const one = await boss(directory);
          await give(directory, (await enter(directory, "sub-2", { userName: "two" })).user);
          const mappings = [{ group_name: "G", team_name: "T", role_name: "viewer" }];
          const rules = JSON.stringify({ version: 1, no_match: "deny", mappings });
          await saveMapping(service().p, directory.tenant, rules, {}, ADMIN);
          const two = () => arrive(directory, "sub-2", { userName: "two", groups });
          const comes = () => arrive(directory, "sub-boss", { userName: "boss", groups: ["G"] });
          expect(await comes()).to.equal(one.user);
          expect((await two()) === "not_assigned").to.equal(!isClosed);
          await done(directory.patch(`/Users/${one.namesake}`, OFF));
          expect([await one.isIn(), await comes()]).to.deep.equal(isClosed ? [false, "deactivated"] : [true, one.user]);
        });
      }

      for (const [how, end] of Object.entries({
        "switched off": (one: ScimDirectory, id: string) => done(one.patch(`/Users/${id}`, OFF)),
        deleted: (one: ScimDirectory, id: string) => done(one.delete(`/Users/${id}`)),
      })) {
        it(`SEC-05: the last one, pushed and ${how}, comes in by their own subject alone, until another owner can`, async () => {
          const directory = await connect();
          const id = await posted(directory, "ann", { externalId: "e-ann" });
          const ann = await enter(directory, "sub-ann", { userName: "ann" });
          await give(directory, ann.user);
          await end(directory, id);
          const again = await enter(directory, "sub-ann", { userName: "ann" });
          expect([again.user, await again.isIn(), await ann.isIn()]).to.deep.equal([ann.user, true, true]);
          const [held] = await reader(directory).people([ann.user]);
          expect([held?.status, held?.hold?.reason]).to.deep.equal(["registered", "last_owner"]);
          expect(await arrive(directory, "sub-eve", { userName: "ann" })).to.equal("deactivated");
          expect(await arrive(directory, "e-ann", { userName: "eve" })).to.equal("deactivated");
          await give(directory, (await enter(directory, "sub-2", { userName: "two" })).user);
          expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
        });
      }

      for (const how of ["switched off", "deleted"]) {
        it(`SEC-05: one who is pushed and ${how}, and one who is kept out by it, do not both go`, async () => {
          const directory = await connect();
          const ben = await enter(directory, "sub-ben", { userName: "ben", claimedEmail: "ann" });
          const id = await posted(directory, "ann");
          const ann = await enter(directory, "sub-ann", { userName: "ann" });
          for (const { user } of [ann, ben]) await give(directory, user);
          await done(how === "deleted" ? directory.delete(`/Users/${id}`) : directory.patch(`/Users/${id}`, OFF));
          for (const _ of [1, 2]) {
            expect(await arrive(directory, "sub-ben", { userName: "ben", claimedEmail: "ann" })).to.equal(
              "deactivated",
            );
            expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal(ann.user);
          }
          expect([await ann.isIn(), await ben.isIn()]).to.deep.equal([true, false]);
        });
      }

      for (const [how, push] of Object.entries({
        "a deactivation": async (one: ScimDirectory) => done(one.patch(`/Users/${await posted(one, "boss")}`, OFF)),
        "a POST as inactive": (one: ScimDirectory) => posted(one, "boss", { active: false }),
      })) {
        it(`SEC-05: ${how} that means all owners leaves one of them in`, async () => {
          const directory = await connect();
          const owners = [
            await enter(directory, "sub-a", { userName: "boss" }),
            await enter(directory, "sub-b", { userName: "boss" }),
          ];
          for (const { user } of owners) await give(directory, user);
          await push(directory);
          const isIn = await Promise.all(owners.map((one) => one.isIn()));
          expect(isIn).to.have.members([true, false]);
          const came = [];
          for (const subject of ["sub-a", "sub-b", "sub-a", "sub-b"]) {
            came.push(await arrive(directory, subject, { userName: "boss" }));
          }
          const expected = owners.map(({ user }, at) => (isIn[at] ? user : "deactivated"));
          expect(came).to.deep.equal([...expected, ...expected]);
          expect((await reviews(directory)).map(({ kind }) => kind)).to.include("privileged_sign_in");
        });
      }

      it("SEC-05: of owners who are met by claimed e-mails at the same moment one stays in, and the other comes back by an admin's word alone", async () => {
        const directory = await connect();
        const claimed = (name: string) => ({ userName: name, claimedEmail: `${name}@acme.example` });
        const names = ["a", "b"];
        const owners = await Promise.all(names.map((name) => enter(directory, `sub-${name}`, claimed(name))));
        for (const { user } of owners) await give(directory, user);
        const ids = await Promise.all(names.map((name) => posted(directory, `${name}@acme.example`)));
        await Promise.all(ids.map((id) => done(directory.patch(`/Users/${id}`, OFF))));
        const isIn = await Promise.all(owners.map((one) => one.isIn()));
        expect(isIn).to.have.members([true, false]);
        const again = () => Promise.all(names.map((name) => arrive(directory, `sub-${name}`, claimed(name))));
        const expected = owners.map(({ user }, at) => (isIn[at] ? user : "deactivated"));
        expect(await again()).to.deep.equal(expected);
        expect(await reader(directory).otherOwners([])).to.equal(1);
        expect(await again()).to.deep.equal(expected);
        await putAway(directory, "kept_out");
        const swapped = owners.map(({ user }, at) => (isIn[at] ? "deactivated" : user));
        for (const _ of [1, 2]) expect(await again(), "who is let in is another owner").to.deep.equal(swapped);
        await putAway(directory, "kept_out");
        expect(await again()).to.deep.equal(owners.map(({ user }) => user));
      });

      it("SEC-05: who is refused by a claimed e-mail that is new stays out when the other owners go", async () => {
        const directory = await connect();
        const one = await enter(directory, "sub-boss", { userName: "boss" });
        const two = await enter(directory, "sub-2", { userName: "two" });
        for (const { user } of [one, two]) await give(directory, user);
        await done(directory.patch(`/Users/${await posted(directory, "gone@acme.example")}`, OFF));
        const claimed = { userName: "boss", claimedEmail: "gone@acme.example" };
        expect([await arrive(directory, "sub-boss", claimed), await one.isIn()]).to.deep.equal(["deactivated", false]);
        await done(directory.patch(`/Users/${await posted(directory, "two")}`, OFF));
        expect(await arrive(directory, "sub-2", { userName: "two" }), "the last who can come in").to.equal(two.user);
        expect(await arrive(directory, "sub-boss", claimed)).to.equal("deactivated");
      });

      it("SEC-05: who is kept out is no other owner for whom somebody leaves", async () => {
        const directory = await connect();
        const one = await boss(directory);
        const two = await enter(directory, "sub-2", { userName: "two" });
        const id = await posted(directory, "two", { externalId: "e2" });
        const { user } = await enter(directory, "sub-2", { userName: "two" });
        await give(directory, user);
        expect(user).to.equal(two.user);
        await done(directory.patch(`/Users/${one.namesake}`, OFF));
        expect(await one.again()).to.equal("deactivated");
        expect(await reader(directory).otherOwners([user])).to.equal(0);
        await done(directory.patch(`/Users/${id}`, OFF));
        const [last] = await reader(directory).people([user]);
        expect([last?.status, last?.hold?.reason]).to.deep.equal(["registered", "last_owner"]);
      });
    });
  });
});
