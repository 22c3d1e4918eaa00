import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import type { UserId } from "../../src/model/ids.js";
import { claimsOf, GROUP, openTinesHouse, PATCH, type TinesHouse, USER } from "../requirements/tines-house.js";
import { postgresUrl } from "../store/postgres-server.js";
import { type StoredTexts, storedTexts } from "../store/stored-texts.js";
import { expectProblem, type Reply } from "./admin-client.js";

/** Everything that is said of the person has this in it, and nothing else has. */
const MARK = /quilla/i;
const OLD = "quillaold@acme.example";
const NAME = "quillaada@acme.example";
const MAPPING = {
  mappings: [
    { group_name: "Staff", team_name: "Staff", role_name: "viewer" },
    { group_pattern: "Friends of {who}", scope: "tenant", role_name: "friend" },
  ],
  profile: { photo: "'https://pictures.example/' & user.userName" },
};

/** A person with a value in each attribute that SCIM has for one. */
const RESOURCE = {
  schemas: [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
  ...{
    userName: OLD,
    externalId: "quilla-00u1",
    displayName: "Quillaada Quillalace",
    nickName: "Quillaady",
    active: true,
  },
  name: {
    ...{
      formatted: "Dr Quillaada B Quillalace II",
      familyName: "Quillalace",
      givenName: "Quillaada",
      middleName: "Quillab",
    },
    ...{ honorificPrefix: "Quilladr", honorificSuffix: "Quillaii" },
  },
  ...{ profileUrl: "https://quilla.example/ada", title: "Quillacountess", userType: "Quillaemployee" },
  ...{ preferredLanguage: "quilla", locale: "quilla-GB", timezone: "Europe/Quillaton" },
  emails: [
    { value: NAME, type: "work", primary: true },
    { value: "quillaada@home.example", type: "home" },
  ],
  phoneNumbers: [{ value: "+44 quilla 4711", type: "work" }],
  ims: [{ value: "quillaim", type: "xmpp" }],
  photos: [{ value: "https://quilla.example/p.png", type: "photo" }],
  addresses: [
    { formatted: "1 Quillaroad", streetAddress: "1 Quillaroad", locality: "Quillaton", country: "GB", type: "home" },
  ],
  entitlements: [{ value: "quillaentitled" }],
  roles: [{ value: "quillarole" }],
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
    ...{ employeeNumber: "quilla-42", costCenter: "quillacost", organization: "Quillaorg", division: "Quilladiv" },
    department: "Quilladept",
  },
};

const CLAIMS = claimsOf("quilla-sub", ["Staff", "Friends of quillaada@acme.example"], {
  ...{
    preferred_username: OLD,
    email: NAME,
    name: "Quillaada Quillalace",
    given_name: "Quillaada",
    family_name: "Quillalace",
  },
  email_verified: true,
  ...{ phone_number: "+44 quilla 4712", birthdate: "1815-quilla-10" },
});

/** What may be called like a person without being theirs: the provider's groups, the admin's documents. */
const NOT_THEIRS = [
  "directory_groups.display_name",
  "directory_groups.display_name_folded",
  "directory_groups.resource",
  "directory_groups.search",
  "mapping_versions.document",
  "service_accounts.description",
];

/** Where the story below leaves something of the person. */
const THEIRS = [
  "audit_entries.detail",
  "directory_users.claims",
  "directory_users.display_name",
  "directory_users.external_id",
  "directory_users.pushed_email",
  "directory_users.scim_app_roles",
  "directory_users.scim_attributes",
  "directory_users.scim_resource",
  "directory_users.scim_search",
  "directory_users.signed_in_email",
  "directory_users.subject",
  "directory_users.user_name",
  "directory_users.user_name_ascii",
  "directory_users.user_name_folded",
  "former_emails.email",
  "former_evidence.evidence",
  "former_names.name",
  "grants.evidence",
  "grants.reason",
  "kept_out.subject",
  "mapping_versions.note",
  "outbox_events.data",
  "plan_pages.lines",
  "review_items.detail",
  "review_items.subject",
  "sessions.subject",
  "sign_in_names.name",
  "sign_in_traces.detail",
  "told_apart.name",
  "users.display_name",
  "users.email",
  "users.email_folded",
  "users.family_name",
  "users.given_name",
  "users.photo",
  "users.search_text",
  "users.user_name",
  "users.user_name_folded",
];

