import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { adoptByHand } from "../../src/provisioning/adopt-by-hand.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { entraClient } from "../../src/simulate/entra/client.js";
import * as entra from "../../src/simulate/entra.js";
import { oktaClient } from "../../src/simulate/okta/client.js";
import * as okta from "../../src/simulate/okta.js";
import { ada } from "../simulate/people.js";
import { signInOf } from "../support/people.js";
import { ADMIN, isSettled } from "../support/tenant.js";
import { type DirectoryOptions, onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
const OFF = [{ op: "replace", path: "active", value: false }];
let domains = 0;

describe("a sign-in that turns out to be a pushed person's", () => {
  onEachDatabase((service) => {
    const connect = (options: DirectoryOptions = {}) => service().connect({ protocol: "oidc", oidc, ...options });
    const arrive = async ({ tenant, connection }: ScimDirectory, subject: string, userName: string) => {
      const outcome = await signIn(service().p, { tenant, connection, observed: signInOf(subject, { userName }) });
      return outcome.allowed ? outcome.user : outcome.code;
    };
    /** Somebody signs in with a session: their account, and whether the session is open. */
    const enter = async (
      directory: ScimDirectory,
      subject: string,
      userName: string,
      groups: readonly string[] = [],
    ) => {
      const { p } = service();
      const { tenant, connection } = directory;
      const observed = signInOf(subject, { userName, ...(groups.length > 0 && { groups }) });
      const signedIn = await signIn(p, { tenant, connection, observed });
      if (!signedIn.allowed) throw new Error(signedIn.code);
      const { user, epoch } = signedIn;
      const { token } = await openSession(p, tenant, { user, epoch, connection, subject });
      return { user, isIn: async () => (await currentSession(p, token)) !== undefined };
    };
    const accounts = async ({ tenant }: ScimDirectory) =>
      (await service().p.store.read(tenant.id).users({ limit: 50 })).items;
    const statusOf = async (directory: ScimDirectory, user: string) =>
      (await accounts(directory)).find(({ id }) => id === user)?.status;
    const reviews = async ({ tenant }: ScimDirectory) =>
      (await service().p.store.read(tenant.id).reviewItems({ limit: 50 })).items.map(({ kind }) => kind);

    const RENAMES: Readonly<Record<string, JsonObject>> = {
      "with their subject as externalId": { userName: "other", externalId: "sub-z" },
      "with their user name": { userName: "Z@acme.example", externalId: "e1" },
    };
    for (const [what, { userName, externalId }] of Object.entries(RENAMES)) {
      for (const [verb, rename] of Object.entries({
        PUT: (one: ScimDirectory, id: string) =>
          one.put(`/Users/${id}`, userBody(String(userName), { externalId: externalId ?? null })),
        PATCH: (one: ScimDirectory, id: string) =>
          one.patch(`/Users/${id}`, [
            { op: "replace", value: { userName: userName ?? null, externalId: externalId ?? null } },
          ]),
      })) {
        it(`SEC-05: a ${verb} ${what} takes the sign-in over, and a deactivation ends it`, async () => {
          const directory = await connect();
          const id = await directory.user("old@acme.example", { externalId: "e1" });
          const alone = await enter(directory, "sub-z", "z@acme.example");
          expect((await rename(directory, id)).status).to.equal(200);
          expect([await alone.isIn(), await statusOf(directory, alone.user)]).to.deep.equal([false, "deactivated"]);
          const joined = await enter(directory, "sub-z", "z@acme.example");
          expect(joined.user).not.to.equal(alone.user);
          expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);
          expect(await joined.isIn()).to.equal(false);
          expect(await arrive(directory, "sub-z", "z@acme.example")).to.equal("deactivated");
          expect((await accounts(directory)).map(({ status }) => status)).to.deep.equal(["deactivated", "deactivated"]);
          const { items } = await service().p.store.read(directory.tenant.id).audit({ limit: 50 });
          const entry = items.find(({ action }) => action === "user.joined");
          expect(entry?.user).to.equal(alone.user);
          expect(entry?.detail).to.include({ joined: joined.user, scimId: id });
        });
      }
    }

    const ENDS: Readonly<
      Record<string, (one: ScimDirectory, id: string, name: string) => Promise<{ status: number }>>
    > = {
      "PATCH active: false": (one, id) => one.patch(`/Users/${id}`, OFF),
      "PUT with the subject": (one, id, name) =>
        one.put(`/Users/${id}`, userBody(name, { externalId: "sub-lo", active: false, emails: [{ value: name }] })),
      DELETE: (one, id) => one.delete(`/Users/${id}`),
    };
    for (const [what, end] of Object.entries(ENDS)) {
      it(`SEC-05: ${what} of somebody made by hand ends the account of their sign-in, too`, async () => {
        const domain = `joined${++domains}.example`;
        const directory = await connect({ of: { domains: [domain] } });
        const name = `lo@${domain}`;
        await createLocalUser(service().p, directory.tenant, { userName: name, email: name }, ADMIN);
        const alone = await enter(directory, "sub-lo", name);
        const found = await directory.get(`/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`);
        const [row] = found.json["Resources"] as readonly JsonObject[];
        expect((await end(directory, String(row?.["id"]), name)).status).to.be.within(200, 204);
        expect(await alone.isIn()).to.equal(false);
        expect(await arrive(directory, "sub-lo", name)).to.equal("deactivated");
        expect((await accounts(directory)).map(({ status }) => status)).to.deep.equal(["deactivated", "deactivated"]);
      });
    }

    /** Somebody made by hand in a proved domain, who also signs in. */
    const byHand = async () => {
      const domain = `joined${++domains}.example`;
      const directory = await connect({ of: { domains: [domain] } });
      const person = { ...ada, userName: `ada@${domain}` };
      const { userName } = person;
      const user = await createLocalUser(service().p, directory.tenant, { userName, email: userName }, ADMIN);
      const alone = await enter(directory, person.id, userName);
      const posted = await directory.post("/Users", userBody(userName, { externalId: person.id }));
      expect(posted.status, "nobody is taken over by a POST that means two").to.equal(409);
      const isOne = async () => {
        const states = [await statusOf(directory, alone.user), await statusOf(directory, user)];
        expect([...states, await alone.isIn()]).to.deep.equal(["deactivated", "registered", false]);
        expect(await arrive(directory, person.id, userName)).to.equal(user);
      };
      const wire = { baseUrl: `${service().url}/api/scim/v2`, token: directory.token };
      return { directory, person, user, wire, isOne };
    };

    for (const kind of ["catalogue", "custom"] as const) {
      it(`TEC-49: Okta (${kind}) finds somebody made by hand who also signs in, and its PUT to that id makes them one`, async () => {
        const { person, wire, isOne } = await byHand();
        const client = oktaClient({ ...wire, kind });
        expect(await okta.assign(client, person)).to.equal(true);
        await isOne();
        expect(await okta.update(client, { ...person, title: "Countess" })).to.equal(true);
        expect(client.http.complaints).to.deep.equal([]);
      });
    }

    for (const matching of ["userName", "email"] as const) {
      it(`TEC-49: Entra ID finds somebody made by hand who also signs in by ${matching}, and its PATCH of that id makes them one`, async () => {
        const { person, wire, isOne } = await byHand();
        const client = entraClient({ ...wire, matching: [matching] });
        expect(await entra.provision(client, person)).to.equal(true);
        await isOne();
        expect(await entra.update(client, { ...person, title: "Countess" })).to.equal(true);
        expect(client.http.complaints).to.deep.equal([]);
      });
    }

    it("TEC-49: somebody made by hand whom an admin hands to the connection is one with their sign-in", async () => {
      const { directory, user, isOne } = await byHand();
      const { tenant, connection } = directory;
      await adoptByHand(service().p, tenant, user, connection.slug, ADMIN);
      await isOne();
      const { items } = await service().p.store.read(tenant.id).audit({ limit: 50 });
      expect(items.map(({ action }) => action)).to.include.members(["user.adopted", "user.joined"]);
    });

    it("SEC-05: deactivations of the same time end sign-ins, each its own", async () => {
      const directory = await connect();
      const names = ["a", "b", "c"].map((name) => `${name}@acme.example`);
      const ids = await Promise.all(names.map((name) => directory.user(`old.${name}`)));
      const alone = await Promise.all(names.map((name) => enter(directory, `sub-${name}`, name)));
      await Promise.all(
        names.map((name, at) =>
          directory.patch(`/Users/${ids[at]}`, [{ op: "replace", path: "userName", value: name }, ...OFF]),
        ),
      );
      for (const [at, one] of alone.entries()) {
        expect(await one.isIn()).to.equal(false);
        expect(await arrive(directory, `sub-${names[at]}`, String(names[at]))).to.equal("deactivated");
      }
    });

    describe("when the connection goes live", () => {
      /** Takes the connection live as previewed; what the preview said of accounts, by user. */
      const live = async (directory: ScimDirectory) => {
        const { p } = service();
        const { tenant, connection } = directory;
        const preview = await previewSync(p, tenant, connection.slug, { to: "live" });
        const { items } = await preview.lines({ limit: 50 });
        await goLive(p, tenant, connection.slug, preview.digest, ADMIN);
        for (; !(await isSettled(p, tenant.id)); await sleep(5)) p.wake();
        const after: ScimDirectory = { ...directory, connection: { ...connection, sync: "live" } };
        const of = (user: string) =>
          items
            .filter((line) => line.user.id === user)
            .map(({ change, target }) => (target ? `${change} ${target.role}` : change));
        return { after, of };
      };
      const map = ({ tenant }: ScimDirectory) => {
        const mappings = [{ group_name: "Crew", team_name: "Ship", role_name: "sailor" }];
        return saveMapping(service().p, tenant, JSON.stringify({ mappings, no_match: "allow" }), {}, ADMIN);
      };

      it("TEC-49: whom pushes name by a sign-in of the test mode become one, as a push to a live connection makes them, and the preview shows it", async () => {
        const directory = await connect({ sync: "test" });
        await map(directory);
        const id = await directory.user("old@acme.example", { externalId: "e1" });
        const alone = await enter(directory, "sub-z", "z@acme.example", ["Crew"]);
        await directory.put(`/Users/${id}`, userBody("z@acme.example", { externalId: "sub-z" }));
        expect(await alone.isIn(), "in test mode nobody's account ends").to.equal(true);
        const { after, of } = await live(directory);
        expect(of(alone.user)).to.include("deactivate_user");
        expect([await alone.isIn(), await statusOf(after, alone.user)]).to.deep.equal([false, "deactivated"]);
        const [one] = (await accounts(after)).filter(({ status }) => status === "registered");
        expect(
          one?.assignments.map(({ role }) => role),
          "what the sign-in said goes with it",
        ).to.deep.equal(["sailor"]);
        expect(of(String(one?.id))).to.include("grant sailor");
        expect(await arrive(after, "sub-z", "z@acme.example")).to.equal(one?.id);
        expect(await reviews(after)).to.deep.equal([]);
      });

      it("TEC-49: somebody whom the connection took over in test mode is one with their sign-in", async () => {
        const domain = `joined${++domains}.example`;
        const directory = await connect({ sync: "test", of: { domains: [domain] } });
        const name = `lo@${domain}`;
        const user = await createLocalUser(service().p, directory.tenant, { userName: name, email: name }, ADMIN);
        const alone = await enter(directory, "sub-lo", name);
        const found = await directory.get(`/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`);
        const [row] = found.json["Resources"] as readonly JsonObject[];
        expect(
          (await directory.patch(`/Users/${row?.["id"]}`, [{ op: "add", path: "title", value: "Mate" }])).status,
        ).to.equal(200);
        const { after } = await live(directory);
        expect([await statusOf(after, alone.user), await statusOf(after, user)]).to.deep.equal([
          "deactivated",
          "registered",
        ]);
        expect(await arrive(after, "sub-lo", name)).to.equal(user);
      });

      it("a name that could mean two sign-ins joins neither, and an admin is told", async () => {
        const directory = await connect({ sync: "test" });
        const id = await directory.user("old");
        const [dan, eve] = [await enter(directory, "sub-dan", "dan"), await enter(directory, "sub-eve", "eve")];
        await directory.put(`/Users/${id}`, userBody("eve", { externalId: "sub-dan" }));
        const { after, of } = await live(directory);
        expect([...of(dan.user), ...of(eve.user)]).to.deep.equal([]);
        expect([await dan.isIn(), await eve.isIn()]).to.deep.equal([true, true]);
        expect(await reviews(after)).to.deep.equal(["ambiguous_link"]);
      });

      it("a look-alike of a name is nobody's", async () => {
        const directory = await connect({ sync: "test" });
        const id = await directory.user("old");
        const kim = await enter(directory, "sub-kim", "\u212Aim");
        await directory.put(`/Users/${id}`, userBody("\u212Aim"));
        const { of } = await live(directory);
        expect([of(kim.user), await kim.isIn()]).to.deep.equal([[], true]);
      });
    });

    for (const [verb, push] of Object.entries({
      POST: (one: ScimDirectory, body: JsonObject) => one.post("/Users", body),
      PUT: async (one: ScimDirectory, body: JsonObject) => one.put(`/Users/${await one.user("old")}`, body),
    })) {
      it(`a ${verb} that could mean two sign-ins links neither, an admin is told, and neither comes in while it is inactive`, async () => {
        const directory = await connect();
        const [dan, eve] = [await enter(directory, "sub-dan", "dan"), await enter(directory, "sub-eve", "eve")];
        const reply = await push(directory, userBody("eve", { externalId: "sub-dan" }));
        expect(reply.status).to.be.within(200, 201);
        expect(await reviews(directory)).to.deep.equal(["ambiguous_link"]);
        expect([await dan.isIn(), await eve.isIn()]).to.deep.equal([true, true]);
        expect(await arrive(directory, "sub-dan", "dan")).to.equal(dan.user);
        expect((await accounts(directory)).length).to.equal(3);
        expect((await directory.patch(`/Users/${reply.json["id"]}`, OFF)).status).to.equal(200);
        for (const name of ["dan", "eve"]) expect(await arrive(directory, `sub-${name}`, name)).to.equal("deactivated");
      });
    }

    it("a name alone does not move somebody who signs in under another subject: an admin is told", async () => {
      const directory = await connect();
      const id = await directory.user("ann");
      const ann = await enter(directory, "sub-ann", "ann");
      const ben = await enter(directory, "sub-ben", "ben");
      expect((await directory.put(`/Users/${id}`, userBody("ben"))).status).to.equal(200);
      expect(await reviews(directory)).to.deep.equal(["ambiguous_link"]);
      expect([await ann.isIn(), await ben.isIn()]).to.deep.equal([true, true]);
      expect((await directory.put(`/Users/${id}`, userBody("ben", { active: false }))).status).to.equal(200);
      expect(await arrive(directory, "sub-ben", "ben")).to.equal("deactivated");
      expect(await ann.isIn()).to.equal(false);
    });
  });
});
