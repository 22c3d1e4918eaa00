import { expect } from "chai";
import { updateConnection } from "../../src/provisioning/connections.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

describe("doors that were closed stay so while a connection is switched off, tested and live again", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, posted } = bothDoors(service);
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
  });
});
