import { expect } from "chai";
import { totalLine } from "../../src/cli/simulate-report.js";
import type { ComplaintCode } from "../../src/simulate/complaint.js";
import { openPlayer, type Variant } from "../../src/simulate/player.js";
import { phasesOf, type SimulationReport, simulate } from "../../src/simulate/simulate.js";
import type { IdentityProvider, Size } from "../../src/simulate/simulated-directory.js";
import { type ScimService, startScimService } from "../scim/scim-service.js";
import {
  type Recorded,
  type Reply,
  scimError,
  startTinyScimServer,
  type TinyScimServer,
  TOKEN,
} from "./tiny-scim-server.js";

const size = { users: 20, groups: 3, seed: 42 };
const tuning = { backoffMs: 1 };
const players: readonly (readonly [IdentityProvider, Variant, "entra" | "okta" | "rfc"])[] = [
  ["okta", "oin", "rfc"],
  ["okta", "oin", "okta"],
  ["okta", "aiw", "okta"],
  ["entra", "default", "rfc"],
  ["entra", "default", "entra"],
  ["entra", "aadOptscim062020", "entra"],
];

function complaintsOf({ phases }: SimulationReport) {
  return phases.flatMap(({ name, complaints }) => complaints.map((complaint) => ({ phase: name, ...complaint })));
}

describe("a simulation against Rolecall", () => {
  let service: ScimService;

  before(async () => {
    service = await startScimService();
  });

  after(() => service.close());

  for (const [idp, variant, profile] of players) {
    it(`gives ${idp} (${variant}) no cause for complaint in any phase, profile ${profile}, and leaves nothing behind`, async () => {
      const directory = await service.connect({ profile });
      const stranger = await directory.user("stranger@acme.test", {
        name: { givenName: "Eve", familyName: "Stranger" },
        emails: [{ value: "stranger@acme.test" }],
      });
      const baseUrl = `${service.url}/api/scim/v2`;
      const report = await simulate({ idp, variant, size, tuning, baseUrl, token: directory.token });
      expect(complaintsOf(report)).to.deep.equal([]);
      expect(report).to.deep.include({ left: [] }).and.not.to.have.property("stopped");
      expect(report.phases.map(({ name }) => name)).to.deep.equal([
        "connect",
        ...phasesOf(idp).map(({ name }) => name),
      ]);
      const { json } = await directory.get("/Users");
      expect((json["Resources"] as { id: string }[]).map(({ id }) => id)).to.deep.equal([stranger]);
      expect((await directory.get("/Groups?count=0")).json["totalResults"]).to.equal(0);
    });
  }

  for (const [idp, variant, profile] of players) {
    it(`TEC-29: gives ${idp} (${variant}) no cause for complaint where users alone are managed, profile ${profile}`, async () => {
      const { token } = await service.connect({ profile, manages: ["users"] });
      const baseUrl = `${service.url}/api/scim/v2`;
      const report = await simulate({ idp, variant, size: { ...size, groups: 0 }, tuning, baseUrl, token });
      expect(complaintsOf(report)).to.deep.equal([]);
      expect(report).to.deep.include({ left: [] }).and.not.to.have.property("stopped");
    });
  }
});

