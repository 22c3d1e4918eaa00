import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { createLocalGroup } from "../../src/provisioning/local-groups.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { closeReviewItem } from "../../src/provisioning/review-items.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { ADMIN } from "../support/tenant.js";
import { type DirectoryOptions, groupBody, onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

let tenants = 0;
/** The domain of the latest tenant. */
let domain = "";

describe("people made by hand who are called like somebody pushed", () => {
  onEachDatabase((service) => {
    const connect = (options: DirectoryOptions = {}) => {
      domain = `same${++tenants}.example`;
      return service().connect({ of: { domains: [domain] }, ...options });
    };
    const local = ({ tenant }: ScimDirectory, userName: string, email = `${userName}@${domain}`) =>
      createLocalUser(service().p, tenant, { userName, email }, ADMIN);
    const edit = ({ tenant }: ScimDirectory, user: UserId, change: Parameters<typeof updateLocalUser>[3]) =>
      updateLocalUser(service().p, tenant, user, change, ADMIN);
    const items = async ({ tenant }: ScimDirectory) =>
      (await service().p.store.read(tenant.id).reviewItems({ limit: 10 })).items;
    const told = async (directory: ScimDirectory): Promise<readonly Json[]> =>
      (await items(directory)).map(({ kind, detail }) => [kind, ...(detail["users"] as readonly Json[])]);
    const accountOf = async ({ tenant }: ScimDirectory, userName: string, but: UserId): Promise<string> => {
      const { items: people } = await service().p.store.read(tenant.id).users({ limit: 10 });
      return people.find((one) => one.userName === userName && one.id !== but)?.id ?? "nobody";
    };
    const found = async (directory: ScimDirectory, filter: string): Promise<readonly JsonObject[]> => {
      const { json } = await directory.get(`/Users?filter=${encodeURIComponent(filter)}`);
      return json["Resources"] as readonly JsonObject[];
    };

    type Widening = readonly [before: () => DirectoryOptions, widen: (directory: ScimDirectory) => Promise<unknown>];
    const set = (directory: ScimDirectory, patch: Parameters<typeof updateConnection>[3]) =>
      updateConnection(service().p, directory.tenant, directory.connection.slug, patch, ADMIN);
    const WIDENINGS: Readonly<Record<string, Widening>> = {
      "a domain that is proved": [
        () => ({ of: {} }),
        ({ tenant }) => updateTenant(service().p, tenant, { domains: [domain] }, ADMIN),
      ],
      "`adopt`": [() => ({ adopt: "off" }), (directory) => set(directory, { adopt: "verified_domain" })],
      "`allowedDomains`": [
        () => ({ allowedDomains: ["else.example"] }),
        (directory) => set(directory, { allowedDomains: ["else.example", domain] }),
      ],
    };
    for (const [name, [before, widen]] of Object.entries(WIDENINGS)) {
      it(`TEC-30: are told of once ${name} lets the connection take over people, each once`, async () => {
        const directory = await connect(before());
        const people = ["ann", "ben"];
        const users = [];
        for (const one of people) users.push(await local(directory, one));
        await local(directory, "zoe", "zoe@foreign.example");
        for (const one of [...people, "zoe"]) await directory.user(one);
        await local(directory, "lone");
        expect(await told(directory)).to.deep.equal([]);
        await widen(directory);
        const pairs = [];
        for (const [index, user] of users.entries()) {
          pairs.push(["same_user_name", user, await accountOf(directory, people[index] ?? "", user)]);
        }
        expect(await told(directory)).to.have.deep.members(pairs);
        const [item] = await items(directory);
        await closeReviewItem(service().p, directory.tenant, item?.id ?? "", ADMIN);
        await widen(directory);
        expect(await told(directory), "no other is put down").to.have.length(name.startsWith("a domain") ? 2 : 1);
      });
    }

    it("TEC-30: are told of when an admin reactivates them, as somebody has their name by then", async () => {
      const directory = await connect();
      const user = await local(directory, "ann");
      await edit(directory, user, { active: false });
      const zoe = await directory.user("zoe");
      expect((await directory.put(`/Users/${zoe}`, userBody("ann"))).status).to.equal(200);
      expect(await told(directory)).to.deep.equal([]);
      await edit(directory, user, { active: true });
      expect(await told(directory)).to.deep.equal([["same_user_name", user, await accountOf(directory, "ann", user)]]);
      expect(await found(directory, 'userName eq "ann"')).to.have.length(1);
    });

    it("TEC-30: are told of when their e-mail becomes one by which they could be taken over", async () => {
      const directory = await connect({ of: {} });
      const user = await local(directory, "ann", "ann@foreign.example");
      await directory.user("ann");
      await updateTenant(service().p, directory.tenant, { domains: [domain] }, ADMIN);
      expect(await told(directory)).to.deep.equal([]);
      await edit(directory, user, { profile: { email: `ann@${domain}` } });
      expect(await told(directory)).to.deep.equal([["same_user_name", user, await accountOf(directory, "ann", user)]]);
    });

    it("are no namesakes of themselves once a connection in test mode has taken them over", async () => {
      const directory = await connect({ sync: "test" });
      const user = await local(directory, "ann");
      expect((await directory.post("/Users", userBody("ann"))).status).to.equal(201);
      await edit(directory, user, { profile: { userName: "annie" } });
      await edit(directory, user, { profile: { userName: "ann" } });
      expect(await told(directory)).to.deep.equal([]);
    });

    it("are in no group that a connection took over, and that nobody can read", async () => {
      const directory = await connect();
      const members = [await local(directory, "ann")];
      const crew = await createLocalGroup(service().p, directory.tenant, { displayName: "Crew", members }, ADMIN);
      const groups = async () => {
        const [shown] = await found(directory, 'userName eq "ann"');
        return ((shown?.["groups"] ?? []) as readonly JsonObject[]).map(({ value }) => value);
      };
      expect(await groups()).to.deep.equal([crew]);
      expect((await directory.post("/Groups", groupBody("Crew"))).json["id"]).to.equal(crew);
      expect(await groups()).to.deep.equal([]);
    });
  });
});
