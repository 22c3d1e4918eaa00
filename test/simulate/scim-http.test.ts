import { expect } from "chai";
import {
  countExchanges,
  type HttpTuning,
  openScimHttp,
  type ScimHttp,
  send,
  takeReport,
} from "../../src/simulate/scim-http.js";
import { scimError, startTinyScimServer, type TinyScimServer, TOKEN } from "./tiny-scim-server.js";

const asked = { method: "GET", path: "/Users", query: "startIndex=1", expect: [200] } as const;

describe("a provisioning client's requests", () => {
  let server: TinyScimServer;
  let pauses: number[];

  beforeEach(async () => {
    server = await startTinyScimServer();
    pauses = [];
  });

  afterEach(() => server.close());

  function open(tuning: HttpTuning = {}): ScimHttp {
    const wait = async (ms: number) => {
      pauses.push(ms);
    };
    return openScimHttp({ baseUrl: server.baseUrl, token: TOKEN, tuning: { wait, ...tuning } }, {});
  }

  /** Answers wrongly as often as there are statuses, then rightly. */
  function failWith(...replies: { status: number; retryAfter?: string }[]): void {
    server.twist = (reply) => {
      const next = replies.shift();
      if (next === undefined) return reply;
      const headers = next.retryAfter === undefined ? {} : { "Retry-After": next.retryAfter };
      return { ...scimError(next.status, "try again"), headers };
    };
  }

  for (const status of [429, 500, 502, 503, 504]) {
    it(`are sent again after ${status}, with longer and longer pauses, and complain of nothing in the end`, async () => {
      failWith({ status }, { status }, { status });
      const http = open({ backoffMs: 10 });
      expect((await send(http, asked)).status).to.equal(200);
      expect(pauses).to.deep.equal([10, 20, 40]);
      expect(http.exchanges.map((exchange) => exchange.status)).to.deep.equal([status, status, status, 200]);
      expect(http.complaints).to.deep.equal([]);
    });
  }

  for (const status of [400, 401, 403, 404, 409, 412, 413, 501]) {
    it(`are not sent again after ${status}`, async () => {
      failWith({ status });
      const http = open();
      expect((await send(http, asked)).accepted).to.equal(false);
      expect(http.exchanges).to.have.length(1);
    });
  }

  it("wait as many seconds as Retry-After says", async () => {
    failWith({ status: 429, retryAfter: "7" });
    await send(open(), asked);
    expect(pauses).to.deep.equal([7000]);
  });

  it("wait until the date that Retry-After names", async () => {
    failWith(
      { status: 503, retryAfter: new Date(Date.now() + 3_600_000).toUTCString() },
      { status: 503, retryAfter: "Sun, 06 Nov 1994 08:49:37 GMT" },
    );
    await send(open({ maxPauseMs: 10_000_000 }), asked);
    expect(pauses[0]).to.be.within(3_000_000, 3_600_000);
    expect(pauses[1]).to.equal(0);
  });

  it("never wait longer than they are told to, whatever the server asks", async () => {
    failWith({ status: 429, retryAfter: "86400" });
    await send(open({ maxPauseMs: 50 }), asked);
    expect(pauses).to.deep.equal([50]);
  });

  it("take a Retry-After that cannot be read for none", async () => {
    failWith({ status: 429, retryAfter: "soon" });
    await send(open({ backoffMs: 10 }), asked);
    expect(pauses).to.deep.equal([10]);
  });

  it("give up after the last retry, with one complaint", async () => {
    server.twist = () => scimError(503, "down");
    const http = open({ retries: 2 });
    await send(http, asked);
    expect(http.exchanges).to.have.length(3);
    expect(http.complaints).to.deep.equal([
      { code: "unexpected_status", request: "GET /Users?startIndex=1", expected: "status 200", detail: "503: down" },
    ]);
  });

  it("are sent again where the connection breaks, and the record says why", async () => {
    let broken = 1;
    server.twist = (reply) => (broken-- > 0 ? "hang up" : reply);
    const http = open();
    expect((await send(http, asked)).status).to.equal(200);
    expect(http.exchanges.map(({ status, failure }) => [status, failure])).to.deep.equal([
      [0, "ECONNRESET"],
      [200, undefined],
    ]);
  });

  it("do not count a kept connection that the server closed meanwhile as an attempt", async () => {
    const http = open({ retries: 0 });
    await send(http, asked);
    let closed = 1;
    server.twist = (reply) => (closed-- > 0 ? "hang up" : reply);
    expect((await send(http, asked)).status).to.equal(200);
    expect(http.exchanges.map(({ status }) => status)).to.deep.equal([200, 200]);
  });

  it("end where no answer comes in time", async () => {
    server.twist = () => "hang";
    const http = open({ timeoutMs: 30, retries: 0 });
    await send(http, asked);
    expect(http.complaints.map(({ code, detail }) => [code, detail])).to.deep.equal([
      ["no_answer", "no answer in time"],
    ]);
  });

  it("are reported once, and counted by endpoint", async () => {
    const http = open();
    await send(http, asked);
    await send(http, { method: "GET", path: "/Users/u1", expect: [404] });
    await send(http, { method: "GET", path: "/Users/u2", expect: [404] });
    const { exchanges } = takeReport(http);
    expect(countExchanges(exchanges)).to.deep.equal([
      { method: "GET", endpoint: "/Users", status: 200, count: 1 },
      { method: "GET", endpoint: "/Users", status: 404, count: 2 },
    ]);
    expect(exchanges[0]).to.include({ path: "/Users?startIndex=1" });
    expect(takeReport(http)).to.deep.equal({ exchanges: [], complaints: [] });
  });

  it("never show the token in what is recorded", async () => {
    server.twist = () => scimError(500, "down");
    const http = open({ retries: 1 });
    await send(http, { method: "POST", path: "/Users", body: { password: "1mz050nq" }, expect: [201] });
    expect(JSON.stringify(takeReport(http))).to.not.match(new RegExp(`${TOKEN}|1mz050nq`));
  });

  for (const baseUrl of ["nowhere", "ftp://acme.test/scim"]) {
    it(`cannot go to \`${baseUrl}\``, () => {
      expect(() => openScimHttp({ baseUrl, token: TOKEN }, {})).to.throw(baseUrl);
    });
  }
});
