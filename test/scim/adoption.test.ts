import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import type { LocalProfile } from "../../src/provisioning/ports/documents.js";
import { closeReviewItem } from "../../src/provisioning/review-items.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { type DirectoryOptions, onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";
import { GROUP } from "./tables.js";

let tenants = 0;
/** The domain that the latest tenant proved: no two tenants prove the same. */
let domain = "";
const at = (name: string): string => `${name}@${domain}`;
const ann = () => ({ userName: "ann", email: at("Ann"), displayName: "Ann A.", department: "Sales" });

type Profile = LocalProfile & { readonly userName: string };
const emails = (value: string): JsonObject => ({ emails: [{ value, primary: true }] });
const SALES = { mappings: [{ when: "user.department = 'Sales'", team_name: "Sales", role_name: "viewer" }] };

describe("adoption of people made by hand", () => {
  onEachDatabase((service) => {
    const connect = (options: DirectoryOptions = {}) => {
      domain = `acme${++tenants}.example`;
      return service().connect({ of: { domains: [domain] }, ...options });
    };
    const local = (directory: ScimDirectory, profile: Profile = ann()) =>
      createLocalUser(service().p, directory.tenant, profile, ADMIN);
    const found = async (directory: ScimDirectory, filter: string): Promise<readonly JsonObject[]> => {
      const { json, text } = await directory.get(`/Users?filter=${encodeURIComponent(filter)}`);
      const resources = json["Resources"] as readonly JsonObject[];
      expect(json["totalResults"], text).to.equal(resources.length);
      return resources;
    };
    const idOf = async (directory: ScimDirectory, userName = "ann"): Promise<string> =>
      String((await found(directory, `userName eq "${userName}"`))[0]?.["id"]);
    const accounts = async ({ tenant }: ScimDirectory) =>
      (await service().p.store.read(tenant.id).users({ limit: 50 })).items;
    const account = async (directory: ScimDirectory, user: UserId) =>
      (await accounts(directory)).find(({ id }) => id === user);
    const map = ({ tenant }: ScimDirectory, document: object) =>
      saveMapping(service().p, tenant, JSON.stringify(document), {}, ADMIN);

    const lookups = () => [
      'userName eq "ANN"',
      `emails.value eq "ann@${domain.toUpperCase()}"`,
      'displayName sw "ann"',
      "active eq true",
    ];
    it("TAB-10, TEC-30: an existing local user is found by name and e-mail and listed, and a POST adopts them with that id", async () => {
      const directory = await connect();
      const user = await local(directory);
      await directory.user(at("zoe"), { active: false });
      for (const filter of lookups()) expect(await found(directory, filter), filter).to.have.length(1);
      const [seen] = await found(directory, 'userName eq "ann"');
      const { json: list } = await directory.get("/Users");
      expect([list["totalResults"], (list["Resources"] as readonly Json[]).length]).to.deep.equal([2, 2]);
      const posted = await directory.post("/Users", userBody(at("ann"), { externalId: "00u1" }));
      expect([posted.status, posted.json["id"]], posted.text).to.deep.equal([201, seen?.["id"]]);
      const adopted = await account(directory, user);
      expect([adopted?.userName, adopted?.synced]).to.deep.equal([at("ann"), true]);
      const again = await directory.post("/Users", userBody(at("ann"), { externalId: "00u1" }));
      expect([again.status, again.json["scimType"]]).to.deep.equal([409, "uniqueness"]);
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(2);
    });

    type Write = (directory: ScimDirectory, id: string) => Promise<ScimReply>;
    const WRITES: Readonly<Record<string, readonly [write: Write, status: number]>> = {
      "a PUT": [(one, id) => one.put(`/Users/${id}`, userBody("ann", { externalId: "00u1", title: "Captain" })), 200],
      "a PATCH": [(one, id) => one.patch(`/Users/${id}`, [{ op: "add", path: "title", value: "Captain" }]), 200],
      "a PATCH that changes nothing": [
        (one, id) => one.patch(`/Users/${id}`, [{ op: "replace", path: "displayName", value: "Ann A." }]),
        200,
      ],
      "a PATCH of active": [
        (one, id) => one.patch(`/Users/${id}`, [{ op: "Replace", path: "active", value: "False" }]),
        200,
      ],
      "a DELETE": [(one, id) => one.delete(`/Users/${id}`), 204],
    };
    for (const [name, [write, status]] of Object.entries(WRITES)) {
      it(`${name} adopts whom it hits: from then on the connection alone keeps them`, async () => {
        const directory = await connect();
        const user = await local(directory);
        const reply = await write(directory, await idOf(directory));
        expect(reply.status, reply.text).to.equal(status);
        const leaves = /active|DELETE/.test(name);
        expect((await account(directory, user))?.status).to.equal(leaves ? "deactivated" : "registered");
        expect(await found(directory, 'userName eq "ann"')).to.have.length(status === 204 ? 0 : 1);
        const { p } = service();
        const edit = updateLocalUser(p, directory.tenant, user, { profile: { title: "Mate" } }, ADMIN);
        const outcome = leaves ? undefined : await edit.catch(({ code }: { readonly code: string }) => code);
        if (!leaves) expect(outcome).to.equal("read_only");
        else await edit.catch(() => undefined);
        const { items } = await p.store.read(directory.tenant.id).audit({ limit: 50 });
        expect(items.filter(({ action }) => action === "user.adopted")).to.have.length(1);
      });
    }

    const TAKEOVERS: Readonly<Record<string, Write>> = {
      POST: (one) => one.post("/Users", userBody("ann", emails(at("mallory")))),
      PUT: (one, id) => one.put(`/Users/${id}`, userBody("ann", emails(at("mallory")))),
      PATCH: (one, id) =>
        one.patch(`/Users/${id}`, [{ op: "replace", path: "emails", value: [{ value: at("mallory") }] }]),
      "a PATCH that removes it": (one, id) => one.patch(`/Users/${id}`, [{ op: "remove", path: "emails" }]),
      "a PUT under another userName without it": (one, id) => one.put(`/Users/${id}`, userBody(at("mallory"))),
    };
    for (const [method, takeOver] of Object.entries(TAKEOVERS)) {
      it(`SEC-03: ${method} cannot adopt an account and change its e-mail in one request`, async () => {
        const directory = await connect();
        const user = await local(directory);
        const id = await idOf(directory);
        const refused = await takeOver(directory, id);
        expect(refused.status, refused.text).to.equal(409);
        expect(refused.json["detail"]).to.match(/another e-mail.*change it then$/);
        const kept = await account(directory, user);
        expect([kept?.email, kept?.synced]).to.deep.equal([at("Ann"), false]);
        const own = await directory.put(`/Users/${id}`, userBody("ann", emails(at("ann"))));
        expect(own.status, "with the e-mail that they have").to.equal(200);
        expect(
          (await directory.put(`/Users/${id}`, userBody("ann", emails(at("mallory"))))).status,
          "and then",
        ).to.equal(200);
      });
    }

    const KEEPERS: Readonly<Record<string, Write>> = {
      "a POST": (one) => one.post("/Users", userBody("ANN", { title: "Captain" })),
      "a PUT": (one, id) => one.put(`/Users/${id}`, userBody("Ann", { emails: [], title: "Captain" })),
      "a PUT under their e-mail": (one, id) => one.put(`/Users/${id}`, userBody(at("ann"), { title: "Captain" })),
    };
    for (const [name, write] of Object.entries(KEEPERS)) {
      it(`SEC-03: ${name} that says nothing of e-mails adopts with the one that is there`, async () => {
        const directory = await connect();
        const user = await local(directory);
        const id = await idOf(directory);
        const shown = [{ value: at("Ann"), type: "work", primary: true }];
        const reply = await write(directory, id);
        expect([reply.json["id"], reply.json["title"], reply.json["emails"]], reply.text).to.deep.equal([
          id,
          "Captain",
          shown,
        ]);
        expect((await directory.get(`/Users/${id}`)).json["emails"]).to.deep.equal(shown);
        expect(await found(directory, `emails.value eq "${at("ann")}"`)).to.have.length(1);
        const adopted = await account(directory, user);
        expect([adopted?.email, adopted?.synced]).to.deep.equal([at("Ann"), true]);
        const next = await directory.put(`/Users/${id}`, userBody("ann"));
        expect([next.status, next.json["emails"]], "the next one may").to.deep.equal([200, undefined]);
      });
    }

    type Hidden = readonly [options: DirectoryOptions, profile: () => Profile];
    const HIDDEN: Readonly<Record<string, Hidden>> = {
      "whose e-mail is of a domain that nobody proved": [{}, () => ({ ...ann(), email: "ann@elsewhere.example" })],
      "whose e-mail merely ends like a proved domain": [{}, () => ({ ...ann(), email: `ann@not${domain}` })],
      "without an e-mail": [{}, () => ({ userName: "ann" })],
      "of a domain that the connection does not allow": [{ allowedDomains: ["other.example"] }, ann],
      "at a connection that adopts nobody": [{ adopt: "off" }, ann],
      "in a tenant without domains": [{ of: {} }, ann],
    };
    for (const [who, [options, profile]] of Object.entries(HIDDEN)) {
      it(`SEC-03: somebody ${who} is neither found nor adopted`, async () => {
        const directory = await connect(options);
        const user = await local(directory, profile());
        const id = await idBehind(directory, user);
        expect(await found(directory, 'userName eq "ann"')).to.have.length(0);
        expect((await directory.get("/Users")).json["totalResults"]).to.equal(0);
        expect((await directory.get(`/Users/${id}`)).status).to.equal(404);
        expect((await directory.put(`/Users/${id}`, userBody("ann"))).status).to.equal(404);
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(404);
        expect((await directory.post("/Users", userBody("ann"))).json["id"]).not.to.equal(id);
        expect(await accounts(directory), "two people until an admin says otherwise").to.have.length(2);
      });
    }
    const idBehind = async ({ tenant }: ScimDirectory, user: UserId): Promise<string> =>
      String((await service().p.store.read(tenant.id).links([user]))[0]?.directoryUser);

    for (const [by, pushed] of [
      ["müller", "xn--mller-kva"],
      ["xn--mller-kva", "MÜLLER"],
    ] as const) {
      it(`SEC-03: a proved domain in letters and in ASCII is one: \`${by}\` is found and taken over as \`${pushed}\``, async () => {
        const zone = `idn${++tenants}.example`;
        const directory = await service().connect({
          of: { domains: [`Müller.${zone}`] },
          allowedDomains: [`müller.${zone}`],
        });
        expect([directory.tenant.domains, directory.connection.allowedDomains]).to.deep.equal([
          [`xn--mller-kva.${zone}`],
          [`xn--mller-kva.${zone}`],
        ]);
        const user = await local(directory, { userName: "ann", email: `Ann@${by}.${zone}` });
        const id = await idOf(directory);
        const posted = await directory.post("/Users", userBody("00u1", emails(`ann@${pushed}.${zone}`)));
        expect([posted.status, posted.json["id"]], posted.text).to.deep.equal([201, id]);
        expect((await accounts(directory)).map((one) => one.id)).to.deep.equal([user]);
      });
    }

    it("SEC-01: nobody finds or adopts people of another tenant that proved other domains", async () => {
      const mine = await connect();
      const user = await local(mine);
      const theirs = await service().connect({ of: { domains: [`other${tenants}.example`] } });
      const id = await idBehind(mine, user);
      expect((await theirs.get(`/Users/${id}`)).status).to.equal(404);
      expect((await theirs.patch(`/Users/${id}`, [{ op: "add", path: "title", value: "x" }])).status).to.equal(404);
      expect((await theirs.get("/Users")).json["totalResults"]).to.equal(0);
    });

    const reviews = async ({ tenant }: ScimDirectory) => {
      const { items } = await service().p.store.read(tenant.id).reviewItems({ limit: 10 });
      return items.map(({ kind, detail }) => [kind, detail["users"]]);
    };
    it("TAB-10: a push makes no second account of somebody whom an admin deactivated, and an admin is told", async () => {
      const directory = await connect();
      const user = await local(directory);
      const edit = (change: { readonly active: boolean }) =>
        updateLocalUser(service().p, directory.tenant, user, change, ADMIN);
      await edit({ active: false });
      expect(await found(directory, 'userName eq "ann"')).to.have.length(0);
      for (const body of [userBody("ann"), userBody("else", emails(at("ann")))]) {
        const posted = await directory.post("/Users", body);
        expect([posted.status, posted.json["scimType"]], posted.text).to.deep.equal([409, "uniqueness"]);
        expect(posted.json["detail"]).to.match(/is deactivated: an admin reactivates them/);
      }
      expect((await accounts(directory)).map(({ id, status }) => [id, status])).to.deep.equal([[user, "deactivated"]]);
      expect(await reviews(directory)).to.deep.equal([["adoption", [user]]]);
      await edit({ active: true });
      expect((await directory.post("/Users", userBody("ann"))).status).to.equal(201);
      expect(await accounts(directory)).to.have.length(1);
    });

    it("somebody who signs in and was also made by hand is not two users of the directory: 409, and an admin is told", async () => {
      const directory = await connect({
        protocol: "oidc",
        oidc: { issuer: "https://idp.example", clientId: "c", scopes: [] },
      });
      const { p } = service();
      const { tenant, connection } = directory;
      const loc = at("loc");
      const user = await local(directory, { userName: loc, email: loc });
      const target = { scope: "tenant", role: "admin" } as const;
      await addManualGrant(p, tenant, user, { target, reason: "by hand" }, ADMIN);
      await signIn(p, { tenant, connection, observed: signInOf("sub-loc", { userName: loc }) });
      const id = await idOf(directory, loc);
      const posted = await directory.post("/Users", userBody(loc, { externalId: "00u1" }));
      expect([posted.status, posted.json["scimType"]], posted.text).to.deep.equal([409, "uniqueness"]);
      expect((await found(directory, `userName eq "${loc}"`)).map((one) => one["id"])).to.deep.equal([id]);
      expect(await accounts(directory), "the sign-in has one of its own").to.have.length(2);
      const [[kind, users] = []] = await reviews(directory);
      expect([kind, (users as readonly Json[]).length, (users as readonly Json[])[0]]).to.deep.equal([
        "adoption",
        2,
        user,
      ]);
      const off = await directory.patch(`/Users/${id}`, [{ op: "replace", path: "active", value: false }]);
      expect(off.status, off.text).to.equal(200);
      expect((await accounts(directory)).map(({ status }) => status)).to.deep.equal(["deactivated", "deactivated"]);
      expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
    });

    type Rename = (directory: ScimDirectory, pushed: string, other: string) => Promise<ScimReply>;
    const RENAMES: Readonly<Record<string, Rename>> = {
      "a PATCH of a pushed user": (one, pushed) =>
        one.patch(`/Users/${pushed}`, [{ op: "replace", path: "userName", value: at("BO") }]),
      "a PUT of a pushed user, with the e-mail too": (one, pushed) =>
        one.put(`/Users/${pushed}`, userBody(at("bo"), emails(at("bo")))),
      "a PATCH of somebody else made by hand": (one, _, other) =>
        one.patch(`/Users/${other}`, [{ op: "replace", path: "userName", value: at("BO") }]),
    };
    for (const [name, rename] of Object.entries(RENAMES)) {
      it(`TEC-30: ${name} cannot take the userName of somebody made by hand who is listed`, async () => {
        const directory = await connect();
        const user = await local(directory, { userName: at("bo"), email: at("bo") });
        const other = await local(directory);
        const id = await idOf(directory, at("bo"));
        const pushed = await directory.user(at("zoe"));
        const yan = await directory.user(at("yan"));
        const [refused] = await Promise.all([
          rename(directory, pushed, await idOf(directory)),
          directory.patch(`/Users/${yan}`, [{ op: "add", path: "title", value: "together with others" }]),
        ]);
        expect([refused.status, refused.json["scimType"]], refused.text).to.deep.equal([409, "uniqueness"]);
        expect(refused.json["detail"]).to.include(id);
        expect((await account(directory, other))?.synced).to.equal(false);
        expect(await found(directory, `userName eq "${at("bo")}"`)).to.have.length(1);
        const off = await directory.patch(`/Users/${id}`, [{ op: "replace", path: "active", value: false }]);
        expect(off.status, off.text).to.equal(200);
        expect((await account(directory, user))?.status).to.equal("deactivated");
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
        expect((await rename(directory, pushed, await idOf(directory))).status, "free again").to.equal(200);
      });
    }

    it("TEC-30: somebody made by hand under the userName of a pushed user is hidden until an admin renames them, and an admin is told", async () => {
      const directory = await connect();
      const pushed = await directory.user(at("ann"));
      const [known] = await accounts(directory);
      const user = await local(directory, { userName: at("Ann"), email: at("ann") });
      expect(await reviews(directory)).to.deep.equal([["same_user_name", [user, known?.id]]]);
      expect((await found(directory, `userName eq "${at("ann")}"`)).map(({ id }) => id)).to.deep.equal([pushed]);
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(1);
      const hidden = await idBehind(directory, user);
      const removed = [await directory.get(`/Users/${hidden}`), await directory.delete(`/Users/${hidden}`)];
      expect(removed.map(({ status }) => status)).to.deep.equal([404, 404]);
      expect((await directory.put(`/Users/${pushed}`, userBody(at("ann"), { title: "x" }))).status).to.equal(200);
      const rename = { profile: { userName: at("annie"), email: at("annie") } };
      await updateLocalUser(service().p, directory.tenant, user, rename, ADMIN);
      expect(await found(directory, `userName eq "${at("annie")}"`)).to.have.length(1);
      await updateLocalUser(service().p, directory.tenant, user, { profile: { userName: at("ANN") } }, ADMIN);
      expect(await found(directory, `userName eq "${at("annie")}"`)).to.have.length(0);
      expect((await directory.delete(`/Users/${pushed}`)).status).to.equal(204);
      expect(await found(directory, `userName eq "${at("ann")}"`)).to.have.length(1);
    });

    it("an owner is found and never taken over in silence: 409, and an admin is told", async () => {
      const directory = await connect();
      const { tenant, connection } = directory;
      const user = await local(directory);
      await addManualGrant(
        service().p,
        tenant,
        user,
        { target: { scope: "tenant", role: "owner" }, reason: "founder" },
        ADMIN,
      );
      const id = await idOf(directory);
      const posted = await directory.post("/Users", userBody("ann", emails(at("ann"))));
      expect([posted.status, posted.json["scimType"]], posted.text).to.deep.equal([409, "uniqueness"]);
      const replies = [
        await directory.put(`/Users/${id}`, userBody("ann")),
        await directory.patch(`/Users/${id}`, [{ op: "replace", path: "active", value: false }]),
        await directory.delete(`/Users/${id}`),
      ];
      expect(replies.map(({ status }) => status)).to.deep.equal([409, 409, 409]);
      const kept = await account(directory, user);
      expect([kept?.status, kept?.synced]).to.deep.equal(["registered", false]);
      const { items } = await service().p.store.read(tenant.id).reviewItems({ limit: 10 });
      expect(items.map((item) => [item.kind, item.connection, item.detail["users"]])).to.deep.equal([
        ["adoption", connection.id, [user]],
      ]);
    });

    const LEAVES: Readonly<Record<string, () => readonly [method: "put" | "patch", body: JsonObject]>> = {
      "a PUT with a userName that is taken": () => [
        "put",
        userBody(at("taken"), { active: false, ...emails(at("ann")), title: "Captain" }),
      ],
      "a PUT with a userName that is taken, and no e-mail": () => ["put", userBody(at("taken"), { active: false })],
      "a PUT with another e-mail": () => ["put", userBody("ann", { active: false, ...emails(at("mallory")) })],
      "a PUT with what cannot be read": () => ["put", userBody("ann", { active: false, title: 5 })],
      "a PATCH with a userName that is taken": () => ["patch", { userName: at("taken"), active: false }],
      "a PATCH with another e-mail": () => ["patch", { ...emails(at("mallory")), active: false }],
    };
    for (const [name, write] of Object.entries(LEAVES)) {
      it(`SEC-05: ${name} switches off somebody made by hand all the same, and changes nothing else`, async () => {
        const directory = await connect();
        const user = await local(directory);
        const id = await idOf(directory);
        await directory.user(at("taken"));
        const { meta: _, ...before } = (await directory.get(`/Users/${id}`)).json;
        const [method, body] = write();
        const send = (more: JsonObject) =>
          method === "put"
            ? directory.put(`/Users/${id}`, { ...body, ...more })
            : directory.patch(`/Users/${id}`, [{ op: "replace", value: { ...body, ...more } }]);
        expect((await send({ active: true })).status, "who stays").to.be.oneOf([400, 409]);
        await closeReviews(directory);
        const off = await send({});
        expect(off.status, off.text).to.equal(200);
        expect(off.json).to.deep.equal({ ...before, active: false, meta: off.json["meta"] });
        expect((await directory.get(`/Users/${id}`)).json).to.deep.equal(off.json);
        expect((await account(directory, user))?.status).to.equal("deactivated");
        expect(await reviews(directory), "nothing is left to decide").to.deep.equal([]);
        expect((await directory.delete(`/Users/${id}`)).status).to.equal(204);
      });
    }
    it("SEC-05: a POST that is refused switches off all the same whom it means, with active: false, and makes nobody", async () => {
      const directory = await connect();
      const user = await local(directory);
      const id = await idOf(directory);
      const pushed = await directory.user(at("taken"));
      const { meta: _, ...before } = (await directory.get(`/Users/${id}`)).json;
      const refused: Readonly<Record<string, JsonObject>> = {
        "somebody who is nobody": userBody(at("nobody"), { title: 5 }),
        "another one's userName": userBody(at("taken"), emails(at("ann"))),
        "nobody in particular": userBody("", emails(at("ann"))),
        "a text that is none": userBody("ann", { title: 5, active: true }),
      };
      for (const [name, body] of Object.entries(refused)) {
        const reply = await directory.post("/Users", { active: false, ...body });
        expect(reply.status, `${name}: ${reply.text}`).to.be.oneOf([400, 409]);
      }
      expect((await accounts(directory)).map(({ status }) => status)).to.deep.equal(["registered", "registered"]);
      await closeReviews(directory);
      const off = await directory.post(
        "/Users",
        userBody("ann", { active: false, ...emails(at("mallory")), title: 5 }),
      );
      expect(off.status, off.text).to.equal(201);
      expect(off.json).to.deep.equal({ ...before, active: false, meta: off.json["meta"] });
      expect((await directory.get(`/Users/${id}`)).json).to.deep.equal(off.json);
      expect((await account(directory, user))?.status).to.equal("deactivated");
      expect(await reviews(directory), "nothing is left to decide").to.deep.equal([]);
      expect((await directory.get(`/Users/${pushed}`)).json["active"]).to.equal(true);
      expect(await accounts(directory)).to.have.length(2);
    });

    const closeReviews = async ({ tenant }: ScimDirectory) => {
      const { p } = service();
      const { items } = await p.store.read(tenant.id).reviewItems({ limit: 10 });
      for (const { id } of items) await closeReviewItem(p, tenant, id, ADMIN);
    };

    it("where two people could be meant, nobody is taken over: 409, and an admin is told", async () => {
      const directory = await connect();
      await local(directory);
      await local(directory, { userName: "annie", email: at("annie") });
      const posted = await directory.post("/Users", userBody("ann", emails(at("annie"))));
      expect([posted.status, posted.json["scimType"]]).to.deep.equal([409, "uniqueness"]);
      const { items } = await service().p.store.read(directory.tenant.id).reviewItems({ limit: 10 });
      expect(items.map(({ detail }) => (detail["users"] as readonly Json[]).length)).to.deep.equal([2]);
    });

    it("somebody whose userName is taken in the connection is neither found nor adopted by their e-mail: 409, until an admin renames one", async () => {
      const directory = await connect({ adopt: "off" });
      const { p } = service();
      const { tenant, connection } = directory;
      await directory.user("ann");
      const [pushed] = await accounts(directory);
      const user = await local(directory);
      await updateConnection(p, tenant, connection.slug, { adopt: "verified_domain" }, ADMIN);
      expect(await found(directory, `emails.value eq "${at("ann")}"`)).to.have.length(0);
      for (const userName of ["ann", at("ann")]) {
        const posted = await directory.post("/Users", userBody(userName, emails(at("ann"))));
        expect([posted.status, posted.json["scimType"]], posted.text).to.deep.equal([409, "uniqueness"]);
      }
      expect(await reviews(directory)).to.deep.equal([
        ["same_user_name", [user, pushed?.id]],
        ["adoption", [user]],
      ]);
      await updateLocalUser(p, tenant, user, { profile: { userName: "annie" } }, ADMIN);
      const posted = await directory.post("/Users", userBody(at("ann"), emails(at("ann"))));
      expect([posted.status, (await account(directory, user))?.synced], posted.text).to.deep.equal([201, true]);
    });

    it("refuses a group of somebody who was not taken over yet, and says what to do first", async () => {
      const directory = await connect();
      await local(directory);
      const id = await idOf(directory);
      const crew = { schemas: [GROUP], displayName: "Crew", members: [{ value: id }] };
      const refused = await directory.post("/Groups", crew);
      expect([refused.status, refused.json["scimType"]]).to.deep.equal([400, "invalidValue"]);
      expect(refused.json["detail"]).to.match(/kept by hand: write to the user first/);
      await directory.patch(`/Users/${id}`, [{ op: "add", path: "externalId", value: "00u1" }]);
      expect((await directory.post("/Groups", crew)).status).to.equal(201);
    });

    it("pages through its own people and those that it may adopt as one list", async () => {
      const directory = await connect();
      for (const n of [1, 2, 3]) {
        await local(directory, { userName: `l${n}`, email: at(`l${n}`) });
        await directory.user(at(`s${n}`));
      }
      const seen: Json[] = [];
      for (let start = 1; start <= 7; start += 2) {
        const { json } = await directory.get(`/Users?startIndex=${start}&count=2`);
        expect(json["totalResults"]).to.equal(6);
        seen.push(...(json["Resources"] as readonly JsonObject[]).map((one) => one["userName"] ?? null));
      }
      const names = ["l1", at("s1"), "l2", at("s2"), "l3", at("s3")];
      expect(seen).to.have.members(names).and.to.have.length(6);
      expect((await directory.get("/Users?count=0")).json["totalResults"]).to.equal(6);
    });

    it("people made by hand are found and sorted by when they were made, as they are shown", async () => {
      const directory = await connect();
      await local(directory, { userName: "first", email: at("first") });
      await directory.user(at("second"));
      await local(directory, { userName: "third", email: at("third") });
      const sorted = await directory.get("/Users?sortBy=meta.created");
      const shown = sorted.json["Resources"] as readonly { readonly meta: { readonly created: string } }[];
      const made = shown.map(({ meta }) => meta.created);
      expect([made.length, made]).to.deep.equal([3, [...made].sort()]);
      expect((sorted.json["Resources"] as readonly JsonObject[]).map((one) => one["userName"])).to.deep.equal([
        "first",
        at("second"),
        "third",
      ]);
      expect(await found(directory, 'meta.created gt "2020-01-01T00:00:00Z"')).to.have.length(3);
      expect(await found(directory, 'not (meta.created gt "2020-01-01T00:00:00Z")')).to.have.length(0);
    });

    it("in test mode an adoption changes nobody's access; live, what is pushed takes the place of what was typed", async () => {
      const directory = await connect({ sync: "test" });
      const { tenant, connection } = directory;
      await map(directory, SALES);
      const user = await local(directory);
      const held = async () => (await account(directory, user))?.assignments.map(({ scope }) => scope);
      expect(await held()).to.deep.equal(["team:Sales"]);
      const posted = await directory.post("/Users", userBody(at("ann"), { displayName: "Pushed" }));
      expect(posted.status, posted.text).to.equal(201);
      expect([await held(), (await account(directory, user))?.displayName]).to.deep.equal([["team:Sales"], "Ann A."]);
      const { p } = service();
      await updateLocalUser(p, tenant, user, { profile: { title: "Mate" } }, ADMIN);
      const { digest, summary } = await previewSync(p, tenant, connection.slug, { to: "live" });
      expect(summary.revoked).to.equal(1);
      await goLive(p, tenant, connection.slug, digest, ADMIN);
      await directory.patch(`/Users/${posted.json["id"]}`, [{ op: "add", path: "nickName", value: "A" }]);
      expect([await held(), (await account(directory, user))?.displayName]).to.deep.equal([[], "Pushed"]);
    });

    it("switched off by conversion, the adopted go on by hand", async () => {
      const directory = await connect();
      const { tenant, connection } = directory;
      const user = await local(directory);
      await directory.post("/Users", userBody(at("ann")));
      await updateConnection(service().p, tenant, connection.slug, { sync: "off", onDisable: "convert" }, ADMIN);
      await updateLocalUser(service().p, tenant, user, { profile: { displayName: "By hand" } }, ADMIN);
      const now = await account(directory, user);
      expect([now?.status, now?.synced, now?.displayName]).to.deep.equal(["registered", false, "By hand"]);
    });

    it("two requests at once adopt somebody once", async () => {
      const directory = await connect();
      await local(directory);
      const body = userBody("ann", { ...emails(at("ann")), externalId: "00u1" });
      const replies = await Promise.all([1, 2, 3, 4].map(() => directory.post("/Users", body)));
      expect(replies.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409, 409]);
      expect(await accounts(directory)).to.have.length(1);
    });
  });
});
