import { expect } from "chai";
import type { RunId } from "../../src/model/ids.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { groupBody, onEachDatabase, type ScimReply, userBody } from "./scim-service.js";

const refused = ({ status, json }: ScimReply): readonly unknown[] => [status, json["scimType"], json["detail"]];

describe("what SCIM writes meet behind the door", () => {
  onEachDatabase((service) => {
    it("403 without a free seat, for whoever becomes active, and nothing is stored", async () => {
      const directory = await service().connect({ of: { seats: 1 } });
      const noSeat = [403, undefined, "no free seat: 1 of 1 used; add seats, then retry"];
      await directory.user("ada");
      expect(refused(await directory.post("/Users", userBody("bob")))).to.deep.equal(noSeat);
      expect((await directory.get("/Users")).json).to.include({ totalResults: 1 });
      const bob = await directory.user("bob", { active: false });
      const read = await directory.get(`/Users/${bob}`);
      const enable = [{ op: "replace", value: { active: true, title: "Boss" } }];
      expect(refused(await directory.patch(`/Users/${bob}`, enable))).to.deep.equal(noSeat);
      expect(refused(await directory.put(`/Users/${bob}`, userBody("bob", { active: true })))).to.deep.equal(noSeat);
      expect((await directory.get(`/Users/${bob}`)).json).to.deep.equal(read.json);
      expect((await directory.patch(`/Users/${bob}`, [{ op: "add", path: "title", value: "Boss" }])).status).to.equal(
        200,
      );
    });

    it("takes everybody while sync is in test mode, whatever the seats", async () => {
      const directory = await service().connect({ of: { seats: 1 }, sync: "test" });
      for (const name of ["ada", "bob", "cyd"]) await directory.user(name);
      expect((await directory.get("/Users")).json).to.include({ totalResults: 3 });
    });

    it("400 invalidValue for e-mail domains that are not the tenant's, by every way in", async () => {
      const directory = await service().connect({ of: { domains: ["acme.test"] } });
      const ada = await directory.user("ada@acme.test", { emails: [{ value: "ada@acme.test" }] });
      const before = (await directory.get("/Users")).json;
      const emails = [{ value: "ada@evil.test" }];
      for (const reply of [
        await directory.post("/Users", userBody("eve@evil.test")),
        await directory.post("/Users", userBody("eve@acme.test", { emails })),
        await directory.put(`/Users/${ada}`, userBody("ada@acme.test", { emails })),
        await directory.patch(`/Users/${ada}`, [{ op: "replace", path: "emails", value: emails }]),
        await directory.patch(`/Users/${ada}`, [{ op: "replace", path: "userName", value: "ada@evil.test" }]),
      ]) {
        expect(refused(reply).slice(0, 2)).to.deep.equal([400, "invalidValue"]);
        expect(reply.json["detail"]).to.match(/`evil\.test`/);
      }
      expect((await directory.get("/Users")).json).to.deep.equal(before);
    });

    it("names the run that finishes what touches more than 200 people, and only then", async () => {
      const directory = await service().connect();
      const people = [...(await directory.crowd(150)), ...(await directory.crowd(51, "late"))];
      const few = await directory.post("/Groups", groupBody("Few", people.slice(0, 200)));
      expect(few.headers).not.to.have.property("rolecall-run");
      const many = await directory.post("/Groups", groupBody("Many", people));
      expect(many.status).to.equal(201);
      expect(many.headers["rolecall-run"]).to.match(/^\d+$/);
      const run = Number(many.headers["rolecall-run"]) as RunId;
      expect(await waitForRun(service().p, directory.tenant, run, 30)).to.include({ status: "done", trigger: "push" });
      const rename = [{ op: "replace", path: "displayName", value: "More" }];
      expect((await directory.patch(`/Groups/${many.json["id"]}`, rename)).headers["rolecall-run"]).to.match(/^\d+$/);
      expect((await directory.delete(`/Groups/${many.json["id"]}`)).headers["rolecall-run"]).to.match(/^\d+$/);
    });
  });
});
