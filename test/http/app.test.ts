import { expect } from "chai";
import request from "supertest";
import { redirect } from "../../src/http/exchange.js";
import { Refusal } from "../../src/model/problem.js";
import { testApp, testRoute } from "./running-app.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SECRET = "hunter2";

const shout = (error: unknown) => ({ status: error instanceof Refusal ? 418 : 500, body: { loud: true } });

function app(more: Parameters<typeof testApp>[1] = {}) {
  const greet = testRoute({
    path: "/api/v1/greet/:name",
    async handler({ request: incoming, params, query }) {
      incoming.identify({ tenant: 7, connection: "okta" });
      return { status: 200, body: { params, query, address: incoming.address, id: incoming.id, path: incoming.path } };
    },
  });
  const refuse = testRoute({
    path: "/api/v1/refuse",
    handler: async () => {
      throw new Refusal("no_seat", "no free seat: 25 of 25 used; add seats, then retry", {
        seats: 25,
        status: "forged",
        code: "forged",
      });
    },
  });
  const limited = testRoute({
    path: "/api/v1/limited",
    handler: async () => {
      throw new Refusal("rate_limited", "slow down", { retryAfterSeconds: 2.1 });
    },
  });
  const broken = testRoute({
    path: "/api/v1/broken",
    handler: async () => {
      throw Object.assign(new Error(`query failed near '${SECRET}'`), { status: 404, expose: true });
    },
  });
  const away = testRoute({
    path: "/api/v1/away",
    responses: { 303: null },
    handler: async () => redirect("/x", ["a=1; Path=/", "b=2"]),
  });
  const empty = testRoute({ path: "/api/v1/empty", handler: async () => ({ status: 200 }) });
  const bytes = testRoute({
    path: "/api/v1/bytes",
    handler: async () => ({ status: 200, headers: { "content-type": "text/csv" }, body: new Uint8Array([97]) }),
  });
  const unsendable = testRoute({
    path: "/api/v1/unsendable",
    responses: { 303: null },
    handler: async () => ({
      status: 303,
      headers: { "x-before": "1", location: "/a\r\nset-cookie: b=c", "x-after": "1" },
    }),
  });
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const endless = testRoute({ path: "/api/v1/endless", handler: async () => ({ status: 200, body: circular }) });
  const loud = testRoute({
    method: "POST",
    path: "/api/v1/loud/here",
    handler: async () => ({ status: 200, body: {} }),
  });
  const faces = [
    { prefix: "", routes: [] },
    { prefix: "/api/v1", routes: [greet, refuse, limited, broken, away, empty, bytes, unsendable, endless] },
    { prefix: "/api/v1/loud", routes: [loud], renderError: shout },
  ];
  return testApp(faces, more);
}

