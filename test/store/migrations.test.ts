import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { ConnectionId, GrantId, TenantId, UserId } from "../../src/model/ids.js";
import { withPastEvidence } from "../../src/provisioning/explain/past-evidence.js";
import { keepersAmong } from "../../src/provisioning/who-signs-in.js";
import { type Dialect, POSTGRES, SQLITE } from "../../src/store/dialect.js";
import { type Knex, knex } from "../../src/store/knex.js";
import { MIGRATIONS } from "../../src/store/migrations/index.js";
import { openStore } from "../../src/store/open.js";
import { postgresUrl } from "./postgres-server.js";
import { NO_WRITES } from "./world.js";

/** What each released migration is. A new one is added below; an old one that differs would leave databases behind. */
const RELEASED: readonly (readonly [name: string, sqlite: string, postgres: string])[] = [
  ["0001-tenants-and-connections", "5df4aebf93b9dc1b", "9092241c0d76d0ea"],
  ["0002-access-ledger", "48f0459aece2e0c3", "4872ba94eabbd9f6"],
  ["0003-directory-ledger", "d078f0c3938ac39b", "73b16e1a4f55421a"],
  ["0004-mappings-and-runs", "7ef74a9339178ac3", "9dff02a577f84dc0"],
  ["0005-journal-and-sign-ins", "19fbd419b2e1edf6", "400f6717ff7b92cd"],
  ["0006-saml-connections", "9f439d2ec40a5074", "27ddf64d16bdeb78"],
  ["0007-group-pins", "054d24348a171b70", "fa167ed79a009239"],
  ["0008-role-assignments", "0032f6ba421ff782", "e5150cb6efa01842"],
  ["0009-group-separator", "3f3dd8e5960b457b", "3f3dd8e5960b457b"],
  ["0010-shown-profile", "210d248134c32674", "d7254790df9b6220"],
  ["0011-grants-of-rule", "a698cee2dd37295c", "a698cee2dd37295c"],
  ["0012-former-evidence", "c6210646cbd51b9e", "3abe8260cbd9fbd8"],
  ["0013-marks-of-runs", "b6a5d65b3f9099f5", "fc4a9009207fc405"],
  ["0014-erased-users", "0dc7b6f2f7d9e35c", "8a366de97ae41a64"],
  ["0015-team-policies", "83081d950aa4eca8", "9d1af391ef1ebf44"],
  ["0016-marks-of-open-runs", "295be724bad27fd7", "295be724bad27fd7"],
  ["0017-service-accounts", "eae8a5e6538f192a", "a12c5b8e81e4dd95"],
  ["0018-directory-lifecycle", "7427eabeec1f41c1", "1caf15c30afca9ad"],
  ["0019-nested-groups", "a5b4fe8a20e38481", "d9b7527a413356a9"],
  ["0020-request-log", "feb0bc9a75c75e64", "7cea5a729a840880"],
  ["0021-custom-resources", "0450640741c668a0", "28b97435d8206112"],
  ["0022-request-leases", "9a7a797a26feec17", "d1302c50c9c3d7bf"],
  ["0025-end-of-live-sync", "d6624d6b306afcdd", "e3933876cacd0250"],
  ["0026-account-roles", "ed6e8341e3d6f882", "ed6e8341e3d6f882"],
  ["0027-standing-evidence", "9dc00469251d1205", "eacd2167ec315e24"],
  ["0028-sign-in-names", "ca01aee1b06f7784", "d50efa95b51b37d1"],
  ["0030-connection-keys", "a91f05182cb7f931", "76e2de3f13603b19"],
  ["0031-logout-hints", "8f42c227061772f4", "7573c94671310f8c"],
  ["0033-session-details", "451dcc21640a9a55", "7e83e909b609b971"],
  ["0034-domain-claims", "28d973759e608def", "d6be02f765e2e660"],
  ["0035-metadata-refresh", "7edbbed3ccf50df8", "34e390938eb51baf"],
  ["0037-kept-out", "64845ae304341359", "10e0f209ca0a881c"],
  ["0038-not-them", "c1465fe8e2cc528b", "93bc1f79c50d2bba"],
  ["0040-changed-names", "96f348d6998f8060", "d0dd6ecfaaadb9c7"],
  ["0042-names-let-go", "8b434294637c5dc8", "7a74caf7b4f505a2"],
  ["0041-linking-across", "d96e92e4ac297d4e", "fdd34b74234f5fe8"],
  ["0045-seats-left", "92909ae3780442bf", "92909ae3780442bf"],
  ["0048-hints-of-sessions", "8b95789119e05597", "8b95789119e05597"],
  ["0046-memberships-covered", "41498de768caa0c6", "41498de768caa0c6"],
  ["0052-items-of-subjects", "424fbd472df47c0b", "70ada0cae7e6554f"],
];

