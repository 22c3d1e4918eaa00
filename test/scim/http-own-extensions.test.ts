import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { updateServiceAccount } from "../../src/provisioning/service-accounts.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN } from "../support/tenant.js";
import { groupBody, userBody } from "./scim-service.js";
import { ENTERPRISE, GROUP, SERVICE_ACCOUNT, USER } from "./tables.js";
import { BADGE } from "./test-resource.js";
import { errorOf, INVALID, onTestResources, TAKEN } from "./test-resource-client.js";

const badge = (more: JsonObject): JsonObject => ({ [BADGE]: more });

describe("SCIM extensions that the operator gives to the resource types that ship, over HTTP", () => {
  onTestResources((client, service) => {
    const found = async (filter: string): Promise<readonly unknown[]> => {
      const { json } = await client().directory.get(`/Users?filter=${encodeURIComponent(filter)}`);
      return ((json["Resources"] ?? []) as readonly JsonObject[]).map((resource) => resource["userName"]);
    };

    it("RFC-07, RFC-11: their data lies in the URN's object, and the URN is listed where there is data", async () => {
      const { directory } = client();
      const made = await directory.post(
        "/Users",
        userBody("ada", badge({ number: "A-1", locker: { floor: 2, number: "7" } })),
      );
      expect(made.status, made.text).to.equal(201);
      expect(made.json["schemas"]).to.deep.equal([USER, BADGE]);
      expect(made.json[BADGE]).to.deep.equal({ number: "A-1", locker: { floor: 2, number: "7" } });
      const bare = await directory.post(
        "/Users",
        userBody("bob", { ...badge({ number: null }), schemas: [USER, BADGE] }),
      );
      expect(bare.json["schemas"]).to.deep.equal([USER]);
      expect(bare.json).not.to.have.property(BADGE);
      const group = await directory.post("/Groups", { ...groupBody("Staff"), ...badge({ colour: "red" }) });
      expect(group.json["schemas"]).to.deep.equal([GROUP, BADGE]);
    });

    it("RFC-02, RFC-13: types are checked, and what is write-only is dropped", async () => {
      const { directory } = client();
      const bad = await directory.post("/Users", userBody("ada", badge({ issuedAt: "yesterday" })));
      expect(errorOf(bad)).to.deep.equal(INVALID);
      expect(bad.json["detail"]).to.contain(`${BADGE}:issuedAt`);
      const made = await directory.post("/Users", userBody("ada", badge({ pin: "4711", number: "1" })));
      expect(made.json[BADGE]).to.deep.equal({ number: "1" });
    });

    it("RFC-30: a service account is found by them also after an admin has changed it", async () => {
      const { p } = service();
      const { directory } = client();
      const { tenant, connection } = directory;
      const turn = async (to: "off" | "live") => {
        const convert = to === "off" ? { onDisable: "convert" as const } : {};
        const { digest } = await previewSync(p, tenant, connection.slug, { to, ...convert });
        const { run } = await updateConnection(p, tenant, connection.slug, { sync: to, digest, ...convert }, ADMIN);
        if (run !== undefined) await waitForRun(p, tenant, run, 30);
      };
      const badged = { ...badge({ number: "77", locker: { floor: 2 } }), schemas: [SERVICE_ACCOUNT, BADGE] };
      const made = await directory.post("/ServiceAccounts", { displayName: "Export", ...badged });
      expect(made.status, made.text).to.equal(201);
      const [account] = (await p.store.read(tenant.id).serviceAccounts({ limit: 10 })).items;
      if (account === undefined) throw new Error("no account");
      await turn("off");
      await updateServiceAccount(p, tenant, account.id, { description: "By an admin" }, ADMIN);
      await turn("live");
      for (const filter of [`${BADGE}:number eq "77"`, `${BADGE}:locker.floor gt 1`, 'description sw "By"']) {
        const { json } = await directory.get(`/ServiceAccounts?filter=${encodeURIComponent(filter)}`);
        expect(json["totalResults"], filter).to.equal(1);
      }
      const again = await directory.post("/ServiceAccounts", { ...badged, displayName: "Other" });
      expect(errorOf(again), "and its unique values are its own still").to.deep.equal(TAKEN);
    });

    it("RFC-30, RFC-36, RFC-43, RFC-46: they are filtered by, patched and projected like any attribute", async () => {
      const { directory } = client();
      const issued = badge({ issuedAt: "2026-01-01T01:00:00+01:00", doors: ["North"], locker: { floor: 2 } });
      const id = await directory.user("ada", issued);
      await directory.user("bob", badge({ doors: ["south"] }));
      for (const filter of [
        `${BADGE}:issuedAt eq "2026-01-01T00:00:00Z"`,
        `${BADGE}:doors eq "North"`,
        `${BADGE}:locker.floor gt 1`,
        "locker.floor eq 2",
        `userName eq "ada" and ${BADGE}:issuedAt pr`,
      ]) {
        expect(await found(filter), filter).to.deep.equal(["ada"]);
      }
      expect(await found(`${BADGE}:doors eq "north"`)).to.deep.equal([]);
      const patched = await directory.patch(`/Users/${id}`, [
        { op: "add", path: `${BADGE}:doors`, value: ["East"] },
        { op: "replace", path: `${BADGE}:locker.floor`, value: 3 },
        { op: "remove", path: `${BADGE}:issuedAt` },
        { op: "add", value: { [`${BADGE}:colour`]: "blue", [BADGE]: { number: "9" } } },
      ]);
      expect(patched.json[BADGE]).to.deep.equal({
        doors: ["North", "East"],
        locker: { floor: 3 },
        colour: "blue",
        number: "9",
      });
      const shown = await directory.get(`/Users/${id}?attributes=${BADGE}:doors,userName`);
      expect(shown.json).to.deep.include({ userName: "ada", [BADGE]: { doors: ["North", "East"] } });
      const hidden = await directory.get(`/Users/${id}?excludedAttributes=${BADGE}`);
      expect(hidden.json).not.to.have.property(BADGE);
      const gone = await directory.patch(`/Users/${id}`, [{ op: "remove", path: BADGE }]);
      expect(gone.json["schemas"]).to.deep.equal([USER]);
    });

    for (const [path, bodyOf] of [
      ["/Users", userBody],
      [
        "/ServiceAccounts",
        (displayName: string, more: JsonObject) => ({ schemas: [SERVICE_ACCOUNT], displayName, ...more }),
      ],
      ["/Groups", (name: string, more: JsonObject) => ({ ...groupBody(name), ...more })],
    ] as const) {
      it(`RFC-20: their unique values are refused by POST, PUT and PATCH of ${path}, whole, and free again after DELETE`, async () => {
        const { directory } = client();
        const make = async (name: string, number: string) => directory.post(path, bodyOf(name, badge({ number })));
        const holder = String((await make("ada", "A-1")).json["id"]);
        const other = String((await make("bob", "A-2")).json["id"]);
        const before = (await directory.get(`${path}/${other}`)).json;
        const change = [{ op: "replace", path: `${BADGE}:number`, value: "a-1" }];
        expect(errorOf(await make("cid", "a-1"))).to.deep.equal(TAKEN);
        expect(errorOf(await directory.put(`${path}/${other}`, bodyOf("bob", badge({ number: "a-1" }))))).to.deep.equal(
          TAKEN,
        );
        const refused = await directory.patch(`${path}/${other}`, [
          { op: "replace", path: "externalId", value: "e" },
          ...change,
        ]);
        expect(errorOf(refused)).to.deep.equal(TAKEN);
        expect(refused.json["detail"]).to.contain(`${BADGE}:number`);
        expect((await directory.get(`${path}/${other}`)).json).to.deep.equal(before);
        expect((await directory.get(path)).json["totalResults"]).to.equal(2);
        expect(
          (await directory.patch(`${path}/${holder}`, [{ op: "add", path: `${BADGE}:colour`, value: "red" }])).status,
        ).to.equal(200);
        await directory.delete(`${path}/${holder}`);
        expect((await directory.patch(`${path}/${other}`, change)).status).to.equal(200);
        expect((await make("dee", "A-2")).status).to.equal(201);
      });
    }

    it("RFC-20: of parallel creates with one value one is made", async () => {
      const { directory } = client();
      const replies = await Promise.all(
        Array.from({ length: 6 }, (_, at) => directory.post("/Users", userBody(`u${at}`, badge({ number: "one" })))),
      );
      expect(replies.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409, 409, 409]);
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(1);
    });

    it("RFC-17, ENTRA-24: they are declared beside those that ship", async () => {
      const { directory } = client();
      const { json } = await directory.get("/ResourceTypes/User");
      expect(json["schemaExtensions"]).to.deep.equal([
        { schema: ENTERPRISE, required: false },
        { schema: BADGE, required: false },
      ]);
      expect((await directory.get(`/Schemas/${BADGE}`)).json).to.include({ id: BADGE, name: "Badge" });
    });
  });
});
