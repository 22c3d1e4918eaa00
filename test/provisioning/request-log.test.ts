import { expect } from "chai";
import { createConnection } from "../../src/provisioning/connections.js";
import type { Provisioning } from "../../src/provisioning/deps.js";
import type { KeptRequest } from "../../src/provisioning/ports/requests.js";
import type { NoteOwner, RequestNote } from "../../src/provisioning/request-batch.js";
import { createRequestLog } from "../../src/provisioning/request-log.js";
import { createTenant } from "../../src/provisioning/tenants.js";
import { createToken } from "../../src/provisioning/tokens.js";
import { ADMIN, openDatabase, type TestDatabase } from "../support/tenant.js";

const AT = "2026-11-22T09:00:10.000Z";
const NEXT_MINUTE = "2026-11-22T09:01:00.000Z";

function noteOf(more: Partial<RequestNote> = {}): RequestNote {
  return {
    ...{ kind: "GET /Users 200", at: AT, method: "GET", status: 200, quirks: [], client: "okta", requestId: "r" },
    detail: () => ({ path: "/Users" }),
    ...more,
  };
}

describe("the log of SCIM requests of one process", () => {
  const faults: string[] = [];
  let database: TestDatabase;
  let p: Provisioning;
  let tenants = 0;
  before(async () => {
    database = await openDatabase();
    p = { ...database.p, log: { fault: (event) => void faults.push(event) } };
  });
  beforeEach(() => faults.splice(0));
  after(() => database.close());

  async function connect() {
    const tenant = await createTenant(p, { slug: `log-${++tenants}`, name: "Log" }, ADMIN);
    const connection = await createConnection(p, tenant, { slug: "okta", protocol: "scim", sync: "live" }, ADMIN);
    const owner: NoteOwner = { tenant: tenant.id, connection: connection.id };
    const reader = p.store.read(tenant.id);
    const kept = async (): Promise<readonly KeptRequest[]> =>
      (await reader.keptRequests(connection.id, { limit: 1000 })).items;
    const counts = async () =>
      Object.fromEntries(
        (await reader.sightings(connection.id)).map(({ kind, name, count }) => [`${kind} ${name}`, count]),
      );
    return { tenant, connection, owner, kept, counts };
  }
  const shown = (entries: readonly KeptRequest[]) => entries.map(({ alike, alikeUntil }) => [alike, alikeUntil]);

  it("keeps 60 of a kind in a minute, and counts the others with the last of these", async () => {
    const { owner, kept, counts } = await connect();
    const log = createRequestLog(p);
    let made = 0;
    const detail = () => ({ made: ++made });
    for (let at = 0; at < 100; at++) log.note(owner, noteOf({ detail }));
    await log.flush();
    log.note(owner, noteOf({ at: "2026-11-22T09:00:59.000Z", detail }));
    await log.flush();
    expect(made, "the others are not even redacted").to.equal(60);
    const entries = await kept();
    expect(entries).to.have.length(60);
    expect(shown(entries.slice(0, 2))).to.deep.equal([
      [41, "2026-11-22T09:00:59.000Z"],
      [0, undefined],
    ]);
    log.note(owner, noteOf({ at: NEXT_MINUTE }));
    await log.flush();
    expect(await kept(), "the next minute has room").to.have.length(61);
    expect(await counts()).to.deep.equal({ "client okta": 102, "outcome answered": 102 });
  });

  const TELLING: Readonly<Record<string, Partial<RequestNote>>> = {
    "that were refused": { status: 409, kind: "409" },
    "that needed a quirk": { quirks: ["lone_value"], kind: "quirk" },
  };
  for (const [which, more] of Object.entries(TELLING)) {
    it(`keeps 300 ${which}, beside the others`, async () => {
      const { owner, kept } = await connect();
      const log = createRequestLog(p);
      for (let at = 0; at < 400; at++) {
        log.note(owner, noteOf());
        log.note(owner, noteOf(more));
      }
      await log.flush();
      expect(await kept()).to.have.length(360);
    });
  }

  it("keeps a thousand of a connection in a minute, whatever kinds a client makes up", async () => {
    const { owner, kept, counts } = await connect();
    const other = await connect();
    const log = createRequestLog(p);
    for (let at = 0; at < 1_500; at++) log.note(owner, noteOf({ kind: `${at}` }));
    log.note(other.owner, noteOf());
    await log.flush();
    expect(await kept()).to.have.length(1_000);
    expect(await counts()).to.include({ "outcome answered": 1_500 });
    expect(await other.kept(), "another connection has its own").to.have.length(1);
  });

  it("makes room when a connection has more than the configuration allows", async () => {
    const { owner, kept } = await connect();
    const few = { ...p.settings, requestLog: { days: 14, entriesPerConnection: 100 } };
    const log = createRequestLog({ ...p, settings: few });
    for (let at = 0; at < 600; at++) log.note(owner, noteOf({ kind: `${at}`, requestId: `r${at}` }));
    await log.flush();
    const entries = await kept();
    expect(entries).to.have.length(100);
    expect(entries[0]?.requestId).to.equal("r599");
  });

  it("keeps a tenth more at most until room is made, however few requests come at a time", async () => {
    const { owner, kept } = await connect();
    const few = { ...p.settings, requestLog: { days: 14, entriesPerConnection: 100 } };
    const log = createRequestLog({ ...p, settings: few });
    for (let at = 0; at < 260; at++) {
      log.note(owner, noteOf({ kind: `${at}`, requestId: `r${at}` }));
      if (at % 7 === 0) await log.flush();
    }
    await log.flush();
    const entries = await kept();
    expect(entries.length).to.be.within(100, 110);
    expect(entries[0]?.requestId).to.equal("r259");
  });

  it("keeps requests with a token that was not looked at with the connection that it belongs to, as any others", async () => {
    const { tenant, kept, counts } = await connect();
    const { id, token } = await createToken(
      p,
      tenant,
      "okta",
      { name: "t", expiresAt: "2026-01-01T00:00:00.000Z" },
      ADMIN,
    );
    const log = createRequestLog(p);
    const hash = p.secrets.hashToken(token);
    for (let at = 0; at < 400; at++) log.noteToken(hash, noteOf({ status: 401, kind: "401", requestId: `r${at}` }));
    for (let at = 0; at < 500; at++) log.noteToken(`made up ${at}`, noteOf({ status: 401, kind: "401" }));
    await log.flush();
    const entries = await kept();
    expect(entries.map(({ requestId }) => requestId)).to.deep.equal(
      Array.from({ length: 300 }, (_, at) => `r${299 - at}`),
    );
    expect(entries[0]).to.deep.include({ token: id, alike: 100, detail: { path: "/Users", token: "expired" } });
    expect(entries[1]?.alike).to.equal(0);
    expect(await counts()).to.deep.equal({ "client okta": 400, "outcome refused": 400 });
  });

  it("writes by itself soon after, and at once when many wait", async () => {
    const { owner, kept } = await connect();
    const log = createRequestLog(p);
    log.note(owner, noteOf());
    for (let left = 100; (await kept()).length === 0 && left > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await kept()).to.have.length(1);
  });

  it("loses a batch that the database refuses, says so, and goes on; no other tenant's is lost with it", async () => {
    const [mine, theirs] = [await connect(), await connect()];
    let broken = true;
    const write: Provisioning["store"]["write"] = async (tenant, work) => {
      if (broken && tenant === mine.tenant.id) throw new Error("planted");
      return p.store.write(tenant, work);
    };
    const log = createRequestLog({ ...p, store: { ...p.store, write } });
    log.note(mine.owner, noteOf());
    log.note(theirs.owner, noteOf());
    await log.flush();
    expect(faults).to.deep.equal(["request_log.write_failed"]);
    expect([await mine.kept(), await theirs.kept()].map((entries) => entries.length)).to.deep.equal([0, 1]);
    broken = false;
    log.note(mine.owner, noteOf());
    await log.flush();
    expect(await mine.kept()).to.have.length(1);
  });

  it("counts, and keeps no more, while two thousand wait for a database that is busy", async () => {
    const many = await Promise.all([1, 2, 3].map(connect));
    let free: () => void = () => undefined;
    const busy = new Promise<void>((resolve) => {
      free = resolve;
    });
    const write: Provisioning["store"]["write"] = (tenant, work) => busy.then(() => p.store.write(tenant, work));
    const log = createRequestLog({ ...p, store: { ...p.store, write } });
    log.note(many[0]?.owner ?? expect.fail(), noteOf({ kind: "first" }));
    const first = log.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const { owner } of many) for (let at = 0; at < 1_000; at++) log.note(owner, noteOf({ kind: `${at}` }));
    free();
    await first;
    await log.flush();
    const kept = await Promise.all(many.map(async (one) => (await one.kept()).length));
    expect(kept.reduce((sum, count) => sum + count, 0)).to.equal(2_001);
    expect((await many[2]?.counts())?.["outcome answered"]).to.equal(1_000);
  });
});
