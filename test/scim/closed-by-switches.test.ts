import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { updateLocalUser } from "../../src/provisioning/local-users.js";
import { closeReviewItem } from "../../src/provisioning/review-items.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("doors that were closed stay so while a connection is switched off, tested and live again", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, posted, reader, waiting } = bothDoors(service);
    const switchTo = async (directory: ScimDirectory, sync: "off" | "test" | "live"): Promise<ScimDirectory> => {
      const { p } = service();
      const { tenant, connection } = directory;
      const disable = sync === "off" ? { onDisable: "convert" as const } : {};
      const { digest } =
        sync === "test"
          ? { digest: undefined }
          : await previewSync(p, tenant, connection.slug, { to: sync, ...disable });
      const patch = { sync, ...disable, ...(digest !== undefined && { digest }) };
      await updateConnection(p, tenant, connection.slug, patch, ADMIN);
      return { ...directory, connection: { ...connection, sync } };
    };
    const inTest = async (live: ScimDirectory) => switchTo(await switchTo(live, "off"), "test");
    const off = async (directory: ScimDirectory, id: string) =>
      expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);

    it("SEC-05: a rename in test mode opens nothing that was the person's while SCIM counted, and what was only there in test mode closes nothing", async () => {
      const live = await connect();
      const id = await posted(live, "ann", { externalId: "e1" });
      const test = await inTest(live);
      for (const name of ["between", "left"]) {
        const renamed = await test.put(`/Users/${id}`, userBody(name, { externalId: `id-${name}` }));
        expect(renamed.status).to.equal(200);
      }
      const again = await switchTo(test, "live");
      await off(again, id);
      expect(await arrive(again, "sub-x", { userName: "ann" }), "the former name").to.equal("deactivated");
      expect(await arrive(again, "e1", { userName: "zoe" }), "the former externalId").to.equal("deactivated");
      expect(await arrive(again, "sub-y", { userName: "left" }), "the present name").to.equal("deactivated");
      expect(await arrive(again, "sub-z", { userName: "between" }), "a name of test mode").to.match(/^01/);
    });

    it("SEC-05: going live ends the sessions of whom former names, deleted people and letters beyond ASCII keep out, and of nobody else", async () => {
      const live = await connect();
      const ann = await posted(live, "ann", { externalId: "e1" });
      expect((await live.put(`/Users/${ann}`, userBody("left", { externalId: "e1" }))).status).to.equal(200);
      const gus = await posted(live, "gus");
      expect((await live.delete(`/Users/${gus}`)).status).to.equal(204);
      const test = await inTest(live);
      const names = ["ann", "gus", "j\u00fcrgen"];
      const people = [];
      // who is there already may call themselves so; whoever comes anew does not
      expect(await arrive(test, "sub-1", { userName: "else" })).to.match(/^01/);
      for (const [at, userName] of names.entries()) people.push(await enter(test, `sub-${at}`, { userName }));
      const other = await enter(test, "sub-zoe", { userName: "zoe" });
      const jurgen = await posted(test, "J\u00dcRGEN");
      for (const id of [ann, jurgen]) expect((await test.patch(`/Users/${id}`, OFF)).status).to.equal(200);
      for (const one of people) expect(await one.isIn(), "in test mode nobody is kept out").to.equal(true);
      const again = await switchTo(test, "live");
      for (const [at, userName] of names.entries()) {
        expect(await people[at]?.isIn(), userName).to.equal(false);
        expect(await arrive(again, `sub-${at}`, { userName }), userName).to.equal("deactivated");
      }
      expect(await other.isIn()).to.equal(true);
    });

    describe("once SCIM is off", () => {
      const activate = ({ tenant }: ScimDirectory, user: string) =>
        updateLocalUser(service().p, tenant, user as UserId, { active: true }, ADMIN);
      const removed = async (live: ScimDirectory, id: string) =>
        expect((await live.delete(`/Users/${id}`)).status).to.equal(204);

      it("SEC-05: whoever was deleted stays out, by names of before and now too, whether they had signed in or not, until an admin says", async () => {
        const live = await connect();
        const ann = await posted(live, "ann", { externalId: "e1" });
        const user = await arrive(live, "s1", { userName: "ann" });
        const bob = await posted(live, "bob", { externalId: "e2" });
        expect((await live.put(`/Users/${bob}`, userBody("bob.left", { externalId: "e2" }))).status).to.equal(200);
        for (const id of [ann, bob]) await removed(live, id);
        const without = await switchTo(live, "off");
        for (const [subject, userName] of [
          ["s1", "zed"],
          ["s2", "ann"],
          ["s3", "bob"],
          ["s4", "bob.left"],
          ["e2", "zed"],
        ] as const) {
          expect(await arrive(without, subject, { userName }), `${subject} as ${userName}`).to.equal("deactivated");
        }
        const item = (await waiting(without)).find(({ detail }) => detail["subject"] === "s3");
        await closeReviewItem(service().p, live.tenant, String(item?.id), ADMIN);
        expect(await arrive(without, "s3", { userName: "bob" })).not.to.be.oneOf(["deactivated", user]);
      });

      it("SEC-05: whoever an admin registered again after a DELETE has their account by their own subject, and closes no name", async () => {
        const live = await connect();
        const user = await arrive(live, "s1", { userName: "ann", externalIds: ["o1"] });
        const ann = await posted(live, "ann", { externalId: "o1" });
        const never = await posted(live, "bob", { externalId: "s2" });
        await removed(live, ann);
        await removed(live, never);
        const without = await switchTo(live, "off");
        expect(await arrive(without, "s1", { userName: "ann" })).to.equal("deactivated");
        await activate(without, user);
        const [bob] = (await reader(without).users({ userName: "bob", limit: 2 })).items;
        await activate(without, String(bob?.id));
        const came = await enter(without, "s1", { userName: "ann" });
        expect(came.user).to.equal(user);
        expect(await arrive(without, "s1", { userName: "ann" }), "again").to.equal(user);
        expect(await came.isIn()).to.equal(true);
        expect(await arrive(without, "s2", { userName: "zed" }), "by the externalId").to.equal(bob?.id);
        expect(await arrive(without, "s9", { userName: "ann" }), "a namesake").not.to.be.oneOf([user, "deactivated"]);
        expect(await waiting(without)).to.deep.equal([]);
      });

      it("SEC-05: whoever SCIM switched off stays out by names of before, too", async () => {
        const live = await connect();
        const id = await posted(live, "cid", { externalId: "e3" });
        expect((await live.put(`/Users/${id}`, userBody("cid.left", { externalId: "e3" }))).status).to.equal(200);
        await off(live, id);
        const without = await switchTo(live, "off");
        expect(await arrive(without, "s5", { userName: "cid" })).to.equal("deactivated");
      });

      it("whoever was deleted while SCIM did not count yet is a stranger", async () => {
        const test = await connect({ sync: "test" });
        await removed(test, await posted(test, "dan", { externalId: "e4" }));
        const without = await switchTo(test, "off");
        expect(await arrive(without, "s6", { userName: "dan" })).to.match(/^01/);
      });
    });
  });
});