/** Columns of text that never hold what a source or an admin says of a person; a new column is put here or above. */
const IMPERSONAL = [
  "api_keys.hash, api_keys.id, api_keys.name, api_keys.scopes",
  "audit_entries.action, audit_entries.actor_id, audit_entries.actor_kind, audit_entries.actor_label",
  "audit_entries.door, audit_entries.id, audit_entries.request_id, audit_entries.user_id",
  "brake_buckets.connection_id, brake_buckets.kind",
  "connection_counters.connection_id",
  "connection_keys.algorithm, connection_keys.certificate, connection_keys.connection_id, connection_keys.id",
  "connection_keys.key_use, connection_keys.sealed_key, connection_keys.state",
  "connections.absent_groups, connections.adopt, connections.allowed_domains, connections.group_attribute, connections.group_authority",
  "connections.group_separator, connections.id, connections.jit, connections.link_across, connections.manages, connections.oidc, connections.profile",
  "connections.protocol, connections.roles_from, connections.saml, connections.secret, connections.slug, connections.sync",
  "custom_resources.connection_id, custom_resources.id, custom_resources.resource, custom_resources.search",
  "custom_resources.type",
  "directory_groups.adopted_as, directory_groups.connection_id, directory_groups.external_id, directory_groups.id",
  "directory_groups.idp_mapping_names, directory_groups.overwritten_by, directory_groups.scim_roles",
  "directory_memberships.directory_user_id, directory_memberships.group_id",
  "directory_nestings.group_id, directory_nestings.nested_id",
  "directory_users.connection_id, directory_users.id, directory_users.scim_roles",
  "expectations.connection_id",
  "former_emails.directory_user_id",
  "former_evidence.grant_id",
  "former_names.connection_id, former_names.directory_user_id, former_names.kind",
  "grants.connection_id, grants.end_reason, grants.given_by, grants.id, grants.origin, grants.role, grants.rule",
  "grants.scope, grants.team_id, grants.user_id",
  "group_pins.connection_id, group_pins.group_id, group_pins.known_as, group_pins.name, group_pins.state",
  "held_people.detail, held_people.losses, held_people.reason, held_people.status, held_people.user_id",
  "identity_links.connection_id, identity_links.directory_user_id, identity_links.email_domain, identity_links.id",
  "identity_links.linked_by",
  "identity_links.user_id",
  "kept_out.connection_id, kept_out.kept_by",
  "mapping_versions.author",
  "metadata_states.connection_id, metadata_states.state",
  "one_time_ids.connection_id, one_time_ids.id",
  "outbox_events.id, outbox_events.type, outbox_events.user_id",
  "pending_logins.browser_hash, pending_logins.connection_id, pending_logins.nonce, pending_logins.return_to",
  "pending_logins.state_hash, pending_logins.verifier",
  "pinned_names.connection_id, pinned_names.name",
  "plan_pages.plan_id",
  "plans.digest, plans.id, plans.kind, plans.subject, plans.summary",
  "review_items.connection_id, review_items.id, review_items.kind",
  "roles.name",
  "runs.connection_id, runs.counts, runs.decided_by, runs.digest, runs.error, runs.plan_id, runs.started_by",
  "runs.status, runs.trigger_kind",
  "scim_requests.client, scim_requests.connection_id, scim_requests.detail, scim_requests.id, scim_requests.method",
  "scim_requests.quirks, scim_requests.request_id, scim_requests.resource_id, scim_requests.token_id",
  "scim_sightings.connection_id, scim_sightings.kind, scim_sightings.name",
  "scim_tokens.connection_id, scim_tokens.hash, scim_tokens.id, scim_tokens.last_used_from, scim_tokens.name",
  "scim_tokens.user_id",
  "domain_claims.domain, domain_claims.problem, domain_claims.token",
  "service_accounts.connection_id, service_accounts.display_name, service_accounts.external_id, service_accounts.id",
  "service_accounts.owner_id, service_accounts.scim_resource, service_accounts.scim_roles, service_accounts.scim_search",
  "service_accounts.user_id, service_accounts.user_name, service_accounts.user_name_folded",
  "sessions.address, sessions.browser, sessions.connection_id, sessions.hash, sessions.id, sessions.idp_session",
  "sessions.sealed_hint, sessions.user_id",
  "sign_in_names.connection_id, sign_in_names.directory_user_id, sign_in_names.kind",
  "sign_in_traces.connection_id, sign_in_traces.outcome, sign_in_traces.reference, sign_in_traces.user_id",
  "team_aliases.alias, team_aliases.team_id",
  "teams.id, teams.name, teams.policy",
  "tenant_counters.name",
  "tenant_domains.domain",
  "tenants.name, tenants.session_limits, tenants.slug, tenants.team_policy",
  "told_apart.connection_id, told_apart.user_id",
  "unique_values.attribute, unique_values.resource_id, unique_values.scope, unique_values.value",
  "users.deactivated_by, users.dirty_cause, users.id, users.kind, users.status",
  "wakeups.kind, wakeups.ref",
].flatMap((line) => line.split(", "));

