import { expect } from "chai";
import {
  type AdminClient,
  type CallOptions,
  DATABASES,
  expectProblem,
  mistakes,
  openAdmin,
  type Reply,
} from "./admin-client.js";

const RULE = { group_name: "Eng", team_name: "Platform", role_name: "editor" };
const OIDC = { slug: "new", protocol: "oidc", issuer: "https://idp.example", clientId: "c", clientSecret: "s" };
const TEN_MEGABYTES = JSON.stringify({ name: "x".repeat(10 * 1024 * 1024) });

/** Paths begin below the tenant, except with a slash before `api`. */
type Case = readonly [
  what: string,
  call: string,
  options: CallOptions,
  status: number,
  code: string,
  mistakes?: string[],
];

const cases: readonly Case[] = [
  ["no JSON", "POST users", { text: "{" }, 400, "bad_request"],
  ["no body", "POST users", {}, 400, "bad_request"],
  ["a list for a body", "POST users", { body: [] }, 422, "invalid_document", [" wrong_type"]],
  [
    "another media type",
    "POST users",
    { text: "userName=x", headers: { "content-type": "text/plain" } },
    415,
    "unsupported_media_type",
  ],
  [
    "compressed bytes",
    "POST users",
    { text: "{}", headers: { "content-encoding": "gzip" } },
    415,
    "unsupported_media_type",
  ],
  ["broken UTF-8 in the path", "GET users/%ff", {}, 400, "bad_request"],
  ["a `__proto__` key", "POST users", { text: '{"userName":"x","__proto__":{"active":true}}' }, 400, "bad_request"],
  [
    "a `constructor` key, deep inside",
    "PUT mapping",
    { text: '{"groups":{"constructor":{"a":"b"}}}' },
    422,
    "invalid_document",
    ["/groups/constructor forbidden_key"],
  ],
  ["a `__proto__` query parameter", "GET users?__proto__=x", {}, 400, "bad_request"],
  ["a query parameter twice", "GET users?q=a&q=b", {}, 400, "bad_request"],
  ["an unknown query parameter", "GET users?usrName=a", {}, 400, "bad_request", ["/usrName unknown_key"]],
  [
    "a query parameter where none is taken",
    "GET connections/okta?full=1",
    {},
    400,
    "bad_request",
    ["/full unknown_key"],
  ],
  ["a limit beyond the largest", "GET users?limit=1001", {}, 400, "bad_request", ["/limit out_of_range"]],
  ["a limit that is no number", "GET users?limit=ten", {}, 400, "bad_request", ["/limit wrong_type"]],
  ["a made-up cursor", "GET users?cursor=AAAA", {}, 400, "bad_request"],
  ["a cursor that is no cursor", "GET users?cursor=a.b", {}, 400, "bad_request", ["/cursor wrong_form"]],
  ["a cursor of another list", "GET runs?cursor=YWJj", {}, 400, "bad_request"],
  ["a cursor of another list of versions", "GET mapping/versions?cursor=YWJj", {}, 400, "bad_request"],
  ["a cursor of another list of assignments", "GET assignments?cursor=YWJj", {}, 400, "bad_request"],
  ["a cursor with bytes that are no text", "GET teams?cursor=_w", {}, 400, "bad_request"],
  ["NUL in a filter", "GET users?q=%00", {}, 400, "bad_request", ["/q wrong_form"]],
  ["a status that does not exist", "GET users?status=pending", {}, 400, "bad_request", ["/status wrong_value"]],
  ["two positions in the feed", "GET events?after=1&cursor=2", {}, 400, "bad_request"],
  ["a position below the first", "GET events?after=-1", {}, 400, "bad_request", ["/after out_of_range"]],
  ["an instant that does not exist", "GET assignments?at=2026-02-30T00:00:00Z", {}, 400, "bad_request"],
  ["a leap second", "GET assignments?at=2016-12-31T23:59:60Z", {}, 400, "bad_request"],
  ["a check of no scope", "GET check?user=x&role=y", {}, 400, "bad_request"],
  ["a check of two scopes", "GET check?user=x&role=y&scope=tenant&team=a", {}, 400, "bad_request"],
  ["a check of a scope that is none", "GET check?user=x&role=y&scope=everywhere", {}, 400, "bad_request"],
  ["a wait beyond the longest", "GET runs/1?wait=61", {}, 400, "bad_request", ["/wait out_of_range"]],
  ["a run that is no number", "GET runs/abc", {}, 400, "bad_request", ["/run wrong_type"]],
  ["run zero", "GET runs/0", {}, 400, "bad_request", ["/run out_of_range"]],
  ["a run beyond all numbers", "GET runs/99999999999999999999", {}, 400, "bad_request", ["/run out_of_range"]],

  ["an address of nothing", "GET nothing", {}, 404, "not_found"],
  ["a method that is not taken", "PUT users", { body: {} }, 405, "method_not_allowed"],
  ["an unknown user", "GET users/01ARZ3NDEKTSV4RRFFQ69G5FAV", {}, 404, "not_found"],
  ["an unknown run", "GET runs/12345", {}, 404, "not_found"],
  ["an unknown plan", "GET plans/unknown", {}, 404, "not_found"],
  ["a change that no plan has", "GET plans/unknown?change=revoked", {}, 400, "bad_request", ["/change wrong_value"]],
  ["a filter that no plan has", "GET plans/unknown?tem=A", {}, 400, "bad_request", ["/tem unknown_key"]],
  ["an unknown version", "POST mapping/versions/77/activate", {}, 404, "not_found"],
  ["an unknown sign-in", "GET sign-ins/unknown", {}, 404, "not_found"],
  ["an unknown connection", "GET connections/unknown/tokens", {}, 404, "not_found"],

  [
    "a tenant without a name",
    "POST /api/v1/tenants",
    { body: { slug: "a" } },
    422,
    "invalid_document",
    [" missing_key"],
  ],
  [
    "a tenant with a slug that is none",
    "POST /api/v1/tenants",
    { body: { slug: "A b", name: "x" } },
    422,
    "invalid_document",
    ["/slug wrong_form"],
  ],
  [
    "a tenant called as the logout is",
    "POST /api/v1/tenants",
    { body: { slug: "logout", name: "x" } },
    422,
    "invalid_document",
    ["/slug not_allowed"],
  ],
  [
    "a tenant with a domain that is none",
    "POST /api/v1/tenants",
    { body: { slug: "a", name: "x", domains: ["https://a.example"] } },
    422,
    "invalid_document",
    ["/domains/0 wrong_form"],
  ],
  [
    "a tenant with letters that look like others in its domain",
    "POST /api/v1/tenants",
    { body: { slug: "a", name: "x", domains: ["\u0430cme.example"] } },
    422,
    "invalid_document",
    ["/domains/0 wrong_form"],
  ],
  [
    "a tenant with half a seat",
    "POST /api/v1/tenants",
    { body: { slug: "a", name: "x", seats: 1.5 } },
    422,
    "invalid_document",
    ["/seats wrong_type"],
  ],
  [
    "a tenant with NUL in its name",
    "POST /api/v1/tenants",
    { body: { slug: "a", name: "x\u0000" } },
    422,
    "invalid_document",
    ["/name wrong_form"],
  ],
  [
    "half a surrogate pair in a name",
    "POST /api/v1/tenants",
    { text: '{"slug":"a","name":"x\\ud800"}' },
    422,
    "invalid_document",
    ["/name wrong_form"],
  ],
  ["a change of nothing", "PATCH /api/v1/tenants/{tenant}", { body: {} }, 422, "invalid_document", [" too_few"]],
  [
    "a change of the slug",
    "PATCH /api/v1/tenants/{tenant}",
    { body: { slug: "b" } },
    422,
    "invalid_document",
    ["/slug unknown_key"],
  ],

  [
    "an unknown protocol",
    "POST connections",
    { body: { slug: "new", protocol: "sampl" } },
    422,
    "invalid_document",
    ["/protocol wrong_value"],
  ],
  [
    "a second local connection",
    "POST connections",
    { body: { slug: "new", protocol: "local" } },
    422,
    "invalid_document",
    ["/protocol wrong_value"],
  ],
  [
    "OIDC without an issuer",
    "POST connections",
    { body: { ...OIDC, issuer: undefined } },
    422,
    "invalid_document",
    [" missing_key"],
  ],
  [
    "an issuer that is no URL",
    "POST connections",
    { body: { ...OIDC, issuer: "idp.example" } },
    422,
    "invalid_document",
    ["/issuer issuer_refused"],
  ],
  [
    "OIDC without a secret",
    "POST connections",
    { body: { ...OIDC, clientSecret: undefined } },
    422,
    "invalid_document",
    ["/clientSecret invalid_setting"],
  ],
  [
    "an OIDC key in a SCIM connection",
    "POST connections",
    { body: { slug: "new", protocol: "scim", issuer: "https://a.example" } },
    422,
    "invalid_document",
    ["/issuer unknown_key"],
  ],
  [
    "a misspelt key",
    "POST connections",
    { body: { ...OIDC, alowedDomains: [] } },
    422,
    "invalid_document",
    ["/alowedDomains unknown_key"],
  ],
  [
    "keys of a later version",
    "POST connections",
    { body: { ...OIDC, directory: "okta", directWhen: "x" } },
    422,
    "invalid_document",
    ["/directory not_available", "/directWhen not_available"],
  ],
  ["the slug of another connection", "POST connections", { body: { ...OIDC, slug: "okta" } }, 409, "slug_taken"],
  ["the slug of the built-in connection", "POST connections", { body: { ...OIDC, slug: "local" } }, 409, "slug_taken"],
  ["settings for the built-in connection", "PATCH connections/local", { body: { jit: "off" } }, 409, "read_only"],
  ["the end of the built-in connection", "DELETE connections/local", {}, 409, "read_only"],
  ["a token of the built-in connection", "POST connections/local/tokens", { body: { name: "t" } }, 400, "bad_request"],
  [
    "an issuer for a SCIM connection",
    "PATCH connections/okta",
    { body: { issuer: "https://a.example" } },
    422,
    "invalid_document",
    ["/issuer unknown_key"],
  ],
  [
    "another protocol for a connection",
    "PATCH connections/okta",
    { body: { protocol: "oidc" } },
    422,
    "invalid_document",
    ["/protocol unknown_key"],
  ],
  [
    "sync off after live, without saying what becomes of people",
    "PATCH connections/okta",
    { body: { sync: "off" } },
    400,
    "on_disable_required",
  ],
  [
    "a move of sync beside another setting",
    "PATCH connections/okta",
    { body: { sync: "off", onDisable: "convert", jit: "every_sign_in" } },
    400,
    "bad_request",
  ],
  [
    "a switch of sync off that takes access, unreviewed",
    "PATCH connections/okta",
    { body: { sync: "off", onDisable: "deactivate" } },
    409,
    "digest_required",
  ],
  [
    "a connection's end, without saying what becomes of people",
    "DELETE connections/okta",
    {},
    400,
    "on_disable_required",
  ],
  [
    "a connection's end that takes access, unreviewed",
    "DELETE connections/okta?onDisable=deactivate",
    {},
    409,
    "digest_required",
  ],
  [
    "a digest of no preview",
    "DELETE connections/okta",
    { body: { onDisable: "deactivate", digest: "abc" } },
    409,
    "plan_changed",
  ],
  ["test after live", "PATCH connections/okta", { body: { sync: "test" } }, 409, "conflict"],
  ["a preview of nothing in particular", "GET connections/okta/preview", {}, 400, "bad_request", [" missing_key"]],
  [
    "a preview of a switch that does not exist",
    "GET connections/okta/preview?to=test",
    {},
    400,
    "bad_request",
    ["/to wrong_value"],
  ],
  [
    "a preview that does not say what becomes of people",
    "GET connections/okta/preview?to=off",
    {},
    400,
    "on_disable_required",
  ],
  [
    "a welcome mail",
    "POST connections/okta/go-live",
    { body: { welcomeMail: true } },
    422,
    "invalid_document",
    ["/welcomeMail not_available"],
  ],
  [
    "an expectation in the past",
    "POST connections/okta/expect",
    { body: { max: 1, until: "2020-01-01T00:00:00Z" } },
    400,
    "bad_request",
  ],
  [
    "an expectation without an end in sight",
    "POST connections/okta/expect",
    { body: { max: 1, until: "2099-01-01T00:00:00Z" } },
    400,
    "bad_request",
  ],
  [
    "an expectation of nobody",
    "POST connections/okta/expect",
    { body: { max: 0, until: "2099-01-01T00:00:00Z" } },
    422,
    "invalid_document",
    ["/max out_of_range"],
  ],
  [
    "a token of a service account that is not there",
    "POST connections/okta/tokens",
    { body: { name: "t", serviceAccount: "s" } },
    404,
    "not_found",
    [],
  ],
  [
    "a service account without a name",
    "POST service-accounts",
    { body: {} },
    422,
    "invalid_document",
    [" missing_key"],
  ],
  [
    "a service account whose time is over",
    "POST service-accounts",
    { body: { name: "s", expiresAt: "2020-01-01T00:00:00Z" } },
    400,
    "bad_request",
    [],
  ],
  [
    "a service account of nobody",
    "POST service-accounts",
    { body: { name: "s", owner: "nobody" } },
    404,
    "not_found",
    [],
  ],
  [
    "a service account that owns the tenant",
    "POST service-accounts",
    { body: { name: "s", roles: [{ scope: "tenant", role: "owner" }] } },
    409,
    "conflict",
    [],
  ],
  [
    "a service account with a role in no place",
    "POST service-accounts",
    { body: { name: "s", roles: [{ role: "admin" }] } },
    422,
    "invalid_document",
  ],
  [
    "a token that has ended",
    "POST connections/okta/tokens",
    { body: { name: "t", expiresAt: "2020-01-01T00:00:00Z" } },
    400,
    "bad_request",
  ],
  [
    "a key without scopes",
    "POST api-keys",
    { body: { name: "k", scopes: [] } },
    422,
    "invalid_document",
    ["/scopes too_few"],
  ],
  [
    "a key with a scope that does not exist",
    "POST api-keys",
    { body: { name: "k", scopes: ["root"] } },
    422,
    "invalid_document",
    ["/scopes/0 wrong_value"],
  ],

  ["a mapping that is no JSON", "PUT mapping", { text: "{" }, 422, "invalid_document", [" syntax"]],
  ["a mapping that is a list", "PUT mapping", { body: [RULE] }, 422, "invalid_document", [" wrong_type"]],
  [
    "every problem of a mapping at once",
    "PUT mapping",
    { body: { maps: [], mappings: [{ ...RULE, role_name: 1 }, { group_name: "x" }] } },
    422,
    "invalid_document",
    ["/maps unknown_key", "/mappings/0/role_name wrong_type", "/mappings/1 missing_key"],
  ],
  [
    "a mapping whose own example fails",
    "POST mapping",
    { body: { mappings: [RULE], examples: [{ name: "e", groups: ["Eng"], expect: [] }] } },
    422,
    "invalid_document",
    ["/examples/0/expect example_failed"],
  ],
  [
    "a preview of a mapping with problems",
    "POST mapping/preview",
    { body: { mappings: [{ ...RULE, connections: ["nope"] }] } },
    422,
    "invalid_document",
    ["/mappings/0/connections/0 unknown_connection"],
  ],
  [
    "an ETag that is none",
    "PUT mapping",
    { body: { mappings: [RULE] }, headers: { "if-match": "3" } },
    400,
    "bad_request",
  ],
  [
    "a stale ETag",
    "PUT mapping",
    { body: { mappings: [RULE] }, headers: { "if-match": '"3"' } },
    409,
    "version_conflict",
  ],
  [
    "a digest of no preview of the mapping",
    "PUT mapping?digest=abc",
    { body: { mappings: [RULE] } },
    409,
    "plan_changed",
  ],

  [
    "a local user without a name",
    "POST users",
    { body: { email: "a@b.example" } },
    422,
    "invalid_document",
    [" missing_key"],
  ],
  [
    "a local user with an address that is none",
    "POST users",
    { body: { userName: "x", email: "nobody" } },
    422,
    "invalid_document",
    ["/email wrong_form"],
  ],
  [
    "a local user with an id of their own",
    "POST users",
    { body: { userName: "x", id: "1" } },
    422,
    "invalid_document",
    ["/id unknown_key"],
  ],
  [
    "a local user of a name that is taken",
    "POST users",
    { body: { userName: "local@acme.example" } },
    409,
    "uniqueness",
  ],
  ["a synced user's profile", "PATCH users/{synced}", { body: { displayName: "x" } }, 409, "read_only"],
  ["a synced user's end", "PATCH users/{synced}", { body: { active: false } }, 409, "read_only"],
  ["a user of another tenant", "GET users/{foreign}", {}, 404, "not_found"],
  ["a change of another tenant's user", "PATCH users/{foreign}", { body: { active: false } }, 404, "not_found"],
  ["an explanation of another tenant's user", "GET users/{foreign}/explain", {}, 404, "not_found"],
  ["a check of another tenant's user", "GET check?user={foreign}&team=a&role=b", {}, 404, "not_found"],
  [
    "a grant to another tenant's user",
    "POST users/{foreign}/grants",
    { body: { team: "a", role: "b", reason: "c" } },
    404,
    "not_found",
  ],
  ["the end of another tenant's grant", "DELETE users/{synced}/grants/{foreignGrant}", {}, 404, "not_found"],
  ["another tenant's plan", "GET plans/{foreignPlan}", {}, 404, "not_found"],
  ["another tenant's key", "DELETE api-keys/{foreignKey}", {}, 404, "not_found"],
  [
    "a grant without a reason",
    "POST users/{synced}/grants",
    { body: { team: "a", role: "b" } },
    422,
    "invalid_document",
    [" missing_key"],
  ],
  [
    "a grant in two places",
    "POST users/{synced}/grants",
    { body: { team: "a", scope: "tenant", role: "b", reason: "c" } },
    422,
    "invalid_document",
    [" wrong_form"],
  ],
  ["a grant nowhere", "POST users/{synced}/grants", { body: { role: "b", reason: "c" } }, 422, "invalid_document"],
  [
    "a grant in a scope that is none",
    "POST users/{synced}/grants",
    { body: { scope: "team:", role: "b", reason: "c" } },
    422,
    "invalid_document",
    ["/scope wrong_form"],
  ],
  [
    "an owner of a team",
    "POST users/{synced}/grants",
    { body: { team: "a", role: "Owner", reason: "c" } },
    400,
    "bad_request",
  ],
  [
    "a grant that has ended",
    "POST users/{synced}/grants",
    { body: { team: "a", role: "b", reason: "c", expiresAt: "2020-01-01T00:00:00Z" } },
    400,
    "bad_request",
  ],
  ["the release of a run that is not held", "POST runs/1/release", { body: { digest: "abc" } }, 409, "run_not_held"],
  ["the end of a run that is not held", "POST runs/1/discard", {}, 409, "run_not_held"],
  ["the preview of a run that is not held", "GET runs/1/preview", {}, 409, "run_not_held"],
  ["a release without a digest", "POST runs/1/release", { body: {} }, 422, "invalid_document", [" missing_key"]],
  ["an undo", "POST runs/1/undo", {}, 422, "invalid_document", [" not_available"]],
];

