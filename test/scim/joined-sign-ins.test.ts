import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
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
    const enter = async (directory: ScimDirectory, subject: string, userName: string) => {
      const { p } = service();
      const { tenant, connection } = directory;
      const signedIn = await signIn(p, { tenant, connection, observed: signInOf(subject, { userName }) });
      if (!signedIn.allowed) throw new Error(signedIn.code);
      const { user } = signedIn;
      const { token } = await openSession(p, tenant, { user, connection, subject });
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

    it("SEC-05: deactivations of the same time end sign-ins, each its own", async () => {
      const directory = await connect({ sync: "test" });
      const names = ["a", "b", "c"].map((name) => `${name}@acme.example`);
      const ids = await Promise.all(names.map((name) => directory.user(`old.${name}`)));
      const alone = await Promise.all(names.map((name) => enter(directory, `sub-${name}`, name)));
      await Promise.all(
        names.map((name, at) =>
          directory.patch(`/Users/${ids[at]}`, [{ op: "replace", path: "userName", value: name }]),
        ),
      );
      for (const one of alone) expect(await one.isIn(), "in test mode nobody's account ends").to.equal(true);
      const { tenant, connection } = directory;
      const { digest } = await previewSync(service().p, tenant, connection.slug, { to: "live" });
      await goLive(service().p, tenant, connection.slug, digest, ADMIN);
      const live: ScimDirectory = { ...directory, connection: { ...connection, sync: "live" } };
      await Promise.all(ids.map((id) => live.patch(`/Users/${id}`, OFF)));
      for (const [at, one] of alone.entries()) {
        expect(await one.isIn()).to.equal(false);
        expect(await arrive(live, `sub-${names[at]}`, String(names[at]))).to.equal("deactivated");
      }
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