describe("a simulation", () => {
  let server: TinyScimServer;

  beforeEach(async () => {
    server = await startTinyScimServer();
  });

  afterEach(() => server.close());

  function play(idp: IdentityProvider, more: Partial<Parameters<typeof simulate>[0]> = {}): Promise<SimulationReport> {
    const variant = idp === "okta" ? "oin" : "default";
    return simulate({ idp, variant, size, tuning, baseUrl: server.baseUrl, token: TOKEN, ...more });
  }

  it("plays the phases that it is told to, after the test of the connection and the first push", async () => {
    const { phases } = await play("okta", { only: ["renames", "import"] });
    expect(phases.map(({ name }) => name)).to.deep.equal(["connect", "initial", "renames", "import"]);
  });

  it("writes nothing where the connection alone is to be tested", async () => {
    for (const idp of ["okta", "entra"] as const) {
      const { phases } = await play(idp, { only: ["connect"] });
      expect(phases.map(({ name }) => name)).to.deep.equal(["connect"]);
    }
    expect(new Set(server.requests.map(({ method }) => method))).to.deep.equal(new Set(["GET"]));
  });

  it("plays rehires without leavers having been asked for", async () => {
    await play("okta", { only: ["rehires"], keep: true });
    const written = server.requests.filter(({ method }) => method === "PATCH").map(({ body }) => JSON.stringify(body));
    expect(written.filter((text) => text.includes('"active":false'))).to.have.length(8);
    // The unassigned were strangers when they came back: looked up and taken over, where the suspended were reactivated.
    expect(written.filter((text) => text.includes('"active":true'))).to.have.length(4);
    expect([...server.users.values()].filter(({ active }) => active === true)).to.have.length(20);
  });

  it("keeps at the server what it is told to keep", async () => {
    const { left } = await play("entra", { keep: true, only: ["initial"] });
    expect([server.users.size, server.groups.size, left.length]).to.deep.equal([20, 3, 0]);
  });

  it("deletes nothing that does not bear its mark, whatever id the server gave for what was created", async () => {
    server.users.set("boss", { id: "boss", userName: "boss@acme.test", active: true });
    server.twist = (reply, { method, url }) =>
      method === "POST" && url === "/Users" ? { ...reply, body: { ...(reply.body as object), id: "boss" } } : reply;
    const { left } = await play("okta", { only: ["initial"] });
    expect(server.users.has("boss")).to.equal(true);
    expect(left).to.deep.equal(["/Users/boss"]);
  });

  it("says what it could not delete", async () => {
    server.refuse = ({ method, url }) =>
      method === "DELETE" && url.startsWith("/Users/") ? scimError(405, "no") : undefined;
    const report = await play("okta", { only: ["initial"] });
    expect(report.left).to.have.length(20);
    expect(complaintsOf(report)).to.deep.equal([]);
  });

  for (const idp of ["okta", "entra"] as const) {
    it(`complains once of a DELETE that is answered 200, and knows that all is gone: ${idp}`, async () => {
      server.twist = (reply, { method }) => (method === "DELETE" && reply.status === 204 ? { status: 200 } : reply);
      const initial = await play(idp, { only: ["initial"] });
      expect(complaintsOf(initial).map(({ phase, code, expected }) => [phase, code, expected])).to.deep.equal([
        ["clean-up", "unexpected_status", "status 204 or 404"],
      ]);
      const removals = await play(idp, { only: ["removals"] });
      const kinds = new Set(
        complaintsOf(removals).map(({ phase, code, request }) => [phase, code, request.slice(0, 7)].join()),
      );
      expect([...kinds]).to.deep.equal(["removals,unexpected_status,DELETE "]);
      expect([initial.left, removals.left, server.users.size, server.groups.size]).to.deep.equal([[], [], 0, 0]);
    });

    it(`BUG-14: sees a total that counts the page alone, however few people are pushed: ${idp}`, async () => {
      server.twist = (reply, { method, url }) => {
        const { Resources, ...list } = (reply.body ?? {}) as { readonly Resources?: readonly unknown[] };
        const isPage = method === "GET" && url.includes("count=") && Resources !== undefined;
        return isPage ? { ...reply, body: { ...list, Resources, totalResults: Resources.length } } : reply;
      };
      const complaints = complaintsOf(await play(idp, { only: ["initial"] }));
      expect(complaints.map(({ code, request }) => [code, request])).to.deep.equal([
        ["total_wrong", "GET /Users?startIndex=1&count=1"],
        ["total_wrong", "GET /Groups?startIndex=1&count=1"],
      ]);
    });
  }

  it("prints the words of a server as they are, but for what moves a cursor", async () => {
    server.refuse = () => scimError(403, "connection `uo` does not\nmanage \u001b[1m`/Users`");
    const [complaint] = complaintsOf(await play("okta", { only: ["connect"] }));
    expect(complaint?.detail).to.equal("403: connection `uo` does not?manage ?[1m`/Users`");
  });

  it("names what the server said to be deleted and kept, whoever deleted it", async () => {
    server.refuse = ({ method }) => (method === "DELETE" ? { status: 204 } : undefined);
    const report = await play("entra", { only: ["removals"] });
    expect(report.left).to.have.members([
      ...[...server.users.keys()].map((id) => `/Users/${id}`),
      ...[...server.groups.keys()].map((id) => `/Groups/${id}`),
    ]);
    expect(report.left.length).to.be.greaterThan(20);
  });

  it("complains of no fault that a retry heals, and says which requests were sent again", async () => {
    let asked = 0;
    server.refuse = () => (++asked % 25 === 0 ? scimError(500, "now and then") : undefined);
    const report = await play("okta", { only: ["initial"] });
    expect(complaintsOf(report)).to.deep.equal([]);
    const again = report.phases.flatMap(({ exchanges }) => exchanges).flatMap(({ retryAfter }) => retryAfter ?? []);
    expect([again.length > 1, new Set(again)]).to.deep.equal([true, new Set([500])]);
    expect(totalLine(report)).to.match(new RegExp(`; sent again after 500 ${again.length} times$`));
  });

  it("ends when it is told to, and cleans up all the same", async () => {
    const interruption = new AbortController();
    const report = await play("okta", {
      signal: interruption.signal,
      onItem: (verb, done) => {
        if (verb === "provision" && done === 10) interruption.abort();
      },
    });
    expect(report.stopped).to.equal("interrupted");
    expect(report.phases.map(({ name }) => name)).to.deep.equal(["connect", "initial"]);
    expect(complaintsOf(report)).to.deep.equal([]);
    expect(server.requests.filter(({ method }) => method === "POST").length).to.be.within(10, 13);
    expect(server.users.size).to.equal(0);
  });

  it("ends in the middle of a pause that the server asked for", async () => {
    const interruption = new AbortController();
    server.refuse = ({ method }) => {
      if (method !== "POST") return undefined;
      setTimeout(() => interruption.abort(), 20);
      return { ...scimError(429, "come back tomorrow"), headers: { "Retry-After": "86400" } };
    };
    const report = await play("entra", { signal: interruption.signal, tuning: {} });
    expect(report.stopped).to.equal("interrupted");
    expect(complaintsOf(report)).to.deep.equal([]);
  });

  it("plays nothing where it was to end before it began", async () => {
    const interruption = new AbortController();
    const onPhase = () => interruption.abort();
    expect(await play("okta", { signal: interruption.signal, onPhase })).to.deep.include({ stopped: "interrupted" });
    expect(server.requests).to.deep.equal([]);
  });

  it("sends nothing more when the connection test fails", async () => {
    const report = await play("entra", { token: "another-token-of-the-tests" });
    expect(report.stopped).to.match(/^the connection test failed/);
    expect(complaintsOf(report).map(({ code, row, detail }) => [code, row, detail])).to.deep.equal([
      ["unexpected_status", "ENTRA-01", "401: the token is not known"],
    ]);
    expect(server.requests).to.have.length(1);
  });

  it("gives up when the token is refused half-way", async () => {
    server.refuse = () => (server.created > 3 ? scimError(401, "expired") : undefined);
    const report = await play("okta", { concurrency: 1 });
    expect(report.stopped).to.match(/^the client gave up after 6 failures in a row/);
    expect(report.phases.flatMap(({ exchanges }) => exchanges).filter(({ status }) => status === 401)).to.have.length(
      7,
    );
    expect(report.left.length).to.equal(4);
  });

  it("gives up where reading works and nothing can be written", async () => {
    server.refuse = ({ method }) => (method === "GET" ? undefined : scimError(503, "read only"));
    const report = await play("entra", { concurrency: 1, tuning: { backoffMs: 1, retries: 1 } });
    expect(report.stopped).to.match(/^the client gave up after 6 failures in a row/);
    expect(server.requests.filter(({ method }) => method === "POST")).to.have.length(6);
    expect(complaintsOf(report).map(({ code, row }) => [code, row])).to.deep.equal(
      Array.from({ length: 3 }, () => ["unexpected_status", "ENTRA-05"]),
    );
  });

  it("OKTA-05, ENTRA-05 cuts requests and answers, goes away, comes back, and makes nobody twice", async () => {
    const report = await play("entra", { only: ["breakdown"], keep: true });
    expect(complaintsOf(report)).to.deep.equal([]);
    const failures = report.phases.at(-1)?.exchanges.filter(({ failure }) => failure === "cut off by the client");
    expect(failures?.map(({ method }) => method)).to.deep.equal(["POST", "POST", "POST", "POST", "POST", "PATCH"]);
    expect(server.brokenOff).to.equal(2);
    const names = [...server.users.values()].map(({ userName }) => userName);
    expect([names.length, new Set(names).size]).to.deep.equal([32, 32]);
  });

  it("sends in the next cycle whom the server refused in this one", async () => {
    const refused = new Set<unknown>();
    server.refuse = ({ method, body = {} }) => {
      const name = body["userName"];
      if (method !== "POST" || name === undefined || refused.has(name)) return undefined;
      refused.add(name);
      return scimError(400, "not at the first time");
    };
    const report = await play("okta", { only: ["initial"], keep: true });
    expect(complaintsOf(report).map(({ code, detail }) => `${code} ${detail}`)).to.deep.equal(
      Array.from({ length: 20 }, () => "unexpected_status 400: not at the first time"),
    );
    expect(server.users.size).to.equal(20);
  });

  it("does not give up on a server that asks for pauses, as long as they are enough", async () => {
    let asked = 0;
    server.refuse = () => (++asked > 30 && asked <= 60 ? scimError(429, "slow down") : undefined);
    const report = await play("entra", {
      only: ["initial"],
      concurrency: 1,
      tuning: { retries: 40, wait: async () => undefined },
    });
    expect(complaintsOf(report)).to.deep.equal([]);
    expect(report).to.not.have.property("stopped");
  });

  it("honours a pause that the server asks for, in a burst too, and complains of nothing", async () => {
    const pauses: number[] = [];
    let asked = 0;
    server.refuse = () => {
      if (++asked % 10 !== 0) return undefined;
      return { ...scimError(429, "slow down"), headers: { "Retry-After": "2" } };
    };
    const wait = async (ms: number) => void pauses.push(ms);
    const report = await play("okta", { only: ["burst"], tuning: { wait } });
    expect(complaintsOf(report)).to.deep.equal([]);
    expect(pauses.length).to.be.greaterThan(15);
    expect(new Set(pauses)).to.deep.equal(new Set([2000]));
  });
});