function digestOf(statements: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(statements)).digest("hex").slice(0, 16);
}

describe("migrations", () => {
  it("say today what they said when they were released, and a new one is named here", () => {
    const present = MIGRATIONS.map(({ name, statements }) => [
      name,
      digestOf(statements(SQLITE)),
      digestOf(statements(POSTGRES)),
    ]);
    expect(present).to.deep.equal(RELEASED);
  });
});

interface Kind {
  readonly dialect: Dialect;
  /** An empty database, as the service and as knex open it. */
  open(): Promise<{ readonly url: string; readonly runner: Knex }>;
}

const folders: string[] = [];

const KINDS: Readonly<Record<string, Kind>> = {
  SQLite: {
    dialect: SQLITE,
    async open() {
      const folder = await mkdtemp(join(tmpdir(), "rolecall-migrations-"));
      folders.push(folder);
      const filename = join(folder, "rolecall.db");
      const runner = knex({ client: "sqlite3", connection: { filename }, useNullAsDefault: true });
      return { url: `sqlite:${filename}`, runner };
    },
  },
  PostgreSQL: {
    dialect: POSTGRES,
    async open() {
      const url = await postgresUrl();
      return { url, runner: knex({ client: "pg", connection: url }) };
    },
  },
};

/** The schema of an earlier version, made by the migrations that it had. */
async function migrateThrough(last: string, runner: Knex, dialect: Dialect): Promise<void> {
  const end = MIGRATIONS.findIndex(({ name }) => name === last) + 1;
  await runner.migrate.latest({
    tableName: "schema_migrations",
    migrationSource: {
      getMigrations: async () => MIGRATIONS.slice(0, end),
      getMigrationName: ({ name }: { name: string }) => name,
      getMigration: async ({ name }: { name: string }) => ({
        async up(transaction: Knex) {
          const migration = MIGRATIONS.find((one) => one.name === name);
          for (const statement of migration?.statements(dialect) ?? []) await transaction.raw(statement);
        },
        down: async () => undefined,
      }),
    },
  });
}

const T0 = 1_700_000_000_000;
const ACME = 1 as TenantId;

function dayAfter(days: number): string {
  return new Date(T0 + days * 86_400_000).toISOString();
}

/** A connection as the version before SAML wrote it. */
const BEFORE_SAML = {
  ...{ tenant_id: 1, id: "c1", slug: "sso", protocol: "oidc", jit: "every_sign_in", sync: "test", sync_chosen: true },
  ...{ group_authority: "auto", profile: "okta", priority: 1, may_grant_owner: true, allowed_domains: '["acme.test"]' },
  ...{ require_domains: false, absent_groups: "empty", group_attribute: "groups", settle_seconds: 60, version: 4 },
  ...{
    oidc: '{"issuer":"https://idp.test","clientId":"c","scopes":[]}',
    secret: "sealed",
    created_at: 1_700_000_000_000,
  },
};

