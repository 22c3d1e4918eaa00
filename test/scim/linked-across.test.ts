import { expect } from "chai";
import type { Connection, Tenant } from "../../src/model/connection.js";
import type { UserId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { type ConnectionPatch, updateConnection } from "../../src/provisioning/connections.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { type DirectoryOptions, onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
const OFF = [{ op: "replace", path: "active", value: false }];
let domains = 0;

describe("one person at two connections", () => {
  onEachDatabase((service) => {
    interface World {
      readonly domain: string;
      readonly tenant: Tenant;
      /** SCIM alone. */
      readonly pushes: ScimDirectory;
      /** Sign-ins alone. */
      readonly signsIn: Connection;
      readonly mail: (local: string) => string;
    }
    const world = async (options: { push?: DirectoryOptions; sso?: DirectoryOptions; domains?: string[] } = {}) => {
      const domain = `across${++domains}.example`;
      const of = { domains: options.domains ?? [domain] };
      const pushes = await service().connect({ of, ...options.push });
      const { tenant } = pushes;
      const { connection } = await service().connect({ tenant, protocol: "oidc", oidc, sync: "off", ...options.sso });
      return { domain, tenant, pushes, signsIn: connection, mail: (local: string) => `${local}@${domain}` };
    };
    const body = (userName: string, email: string, more = {}) =>
      userBody(userName, { emails: [{ value: email, primary: true }], ...more });
    const userAt = async (
      { tenant }: Pick<World, "tenant">,
      { connection }: Pick<ScimDirectory, "connection">,
      id: unknown,
    ) => service().p.store.write(tenant.id, async (tx) => (await tx.rowById(connection.id, id as never))?.user);
    const push = async (w: Pick<World, "tenant" | "pushes">, userName: string, email: string, more = {}) => {
      const { status, json } = await w.pushes.post("/Users", body(userName, email, more));
      expect(status).to.equal(201);
      return { id: String(json["id"]), user: await userAt(w, w.pushes, json["id"]) };
    };
    const enter = (
      tenant: Tenant,
      connection: Connection,
      subject: string,
      email: string,
      more: Parameters<typeof signInOf>[1] = {},
    ) =>
      signIn(service().p, {
        tenant,
        connection,
        observed: signInOf(subject, { userName: subject, verifiedEmail: email, ...more }),
      });
    const arrive = async (...of: Parameters<typeof enter>) => {
      const outcome = await enter(...of);
      return outcome.allowed ? outcome.user : outcome.code;
    };
    const items = async ({ tenant }: Pick<World, "tenant">) =>
      (await service().p.store.read(tenant.id).reviewItems({ limit: 50 })).items;
    const reasons = async (w: Pick<World, "tenant">) =>
      (await items(w)).map(({ kind, detail }) => `${kind} ${String(detail["reason"] ?? "")}`);
    const accounts = async ({ tenant }: Pick<World, "tenant">) =>
      (await service().p.store.read(tenant.id).users({ limit: 50 })).items;
    const set = (w: Pick<World, "tenant">, { slug }: Connection, patch: ConnectionPatch) =>
      updateConnection(service().p, w.tenant, slug, patch, ADMIN);
    /** Whoever accepts what waits is told that it is out of date. */
    const refuses = async (w: Pick<World, "tenant">) => {
      const [item] = await items(w);
      const refusal = await acceptReviewItem(service().p, w.tenant, String(item?.id), ADMIN).catch(
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(Refusal).and.to.have.property("code", "conflict");
    };
    const makeOwners = ({ tenant, pushes }: World) => {
      const rule = { id: "o", scope: "tenant", role_name: "owner", group_name: "adm" };
      const mappings = [{ ...rule, connections: [pushes.connection.slug] }];
      const text = JSON.stringify({ no_match: "allow", mappings });
      return saveMapping(service().p, tenant, text, {}, ADMIN);
    };
    const own = ({ tenant }: Pick<World, "tenant">, user: UserId) =>
      addManualGrant(
        service().p,
        tenant,
        user,
        { target: { scope: "tenant", role: "owner" }, reason: "founder" },
        ADMIN,
      );

    it("TEC-49: pushed at one connection, signs in at another: one account, and it says why", async () => {
      const w = await world();
      const { user } = await push(w, "ann", w.mail("Ann"), { externalId: "e1" });
      expect(await arrive(w.tenant, w.signsIn, "sub-ann", w.mail("ann"))).to.equal(user);
      expect(await arrive(w.tenant, w.signsIn, "sub-ann", w.mail("renamed")), "known by the subject").to.equal(user);
      expect(await accounts(w)).to.have.length(1);
      const path = `${service().url}/api/v1/tenants/${w.tenant.slug}/users/${user}/explain`;
      const asked = await fetch(path, { headers: { Authorization: `Bearer ${service().operatorToken}` } });
      const { links } = (await asked.json()) as { links: readonly { since: string }[] };
      expect(links.map(({ since: _, ...link }) => link)).to.deep.equal([
        { connection: w.pushes.connection.slug, linkedBy: "created" },
        { connection: w.signsIn.slug, linkedBy: "verified_email", domain: w.domain },
      ]);
      const { items: audit } = await service().p.store.read(w.tenant.id).audit({ limit: 50 });
      const entry = audit.find(({ action }) => action === "user.linked");
      expect([entry?.user, entry?.detail]).to.deep.equal([
        user,
        { connection: w.signsIn.slug, linkedBy: "verified_email", domain: w.domain },
      ]);
    });

    it("TEC-49: signs in at one connection, pushed at another: the POST answers 201 and is that account", async () => {
      const w = await world();
      const user = await arrive(w.tenant, w.signsIn, "sub-bo", w.mail("bo"));
      const { user: pushed } = await push(w, "bo", w.mail("BO"));
      expect(pushed).to.equal(user);
      expect(await accounts(w)).to.have.length(1);
    });

    it("TEC-49: many pushed at once, some of whom sign in elsewhere: each is one account", async () => {
      const w = await world();
      const known = await Promise.all(
        ["a", "b", "c"].map((one) => arrive(w.tenant, w.signsIn, `sub-${one}`, w.mail(one))),
      );
      const pushed = await Promise.all(["a", "b", "c", "d", "e"].map((one) => push(w, `${one}-name`, w.mail(one))));
      expect(pushed.slice(0, 3).map(({ user }) => user)).to.deep.equal(known);
      expect(await accounts(w)).to.have.length(5);
    });

    it("W-1: two first sign-ins at two connections at the same moment are one account", async () => {
      for (let round = 0; round < 5; round++) {
        const w = await world({ push: { protocol: "oidc", oidc, sync: "off" } });
        const [one, other] = await Promise.all([
          arrive(w.tenant, w.pushes.connection, "x", w.mail("cy")),
          arrive(w.tenant, w.signsIn, "y", w.mail("cy")),
        ]);
        expect(one).to.equal(other);
        expect(await accounts(w)).to.have.length(1);
      }
    });

    it("W-1: the same e-mail in two tenants is two people, in either order", async () => {
      const w = await world();
      const other = await world();
      const { user } = await push(w, "ceo", w.mail("ceo"));
      const theirs = await arrive(other.tenant, other.signsIn, "ceo", w.mail("ceo"));
      expect(theirs, "a domain of another tenant").to.equal("foreign_domain");
      const open = await world({ domains: [] });
      const stranger = await arrive(open.tenant, open.signsIn, "ceo", w.mail("ceo"));
      expect(stranger).not.to.equal(user);
      expect(await arrive(w.tenant, w.signsIn, "ceo", w.mail("ceo"))).to.equal(user);
    });

    it("W-1: an e-mail that nobody vouches for links nobody", async () => {
      const w = await world();
      const { user } = await push(w, "dan", w.mail("dan"));
      const observed = signInOf("sub-dan", { userName: "x", claimedEmail: w.mail("dan") });
      const outcome = await signIn(service().p, { tenant: w.tenant, connection: w.signsIn, observed });
      expect(outcome.allowed && outcome.user)
        .to.be.a("string")
        .and.not.to.equal(user);
    });

    const APART: Readonly<Record<string, (w: World) => Promise<unknown>>> = {
      "the connection that pushed takes no part": (w) => set(w, w.pushes.connection, { linkAcross: "off" }),
      "the connection of the sign-in takes no part": (w) => set(w, w.signsIn, { linkAcross: "off" }),
      "the domain's proof is gone": (w) =>
        service().p.store.write(w.tenant.id, (tx) => tx.lapseDomain(w.domain, service().p.now())),
    };
    for (const [what, part] of Object.entries(APART)) {
      it(`W-1: nobody is linked where ${what}`, async () => {
        const w = await world();
        const { user } = await push(w, "eve", w.mail("eve"));
        await part(w);
        const tenant = (await service().p.store.instance.tenantBySlug(w.tenant.slug)) ?? w.tenant;
        const connection = (await service().p.store.read(tenant.id).connectionBySlug(w.signsIn.slug)) ?? w.signsIn;
        expect(await arrive(tenant, connection, "sub-eve", w.mail("eve")))
          .to.be.a("string")
          .and.not.to.equal(user);
        expect(await accounts(w)).to.have.length(2);
      });
    }

    it("W-17: look-alike letters are another person, whoever comes first", async () => {
      const w = await world();
      const { user } = await push(w, "kim", w.mail("kim"));
      const { user: alike } = await push(w, "kelvin", w.mail("\u212Aim"));
      expect(alike).not.to.equal(user);
      expect(await arrive(w.tenant, w.signsIn, "s1", w.mail("\u212Aim"))).not.to.be.oneOf([user, alike]);
      expect(await arrive(w.tenant, w.signsIn, "s2", w.mail("KIM"))).to.equal(user);
    });

    it("W-8: whoever SCIM switched off comes in by no other connection, whatever they are called by then", async () => {
      const w = await world();
      const { id } = await push(w, "fay", w.mail("fay"));
      await w.pushes.patch(`/Users/${id}`, [{ op: "replace", value: { emails: [{ value: w.mail("left-fay") }] } }]);
      await w.pushes.patch(`/Users/${id}`, OFF);
      for (const email of [w.mail("fay"), w.mail("left-fay")])
        expect(await arrive(w.tenant, w.signsIn, "sub-fay", email)).to.equal("deactivated");
      expect(await reasons(w)).to.deep.equal(["same_email deactivated", "same_email deactivated"]);
      const claimed = signInOf("sub-fay", { userName: "x", claimedEmail: w.mail("fay") });
      const outcome = await signIn(service().p, { tenant: w.tenant, connection: w.signsIn, observed: claimed });
      expect(outcome.allowed, "nor by an e-mail as claimed").to.equal(false);
      expect((await w.pushes.delete(`/Users/${id}`)).status).to.equal(204);
      expect(await arrive(w.tenant, w.signsIn, "sub-2", w.mail("fay"))).to.equal("deactivated");
      expect((await accounts(w)).map(({ status }) => status)).to.deep.equal(["deactivated"]);
    });

    it("W-8: whoever an admin deactivated comes in by no other connection, made by hand or pushed", async () => {
      const w = await world();
      const user = await createLocalUser(service().p, w.tenant, { userName: "gus", email: w.mail("gus") }, ADMIN);
      await updateLocalUser(service().p, w.tenant, user, { active: false }, ADMIN);
      expect(await arrive(w.tenant, w.signsIn, "sub-gus", w.mail("gus"))).to.equal("deactivated");
    });

    it("W-8: with an account that is off and one that is not, the sign-in is refused, and an admin says who it is", async () => {
      const w = await world();
      const { id } = await push(w, "hal", w.mail("hal"), { externalId: "h1" });
      await w.pushes.patch(`/Users/${id}`, OFF);
      const { user } = await push(w, "hal2", w.mail("hal"), { externalId: "h2" });
      expect(await arrive(w.tenant, w.signsIn, "sub-hal", w.mail("hal"))).to.equal("deactivated");
      const waiting = (await items(w)).find(({ detail }) => detail["subject"] === "sub-hal");
      expect(await acceptReviewItem(service().p, w.tenant, String(waiting?.id), ADMIN)).to.equal(true);
      expect(await arrive(w.tenant, w.signsIn, "sub-hal", w.mail("hal"))).to.equal(user);
    });

    it("W-8: switched off by the connection that pushes them, they lose the sessions of the other with the answer", async () => {
      const w = await world();
      const { id, user } = await push(w, "ida", w.mail("ida"));
      const outcome = await enter(w.tenant, w.signsIn, "sub-ida", w.mail("ida"));
      if (!outcome.allowed) throw new Error(outcome.code);
      expect(outcome.user).to.equal(user);
      const session = { user: outcome.user, epoch: outcome.epoch, connection: w.signsIn, subject: "sub-ida" };
      const { token } = await openSession(service().p, w.tenant, session);
      expect(await currentSession(service().p, token)).not.to.equal(undefined);
      expect((await w.pushes.patch(`/Users/${id}`, OFF)).status).to.equal(200);
      expect(await currentSession(service().p, token)).to.equal(undefined);
      expect(await arrive(w.tenant, w.signsIn, "sub-ida", w.mail("ida"))).to.equal("deactivated");
      expect((await w.pushes.patch(`/Users/${id}`, [{ op: "replace", path: "active", value: true }])).status).to.equal(
        200,
      );
      expect(await arrive(w.tenant, w.signsIn, "sub-ida", w.mail("ida"))).to.equal(user);
    });

    it("W-2: an account that an admin made by hand is whoever signs in by its e-mail; nobody could sign in to it before", async () => {
      const w = await world();
      const user = await createLocalUser(service().p, w.tenant, { userName: "jo", email: w.mail("jo") }, ADMIN);
      expect(await arrive(w.tenant, w.signsIn, "sub-jo", w.mail("jo"))).to.equal(user);
      expect(await arrive(w.tenant, w.signsIn, "another", w.mail("jo")), "known there as somebody else").not.to.equal(
        user,
      );
    });

    it("W-1, W-2: no sign-in becomes an owner's account, or one with privileges by hand, without an admin's word", async () => {
      const w = await world();
      const { user } = await push(w, "kai", w.mail("kai"));
      await own(w, user as UserId);
      expect(await arrive(w.tenant, w.signsIn, "sub-kai", w.mail("kai"))).to.equal("needs_review");
      expect(await arrive(w.tenant, w.signsIn, "sub-kai", w.mail("kai"))).to.equal("needs_review");
      expect(await reasons(w)).to.deep.equal(["same_email privileged"]);
      const [item] = await items(w);
      await acceptReviewItem(service().p, w.tenant, String(item?.id), ADMIN);
      expect(await arrive(w.tenant, w.signsIn, "sub-kai", w.mail("kai"))).to.equal(user);
    });

    it("W-1: put away, whoever came gets an account of their own, and nobody else does", async () => {
      const w = await world();
      const { user } = await push(w, "lea", w.mail("lea"));
      await own(w, user as UserId);
      expect(await arrive(w.tenant, w.signsIn, "sub-lea", w.mail("lea"))).to.equal("needs_review");
      const [item] = await items(w);
      await closeReviewItem(service().p, w.tenant, String(item?.id), ADMIN);
      const theirs = await arrive(w.tenant, w.signsIn, "sub-lea", w.mail("lea"));
      expect(theirs).not.to.be.oneOf([user, "needs_review"]);
      expect(await arrive(w.tenant, w.signsIn, "third", w.mail("lea"))).to.equal("needs_review");
    });

    it("W-1: a push that means an owner's sign-in is stored as somebody of its own until an admin accepts", async () => {
      const w = await world();
      const user = (await arrive(w.tenant, w.signsIn, "sub-max", w.mail("max"))) as UserId;
      await own(w, user);
      const { id, user: pushed } = await push(w, "max", w.mail("max"));
      expect(pushed).not.to.equal(user);
      expect(await reasons(w)).to.deep.equal(["same_email privileged"]);
      const [item] = await items(w);
      await acceptReviewItem(service().p, w.tenant, String(item?.id), ADMIN);
      expect(await userAt(w, w.pushes, id)).to.equal(user);
      const states = new Map((await accounts(w)).map((one) => [one.id, one.status]));
      expect([states.get(user), states.get(pushed as UserId)]).to.deep.equal(["registered", "deactivated"]);
      expect((await w.pushes.get(`/Users/${id}`)).status).to.equal(200);
    });

    it("W-1: where two accounts have the e-mail nobody is linked, and an admin decides", async () => {
      const w = await world();
      await push(w, "ned", w.mail("ned"));
      await push(w, "ned2", w.mail("ned"));
      expect(await arrive(w.tenant, w.signsIn, "sub-ned", w.mail("ned"))).to.equal("needs_review");
      expect(await reasons(w)).to.deep.equal(["same_email several"]);
      const [item] = await items(w);
      const refusal = await acceptReviewItem(service().p, w.tenant, String(item?.id), ADMIN).catch(
        (error: unknown) => error,
      );
      expect(refusal).to.be.instanceOf(Refusal);
      expect((refusal as Refusal).code).to.equal("conflict");
      expect(await items(w), "it waits on").to.have.length(1);
    });

    it("W-1: what a connection said that has ended since links nobody unasked", async () => {
      const w = await world({ push: { protocol: "oidc", oidc, sync: "off" } });
      const user = await arrive(w.tenant, w.pushes.connection, "sub-old", w.mail("old"));
      const { id } = w.pushes.connection;
      await service().p.store.write(w.tenant.id, (tx) =>
        tx.updateConnection(id, { disabledAt: service().p.now() }, service().p.now()),
      );
      expect(await arrive(w.tenant, w.signsIn, "sub-new", w.mail("old"))).to.equal("needs_review");
      expect(user).to.be.a("string");
      expect(await reasons(w)).to.deep.equal(["same_email stale"]);
    });

    it("W-1, W-2: a connection with domains of its own says nothing of an address in another, also of whom it knows already", async () => {
      const w = await world();
      const allowed = { allowedDomains: ["partner.example"], protocol: "oidc", oidc } as const;
      const partner = await service().connect({ tenant: w.tenant, ...allowed });
      const mallory = await arrive(w.tenant, partner.connection, "mallory", "m@partner.example");
      expect(await arrive(w.tenant, partner.connection, "mallory", w.mail("ceo"))).to.equal(mallory);
      const ceo = await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"));
      expect(ceo).not.to.equal(mallory);
      expect((await push(w, "ceo", w.mail("ceo"))).user, "but that of who says so").to.equal(ceo);
      const off = body("m3@partner.example", w.mail("cfo"), { active: false });
      expect((await partner.post("/Users", off)).status).to.equal(400);
      expect(await arrive(w.tenant, w.signsIn, "sub-cfo", w.mail("cfo")), "nor closes a door").not.to.equal(
        "deactivated",
      );
    });

    for (const known of ["by sign-in", "by SCIM"] as const)
      it(`W-1, W-2: a client with domains of its own neither takes over nor switches off who is known elsewhere ${known}, by a document that is off`, async () => {
        const w = await world();
        const partner = await service().connect({
          ...{ tenant: w.tenant, protocol: "oidc", oidc, allowedDomains: ["partner.example"] },
        });
        if (known === "by SCIM") await push(w, "ceo", w.mail("ceo"));
        const ceo = await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"));
        const off = body("m@partner.example", w.mail("ceo"), { externalId: "mallory", active: false });
        expect((await partner.post("/Users", off)).status).to.equal(400);
        const mallory = { externalId: "mallory", active: false };
        const { id } = await push({ ...w, pushes: partner }, "m@partner.example", "m@partner.example", mallory);
        expect(await userAt(w, partner, id)).not.to.equal(ceo);
        expect(await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"))).to.equal(ceo);
        const on = { active: true, emails: [{ value: "m@partner.example", primary: true }] };
        expect((await partner.patch(`/Users/${id}`, [{ op: "replace", value: on }])).status).to.equal(200);
        expect(await arrive(w.tenant, partner.connection, "mallory", "m@partner.example"))
          .to.be.a("string")
          .and.not.to.equal(ceo);
        const again = { active: false, emails: [{ value: w.mail("ceo"), primary: true }] };
        expect((await partner.patch(`/Users/${id}`, [{ op: "replace", value: again }])).status).to.equal(200);
        expect(await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"))).to.equal(ceo);
        expect(await reasons(w)).to.deep.equal([]);
      });

    it("W-2: a document that is off switches nobody off who is known elsewhere until an admin accepts", async () => {
      const w = await world();
      const user = (await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"))) as UserId;
      expect((await push(w, "ceo", w.mail("ceo"), { active: false })).user).not.to.equal(user);
      expect(await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"))).to.equal(user);
      expect(await reasons(w)).to.deep.equal(["same_email inactive"]);
      const [item] = await items(w);
      await acceptReviewItem(service().p, w.tenant, String(item?.id), ADMIN);
      expect(await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"))).to.equal("deactivated");
    });

    it("W-1: a connection whose domains are listed later vouches no more for what it said before", async () => {
      const w = await world();
      const partner = await service().connect({ tenant: w.tenant, protocol: "oidc", oidc });
      const mallory = await arrive(w.tenant, partner.connection, "mallory", w.mail("ceo"));
      await set(w, partner.connection, { allowedDomains: ["partner.example"] });
      expect(await arrive(w.tenant, w.signsIn, "sub-ceo", w.mail("ceo"))).not.to.equal(mallory);
    });

    it("W-1, W-2: a connection that may make owners makes none in silence of whom another lets sign in", async () => {
      const w = await world({ push: { mayGrantOwner: true } });
      await makeOwners(w);
      const user = await arrive(w.tenant, w.signsIn, "evil", w.mail("own"));
      const { user: pushed } = await push(w, "own", w.mail("own"));
      expect(pushed).not.to.equal(user);
      expect(await reasons(w)).to.deep.equal(["same_email may_own"]);
      const second = await world({ push: { mayGrantOwner: true, protocol: "oidc", oidc } });
      await makeOwners(second);
      await arrive(second.tenant, second.signsIn, "evil", second.mail("own"));
      const there = second.pushes.connection;
      expect(await arrive(second.tenant, there, "own", second.mail("own"))).to.equal("needs_review");
    });

    it("TEC-49: where both connections may make owners, or whoever is pushed has not signed in, people are linked as ever", async () => {
      const both = await world({ push: { mayGrantOwner: true }, sso: { mayGrantOwner: true } });
      await makeOwners(both);
      const user = await arrive(both.tenant, both.signsIn, "s", both.mail("own"));
      expect((await push(both, "own", both.mail("own"))).user).to.equal(user);
      const w = await world({ push: { mayGrantOwner: true } });
      await makeOwners(w);
      const { user: pushed } = await push(w, "bo", w.mail("bo"));
      expect(await arrive(w.tenant, w.signsIn, "s", w.mail("bo"))).to.equal(pushed);
    });

    it("W-1: a push with the userName of somebody deleted is held against other connections, too", async () => {
      const w = await world();
      const user = (await arrive(w.tenant, w.signsIn, "sub-max", w.mail("max"))) as UserId;
      await own(w, user);
      const { id } = await push(w, "zed", w.mail("zed"), { externalId: "z1" });
      await w.pushes.delete(`/Users/${id}`);
      await push(w, "zed", w.mail("max"), { externalId: "z2" });
      expect((await reasons(w)).sort()).to.deep.equal(["same_email privileged", "same_user_name "]);
    });

    const ENDED: Readonly<Record<string, (w: World) => Promise<unknown>>> = {
      "takes no part any more": (w) => set(w, w.signsIn, { linkAcross: "off" }),
      "has domains of its own by now": (w) => set(w, w.signsIn, { allowedDomains: ["partner.example"] }),
      "has ended": (w) =>
        service().p.store.write(w.tenant.id, (tx) =>
          tx.updateConnection(w.signsIn.id, { disabledAt: service().p.now() }, service().p.now()),
        ),
    };
    for (const [what, part] of Object.entries(ENDED))
      it(`W-2: nobody gets an owner's account by an item of a connection that ${what}`, async () => {
        const w = await world();
        const { user } = await push(w, "own", w.mail("own"));
        await own(w, user as UserId);
        expect(await arrive(w.tenant, w.signsIn, "sub-s", w.mail("own"))).to.equal("needs_review");
        await part(w);
        await refuses(w);
      });

    for (const jit of ["first_sign_in", "off"] as const)
      it(`W-1: with jit \`${jit}\` an address that the latest sign-in took back is not the account's any more`, async () => {
        const w = await world({ sso: { jit: "first_sign_in" } });
        const user = await arrive(w.tenant, w.signsIn, "sub-ann", w.mail("ann"));
        await set(w, w.signsIn, { jit });
        const door = (await service().p.store.read(w.tenant.id).connectionBySlug(w.signsIn.slug)) ?? w.signsIn;
        expect(await arrive(w.tenant, door, "sub-ann", w.mail("anna"))).to.equal(user);
        expect((await push(w, "ann2", w.mail("ann"))).user).not.to.equal(user);
        expect((await push(w, "anna", w.mail("anna"))).user).to.equal(user);
      });

    it("W-2: a push whose e-mail changed since its item is no owner's, whoever accepts", async () => {
      const w = await world();
      const user = (await arrive(w.tenant, w.signsIn, "sub-max", w.mail("max"))) as UserId;
      await own(w, user);
      const { id, user: pushed } = await push(w, "mal", w.mail("max"));
      await w.pushes.patch(`/Users/${id}`, [{ op: "replace", value: { emails: [{ value: w.mail("mal") }] } }]);
      await refuses(w);
      expect(await userAt(w, w.pushes, id)).to.equal(pushed);
    });

    it("W-2: an address that is somebody else's since its item gives nobody the owner's account", async () => {
      const w = await world();
      const { id, user } = await push(w, "own", w.mail("own"));
      await own(w, user as UserId);
      expect(await arrive(w.tenant, w.signsIn, "sub-s", w.mail("own"))).to.equal("needs_review");
      await w.pushes.patch(`/Users/${id}`, [{ op: "replace", value: { emails: [{ value: w.mail("own-new") }] } }]);
      await refuses(w);
      const hire = await push(w, "hire", w.mail("own"));
      await refuses(w);
      expect(await arrive(w.tenant, w.signsIn, "sub-s", w.mail("own"))).to.equal(hire.user);
    });

    it("W-8: what an admin says of a push is said of it alone, and of no sign-in", async () => {
      const w = await world({ sso: { sync: "live" } });
      const { id } = await push(w, "lea", w.mail("lea"));
      await w.pushes.patch(`/Users/${id}`, OFF);
      const there = { ...w, pushes: await service().join({ tenant: w.tenant, connection: w.signsIn }) };
      const second = await push(there, "lea2", w.mail("lea"), { externalId: "x1" });
      const [item] = await items(w);
      await closeReviewItem(service().p, w.tenant, String(item?.id), ADMIN);
      await there.pushes.patch(`/Users/${second.id}`, [
        { op: "replace", value: { emails: [{ value: w.mail("l2") }] } },
      ]);
      expect(await arrive(w.tenant, w.signsIn, w.mail("lea"), w.mail("lea"), { userName: "x" })).to.equal(
        "deactivated",
      );
      await push(there, "lea3", w.mail("lea"), { externalId: "x2" });
      expect(await items(w), "of the sign-in, and of another push").to.have.length(2);
    });

    it("W-8: an e-mail that an admin changes of an account made by hand goes on closing the door", async () => {
      const w = await world();
      const user = await createLocalUser(service().p, w.tenant, { userName: "leo", email: w.mail("leo") }, ADMIN);
      await updateLocalUser(
        service().p,
        w.tenant,
        user,
        { profile: { userName: "leo", email: w.mail("leo2") } },
        ADMIN,
      );
      await updateLocalUser(service().p, w.tenant, user, { active: false }, ADMIN);
      for (const email of ["leo", "leo2"])
        expect(await arrive(w.tenant, w.signsIn, `sub-${email}`, w.mail(email))).to.equal("deactivated");
    });

    it("at one connection alone nothing is other than before: whom an admin let in comes in", async () => {
      const w = await world({ push: { protocol: "oidc", oidc } });
      const { id } = await push(w, w.mail("pia"), w.mail("pia"));
      await w.pushes.patch(`/Users/${id}`, OFF);
      const come = () => arrive(w.tenant, w.pushes.connection, "sub-new", w.mail("pia"));
      const other = signInOf("sub-other", { userName: "x", claimedEmail: w.mail("pia") });
      await signIn(service().p, { tenant: w.tenant, connection: w.pushes.connection, observed: other });
      const waiting = (await items(w)).find(({ detail }) => detail["subject"] === "sub-other");
      await closeReviewItem(service().p, w.tenant, String(waiting?.id), ADMIN);
      const again = await signIn(service().p, { tenant: w.tenant, connection: w.pushes.connection, observed: other });
      expect([again.allowed, await come()]).to.deep.equal([true, "deactivated"]);
      expect(await reasons(w)).not.to.include("same_email deactivated");
    });

    it("jit `off` links whom another connection knows, and makes nobody", async () => {
      const w = await world({ sso: { jit: "off" } });
      const { user } = await push(w, "oda", w.mail("oda"));
      expect(await arrive(w.tenant, w.signsIn, "sub-oda", w.mail("oda"))).to.equal(user);
      expect(await arrive(w.tenant, w.signsIn, "sub-else", w.mail("else"))).to.equal("provisioning_off");
    });
  });
});