type Body = Readonly<Record<string, unknown>>;

interface Fault {
  readonly server: string;
  readonly code: ComplaintCode;
  readonly row?: string;
  readonly idp: IdentityProvider;
  readonly only: string;
  readonly phase: string;
  readonly twist?: (reply: Reply, request: Recorded, server: TinyScimServer) => Reply;
  readonly refuse?: (request: Recorded) => Reply | undefined;
  readonly keepsMembers?: boolean;
  /** Instead of the directory of the other cases. */
  readonly among?: Size;
  /** What else a client must say about it. */
  readonly also?: readonly ComplaintCode[];
}

const bodyOf = ({ body = {} }: Reply) => body as Body;
const rowsOf = (reply: Reply) => bodyOf(reply)["Resources"] as readonly Body[];
const listOf = (reply: Reply, rows: readonly Body[]): Reply => ({
  ...reply,
  body: { ...bodyOf(reply), totalResults: rows.length, itemsPerPage: rows.length, Resources: rows },
});
const asksFor = ({ url }: Recorded, text: RegExp) => text.test(decodeURIComponent(url).replaceAll("+", " "));

const isFirstOf = (request: Recorded, requests: readonly Recorded[], text: RegExp) =>
  requests.find((one) => asksFor(one, text)) === request;

const faults: readonly Fault[] = [
  {
    server: "compares user names by letter case",
    code: "lookup_missed",
    row: "OKTA-03",
    idp: "okta",
    only: "duplicates",
    phase: "duplicates",
    twist: (reply, request) => (asksFor(request, /eq "[A-Z]/) ? listOf(reply, []) : reply),
  },
  {
    server: "finds a user under the name of before",
    code: "found_though_gone",
    row: "ENTRA-02",
    idp: "entra",
    only: "renames",
    phase: "renames",
    twist: (reply, request, { users }) => {
      if (!asksFor(request, /userName eq "/) || rowsOf(reply).length > 0) return reply;
      const name = /eq\+"(?<name>.*)"/.exec(decodeURIComponent(request.url))?.groups?.["name"];
      const former = [...users.values()].find(({ userName }) => userName === `renamed.${name}`);
      return former === undefined ? reply : listOf(reply, [{ ...former, userName: name }]);
    },
  },
  {
    server: "keeps no department",
    code: "not_settled",
    row: "ENTRA-10",
    idp: "entra",
    only: "again",
    phase: "again",
    twist: (reply, { method, url }) => {
      if (method !== "GET" || reply.status !== 200 || !/^\/Users\/u/.test(url)) return reply;
      const { department: _, ...enterprise } = bodyOf(reply)[ENTERPRISE] as Body;
      return { ...reply, body: { ...bodyOf(reply), [ENTERPRISE]: { ...enterprise } } };
    },
    also: ["attribute_differs"],
  },
  {
    server: "refuses a second user of a name without saying why",
    code: "uniqueness_not_named",
    row: "OKTA-05",
    idp: "okta",
    only: "duplicates",
    phase: "duplicates",
    twist: (reply) => (reply.status === 409 ? scimError(409, "conflict") : reply),
  },
  {
    server: "creates a second user of the same name",
    code: "unexpected_status",
    row: "ENTRA-26",
    idp: "entra",
    only: "duplicates",
    phase: "duplicates",
    twist: (reply) => (reply.status === 409 ? { status: 201, body: { id: "u1", userName: "second" } } : reply),
  },
  {
    server: "finds two users of one name",
    code: "lookup_ambiguous",
    idp: "okta",
    only: "duplicates",
    phase: "duplicates",
    twist: (reply, request) => {
      const [row] = asksFor(request, /eq "[A-Z]/) ? rowsOf(reply) : [];
      return row === undefined ? reply : listOf(reply, [row, { ...row, id: "u999" }]);
    },
  },
  {
    server: "asks for a pause that cannot be read",
    code: "retry_after_unreadable",
    idp: "okta",
    only: "burst",
    phase: "initial",
    twist: (reply, request, { requests }) =>
      isFirstOf(request, requests, /userName eq "[^"]*-7@/)
        ? { ...scimError(429, "slow"), headers: { "Retry-After": "soon" } }
        : reply,
  },
  {
    server: "throttles by a page of HTML",
    code: "malformed_error",
    idp: "entra",
    only: "burst",
    phase: "initial",
    twist: (reply, request, { requests }) =>
      isFirstOf(request, requests, /userName eq "[^"]*-7@/) ? { status: 429, body: "<html>" } : reply,
  },
  {
    server: "does not list everybody",
    code: "resource_missing",
    row: "OKTA-18",
    idp: "okta",
    only: "import",
    phase: "import",
    twist: (reply, { url }) =>
      url === "/Users?startIndex=1&count=100" ? listOf(reply, rowsOf(reply).slice(1)) : reply,
  },
  {
    server: "finds nobody who is not active",
    code: "lookup_missed",
    row: "ENTRA-26",
    idp: "entra",
    only: "leavers",
    phase: "leavers",
    twist: (reply, request) =>
      asksFor(request, /userName eq/)
        ? listOf(
            reply,
            rowsOf(reply).filter(({ active }) => active === true),
          )
        : reply,
  },
  {
    server: "finds leavers as if they were active",
    code: "active_unchanged",
    row: "OKTA-09",
    idp: "okta",
    only: "leavers",
    phase: "leavers",
    twist: (reply, request) =>
      asksFor(request, /userName eq/)
        ? listOf(
            reply,
            rowsOf(reply).map((row) => ({ ...row, active: true })),
          )
        : reply,
  },
  {
    server: "keeps somebody who was deleted as a member",
    code: "member_still_there",
    idp: "entra",
    only: "removals",
    phase: "removals",
    twist: (reply, { method, url }, { requests }) => {
      const isDeleted = requests.some((request) => request.method === "DELETE" && request.url === "/Users/u20");
      if (!isDeleted || method !== "GET" || !/^\/Groups\/\w+$/.test(url)) return reply;
      const members = (bodyOf(reply)["members"] ?? []) as readonly Body[];
      return { ...reply, body: { ...bodyOf(reply), members: [...members, { value: "u20" }] } };
    },
  },
  {
    server: "refuses one of the members of a group as a user, when everybody is pushed anew",
    code: "unexpected_status",
    row: "OKTA-02",
    idp: "okta",
    only: "again",
    phase: "again",
    twist: (reply, request, { requests }) =>
      requests.filter(({ method }) => method === "POST").length >= 23 &&
      asksFor(request, /userName eq "ada\.lovelace\.16-1@/)
        ? scimError(400, "who?")
        : reply,
  },
  {
    server: "keeps a deleted user",
    code: "unexpected_status",
    row: "ENTRA-25",
    idp: "entra",
    only: "removals",
    phase: "removals",
    twist: (reply, { method }) => (method === "DELETE" && reply.status === 404 ? { status: 204 } : reply),
  },
  ...(["okta", "entra"] as const).map((idp) => ({
    server: `says that a group is deleted and keeps it (${idp})`,
    code: "deleted_still_there" as const,
    row: idp === "okta" ? "OKTA-17" : "ENTRA-25",
    ...{ idp, only: "removals", phase: "removals" },
    refuse: ({ method, url }: Recorded) =>
      method === "DELETE" && url.startsWith("/Groups/") ? { status: 204 } : undefined,
  })),
  {
    server: "says that users are deleted and keeps them",
    code: "deleted_still_there",
    row: "ENTRA-06",
    ...{ idp: "entra", only: "removals", phase: "removals" },
    refuse: ({ method, url }) => (method === "DELETE" && url.startsWith("/Users/") ? { status: 204 } : undefined),
    also: ["member_still_there", "unexpected_status", "found_though_gone"],
  },
  {
    server: "says in the clean-up that all is deleted, and deletes nothing",
    code: "deleted_still_there",
    ...{ idp: "okta", only: "initial", phase: "clean-up" },
    refuse: ({ method }) => (method === "DELETE" ? { status: 204 } : undefined),
  },
  ...(["okta", "entra"] as const).map((idp) => ({
    server: `leaves deleted users in their groups (${idp})`,
    code: "member_still_there" as const,
    ...{ idp, only: "removals", phase: idp === "okta" ? "clean-up" : "removals" },
    // With this seed nobody who is removed is in a group that stays, unless the phase sees to it.
    ...{ keepsMembers: true, among: { users: 20, groups: 5, seed: 29 } },
  })),
];

const ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

describe("a simulation complains where the server", () => {
  for (const fault of faults) {
    const { server: name, code, row, idp, only, phase, twist = (reply) => reply, also = [], among = size } = fault;
    it(`${name}: ${code}`, async () => {
      const server = await startTinyScimServer();
      try {
        server.twist = (reply, request) => twist(reply, request, server);
        server.refuse = fault.refuse ?? server.refuse;
        server.keepsMembers = fault.keepsMembers ?? false;
        const variant = idp === "okta" ? "oin" : "default";
        const report = await simulate({
          idp,
          variant,
          size: among,
          tuning,
          baseUrl: server.baseUrl,
          token: TOKEN,
          only: [only],
        });
        const complaints = complaintsOf(report);
        expect([...new Set(complaints.map((complaint) => complaint.code))]).to.have.members([code, ...also]);
        const first = complaints.find((complaint) => complaint.code === code);
        expect(first).to.include({ phase, ...(row === undefined ? {} : { row }) });
        expect(first?.expected).to.be.a("string").and.not.equal("");
      } finally {
        await server.close();
      }
    });
  }
});

describe("a simulated client of a Rolecall that throttles", () => {
  it("is told by 429 and Retry-After how long to wait, waits, and complains of nothing", async () => {
    const service = await startScimService({
      settings: (config) => ({ ...config, limits: { ...config.limits, requestsPerMinutePerToken: 30 } }),
    });
    try {
      const { get, token } = await service.connect({ profile: "entra" });
      for (let status = 200; status === 200; ) ({ status } = await get("/Users?count=0"));
      const { testConnection, http } = openPlayer("entra", "default", { baseUrl: `${service.url}/api/scim/v2`, token });
      expect(await testConnection()).to.equal(true);
      expect(http.complaints).to.deep.equal([]);
      expect(http.exchanges.map(({ status }) => status)).to.include(429);
    } finally {
      await service.close();
    }
  });
});