const folders: string[] = [];

async function sqliteUrl(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-erasure-"));
  folders.push(folder);
  return `sqlite:${join(folder, "rolecall.db")}`;
}

for (const [database, newUrl] of [
  ["SQLite", sqliteUrl],
  ["PostgreSQL", postgresUrl],
] as const) {
  describe(`personal data, by the admin API, on ${database}`, () => {
    let house: TinesHouse;
    let url: string;
    before(async () => {
      url = await newUrl();
      house = await openTinesHouse(url);
    });
    after(async () => {
      await house?.close();
      await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
    });

    /** Columns that hold anything of the person. */
    async function marked(): Promise<readonly string[]> {
      const texts: StoredTexts = await storedTexts(url);
      return [...texts].flatMap(([column, values]) => (values.some((text) => MARK.test(text)) ? [column] : [])).sort();
    }

    it("TIN-29: is removed by a call of its own: no column of the database has any of it left, and what was held still adds up", async () => {
      const { tenant, scim, id, row, bo, namesake } = await story();
      const texts = await storedTexts(url);
      expect([...texts.keys()].sort()).to.deep.equal([...THEIRS, ...NOT_THEIRS, ...IMPERSONAL].sort());
      expect(await marked()).to.deep.equal([...THEIRS, ...NOT_THEIRS].sort());
      expectProblem(await erase(tenant, id), 409, "conflict");
      const at = new Date().toISOString();
      expect((await scim("DELETE", `/Users/${row}`)).status).to.equal(204);
      const before = await history(tenant, id, at);
      const erased = await erase(tenant, id, "asked for by Quillaada Quillalace");
      expect([erased.status, erased.body["id"], erased.body["namedInMappings"]], erased.text).to.deep.equal([
        200,
        id,
        [2],
      ]);
      await house.admin.call("PATCH", `${tenant}/connections/other`, {
        body: { sync: "off", onDisable: "deactivate" },
      });
      expect((await erase(tenant, namesake)).status, "who has the same e-mail").to.equal(200);
      expect(await marked()).to.deep.equal(NOT_THEIRS);
      const after = await history(tenant, id, at);
      expect(before.held).to.have.length(4);
      expect(after).to.deep.include({ grants: before.grants, held: before.held });
      expect(after.actions).to.deep.equal(["user.erased", ...before.actions]);
      const { items: entries } = (await house.admin.get(`${tenant}/audit?action=user.erased`)).body;
      const entry = entries?.find(({ user }) => user === id);
      expect(entry).to.deep.include({ user: id, detail: { reason: "asked for by [erased]", namedInMappings: [2] } });
      expect(entry?.["actor"]).to.deep.equal({ kind: "operator" });
      expect((await house.admin.get(`${tenant}/users/${id}`)).body).to.deep.include({
        ...{ userName: `erased-${id}`, email: null, displayName: null, givenName: null, familyName: null, photo: null },
        ...{ status: "deactivated", synced: false, teams: [], roles: [] },
      });
      expect((await house.admin.get(`${tenant}/users/${bo}`)).body).to.include({ userName: "bo@acme.example" });
      expect(
        (await house.admin.published(tenant, "user.erased")).filter((type) => type === "user.erased"),
      ).to.have.length(2);
    });

    it("TIN-29: once removed it stays so: called again nothing changes, nobody comes back into the account, and the same subject is somebody new", async () => {
      const tenant = await house.tenant({ sync: "live" }, MAPPING);
      const scim = await house.scim(tenant);
      const row = made(await scim("POST", "/Users", RESOURCE));
      await house.signedIn(tenant, CLAIMS);
      const { id } = (await house.user(tenant, OLD)) ?? {};
      await scim("PATCH", `/Users/${row}`, patchOf({ op: "replace", value: { active: false } }));
      const first = await erase(tenant, String(id));
      expect(first.status, first.text).to.equal(200);
      const again = await erase(tenant, String(id));
      expect([again.status, again.body]).to.deep.equal([200, { id, erasedAt: first.body["erasedAt"] }]);
      expect((await house.admin.get(`${tenant}/audit?action=user.erased`)).body.items).to.have.length(1);
      const revived = await house.admin.call("PATCH", `${tenant}/users/${id}`, { body: { active: true } });
      expectProblem(revived, 409, "conflict");
      const renamed = await house.admin.call("PATCH", `${tenant}/users/${id}`, { body: { displayName: "Somebody" } });
      expectProblem(renamed, 409, "conflict");
      expect(renamed.text).to.contain("personal data was removed");
      expectProblem(await house.admin.post(`${tenant}/users`, { userName: `Erased-${id}` }), 409, "uniqueness");
      const other = await house.admin.post(`${tenant}/users`, { userName: "erased-nobody" });
      expect(other.status, other.text).to.equal(201);
      const gone = await house.admin.call("PATCH", `${tenant}/users/${other.body["id"]}`, { body: { active: false } });
      expect(gone.status, gone.text).to.equal(200);
      const given = { team: "Staff", role: "viewer", reason: "r" };
      expectProblem(await house.admin.post(`${tenant}/users/${id}/grants`, given), 409, "conflict");
      for (const question of ["explain", `explain?at=${first.body["erasedAt"]}`, "explain?team=Staff&role=viewer"]) {
        const asked = await house.admin.get(`${tenant}/users/${id}/${question}`);
        expect(asked.status, asked.text).to.equal(200);
        expect(asked.text).not.to.match(MARK);
      }
      const mapping = { ...MAPPING, mappings: [{ everyone: true, team_name: "All", role_name: "viewer" }] };
      const remapped = await house.admin.call("PUT", `${tenant}/mapping`, { body: mapping });
      expect((await house.admin.finished(tenant, remapped)).body, remapped.text).to.include({ status: "done" });
      expect((await house.admin.get(`${tenant}/users/${id}`)).body).to.deep.include({ active: false, teams: [] });
      await house.map(tenant, MAPPING);
      expect((await scim("GET", `/Users/${row}`)).status, "the row is gone").to.equal(404);
      expect((await scim("GET", "/Users")).body["totalResults"]).to.equal(0);
      await house.signedIn(tenant, CLAIMS);
      made(await scim("POST", "/Users", RESOURCE));
      const { items } = (await house.admin.get(`${tenant}/users`)).body;
      expect(items?.map(({ userName, status }) => [userName, status])).to.deep.equal([
        [`erased-${id}`, "deactivated"],
        ["erased-nobody", "deactivated"],
        [OLD, "registered"],
      ]);
      expect(items?.[2]?.["id"]).not.to.equal(id);
      expect(items?.[2]?.["synced"]).to.equal(true);
      expect((await house.admin.get(tenant)).body).to.include({ seatsUsed: 1 });
    });

    it("takes along the ID token that is sealed for the provider's sign-out", async () => {
      const tenant = await house.tenant({ sync: "live", profile: "okta" }, MAPPING);
      const scim = await house.scim(tenant);
      const sealed = async () => (await storedTexts(url)).get("sessions.sealed_hint") ?? [];
      const before = await sealed();
      made(await scim("POST", "/Users", { schemas: [USER], userName: "bo@acme.example" }));
      const row = made(await scim("POST", "/Users", RESOURCE));
      await house.signedIn(tenant, CLAIMS);
      const mine = (await sealed()).filter((text) => !before.includes(text));
      expect(mine).to.have.length(1);
      expect(mine[0]).not.to.match(MARK);
      const { id } = (await house.user(tenant, OLD)) ?? {};
      expect((await scim("DELETE", `/Users/${row}`)).status).to.equal(204);
      expect((await erase(tenant, String(id))).status).to.equal(200);
      expect(await sealed()).not.to.include(mine[0]);
    });

    it("goes from the log of SCIM requests, which knows people by their provider's ids alone", async () => {
      const tenant = await house.tenant({ sync: "live" }, MAPPING);
      const scim = await house.scim(tenant);
      const externalId = "7f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
      const other = "8f3c0c7e-5a0e-4a77-9d0c-2b1f5f0f7d11";
      const row = made(await scim("POST", "/Users", { ...RESOURCE, externalId }));
      made(await scim("POST", "/Users", { schemas: [USER], userName: "bo@acme.example", externalId: other }));
      await scim("GET", `/Users?filter=externalId eq "${externalId}"`);
      const { id } = (await house.user(tenant, OLD)) ?? {};
      expect((await scim("DELETE", `/Users/${row}`)).status).to.equal(204);
      const log = () => loggedRequests(tenant, 4);
      const before = await log();
      expect([before.split(externalId).length - 1, before.split(row).length > 1]).to.deep.equal([2, true]);
      expect(before).not.to.match(MARK);
      expect((await erase(tenant, String(id))).status).to.equal(200);
      const after = await log();
      expect(after).to.equal(before.replaceAll(externalId, "[erased]"));
      expect(after).to.contain(other);
    });

    /** The log of the connection's SCIM requests, each whole, once there are so many. */
    async function loggedRequests(tenant: string, count: number): Promise<string> {
      const path = `${tenant}/connections/sso/requests`;
      for (let left = 100; ; left--) {
        const { items = [] } = (await house.admin.get(path)).body;
        if (items.length < count && left > 0) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          continue;
        }
        expect(items).to.have.length(count);
        const whole = await Promise.all(items.map((item) => house.admin.get(`${path}/${item["id"]}`)));
        return whole.map(({ text }) => text).join("\n");
      }
    }

    it("TIN-29: items for review that name the account go with it, also by an address of before", async () => {
      const tenant = await house.tenant({ sync: "live" }, MAPPING);
      const scim = await house.scim(tenant);
      const row = made(await scim("POST", "/Users", { schemas: [USER], userName: "zoe@acme.example", active: true }));
      const { id } = (await house.user(tenant, "zoe@acme.example")) ?? {};
      const { store, now } = house.admin.service.p;
      const known = await store.instance.tenantBySlug(tenant.split("/").at(-1) ?? "");
      const sso = known && (await store.read(known.id).connectionBySlug("sso"));
      if (known === undefined || sso === undefined) throw new Error("the tenant has no connection");
      const detail = { reason: "deactivated", names: ["former@acme.example"], users: [String(id)], subject: "s" };
      await store.write(known.id, (tx) =>
        tx.insertReviewItem({ kind: "same_email", connection: sso.id, detail }, now()),
      );
      expect((await house.admin.get(`${tenant}/review-items`)).body.items).to.have.length(1);
      expect((await scim("DELETE", `/Users/${row}`)).status).to.equal(204);
      expect((await erase(tenant, String(id))).status).to.equal(200);
      expect((await house.admin.get(`${tenant}/review-items`)).body.items).to.deep.equal([]);
    });

    it("is not removed while a source has the person as active, or for those who may not, or without a reason", async () => {
      const tenant = await house.tenant({ sync: "test" }, MAPPING);
      const scim = await house.scim(tenant);
      await house.signedIn(tenant, claimsOf("ada", ["Staff"]));
      const { id } = (await house.user(tenant, "ada")) ?? {};
      made(await scim("POST", "/Users", { schemas: [USER], userName: "ada", active: true }));
      expectProblem(await erase(tenant, String(id)), 409, "conflict");
      await house.admin.call("PATCH", `${tenant}/users/${id}`, { body: { active: false } });
      const refused = await erase(tenant, String(id));
      expectProblem(refused, 409, "conflict");
      expect(refused.text).to.contain("`sso`");
      await house.admin.call("PATCH", `${tenant}/connections/sso`, { body: { sync: "off" } });
      const token = await house.admin.key(tenant, "write");
      const path = `${tenant}/users/${id}/erase`;
      expectProblem(await house.admin.post(path, { reason: "r" }, { token }), 403, "forbidden");
      expectProblem(await house.admin.post(path, {}), 422, "invalid_document");
      expectProblem(await erase(tenant, "nobody"), 404, "not_found");
      const other = await house.tenant();
      expectProblem(await erase(other, String(id)), 404, "not_found");
      expect((await house.user(tenant, "ada"))?.["id"], "as before").to.equal(id);
      expect((await erase(tenant, String(id))).status).to.equal(200);
      expect(await house.user(tenant, "ada")).to.equal(undefined);
    });

    function erase(tenant: string, id: string, reason = "asked for"): Promise<Reply> {
      return house.admin.post(`${tenant}/users/${id}/erase`, { reason });
    }

    /** What the audit has of them, and what they held at an instant. */
    async function history(tenant: string, id: string, at: string) {
      const { items = [] } = (await house.admin.get(`${tenant}/audit?user=${id}&limit=1000`)).body;
      const past = await house.admin.get(`${tenant}/assignments?user=${id}&at=${at}`);
      expect(past.status, past.text).to.equal(200);
      const held = past.body.items?.map(({ user: _, evidence: __, reason: ___, ...rest }) => rest);
      const grants = items.filter(({ action }) => String(action).startsWith("grant."));
      return { actions: items.map(({ action }) => action), grants: grants.map((one) => [one["id"], one["at"]]), held };
    }

    /** Their e-mail changes to and fro, and is that of somebody else at another connection, whom an admin tells apart. */
    async function sameEmail(tenant: string, scim: Scim, row: string): Promise<string> {
      for (const value of [OLD, NAME]) {
        const emails = [{ value, type: "work", primary: true }];
        expect((await scim("PATCH", `/Users/${row}`, patchOf({ op: "replace", value: { emails } }))).status).to.equal(
          200,
        );
      }
      const domains = await house.admin.call("PATCH", tenant, { body: { domains: ["acme.example"] } });
      expect(domains.status, domains.text).to.equal(200);
      const other = { slug: "other", protocol: "scim", sync: "live" };
      expect((await house.admin.post(`${tenant}/connections`, other)).status).to.equal(201);
      const { body } = await house.admin.post(`${tenant}/connections/other/tokens`, { name: "push" });
      const pushed = await house.admin.call("POST", "/api/scim/v2/Users", {
        token: String(body["token"]),
        body: { schemas: [USER], userName: "namesake", emails: [{ value: NAME }] },
      });
      expect(pushed.status, pushed.text).to.equal(201);
      const { items = [] } = (await house.admin.get(`${tenant}/review-items`)).body;
      const item = items.find(({ kind }) => kind === "same_email");
      expect((await house.admin.call("DELETE", `${tenant}/review-items/${item?.["id"]}`)).status).to.equal(204);
      const namesake = String((await house.user(tenant, "namesake"))?.["id"]);
      await toldApart(tenant, String((await house.user(tenant, OLD))?.["id"]));
      const [path, token] = [`/api/scim/v2/Users/${pushed.body["id"]}`, String(body["token"])];
      expect((await house.admin.call("DELETE", path, { token })).status).to.equal(204);
      return namesake;
    }

    /** As an admin says of a sign-in at the other connection whose subject is an e-mail. */
    async function toldApart(tenant: string, user: string): Promise<void> {
      const { store } = house.admin.service.p;
      const known = await store.instance.tenantBySlug(tenant.split("/").at(-1) ?? "");
      const other = known && (await store.read(known.id).connectionBySlug("other"));
      if (known === undefined || other === undefined) throw new Error("the tenant has no other connection");
      await store.write(known.id, (tx) => tx.tellApart(other.id, NAME, [user as UserId]));
    }

    /** A person about whom something lies everywhere. */
    async function story() {
      const tenant = await house.tenant({ sync: "live" }, MAPPING);
      const scim = await house.scim(tenant);
      const row = made(await scim("POST", "/Users", RESOURCE));
      made(await scim("POST", "/Users", { schemas: [USER], userName: "bo@acme.example", active: true }));
      const robot = { name: "export", owner: OLD, description: "ask Quillaada Quillalace" };
      expect((await house.admin.post(`${tenant}/service-accounts`, robot)).status).to.equal(201);
      const [staff, friends, more] = [
        await group(scim, "Staff", row),
        await group(scim, `Friends of ${NAME}`, row),
        await group(scim, "Friends of Quillaada Quillalace", row),
      ];
      expect(await house.holds(tenant, OLD)).to.deep.equal(["Staff/viewer", "tenant/friend"]);
      await scim("PATCH", `/Users/${row}`, patchOf({ op: "replace", value: { active: false } }));
      expect((await house.signIn(tenant, { ...CLAIMS, sub: "quilla-out" })).text).to.contain("deactivated");
      const namesake = await sameEmail(tenant, scim, row);
      await scim("PATCH", `/Users/${row}`, patchOf({ op: "replace", value: { active: true } }));
      const browser = createBrowser();
      expect((await house.signIn(tenant, CLAIMS, browser)).status).to.equal(200);
      const leave = { op: "remove", path: `members[value eq "${row}"]` };
      await scim("PATCH", `/Groups/${more}`, patchOf(leave));
      await scim("PATCH", `/Users/${row}`, patchOf({ op: "replace", value: { userName: NAME } }));
      const stranger = await house.signIn(tenant, { ...CLAIMS, sub: "quilla-other", preferred_username: NAME });
      expect(stranger.text).to.contain("needs_review");
      const [id, bo] = [
        (await house.user(tenant, NAME))?.["id"],
        (await house.user(tenant, "bo@acme.example"))?.["id"],
      ];
      const covers = { team: "Staff", role: "editor", reason: `covers for Quillaada Quillalace (${NAME})` };
      expect((await house.admin.post(`${tenant}/users/${bo}/grants`, covers)).status).to.equal(201);
      expect((await house.admin.post(`${tenant}/users/${id}/grants`, covers)).status).to.equal(201);
      const document = {
        ...MAPPING,
        mappings: [...MAPPING.mappings, { when: `user.userName = '${NAME}'`, team_name: "T", role_name: "viewer" }],
      };
      const saved = await house.admin.call("PUT", `${tenant}/mapping?note=for+${NAME}`, { body: document });
      expect(saved.status, saved.text).to.equal(200);
      await house.admin.finished(tenant, saved);
      const previewed = await house.admin.post(`${tenant}/mapping/preview`, { mappings: [] });
      expect(previewed.status, previewed.text).to.equal(200);
      expect(staff && friends).to.be.a("string");
      return { tenant, scim, row, id: String(id), bo: String(bo), namesake };
    }
  });
}

type Scim = Awaited<ReturnType<TinesHouse["scim"]>>;

async function group(scim: Scim, displayName: string, ...ids: readonly string[]): Promise<string> {
  return made(
    await scim("POST", "/Groups", { schemas: [GROUP], displayName, members: ids.map((value) => ({ value })) }),
  );
}

function made(reply: Reply): string {
  expect(reply.status, reply.text).to.equal(201);
  return String(reply.body["id"]);
}

function patchOf(...Operations: readonly object[]): object {
  return { schemas: [PATCH], Operations };
}
