import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { groupBody, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
import { ENTERPRISE } from "./tables.js";

/** All that a connection's client can see. */
async function everything(directory: ScimDirectory): Promise<readonly unknown[]> {
  const replies = await Promise.all([directory.get("/Users"), directory.get("/Groups")]);
  return replies.map(({ json }) => json);
}

const found = ({ json }: ScimReply): unknown => json["totalResults"];

describe("SCIM connections apart", () => {
  onEachDatabase((service) => {
    let mine: ScimDirectory;
    let ada: string;
    let platform: string;
    let others: Readonly<Record<string, ScimDirectory>>;
    before(async () => {
      mine = await service().connect();
      ada = await mine.user("ada", { displayName: "Ada Lovelace", externalId: "00u1" });
      platform = await mine.group("Platform", [ada]);
      others = {
        "of the same tenant": await service().connect({ tenant: mine.tenant }),
        "of another tenant": await service().connect(),
      };
    });

    for (const whose of ["of the same tenant", "of another tenant"]) {
      describe(`a connection ${whose}`, () => {
        let theirs: ScimDirectory;
        let bob: string;
        let sales: string;
        beforeEach(async () => {
          theirs = others[whose] as ScimDirectory;
          bob = await theirs.user("bob");
          sales = await theirs.group("Sales", [bob]);
        });
        afterEach(async () => {
          await theirs.delete(`/Users/${bob}`);
          await theirs.delete(`/Groups/${sales}`);
        });

        it("W-3, SEC-01: finds nothing under ids that are not its own, by any verb, and changes nothing", async () => {
          const before = [await everything(mine), await everything(theirs)];
          const any = { "If-Match": "*" };
          const attempts = (user: string, group: string) => [
            theirs.get(`/Users/${user}`),
            theirs.get(`/Users/${user}`, { "If-None-Match": "*" }),
            theirs.put(`/Users/${user}`, userBody("taken")),
            theirs.put(`/Users/${user}`, userBody("taken"), any),
            theirs.patch(`/Users/${user}`, [{ op: "replace", path: "active", value: false }]),
            theirs.delete(`/Users/${user}`),
            theirs.delete(`/Users/${user}`, any),
            theirs.get(`/Groups/${group}`),
            theirs.put(`/Groups/${group}`, groupBody("Taken", [bob])),
            theirs.patch(`/Groups/${group}`, [{ op: "replace", path: "displayName", value: "Taken" }]),
            theirs.patch(`/Groups/${group}`, [{ op: "add", path: "members", value: [{ value: bob }] }]),
            theirs.patch(`/Groups/${group}`, [{ op: "remove", path: "members" }], any),
            theirs.delete(`/Groups/${group}`),
          ];
          const replies = await Promise.all(attempts(ada, platform));
          for (const { status, text } of replies) expect(status, text).to.equal(404);
          // What is somebody else's is told in the words for what is nobody's.
          const nobody = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
          const unknown = await Promise.all(attempts(nobody, nobody));
          const words = (reply: ScimReply) => reply.text.replace(/[0-9A-Z]{26}/, "");
          expect(replies.map(words)).to.deep.equal(unknown.map(words));
          expect([await everything(mine), await everything(theirs)]).to.deep.equal(before);
        });

        it("W-3, SEC-01: takes in no member who is not its own, and asks nobody else's groups", async () => {
          const before = [await everything(mine), await everything(theirs)];
          const members = [{ value: bob }, { value: ada }];
          for (const reply of [
            await theirs.post("/Groups", groupBody("New", [ada])),
            await theirs.post("/Groups", groupBody("New", [bob, ada])),
            await theirs.put(`/Groups/${sales}`, groupBody("Sales", [ada])),
            await theirs.patch(`/Groups/${sales}`, [{ op: "add", path: "members", value: members }]),
            await theirs.patch(`/Groups/${sales}`, [{ op: "replace", path: "members", value: members }]),
            await theirs.patch(`/Groups/${sales}`, [{ op: "add", value: { members } }]),
          ]) {
            expect([reply.status, reply.json["scimType"]], reply.text).to.deep.equal([400, "invalidValue"]);
          }
          const remove = [{ op: "remove", path: `members[value eq "${ada}"]` }];
          expect((await theirs.patch(`/Groups/${sales}`, remove)).status).to.equal(200);
          expect([await everything(mine), await everything(theirs)]).to.deep.equal(before);
        });

        it("W-3, SEC-01: learns nothing of others by filters", async () => {
          const groups = ["id", "members", "members.value"];
          const users = [`id eq "${ada}"`, 'externalId eq "00u1"', 'userName eq "ada"', `groups eq "${platform}"`];
          for (const filter of [...users, 'displayName co "Lovelace"', `not (id eq "${bob}")`]) {
            expect(found(await theirs.get(`/Users?filter=${encodeURIComponent(filter)}`)), filter).to.equal(0);
          }
          for (const name of groups) {
            const filter = encodeURIComponent(`${name} eq "${name === "id" ? platform : ada}"`);
            expect(found(await theirs.get(`/Groups?filter=${filter}`)), filter).to.equal(0);
          }
        });

        it("SEC-01: keeps another's user as a manager's bare id, without link or name", async () => {
          const manager = { [ENTERPRISE]: { manager: { value: ada } } };
          const put = await theirs.put(`/Users/${bob}`, userBody("bob", manager));
          const set = [{ op: "Add", path: `${ENTERPRISE}:manager`, value: ada }];
          for (const reply of [put, await theirs.patch(`/Users/${bob}`, set), await theirs.get(`/Users/${bob}`)]) {
            expect(reply.status).to.equal(200);
            expect(reply.json[ENTERPRISE]).to.deep.equal({ manager: { value: ada } });
            expect(reply.text).not.to.contain("Lovelace");
          }
          expect(found(await mine.get(`/Users?filter=${encodeURIComponent(`manager eq "${ada}"`)}`))).to.equal(0);
        });

        it("W-4, SEC-02: may use the same userName and externalId for an account of its own", async () => {
          const countAll = async () => {
            const tenants = new Set([mine.tenant.id, theirs.tenant.id]);
            const counts = [...tenants].map((id) => service().p.store.read(id).countPeople());
            return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
          };
          const before = await countAll();
          const twin = await theirs.user("ada", { externalId: "00u1" });
          expect(twin).not.to.equal(ada);
          expect(await countAll()).to.equal(before + 1);
          await theirs.patch(`/Users/${twin}`, [{ op: "replace", path: "displayName", value: "Other" }]);
          expect((await theirs.delete(`/Users/${twin}`)).status).to.equal(204);
          expect((await mine.get(`/Users/${ada}`)).json).to.include({ displayName: "Ada Lovelace", active: true });
        });
      });
    }

    it("W-4, SEC-02: never takes an externalId or a userName for an id, numbers and ids themselves included", async () => {
      const directory = await service().connect();
      const ada = await directory.user("ada");
      const eve = await directory.user("eve", { externalId: ada });
      const mal = await directory.user(eve, { externalId: "1" });
      const group = await directory.group("G");
      await directory.patch(`/Groups/${group}`, [{ op: "add", path: "externalId", value: ada }]);
      for (const [id, userName] of [
        [ada, "ada"],
        [eve, "eve"],
        [mal, eve],
      ] as const) {
        expect((await directory.get(`/Users/${id}`)).json["userName"]).to.equal(userName);
      }
      for (const path of ["/Users/1", "/Users/0", "/Users/ada", "/Users/-1", `/Groups/${ada}`, "/Users/1%20or%201=1"]) {
        for (const reply of [await directory.get(path), await directory.delete(path)]) {
          expect(reply.status, path).to.equal(404);
        }
      }
      const byExternalId = await directory.get(`/Users?filter=${encodeURIComponent(`externalId eq "${ada}"`)}`);
      expect((byExternalId.json["Resources"] as readonly JsonObject[]).map(({ id }) => id)).to.deep.equal([eve]);
      expect((await directory.post("/Groups", groupBody("H", ["1"]))).json).to.include({ scimType: "invalidValue" });
      expect((await directory.delete(`/Users/${eve}`)).status).to.equal(204);
      expect((await directory.get(`/Users/${ada}`)).json).to.include({ active: true });
    });

    it("W-4, SEC-02: lets two people share an externalId without becoming one", async () => {
      const directory = await service().connect();
      const [ada, eve] = [
        await directory.user("ada", { externalId: "x" }),
        await directory.user("eve", { externalId: "x" }),
      ];
      expect(await service().p.store.read(directory.tenant.id).countPeople()).to.equal(2);
      await directory.delete(`/Users/${ada}`);
      await directory.user("ada2", { externalId: "x" });
      await directory.user("ada3", { externalId: "x" });
      expect(await service().p.store.read(directory.tenant.id).countPeople()).to.equal(3);
      expect((await directory.get(`/Users/${eve}`)).json["userName"]).to.equal("eve");
    });
  });
});