for (const [database, newUrl] of DATABASES) {
  describe(`bad input to the admin API, on ${database}`, () => {
    let client: AdminClient;
    let tenant: string;
    let names: Readonly<Record<string, string>>;
    let untouched: unknown;

    before(async () => {
      client = await openAdmin(undefined, await newUrl());
      tenant = await client.tenant();
      await client.directory(tenant, "synced@acme.example");
      await client.post(`${tenant}/users`, { userName: "local@acme.example" });
      await client.call("PUT", `${tenant}/mapping`, { body: {} });
      await client.get(`${tenant}/runs/1?wait=30`);
      names = await namesOf(client, tenant);
      untouched = await everything();
    });
    after(() => client.close());

    /** All that the API can tell of the tenant, and how many tenants there are. */
    async function everything(): Promise<unknown> {
      const lists = [
        "connections",
        "connections/okta/tokens",
        "mapping/versions",
        "users",
        "assignments",
        "runs",
        "teams",
      ];
      const paths = [
        tenant,
        ...[...lists, "api-keys", "audit", "events"].map((list) => `${tenant}/${list}?limit=1000`),
      ];
      const replies = await Promise.all([...paths, "/api/v1/tenants"].map((path) => client.get(path)));
      expect(replies.map(({ status }) => status)).to.deep.equal(replies.map(() => 200));
      return replies.map(({ body }) => body);
    }

    for (const [what, call, options, status, code, wanted] of cases) {
      it(`changes nothing and says why: ${what} (${call})`, async () => {
        const [method = "", rest = ""] = call.split(" ");
        const path = rest.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? name);
        const reply = await client.call(method, path.startsWith("/api") ? path : `${tenant}/${path}`, options);
        expectProblem(reply, status, code);
        if (wanted !== undefined) expect([...mistakes(reply)].sort()).to.deep.equal([...wanted].sort());
        expect(await everything()).to.deep.equal(untouched);
      });
    }

    for (const call of [
      "POST users",
      "PATCH connections/okta",
      "PUT mapping",
      "POST mapping/preview",
      "POST api-keys",
    ]) {
      it(`reads no body of ten megabytes, and can still be answered (${call})`, async () => {
        const [method = "", path = ""] = call.split(" ");
        expectProblem(await client.call(method, `${tenant}/${path}`, { text: TEN_MEGABYTES }), 413, "body_too_large");
        expect(await everything()).to.deep.equal(untouched);
      });
    }
  });

  describe(`one thing only, by the admin API, on ${database}`, () => {
    let client: AdminClient;
    before(async () => {
      client = await openAdmin(undefined, await newUrl());
    });
    after(() => client.close());

    it("takes a mapping of 512 kB and refuses a longer one", async () => {
      const home = await client.tenant();
      const longest = 512 * 1024;
      const document = (length: number) => `{"mappings":[]${" ".repeat(length - '{"mappings":[]}'.length)}}`;
      expect((await client.call("PUT", `${home}/mapping`, { text: document(longest) })).status).to.equal(200);
      expectProblem(
        await client.call("PUT", `${home}/mapping`, { text: document(longest + 1) }),
        413,
        "body_too_large",
      );
    });

    it("does the same thing once when it is asked twice at the same time", async () => {
      const home = await client.tenant();
      const outcomes = async (call: () => Promise<Reply>) => {
        const replies = await Promise.all([call(), call(), call()]);
        return replies.map(({ status, body }) => `${status} ${body["code"] ?? ""}`.trim()).sort();
      };
      const slug = "only-one";
      expect(await outcomes(() => client.post("/api/v1/tenants", { slug, name: "x" }))).to.deep.equal([
        "201",
        "409 slug_taken",
        "409 slug_taken",
      ]);
      expect(await outcomes(() => client.post(`${home}/connections`, { slug, protocol: "scim" }))).to.deep.equal([
        "201",
        "409 slug_taken",
        "409 slug_taken",
      ]);
      expect(await outcomes(() => client.post(`${home}/users`, { userName: slug }))).to.deep.equal([
        "201",
        "409 uniqueness",
        "409 uniqueness",
      ]);
      const { body } = await client.get(`${home}/users?userName=${slug}`);
      const user = `${home}/users/${body.items?.[0]?.["id"]}`;
      const grant = { team: "Platform", role: "viewer", reason: "once" };
      expect(await outcomes(() => client.post(`${user}/grants`, grant))).to.deep.equal([
        "201",
        "409 conflict",
        "409 conflict",
      ]);
      const [held] = (await client.get(`${home}/audit?action=grant.added`)).body.items ?? [];
      expect(held).to.not.equal(undefined);
      const token = await client.post(`${home}/connections/${slug}/tokens`, { name: "t" });
      const path = `${home}/connections/${slug}/tokens/${token.body["id"]}`;
      expect(await outcomes(() => client.call("DELETE", path))).to.deep.equal([
        "204",
        "404 not_found",
        "404 not_found",
      ]);
      const ifMatch = { headers: { "if-match": '"0"' } };
      const save = () => client.call("PUT", `${home}/mapping`, { body: { note: "mine" }, ...ifMatch });
      const saves = await Promise.all([save(), save(), save()]);
      expect(saves.map(({ status }) => status).sort()).to.deep.equal([200, 409, 409]);
      for (const lost of saves.filter(({ status }) => status === 409)) {
        expectProblem(lost, 409, "version_conflict");
        expect(lost.body).to.deep.include({ expected: 0, yours: { note: "mine" } });
        expect(lost.body["active"]).to.deep.include({ version: 1, document: { note: "mine" } });
      }
    });
  });
}

/** Ids to put into paths: of this tenant, and of another one, which must be as good as none. */
async function namesOf(client: AdminClient, tenant: string): Promise<Readonly<Record<string, string>>> {
  const idOf = async (path: string) => String((await client.get(path)).body.items?.[0]?.["id"]);
  const other = await client.tenant();
  const foreign = await client.post(`${other}/users`, { userName: "foreign@acme.example" });
  const user = `${other}/users/${foreign.body["id"]}`;
  const grant = await client.post(`${user}/grants`, { team: "a", role: "b", reason: "c" });
  const plan = await client.post(`${other}/mapping/preview`, {});
  const key = await client.post(`${other}/api-keys`, { name: "k", scopes: ["read"] });
  return {
    tenant: tenant.split("/").at(-1) ?? "",
    synced: await idOf(`${tenant}/users?userName=synced@acme.example`),
    foreign: String(foreign.body["id"]),
    foreignGrant: String(grant.body["id"]),
    foreignPlan: String(plan.body["id"]),
    foreignKey: String(key.body["id"]),
  };
}
