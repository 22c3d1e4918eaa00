import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { OWNER, type Target } from "../../src/model/target.js";
import { eraseUser } from "../../src/provisioning/erasure/erase-user.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { observeUser } from "../../src/provisioning/observe.js";
import { closeReviewItem } from "../../src/provisioning/review-items.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, type Claimed, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

const codeOf = (error: unknown) => (error instanceof Refusal ? error.code : String(error));

describe("a deactivation or deletion reaches whoever signs in under the person's names", () => {
  onEachDatabase((service) => {
    const { connect, arrive, reader, posted } = bothDoors(service);
    /** Somebody signs in and has a session. */
    const enter = async (directory: ScimDirectory, subject: string, claimed: Claimed) => {
      const { p } = service();
      const { tenant, connection } = directory;
      const signedIn = await signIn(p, { tenant, connection, observed: signInOf(subject, claimed) });
      if (!signedIn.allowed) throw new Error(signedIn.code);
      const { user, epoch } = signedIn;
      const { token } = await openSession(p, tenant, { user, epoch, connection, subject });
      return {
        user,
        isIn: async () => (await currentSession(p, token)) !== undefined,
        again: () => arrive(directory, subject, claimed),
      };
    };
    const accounts = async (directory: ScimDirectory) => (await reader(directory).users({ limit: 50 })).items;
    const registered = async (directory: ScimDirectory) =>
      (await accounts(directory)).filter(({ status }) => status === "registered").map(({ id }) => id);
    const reviews = async (directory: ScimDirectory) =>
      (await reader(directory).reviewItems({ limit: 50 })).items.map(({ kind }) => kind);
    const give = ({ tenant }: ScimDirectory, user: UserId, target: Target) =>
      addManualGrant(service().p, tenant, user, { target, reason: "by hand" }, ADMIN);

    const ADA = { userName: "ada", verifiedEmail: "ada@acme.example" };

    it("W-7: a session that was granted a moment before a deactivation ends all others is not opened after it", async () => {
      const { p } = service();
      const directory = await connect();
      const { tenant, connection } = directory;
      const pushed = await posted(directory, "ada@other.example");
      const observed = signInOf("s-ada", { userName: "ada", claimedEmail: "ada@acme.example" });
      const signedIn = await signIn(p, { tenant, connection, observed });
      if (!signedIn.allowed) throw new Error(signedIn.code);
      const session = { user: signedIn.user, epoch: signedIn.epoch, connection, subject: "s-ada" };
      const open = () => openSession(p, tenant, session).then(({ token }) => currentSession(p, token), codeOf);
      expect(await open()).to.include({ userId: signedIn.user });
      const ended = await directory.put(`/Users/${pushed}`, userBody("ada@acme.example", { active: false }));
      expect(ended.status).to.equal(200);
      expect(await registered(directory), "nobody's account ends by a name").to.deep.equal([signedIn.user]);
      expect(await open()).to.equal("sign_in_expired");
    });

    describe("one person in either order", () => {
      for (const [what, claimed, pushed] of [
        ["a verified e-mail", ADA, { userName: "Ada@acme.example" }],
        ["another lasting id", { ...ADA, externalIds: ["oid-ada"] }, { userName: "lovelace", externalId: "oid-ada" }],
        [
          "the user name that the provider itself names them by",
          { userName: "other", assertedName: "ada" },
          { userName: "ada" },
        ],
      ] as const) {
        it(`SEC-05: a POST means who signed in with ${what}, and its end is theirs`, async () => {
          const directory = await connect();
          const ada = await enter(directory, "sub-ada", claimed);
          const id = await posted(directory, pushed.userName, { ...pushed });
          expect(await registered(directory)).to.deep.equal([ada.user]);
          expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
          expect([await ada.isIn(), await ada.again()]).to.deep.equal([false, "deactivated"]);
          expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
          expect(await ada.again()).to.equal("deactivated");
          expect(await registered(directory)).to.deep.equal([]);
        });
      }

      it("SEC-05: POSTs of the same time mean who signed in, each their own", async () => {
        const directory = await connect();
        const names = ["a", "b", "c"];
        const people = await Promise.all(
          names.map((name) =>
            enter(directory, `sub-${name}`, { userName: name, verifiedEmail: `${name}@acme.example` }),
          ),
        );
        await Promise.all(names.map((name) => posted(directory, `${name}@acme.example`)));
        expect(await registered(directory)).to.have.members(people.map(({ user }) => user));
      });

      it("an e-mail that nobody vouches for joins nobody", async () => {
        const directory = await connect();
        const ada = await enter(directory, "sub-ada", { userName: "ada", claimedEmail: "ada@acme.example" });
        await posted(directory, "ada@acme.example");
        expect((await registered(directory)).length).to.equal(2);
        expect(await ada.isIn()).to.equal(true);
      });

      it("SEC-05: a rename to the verified e-mail takes the sign-in over", async () => {
        const directory = await connect();
        const id = await posted(directory, "old");
        const ada = await enter(directory, "sub-ada", ADA);
        expect((await directory.put(`/Users/${id}`, userBody("ada@acme.example"))).status).to.equal(200);
        expect([await ada.isIn(), (await registered(directory)).includes(ada.user)]).to.deep.equal([false, false]);
        expect(await ada.again()).to.equal((await registered(directory))[0]);
      });

      it("SEC-05: a later sign-in whose names mean a free pushed user by then becomes theirs", async () => {
        const directory = await connect();
        const ada = await enter(directory, "sub-ada", { userName: "ada" });
        const id = await posted(directory, "ada@acme.example");
        const joined = await enter(directory, "sub-ada", ADA);
        expect(joined.user).not.to.equal(ada.user);
        expect(await registered(directory)).to.deep.equal([joined.user]);
        expect(await ada.isIn()).to.equal(false);
        const { items } = await reader(directory).audit({ limit: 50 });
        expect(items.find(({ action }) => action === "user.joined")?.user).to.equal(ada.user);
        expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
        expect([await joined.isIn(), await joined.again()]).to.deep.equal([false, "deactivated"]);
      });

      it("names of the latest sign-in count, and none of an earlier one", async () => {
        const directory = await connect();
        const ada = await enter(directory, "sub-ada", ADA);
        expect(await arrive(directory, "sub-ada", { userName: "ada", verifiedEmail: "new@acme.example" })).to.equal(
          ada.user,
        );
        await posted(directory, "ada@acme.example");
        expect((await registered(directory)).length).to.equal(2);
        await posted(directory, "new@acme.example");
        expect((await registered(directory)).length).to.equal(2);
      });
    });

    describe("where two could be meant", () => {
      for (const [what, end] of Object.entries({
        "active: false": (one: ScimDirectory, id: string) => one.patch(`/Users/${id}`, OFF),
        "a DELETE": (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`),
      })) {
        it(`SEC-05: ${what} ends the sessions of both, neither comes in, and an admin lets them in again`, async () => {
          const directory = await connect();
          const both = [
            await enter(directory, "sub-dan", { userName: "dan" }),
            await enter(directory, "sub-eve", { userName: "eve" }),
          ];
          const id = await posted(directory, "eve", { externalId: "sub-dan" });
          for (const one of both) expect([await one.isIn(), await one.again()]).to.deep.equal([true, one.user]);
          expect((await end(directory, id)).status).to.be.within(200, 204);
          for (const one of both) expect([await one.isIn(), await one.again()]).to.deep.equal([false, "deactivated"]);
          if (what !== "a DELETE") expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
          for (const one of both) expect(await one.again()).to.equal("deactivated");
          const { items } = await reader(directory).reviewItems({ limit: 50 });
          expect(items.map(({ kind }) => kind)).to.include("deleted_name");
          for (const { id: item } of items) await closeReviewItem(service().p, directory.tenant, item, ADMIN);
          for (const one of both) expect(await one.again()).to.equal(one.user);
        });
      }

      it("SEC-05: a name alone is closed by the deletion, too, until the new hire of that name is pushed", async () => {
        const directory = await connect();
        const id = await posted(directory, "ann");
        const ann = await enter(directory, "sub-ann", { userName: "ann" });
        const ben = await enter(directory, "sub-ben", { userName: "ben" });
        expect((await directory.put(`/Users/${id}`, userBody("ben"))).status).to.equal(200);
        expect(await ben.isIn()).to.equal(true);
        expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
        expect([await ann.isIn(), await ben.isIn(), await ben.again()]).to.deep.equal([false, false, "deactivated"]);
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
        expect([await ann.again(), await ben.again()]).to.deep.equal(["deactivated", "deactivated"]);
        expect(await arrive(directory, "sub-other", { userName: "ben" })).to.equal("deactivated");
        expect(await reviews(directory)).to.deep.equal(["ambiguous_link", "kept_out", "deleted_name", "deleted_name"]);
        await posted(directory, "ben");
        const hired = await arrive(directory, "sub-new", { userName: "ben" });
        expect([ann.user, ben.user]).not.to.include(hired);
        expect(await registered(directory)).to.have.members([hired, ben.user]);
        expect([await ann.again(), await ben.again()]).to.deep.equal(["deactivated", "deactivated"]);
      });

      it("SEC-05: an e-mail that nobody vouches for closes the door, with the session", async () => {
        const directory = await connect();
        const id = await posted(directory, "ada@acme.example");
        const ada = await enter(directory, "sub-ada", { userName: "ada", claimedEmail: "ada@acme.example" });
        expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
        expect([await ada.isIn(), await ada.again()]).to.deep.equal([false, "deactivated"]);
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
        expect(await ada.again()).to.equal("deactivated");
      });

      it("SEC-05: deactivations of the same time close the door by what merely comes along, each for its own", async () => {
        const directory = await connect();
        const names = ["a", "b", "c"];
        const ids = await Promise.all(names.map((name) => posted(directory, `${name}@acme.example`)));
        const people = await Promise.all(
          names.map((name) => enter(directory, name, { userName: name, claimedEmail: `${name}@acme.example` })),
        );
        await Promise.all(ids.map((id) => directory.patch(`/Users/${id}`, OFF)));
        for (const one of people) expect([await one.isIn(), await one.again()]).to.deep.equal([false, "deactivated"]);
      });

      it("SEC-05: somebody pushed as inactive ends sessions of whom that keeps out", async () => {
        const directory = await connect();
        const both = [
          await enter(directory, "sub-dan", { userName: "dan" }),
          await enter(directory, "sub-eve", { userName: "eve" }),
        ];
        await posted(directory, "eve", { externalId: "sub-dan", active: false });
        for (const one of both) expect([await one.isIn(), await one.again()]).to.deep.equal([false, "deactivated"]);
      });
    });

    it("who was deleted while SCIM was no evidence is not kept out, nor is a namesake", async () => {
      const directory = await connect({ sync: "test" });
      const id = await posted(directory, "ann");
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      const { p } = service();
      const { tenant, connection } = directory;
      await p.store.write(tenant.id, (tx) => tx.updateConnection(connection.id, { sync: "live" }, p.now()));
      const live: ScimDirectory = { ...directory, connection: { ...connection, sync: "live" } };
      expect((await enter(live, "sub-ann", { userName: "ann" })).user).to.be.a("string");
    });

    it("a deletion in test mode leaves the names of the sign-in, by which a later push means it", async () => {
      const directory = await connect({ sync: "test" });
      const ada = await enter(directory, "sub-ada", ADA);
      const id = await posted(directory, "ada@acme.example");
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      expect(await ada.isIn()).to.equal(true);
      await posted(directory, "ada@acme.example");
      expect(await reader(directory).countPeople()).to.equal(1);
    });

    it("a name is let go where the personal data of whom it was is removed", async () => {
      const directory = await connect();
      const { p } = service();
      const id = await posted(directory, "ann");
      const [ann] = await registered(directory);
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.equal("deactivated");
      await eraseUser(p, directory.tenant, ann as UserId, "asked", ADMIN);
      expect((await enter(directory, "sub-ann", { userName: "ann" })).user).not.to.equal(ann);
    });

    it("SEC-05: a name that comes along keeps nobody out while somebody pushed has it", async () => {
      const directory = await connect();
      const INFO = { userName: "lou", claimedEmail: "info@acme.example" };
      const lou = await enter(directory, "sub-lou", INFO);
      const id = await posted(directory, "info@acme.example");
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      expect([await lou.isIn(), await lou.again()]).to.deep.equal([false, "deactivated"]);
      await posted(directory, "info@acme.example");
      expect(await lou.again()).to.equal(lou.user);
    });

    describe("owners", () => {
      const BOSS = { userName: "boss@acme.example" };
      const ADOPTED: Readonly<Record<string, (one: ScimDirectory) => Promise<string>>> = {
        POST: (one) => posted(one, "boss@acme.example", { externalId: "sub-o" }),
        PUT: async (one) => {
          const id = await posted(one, "old@acme.example");
          const body = userBody("boss@acme.example", { externalId: "sub-o" });
          expect((await one.put(`/Users/${id}`, body)).status).to.equal(200);
          return id;
        },
      };
      for (const [verb, push] of Object.entries(ADOPTED)) {
        it(`SEC-05: a ${verb} moves no owner's sign-in: an admin is told, and the last owner stays in`, async () => {
          const directory = await connect();
          const boss = await enter(directory, "sub-o", BOSS);
          await give(directory, boss.user, OWNER);
          const id = await push(directory);
          expect(await reviews(directory)).to.deep.equal(["privileged_sign_in"]);
          expect([await boss.isIn(), await boss.again()]).to.deep.equal([true, boss.user]);
          expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
          expect([await boss.isIn(), await boss.again()]).to.deep.equal([true, boss.user]);
          expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
          expect([await boss.isIn(), await boss.again()]).to.deep.equal([true, boss.user]);
        });
      }

      it("SEC-05: going live moves no owner's sign-in either, and its preview says nothing of it", async () => {
        const directory = await connect({ sync: "test" });
        const boss = await enter(directory, "sub-o", BOSS);
        await give(directory, boss.user, OWNER);
        const id = await posted(directory, "old@acme.example");
        const body = userBody("boss@acme.example", { externalId: "sub-o" });
        expect((await directory.put(`/Users/${id}`, body)).status).to.equal(200);
        const { p } = service();
        const { tenant, connection } = directory;
        const preview = await previewSync(p, tenant, connection.slug, { to: "live" });
        const { items } = await preview.lines({ limit: 50 });
        expect(items.filter((line) => line.user.id === boss.user)).to.deep.equal([]);
        await goLive(p, tenant, connection.slug, preview.digest, ADMIN);
        const live: ScimDirectory = { ...directory, connection: { ...connection, sync: "live" } };
        expect(await reviews(directory)).to.deep.equal(["privileged_sign_in"]);
        expect([await boss.isIn(), await arrive(live, "sub-o", BOSS)]).to.deep.equal([true, boss.user]);
      });

      it("SEC-05: an owner is kept out where another one can come in, and the last of them never", async () => {
        const directory = await connect();
        const owners = [
          await enter(directory, "sub-1", { userName: "one" }),
          await enter(directory, "sub-2", { userName: "two" }),
        ];
        for (const { user } of owners) await give(directory, user, OWNER);
        const ids = [await posted(directory, "one"), await posted(directory, "two")];
        expect((await directory.patch(`/Users/${ids[0]}`, OFF)).status).to.equal(200);
        expect([await owners[0]?.isIn(), await owners[0]?.again()]).to.deep.equal([false, "deactivated"]);
        expect((await directory.patch(`/Users/${ids[1]}`, OFF)).status).to.equal(200);
        expect([await owners[1]?.isIn(), await owners[1]?.again()]).to.deep.equal([true, owners[1]?.user]);
      });

      it("a PUT moves no sign-in whose account holds privileges by hand; without them it does", async () => {
        const directory = await connect();
        const ann = await enter(directory, "sub-ann", { userName: "ann" });
        const { tenant } = directory;
        await give(directory, ann.user, { scope: "tenant", role: "auditor" });
        const id = await posted(directory, "old");
        expect((await directory.put(`/Users/${id}`, userBody("ann"))).status).to.equal(200);
        expect(await reviews(directory)).to.deep.equal(["privileged_sign_in"]);
        expect([await ann.isIn(), await ann.again()]).to.deep.equal([true, ann.user]);
        expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
        expect([await ann.isIn(), await ann.again()]).to.deep.equal([false, "deactivated"]);
        expect((await registered({ ...directory, tenant })).includes(ann.user)).to.equal(true);
      });
    });

    it("SEC-05: a name that is given at the moment of a first sign-in waits for it", async () => {
      const { p } = service();
      const directory = await connect();
      const { tenant, connection } = directory;
      const id = await posted(directory, "old");
      let renamed: Promise<{ readonly status: number }> | undefined;
      const stranger = await p.store.write(tenant.id, async (tx) => {
        const options = { takeFacts: true, create: true, now: p.now() };
        const observed = await observeUser(tx, tenant, connection, signInOf("sub-z", { userName: "z" }), options);
        renamed ??= directory.put(`/Users/${id}`, userBody("z"));
        // long enough for a rename that does not wait to be over before this is stored
        await Promise.race([renamed, new Promise((resolve) => setTimeout(resolve, 500))]);
        return observed;
      });
      expect((await renamed)?.status).to.equal(200);
      const signedIn = await p.store.write(tenant.id, (tx) => tx.rowBySubject(connection.id, "sub-z"));
      expect(signedIn?.id).to.equal(id);
      const user = await arrive(directory, "sub-z", { userName: "z" });
      expect(stranger.kind === "row" && stranger.user).not.to.equal(user);
      expect(await registered(directory)).to.deep.equal([user]);
    });
  });
});