for (const [name, { dialect, open }] of Object.entries(KINDS)) {
  describe(`a database of an earlier version, on ${name}`, () => {
    after(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true }))));

    it("gets room for what came later and keeps its connections as they were", async () => {
      const { url, runner } = await open();
      await migrateThrough("0005-journal-and-sign-ins", runner, dialect);
      const tenant = { id: 1, slug: "acme", name: "Acme", scim: true, created_at: 1_700_000_000_000 };
      await runner("tenants").insert(tenant);
      await runner("connections").insert(BEFORE_SAML);
      await runner.destroy();
      const store = await openStore(url);
      try {
        const later = RELEASED.map(([name]) => name).filter((name) => name > "0005-journal-and-sign-ins");
        const lacks = `lacks ${later.length} migrations, \`0006-saml-connections\` first`;
        expect(await store.check().catch(String)).to.contain(lacks);
        expect(await store.migrate()).to.deep.equal(later);
        await store.check();
        const found = await store.instance.tenantBySlug("acme");
        if (found === undefined) expect.fail("the tenant is gone");
        const kept = await store.read(found.id).connectionBySlug("sso");
        expect(kept).to.deep.equal({
          ...{ id: "c1", slug: "sso", protocol: "oidc", jit: "every_sign_in", sync: "test", syncChosen: true },
          ...{ groups: "auto", profile: "okta", priority: 1, mayGrantOwner: true, allowedDomains: ["acme.test"] },
          ...{ requireDomains: false, absentGroups: "empty", groupAttribute: "groups", settleSeconds: 60, version: 4 },
          ...{
            rolesFrom: ["users", "groups", "serviceAccounts"],
            manages: ["users", "groups", "serviceAccounts"],
            adopt: "verified_domain",
            linkAcross: "off",
          },
          ...{ oidc: { issuer: "https://idp.test", clientId: "c", scopes: [] }, createdAt: "2023-11-14T22:13:20.000Z" },
        });
        if (kept === undefined) expect.fail("the connection is gone");
        const saml = { entityId: "urn:idp", certificates: ["QUJD"], requireSigned: "either" } as const;
        const changed = await store.write(found.id, (tx) => tx.updateConnection(kept.id, { saml }, kept.createdAt));
        expect(changed).to.deep.equal({ ...kept, saml, version: 5 });
        expect(await store.migrate()).to.deep.equal([]);
      } finally {
        await store.close();
      }
    });

    it("takes roles of service accounts where SCIM's roles were taken of all there was, and nowhere else", async () => {
      const { url, runner } = await open();
      await migrateThrough("0022-request-leases", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, created_at: T0 });
      const chosen = { all: ["users", "groups"], users: ["users"], none: [], local: ["users", "groups"] };
      for (const [slug, rolesFrom] of Object.entries(chosen)) {
        const protocol = slug === "local" ? "local" : "scim";
        const own = { id: slug, slug, protocol, oidc: null, secret: null, roles_from: JSON.stringify(rolesFrom) };
        await runner("connections").insert({ ...BEFORE_SAML, ...own });
      }
      await runner.destroy();
      const store = await openStore(url);
      try {
        await store.migrate();
        const connections = await store.read(ACME).connections();
        expect(Object.fromEntries(connections.map(({ slug, rolesFrom }) => [slug, rolesFrom]))).to.deep.equal({
          ...chosen,
          all: ["users", "groups", "serviceAccounts"],
        });
      } finally {
        await store.close();
      }
    });

    it("knows when connections ceased to be live before that was written down, by their switches", async () => {
      const { url, runner } = await open();
      await migrateThrough("0026-account-roles", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, created_at: T0 });
      const [off, first, last, end] = ["convert", "go_live", "disable", "convert"];
      const switches: Readonly<Record<string, { sync: string; runs: readonly (string | undefined)[]; made?: string }>> =
        {
          "never-live": { sync: "off", runs: [off], made: "test" },
          "made-live": { sync: "off", runs: [end, off], made: "live" },
          "went-live": { sync: "test", runs: [off, first, last, off], made: "off" },
          "is-live": { sync: "live", runs: [first, last, first], made: "off" },
          local: { sync: "live", runs: [] },
        };
      let number = 0;
      const runs = Object.entries(switches).flatMap(([slug, { runs }]) =>
        runs.map((trigger, at) => ({ slug, trigger, at, number: ++number })),
      );
      for (const [slug, { sync, made }] of Object.entries(switches)) {
        const own = { id: slug, slug, protocol: slug === "local" ? "local" : "scim", oidc: null, secret: null, sync };
        await runner("connections").insert({ ...BEFORE_SAML, ...own });
        const detail = JSON.stringify({ slug, protocol: "scim", sync: made, mayGrantOwner: true });
        const entry = { tenant_id: 1, id: slug, at: T0, actor_kind: "operator", door: "admin", detail };
        await runner("audit_entries").insert({ ...entry, action: "connection.created" });
      }
      const run = { tenant_id: 1, total: 0, status: "done", counts: "{}" };
      for (const { slug, trigger, at, number } of runs) {
        const switched = { number, trigger_kind: trigger, connection_id: slug, created_at: T0 + at };
        await runner("runs").insert({ ...run, ...switched });
      }
      await runner.destroy();
      const store = await openStore(url);
      try {
        await store.migrate();
        const connections = await store.read(ACME).connections();
        const ends = connections.map(({ slug, liveUntil }) => [slug, liveUntil && Date.parse(liveUntil) - T0]);
        expect(Object.fromEntries(ends)).to.deep.equal({
          ...{ "never-live": undefined, "made-live": 0, "went-live": 2, "is-live": undefined, local: undefined },
        });
      } finally {
        await store.close();
      }
    });

    it("knows what sign-ins called people as far as that was stored, and whom SCIM deleted while it counted", async () => {
      const { url, runner } = await open();
      await migrateThrough("0027-standing-evidence", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, created_at: T0 });
      for (const [slug, protocol, sync] of [
        ["oidc", "oidc", "live"],
        ["saml", "saml", "test"],
      ]) {
        await runner("connections").insert({ ...BEFORE_SAML, id: slug, slug, protocol, sync });
      }
      const claims = (email: string | null) =>
        JSON.stringify({ attributes: { email: { value: email, at: dayAfter(0) } }, claims: {}, at: dayAfter(0) });
      const pushed = { scim_resource: "{}", scim_active: true, deleted_at: T0 };
      const rows: readonly (readonly [id: string, connection: string, more: object])[] = [
        ["Ada", "oidc", { subject: "s1", claims: claims("ada@ACME.test") }],
        ["ann", "saml", { subject: "s2", claims: claims("ann@acme.test") }],
        ["åsa", "oidc", { subject: "s3", claims: claims(null) }],
        ["same@acme.test", "oidc", { subject: "s4", claims: claims("same@acme.test") }],
        ["bare", "oidc", { subject: "s5", claims: "{}" }],
        ["pushed", "oidc", {}],
        ["left", "oidc", { subject: "s6", claims: claims("left@acme.test"), ...pushed }],
        ["trial", "saml", pushed],
        ["nobody", "oidc", pushed],
      ];
      for (const [id, connection, more] of rows) {
        const name = { user_name: id, user_name_folded: id.toLowerCase() };
        const status = id === "nobody" ? "pending" : "deactivated";
        await runner("users").insert({ tenant_id: 1, id, ...name, search_text: id, status, created_at: T0 });
        const row = {
          ...name,
          user_name_ascii: id.toLowerCase(),
          version: 1,
          created_at: T0,
          modified_at: T0,
          ...more,
        };
        await runner("directory_users").insert({ tenant_id: 1, connection_id: connection, id, ...row });
        const link = { tenant_id: 1, id, user_id: id, directory_user_id: id, connection_id: connection };
        await runner("identity_links").insert({ ...link, linked_by: "new", linked_at: T0 });
      }
      await runner.destroy();
      const store = await openStore(url);
      try {
        const later = RELEASED.map(([name]) => name).filter((name) => name > "0027-standing-evidence");
        expect(await store.migrate()).to.deep.equal(later);
        const called = async (connection: string, ...userNames: readonly string[]) => {
          const asked = { externalIds: [], userNames };
          const found = await store.write(ACME, (tx) => tx.signedInAlone(connection as ConnectionId, asked));
          return found.map(({ id, names }) => [id, ...names.map(({ kind, name }) => `${kind} ${name}`).sort()]);
        };
        expect(await called("oidc", "ada@acme.test", "åsa", "same@acme.test", "bare", "pushed", "left")).to.deep.equal([
          ["Ada", "name ada", "name ada@acme.test"],
          ["bare", "name bare"],
          ["same@acme.test", "name same@acme.test"],
          ["åsa", "seen åsa"],
        ]);
        expect(await called("saml", "ann@acme.test")).to.deep.equal([["ann", "name ann", "seen ann@acme.test"]]);
        const closed = async (connection: string) => {
          const names = rows.map(([id]) => ({ kind: "name", name: id }) as const);
          const met = await store.write(ACME, (tx) => tx.metBy(connection as ConnectionId, [{ subject: "s", names }]));
          return keepersAmong(met.flat()).map(({ id }) => id);
        };
        expect([await closed("oidc"), await closed("saml")]).to.deep.equal([["left"], []]);
      } finally {
        await store.close();
      }
    });

    it("shows its people as before, and without names and photos that nobody has said since", async () => {
      const { url, runner } = await open();
      await migrateThrough("0009-group-separator", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, created_at: 1_700_000_000_000 });
      await runner("users").insert({
        ...{
          tenant_id: 1,
          id: "u1",
          user_name: "Ada",
          user_name_folded: "ada",
          display_name: "Ada L.",
          search_text: "ada",
        },
        ...{ status: "registered", created_at: 1_700_000_000_000 },
      });
      await runner.destroy();
      const store = await openStore(url);
      try {
        const later = RELEASED.map(([name]) => name).filter((name) => name > "0009-group-separator");
        expect(await store.migrate()).to.deep.equal(later);
        const found = await store.instance.tenantBySlug("acme");
        if (found === undefined) expect.fail("the tenant is gone");
        const { items } = await store.read(found.id).users({ q: "ada", limit: 10 });
        expect(items).to.have.length(1);
        expect(items[0]).to.include({
          userName: "Ada",
          displayName: "Ada L.",
          givenName: null,
          familyName: null,
          photo: null,
        });
      } finally {
        await store.close();
      }
    });

    it("says of grants that it refreshed what they were given by, as far as the evidence itself tells how old it is", async () => {
      const { url, runner } = await open();
      await migrateThrough("0011-grants-of-rule", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, created_at: T0 });
      const names = { user_name: "Ada", user_name_folded: "ada", search_text: "ada" };
      await runner("users").insert({ tenant_id: 1, id: "u1", ...names, status: "registered", created_at: T0 });
      const grant = { tenant_id: 1, user_id: "u1", scope: "tenant", origin: "rule", since: T0 };
      const [group, condition] = [
        { kind: "group", label: "Eng", source: "scim", since: dayAfter(2) },
        { kind: "expression", label: "user.active" },
      ] as const;
      await runner("grants").insert([
        { ...grant, id: "g1", role: "a", rule: "a", evidence: JSON.stringify([group]) },
        { ...grant, id: "g2", role: "b", rule: "b", evidence: JSON.stringify([condition]) },
        {
          ...grant,
          id: "g3",
          role: "c",
          rule: "c",
          evidence: JSON.stringify([{ kind: "everyone", label: "everyone" }]),
        },
      ]);
      await runner.destroy();
      const store = await openStore(url);
      try {
        await store.migrate();
        const [id, ...others] = ["g1", "g2", "g3"].map((one) => ({ id: one as GrantId }));
        if (id === undefined) return;
        const fresh = [{ kind: "app_role", label: "dev" }] as const;
        const refresh = [{ ...id, evidence: fresh, replaces: true }];
        await store.write(ACME, (tx) => tx.applyAccess({ ...NO_WRITES, refresh }, dayAfter(4)));
        const labels = async (day: number) =>
          (await withPastEvidence(store.read(ACME), [id, ...others], dayAfter(day))).map(
            ({ evidence, evidenceKept }) => (evidenceKept ? evidence.map(({ label }) => label).join() : "not kept"),
          );
        expect(await labels(1)).to.deep.equal(["not kept", "not kept", "everyone"]);
        expect(await labels(3)).to.deep.equal(["Eng", "not kept", "everyone"]);
        expect(await labels(4)).to.deep.equal(["dev", "not kept", "everyone"]);
      } finally {
        await store.close();
      }
    });

    it("knows whose the people are who wait for a run that was open, and goes on with those who were to leave", async () => {
      const { url, runner } = await open();
      await migrateThrough("0015-team-policies", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, created_at: T0 });
      const connection = { ...BEFORE_SAML, sync: "off", secret: null, oidc: null, protocol: "scim" };
      for (const id of ["open", "gaveup", "live"]) await runner("connections").insert({ ...connection, id, slug: id });
      const run = { tenant_id: 1, total: 1, counts: "{}", created_at: T0 };
      await runner("runs").insert([
        { ...run, number: 1, trigger_kind: "push", status: "done", connection_id: "open" },
        { ...run, number: 2, trigger_kind: "held", status: "queued", connection_id: "open" },
        { ...run, number: 3, trigger_kind: "disable", status: "queued", connection_id: "open" },
        { ...run, number: 4, trigger_kind: "go_live", status: "queued", connection_id: "open" },
        { ...run, number: 5, trigger_kind: "disable", status: "failed", connection_id: "gaveup", finished_at: T0 },
        { ...run, number: 6, trigger_kind: "disable", status: "failed", connection_id: "live", finished_at: T0 },
        { ...run, number: 7, trigger_kind: "go_live", status: "done", connection_id: "live" },
      ]);
      const people: readonly (readonly [id: string, connection: string, dirty: boolean, markRun: number | null])[] = [
        ["waits", "open", true, null],
        ["stale", "open", true, 1],
        ["later", "open", true, 4],
        ["clean", "open", false, null],
        ["leaves", "gaveup", true, 5],
        ["stays", "live", true, 6],
      ];
      for (const [id, at, dirty, markRun] of people) {
        const names = { user_name: id, user_name_folded: id, search_text: id, status: "registered", created_at: T0 };
        await runner("users").insert({ tenant_id: 1, id, ...names, dirty, mark_run: markRun });
        const row = { tenant_id: 1, connection_id: at, id, user_name: id, user_name_folded: id, user_name_ascii: id };
        await runner("directory_users").insert({ ...row, version: 1, created_at: T0, modified_at: T0 });
        const link = { tenant_id: 1, id, user_id: id, directory_user_id: id, connection_id: at };
        await runner("identity_links").insert({ ...link, linked_by: "new", linked_at: T0 });
      }
      await runner.destroy();
      const store = await openStore(url);
      try {
        expect(await store.migrate()).to.include("0016-marks-of-open-runs");
        const reader = store.read(ACME);
        const states = await reader.people(people.map(([id]) => id as UserId));
        expect(Object.fromEntries(states.map(({ id, markRun }) => [id, markRun]))).to.deep.equal({
          ...{ waits: 3, stale: 3, later: 4, clean: undefined, leaves: 5, stays: undefined },
        });
        expect((await reader.openRuns()).map(({ id }) => id)).to.deep.equal([2, 3, 4, 5]);
      } finally {
        await store.close();
      }
    });

    it("looks again at whoever has a seat without an account, and counts its seats", async () => {
      const { url, runner } = await open();
      await migrateThrough("0041-linking-across", runner, dialect);
      await runner("tenants").insert({ id: 1, slug: "acme", name: "Acme", scim: true, seats_used: 7, created_at: T0 });
      const people = { ann: "registered", ben: "pending", cleo: "deactivated" };
      for (const [id, status] of Object.entries(people)) {
        const names = { user_name: id, user_name_folded: id, search_text: id, status, created_at: T0 };
        await runner("users").insert({ tenant_id: 1, id, ...names, dirty: false, seat: true });
      }
      await runner.destroy();
      const store = await openStore(url);
      try {
        await store.migrate();
        const states = await store.read(ACME).people(Object.keys(people) as UserId[]);
        expect(states.filter(({ dirty }) => dirty).map(({ id }) => id)).to.deep.equal(["ben", "cleo"]);
        expect((await store.read(ACME).tenantNow()).seatsUsed).to.equal(3);
        expect(await store.instance.tenantsWithWork(dayAfter(0), 10)).to.deep.equal([1]);
      } finally {
        await store.close();
      }
    });

    it("has the names of active mappings pinned, and of no others", async () => {
      const { url, runner } = await open();
      await migrateThrough("0006-saml-connections", runner, dialect);
      const tenant = { name: "Acme", scim: true, created_at: 1_700_000_000_000 };
      await runner("tenants").insert({ ...tenant, id: 1, slug: "acme", active_version: 3 });
      await runner("tenants").insert({ ...tenant, id: 2, slug: "none", active_version: 0 });
      await runner.destroy();
      const store = await openStore(url);
      try {
        expect(await store.migrate()).to.include("0007-group-pins");
        const due = async (slug: string) => {
          const found = await store.instance.tenantBySlug(slug);
          if (found === undefined) expect.fail("the tenant is gone");
          return store.write(found.id, (tx) => tx.takeWakeups("2026-01-01T00:00:00.000Z"));
        };
        expect(await due("acme")).to.deep.equal([{ kind: "pins", ref: "mapping" }]);
        expect(await due("none")).to.deep.equal([]);
      } finally {
        await store.close();
      }
    });
  });
}