describe("application", () => {
  it("hands path, parameters and query to the route, and writes one line about it", async () => {
    const { listener, lines } = app({ logLevel: "info" });
    const { body, headers } = await request(listener).get("/api/v1/greet/B%2Fob?x=1&y=").expect(200);
    expect(body).to.deep.include({ params: { name: "B/ob" }, query: { x: "1", y: "" }, path: "/api/v1/greet/B%2Fob" });
    expect(headers["x-request-id"]).to.match(UUID).and.equal(body.id);
    expect(lines).to.have.length(1);
    const { time: _, milliseconds, ...line } = JSON.parse(lines[0] ?? "");
    expect(milliseconds).to.be.a("number");
    expect(line).to.deep.equal({
      level: "info",
      event: "request",
      requestId: body.id,
      method: "GET",
      route: "/api/v1/greet/:name",
      status: 200,
      tenant: 7,
      connection: "okta",
    });
  });

  it("takes over a sane request id, and no other", async () => {
    const { listener } = app();
    const sane = await request(listener).get("/api/v1/greet/a").set("x-request-id", "abc-1.2_3");
    expect(sane.headers["x-request-id"]).to.equal("abc-1.2_3");
    for (const bad of ["a b", "x".repeat(65), "<script>", "é"]) {
      const answer = await request(listener).get("/api/v1/greet/a").set("x-request-id", bad);
      expect(answer.headers["x-request-id"], bad).to.match(UUID);
    }
  });

  it("W-22: keeps paths, queries and messages of faults out of the log", async () => {
    const { listener, lines } = app({ logLevel: "info" });
    await request(listener)
      .get(`/api/v1/greet/${SECRET}?token=${SECRET}`)
      .set("authorization", `Bearer ${SECRET}`)
      .set("cookie", `s=${SECRET}`);
    await request(listener).get(`/${SECRET}`);
    await request(listener).get("/api/v1/broken");
    expect(lines.length).to.be.at.least(4);
    expect(lines.join("")).not.to.contain(SECRET);
  });

  it("answers a refusal as a problem document in which our members win", async () => {
    const { body, headers } = await request(app().listener).get("/api/v1/refuse").set("x-request-id", "r1").expect(403);
    expect(headers["content-type"]).to.equal("application/problem+json");
    expect(body).to.deep.equal({
      type: "urn:rolecall:problem:no_seat",
      title: "no seat",
      status: 403,
      detail: "no free seat: 25 of 25 used; add seats, then retry",
      code: "no_seat",
      requestId: "r1",
      seats: 25,
    });
  });

  it("answers a fault with 500 and not a word of its own, and logs it", async () => {
    const { listener, lines } = app({ logLevel: "info" });
    const { body, text } = await request(listener).get("/api/v1/broken").set("x-request-id", "r1").expect(500);
    expect(body).to.include({ code: "internal", status: 500, requestId: "r1" });
    expect(text).not.to.contain(SECRET);
    const [fault] = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "error");
    expect(fault).to.include({ event: "request_failed", error: "Error", requestId: "r1" });
  });

  it("answers with 500, and nothing of the answer, when an answer cannot be sent", async () => {
    const { listener, lines } = app({ logLevel: "info" });
    const { body, headers } = await request(listener).get("/api/v1/unsendable").expect(500);
    expect(body.code).to.equal("internal");
    expect(headers).not.to.have.any.keys("location", "set-cookie", "x-before", "x-after");
    expect(headers).to.include.keys("x-request-id", "content-security-policy");
    expect(lines.join("")).to.contain("ERR_INVALID_CHAR");
    expect((await request(listener).get("/api/v1/endless").expect(500)).body.code).to.equal("internal");
  });

  it("tells when to come again", async () => {
    const { headers } = await request(app().listener).get("/api/v1/limited").expect(429);
    expect(headers["retry-after"]).to.equal("3");
  });

  it("answers unknown paths and methods in the look of their prefix", async () => {
    const { listener } = app();
    expect((await request(listener).get("/nowhere").expect(404)).body.code).to.equal("not_found");
    expect((await request(listener).get("/api/v1/nowhere").expect(404)).body.code).to.equal("not_found");
    const wrong = await request(listener).delete("/api/v1/refuse").expect(405);
    expect(wrong.body.code).to.equal("method_not_allowed");
    expect(wrong.headers["allow"]?.split(", ")).to.have.members(["GET", "HEAD"]);
    expect((await request(listener).get("/api/v1/loud/nowhere").expect(418)).body).to.deep.equal({ loud: true });
    expect((await request(listener).get("/api/v1/loud/here").expect(418)).headers["allow"]).to.equal("POST");
    expect((await request(listener).get("/api/v1/loud").expect(418)).body).to.deep.equal({ loud: true });
    expect((await request(listener).get("/api/v1/louder").expect(404)).body.code).to.equal("not_found");
  });

  it("tells paths apart by letter case", async () => {
    await request(app().listener).get("/API/v1/greet/a").expect(404);
    await request(app().listener).get("/api/v1/Greet/a").expect(404);
  });

  it("survives broken escapes in paths and queries", async () => {
    const { body } = await request(app().listener).get("/api/v1/greet/%zz?a=%zz").expect(200);
    expect(body).to.deep.include({ params: { name: "%zz" }, query: { a: "%zz" } });
  });

  it("sends redirects, cookies, bytes and nothing as they are", async () => {
    const { listener } = app();
    const away = await request(listener).get("/api/v1/away").expect(303);
    expect(away.headers["location"]).to.equal("/x");
    expect(away.headers["set-cookie"]).to.deep.equal(["a=1; Path=/", "b=2"]);
    const bytes = await request(listener).get("/api/v1/bytes").expect(200);
    expect([bytes.text, bytes.headers["content-type"]]).to.deep.equal(["a", "text/csv"]);
    const empty = await request(listener).get("/api/v1/empty").expect(200);
    expect([empty.text, empty.headers["content-type"]]).to.deep.equal(["", undefined]);
    const head = await request(listener).head("/api/v1/greet/a").expect(200);
    expect([head.text, head.headers["content-type"]]).to.deep.equal([undefined, "application/json"]);
  });

  it("W-33: sets its security headers on answers and errors alike, and HSTS on https only", async () => {
    for (const path of ["/api/v1/greet/a", "/nowhere", "/api/v1/broken", "/api/v1/loud/x"]) {
      const { headers } = await request(app().listener).get(path);
      expect(headers, path).to.include({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
      });
      expect(headers["content-security-policy"]).to.match(/^default-src 'self';.*frame-ancestors 'none'/);
      expect(headers).not.to.have.any.keys("strict-transport-security", "x-powered-by", "server");
    }
    const secure = await request(app({ publicUrl: "https://rolecall.test" }).listener).get("/nowhere");
    expect(secure.headers["strict-transport-security"]).to.match(/^max-age=\d{8}/);
  });

  it("believes a forwarded address only from a trusted proxy", async () => {
    const spoof = { "x-forwarded-for": "203.0.113.9" };
    const direct = await request(app().listener).get("/api/v1/greet/a").set(spoof);
    expect(direct.body.address).to.equal("127.0.0.1");
    const behind = await request(app({ trustedProxies: ["127.0.0.0/8"] }).listener)
      .get("/api/v1/greet/a")
      .set(spoof);
    expect(behind.body.address).to.equal("203.0.113.9");
  });

  const hops: readonly (readonly [hop: string, client: string])[] = [
    ["203.0.113.9:40001", "203.0.113.9"],
    ["[2001:db8::9]:40001", "2001:db8::9"],
    ["[2001:db8::9]", "2001:db8::9"],
    ["198.51.100.1, 203.0.113.9:443", "203.0.113.9"],
    ["[::ffff:203.0.113.9]:443", "203.0.113.9"],
    ["203.0.113.9:x", "127.0.0.1"],
    ["unknown", "127.0.0.1"],
  ];
  for (const [hop, client] of hops) {
    it(`takes no port of the client for another client: ${hop}`, async () => {
      const { body } = await request(app({ trustedProxies: ["127.0.0.0/8"] }).listener)
        .get("/api/v1/greet/a")
        .set({ "x-forwarded-for": hop });
      expect(body.address).to.equal(client);
    });
  }

  it("counts requests by route, never by path", async () => {
    const { listener, metrics } = app();
    await request(listener).get(`/api/v1/greet/${SECRET}`);
    await request(listener).get(`/${SECRET}`);
    const text = await metrics.text();
    expect(text).to.contain(
      'rolecall_http_request_duration_seconds_count{method="GET",route="/api/v1/greet/:name",status="200"} 1',
    );
    expect(text).to.contain('route="unmatched",status="404"');
    expect(text).not.to.contain(SECRET);
  });
});
