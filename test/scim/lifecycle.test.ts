import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { updateTenant } from "../../src/provisioning/tenants.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";

const emails = (value: string): JsonObject => ({ emails: [{ value, primary: true }] });
let domains = 0;
const newDomain = (): string => `life${++domains}.example`;

describe("the life of a pushed person", () => {
  onEachDatabase((service) => {
    const accounts = async ({ tenant }: ScimDirectory) =>
      (await service().p.store.read(tenant.id).users({ limit: 50 })).items;

    it("TAB-6, DS-10: after a DELETE they are nowhere over SCIM, their name is free, and the account is still listed", async () => {
      const directory = await service().connect();
      const rules = { mappings: [{ everyone: true, scope: "all_teams", role_name: "viewer" }] };
      await saveMapping(service().p, directory.tenant, JSON.stringify(rules), {}, ADMIN);
      const ann = await directory.user("ann");
      const crew = await directory.group("Crew", [ann, await directory.user("ben")]);
      const before = (await directory.get(`/Groups/${crew}`)).headers["etag"];
      expect((await directory.delete(`/Users/${ann}`)).status).to.equal(204);
      const replies = [
        await directory.get(`/Users/${ann}`),
        await directory.put(`/Users/${ann}`, userBody("ann")),
        await directory.patch(`/Users/${ann}`, [{ op: "replace", path: "active", value: true }]),
        await directory.delete(`/Users/${ann}`),
      ];
      expect(replies.map(({ status }) => status)).to.deep.equal([404, 404, 404, 404]);
      expect((await directory.get('/Users?filter=userName%20eq%20"ann"')).json["totalResults"]).to.equal(0);
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(1);
      expect(await directory.members(crew)).not.to.include(ann);
      expect((await directory.get(`/Groups/${crew}`)).headers["etag"]).not.to.equal(before);
      const add = [{ op: "add", path: "members", value: [{ value: ann }] }];
      expect((await directory.patch(`/Groups/${crew}`, add)).status).to.equal(400);
      const people = await accounts(directory);
      const named = people.map(({ userName, status, assignments }) => `${userName} ${status} ${assignments.length}`);
      expect(named.sort()).to.deep.equal(["ann deactivated 0", "ben registered 1"]);
      expect(await directory.user("ANN")).not.to.equal(ann);
    });

    type End = (directory: ScimDirectory, id: string) => Promise<ScimReply>;
    const active = (value: unknown, path?: string): End => {
      const operation = path === undefined ? { value: { active: value } } : { path, value };
      return (one, id) => one.patch(`/Users/${id}`, [{ op: "Replace", ...operation } as JsonObject]);
    };
    const ENDS: Readonly<Record<string, End>> = {
      "PATCH active: false": active(false, "active"),
      'PATCH active: "False"': active("False", "active"),
      'PATCH Active: "false"': active("false", "Active"),
      "PATCH without a path": active(false),
      PUT: (one, id) => one.put(`/Users/${id}`, userBody("ann", { active: false })),
      DELETE: (one, id) => one.delete(`/Users/${id}`),
    };
    for (const [name, end] of Object.entries(ENDS)) {
      it(`W-7, SEC-05: ${name} has ended their sessions when it is answered, and nobody else's`, async () => {
        const directory = await service().connect();
        const { tenant, connection } = directory;
        const { p } = service();
        const ids = { ann: await directory.user("ann"), ben: await directory.user("ben") };
        const hashes = new Map<string, string>();
        for (const { id, userName } of await accounts(directory)) {
          const hash = `${tenant.slug}-${name}-${userName}`;
          hashes.set(userName, hash);
          const session = { hash, user: id, connection: connection.id, subject: userName, epoch: 0 };
          const expiresAt = new Date(Date.parse(p.now()) + 3_600_000).toISOString();
          await p.store.write(tenant.id, (tx) => tx.insertSession({ ...session, expiresAt }, p.now()));
        }
        const isOpen = async (userName: string) =>
          (await p.store.instance.sessionByHash(hashes.get(userName) ?? "")) !== undefined;
        expect([await isOpen("ann"), await isOpen("ben")]).to.deep.equal([true, true]);
        const reply = await end(directory, ids.ann);
        expect([200, 204], reply.text).to.include(reply.status);
        expect([await isOpen("ann"), await isOpen("ben")]).to.deep.equal([false, true]);
        const [ann] = (await accounts(directory)).filter(({ userName }) => userName === "ann");
        expect(ann?.status).to.equal("deactivated");
      });
    }

    it("people known by sign-in alone are in no list, and a POST of their externalId or name links them: 201, no second account", async () => {
      const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
      const directory = await service().connect({ protocol: "oidc", oidc });
      const { tenant, connection } = directory;
      const { p } = service();
      for (const name of ["ann", "ben"]) {
        await signIn(p, { tenant, connection, observed: signInOf(`sub-${name}`, { userName: name }) });
      }
      expect((await directory.get("/Users")).json["totalResults"]).to.equal(0);
      expect((await directory.get('/Users?filter=userName%20eq%20"ann"')).json["totalResults"]).to.equal(0);
      const before = (await accounts(directory)).map(({ id }) => id);
      const posted = [
        await directory.post("/Users", userBody("ann.anders", { externalId: "sub-ann" })),
        await directory.post("/Users", userBody("BEN", { externalId: "hr-2" })),
      ];
      expect(posted.map(({ status }) => status)).to.deep.equal([201, 201]);
      expect((await accounts(directory)).map(({ id }) => id)).to.deep.equal(before);
      const again = await directory.post("/Users", userBody("BEN", { externalId: "hr-2" }));
      expect([again.status, again.json["scimType"]], "IDP-09").to.deep.equal([409, "uniqueness"]);
    });

    it("TES-9: people of an e-mail domain that the organization does not list are refused, however they come, and nothing changes", async () => {
      const [mine, other] = [newDomain(), newDomain()];
      const directory = await service().connect({ of: { domains: [mine] } });
      const ann = await directory.user(`ann@${mine}`, emails(`Ann@${mine.toUpperCase()}`));
      const before = (await directory.get(`/Users/${ann}`)).text;
      const email = [{ op: "replace", path: "emails", value: [{ value: `ann@${other}`, primary: true }] }];
      const replies = [
        await directory.post("/Users", userBody(`ben@${other}`)),
        await directory.post("/Users", userBody("ben", emails(`ben@${other}`))),
        await directory.post("/Users", userBody("ben", emails(`ben@sub.${mine}`))),
        await directory.put(`/Users/${ann}`, userBody(`ann@${mine}`, emails(`ann@${other}`))),
        await directory.patch(`/Users/${ann}`, email),
      ];
      for (const { status, json, text } of replies) {
        expect([status, json["scimType"]], text).to.deep.equal([400, "invalidValue"]);
        expect(json["detail"]).to.contain(mine);
      }
      expect((await directory.get(`/Users/${ann}`)).text).to.equal(before);
      expect(await accounts(directory)).to.have.length(1);
      await updateTenant(service().p, directory.tenant, { domains: [mine, other] }, ADMIN);
      expect((await directory.patch(`/Users/${ann}`, email)).status, "once it is listed").to.equal(200);
      expect((await directory.post("/Users", userBody(`ben@${other}`))).status).to.equal(201);
    });

    it("TES-9: a connection's own domains go before those of the organization, and each organization has its own", async () => {
      const [mine, other] = [newDomain(), newDomain()];
      const own = await service().connect({ of: { domains: [mine] }, allowedDomains: [other.toUpperCase()] });
      expect((await own.post("/Users", userBody(`ann@${other}`))).status).to.equal(201);
      expect((await own.post("/Users", userBody(`ann@${mine}`))).status).to.equal(400);
      const any = await service().connect();
      expect((await any.post("/Users", userBody(`ann@${newDomain()}`))).status, "none listed: any").to.equal(201);
    });

    it("SEC-05, TES-9: a domain that is listed no more keeps nobody from being switched off, changed or deleted", async () => {
      const [before, after] = [newDomain(), newDomain()];
      const directory = await service().connect({ of: { domains: [before] } });
      const ids = new Map<string, string>();
      for (const name of ["ann", "ben", "cyd"]) {
        ids.set(name, await directory.user(`${name}@${before}`, emails(`${name}@${before}`)));
      }
      const at = (name: string) => `/Users/${ids.get(name)}`;
      const narrowed = await updateTenant(service().p, directory.tenant, { domains: [after] }, ADMIN);
      expect(narrowed.domains).to.deep.equal([after]);
      const title = [{ op: "replace", path: "title", value: "Boss" }];
      const off = [{ op: "replace", path: "active", value: false }];
      expect((await directory.patch(at("ann"), title)).status, "another attribute").to.equal(200);
      const moved = await directory.put(at("ann"), userBody(`ann@${before}`, emails(`new@${before}`)));
      expect([moved.status, moved.json["scimType"]], "another address").to.deep.equal([400, "invalidValue"]);
      expect((await directory.put(at("ann"), userBody(`ANN@${before}`, emails(`new@${after}`)))).status).to.equal(200);
      expect((await directory.patch(at("ann"), off)).status).to.equal(200);
      const put = userBody(`ben@${before}`, { ...emails(`ben@${before}`), active: false });
      expect((await directory.put(at("ben"), put)).status).to.equal(200);
      expect((await directory.patch(at("ben"), title)).status, "of one who is off").to.equal(200);
      expect((await directory.delete(at("cyd"))).status).to.equal(204);
      const states = (await accounts(directory)).map(({ status }) => status);
      expect(states).to.deep.equal(["deactivated", "deactivated", "deactivated"]);
      const on = await directory.patch(at("ben"), [{ op: "replace", path: "active", value: true }]);
      expect([on.status, on.json["scimType"]], "becoming active").to.deep.equal([400, "invalidValue"]);
      const made = await directory.post("/Users", userBody(`dee@${before}`, { active: false }));
      expect([made.status, made.json["scimType"]], "made inactive").to.deep.equal([400, "invalidValue"]);
    });

    it("TES-9: another domain is refused to whoever is made or changed while inactive, and never keeps anybody in", async () => {
      const [own, foreign] = [newDomain(), newDomain()];
      const directory = await service().connect({ allowedDomains: [own] });
      const off = { ...emails(`eve@${own}`), active: false };
      const id = await directory.user(`eve@${own}`, off);
      const named = [{ op: "replace", path: "userName", value: `eve@${foreign}` }];
      const mailed = [{ op: "replace", path: "emails[primary eq true].value", value: `eve@${foreign}` }];
      for (const operations of [named, mailed]) {
        const { status, json } = await directory.patch(`/Users/${id}`, operations);
        expect([status, json["scimType"]]).to.deep.equal([400, "invalidValue"]);
      }
      expect((await directory.put(`/Users/${id}`, userBody(`eve@${foreign}`, off))).status).to.equal(400);
      expect((await directory.post("/Users", userBody(`sue@${own}`, emails(`sue@${foreign}`)))).status).to.equal(400);
      const leavers: readonly (readonly [name: string, leave: (path: string) => Promise<ScimReply>])[] = [
        [
          "pat",
          (path) => directory.patch(path, [{ op: "replace", value: { active: false, userName: `pat@${foreign}` } }]),
        ],
        ["put", (path) => directory.put(path, userBody(`put@${foreign}`, { active: false }))],
      ];
      for (const [name, leave] of leavers) {
        const leaver = await directory.user(`${name}@${own}`);
        const left = await leave(`/Users/${leaver}`);
        expect([left.status, left.json["active"], left.json["userName"]]).to.deep.equal([200, false, `${name}@${own}`]);
      }
    });

    it("TES-9: the e-mail that rules read is asked for its domain, and no other of the same person", async () => {
      const [own, foreign] = [newDomain(), newDomain()];
      const directory = await service().connect({ allowedDomains: [own] });
      const both = [
        { value: `kim@${foreign}`, type: "home" },
        { value: `kim@${own}`, type: "work", primary: true },
      ];
      const id = await directory.user(`kim@${own}`, { emails: both });
      const swap = [{ op: "replace", path: 'emails[type eq "home"].primary', value: true }];
      expect((await directory.patch(`/Users/${id}`, swap)).status).to.equal(400);
    });

    it("TES-9: a domain in letters and in ASCII is the same, and a refusal shows it as it was sent", async () => {
      const directory = await service().connect({ of: { domains: ["xn--mnchen-3ya.example"] } });
      for (const name of ["jo@M\u00dcNCHEN.example", "al@m\u00fcnchen.example", "cy@XN--mnchen-3YA.example"]) {
        expect((await directory.post("/Users", userBody(name))).status, name).to.equal(201);
      }
      const refused = await directory.post("/Users", userBody("ed@K\u00d6LN.Example"));
      expect(refused.status).to.equal(400);
      expect(refused.json["detail"]).to.contain("`K\u00d6LN.Example`");
      const host = await directory.post("/Users", userBody("ed@m\u00fcnchen.example/x"));
      expect(host.status, "no part of an address is passed over").to.equal(400);
    });

    it("TES-9: with `requireDomains` nobody comes in before a domain is listed", async () => {
      const directory = await service().connect({ requireDomains: true });
      expect((await directory.post("/Users", userBody("ann@acme.example"))).status).to.equal(400);
      expect(await accounts(directory)).to.have.length(0);
    });
  });
});
