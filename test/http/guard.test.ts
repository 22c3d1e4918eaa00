import { connect } from "node:net";
import { expect } from "chai";
import request from "supertest";
import type { HttpRequest } from "../../src/http/exchange.js";
import type { Authenticator } from "../../src/http/route.js";
import { Refusal } from "../../src/model/problem.js";
import { onSocket, testApp, testRoute } from "./running-app.js";

interface Seen {
  body: unknown;
}

const MEGABYTE = 1024 * 1024;

function echoing(read: "json" | "text" | "form", more: object = {}) {
  const seen: Seen[] = [];
  const auth: Authenticator<string> = {
    name: "test",
    scheme: "bearer",
    async authenticate(incoming) {
      if (incoming.header("authorization") === undefined) throw new Refusal("unauthorized", "who are you");
      return "somebody";
    },
  };
  const route = testRoute<{ body: unknown; principal: string }>({
    method: "POST",
    path: "/echo",
    auth,
    body: { read, bytes: 1_000, ...more },
    async handler({ body, principal }) {
      seen.push({ body });
      return { status: 200, body: { body, principal } };
    },
  });
  const { listener } = testApp([{ prefix: "", routes: [route] }]);
  const post = (type?: string) => {
    const sending = request(listener).post("/echo").set("authorization", "x");
    return type === undefined ? sending : sending.set("content-type", type);
  };
  return { listener, seen, post };
}

describe("bodies", () => {
  it("are read as JSON, as text and as a form", async () => {
    const json = await echoing("json").post("application/json; charset=UTF-8").send('\uFEFF{"a":[1]}').expect(200);
    expect(json.body).to.deep.equal({ body: { a: [1] }, principal: "somebody" });
    const text = await echoing("text").post("application/json").send('{ "a":  1 }').expect(200);
    expect(text.body.body).to.equal('{ "a":  1 }');
    const form = await echoing("form")
      .post("application/x-www-form-urlencoded")
      .send("a=1+2&b=%26&__proto=x")
      .expect(200);
    expect(form.body.body).to.deep.equal({ a: "1 2", b: "&", __proto: "x" });
  });

  const refused: [string, "json" | "form", string, string, number, RegExp][] = [
    ["another content type", "json", "text/plain", "{}", 415, /must be `application\/json` in UTF-8, is `text\/plain`/],
    ["a form, which any site may post", "json", "application/x-www-form-urlencoded", "{}", 415, /application\/json/],
    ["another character set", "json", "application/json; charset=latin1", "{}", 415, /UTF-8/],
    ["broken JSON", "json", "application/json", '{"a":', 400, /not valid JSON: line 1, column 6/],
    ["an empty body", "json", "application/json", "", 400, /empty/],
    [
      "a prototype key",
      "json",
      "application/json",
      '{"a":{"__proto__":{"admin":true}}}',
      400,
      /`__proto__` is not allowed/,
    ],
    ["a constructor key", "json", "application/json", '{"constructor":{}}', 400, /`constructor`/],
    ["too many levels", "json", "application/json", "[".repeat(400), 400, /JSON/],
    ["a field that comes twice", "form", "application/x-www-form-urlencoded", "a=1&a=2", 400, /`a` comes twice/],
    [
      "a prototype field",
      "form",
      "application/x-www-form-urlencoded",
      "__proto__=1",
      400,
      /`__proto__` is not allowed/,
    ],
    [
      "too many fields",
      "form",
      "application/x-www-form-urlencoded",
      Array.from({ length: 101 }, (_, i) => `f${i}`).join("&"),
      400,
      /more than 100/,
    ],
  ];
  for (const [what, read, type, body, status, detail] of refused) {
    it(`are refused with ${status} for ${what}`, async () => {
      const { post, seen } = echoing(read);
      const answer = await post(type).send(body).expect(status);
      expect(answer.headers["content-type"]).to.equal("application/problem+json");
      expect(answer.body.detail).to.match(detail);
      expect(seen).to.deep.equal([]);
    });
  }

  it("are refused when they are no UTF-8 or compressed", async () => {
    const { post } = echoing("json");
    const latin = await post("application/json")
      .serialize((value: Buffer) => value as unknown as string)
      .send(Buffer.from([0x22, 0xe9, 0x22]));
    expect([latin.status, latin.body.detail]).to.deep.equal([400, "the body is not valid UTF-8"]);
    await post("application/json").set("content-encoding", "gzip").send("{}").expect(415);
  });

  it("may be absent only where the route says so", async () => {
    const optional = await echoing("json", { optional: true }).post().expect(200);
    expect(optional.body).to.deep.equal({ principal: "somebody" });
    await echoing("json").post().expect(400);
  });

  it("are refused with 415 when they do not say what they are", async () => {
    await onSocket(echoing("json").listener, async (port) => {
      const body = new TextEncoder().encode("{}");
      const answer = await fetch(`http://127.0.0.1:${port}/echo`, {
        method: "POST",
        headers: { authorization: "x" },
        body,
      });
      expect([answer.status, await answer.text()].join()).to.match(/^415.*is no content type/);
    });
  });

  for (const size of [1_001, 10 * MEGABYTE]) {
    it(`of ${size} bytes are refused with 413 when 1000 are allowed, and the connection stays good`, async () => {
      const { listener, seen } = echoing("json");
      const headers = { authorization: "x", "content-type": "application/json" };
      await onSocket(listener, async (port) => {
        const post = (body: string | ReadableStream, more = {}) =>
          fetch(`http://127.0.0.1:${port}/echo`, { method: "POST", headers, body, ...more });
        for (let round = 0; round < 3; round += 1) {
          const answer = await post("x".repeat(size));
          expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([
            413,
            "body_too_large",
          ]);
        }
        expect((await post(streamOf(size), { duplex: "half" })).status).to.equal(413);
        expect((await post("{}")).status).to.equal(200);
      });
      expect(seen).to.have.length(1);
    });
  }

  it("are answered by the route where it notes down that one was too long, and by nothing else", async () => {
    const asked: string[] = [];
    const tooLong = async ({ path }: HttpRequest) => {
      asked.push(path);
      return new Refusal("sign_in_failed", "noted", { reference: "r1" });
    };
    const { post, seen } = echoing("json", { tooLong });
    const long = await post("application/json").send(JSON.stringify("x".repeat(1_000)));
    expect([long.status, long.body.code, long.body.reference]).to.deep.equal([401, "sign_in_failed", "r1"]);
    expect((await post("application/json").send("{")).status).to.equal(400);
    expect([asked, seen.length]).to.deep.equal([["/echo"], 0]);
  });

  it("of exactly the limit are taken", async () => {
    await echoing("json")
      .post("application/json")
      .send(JSON.stringify("x".repeat(998)))
      .expect(200);
  });

  it("are not waited for when the caller may not call", async () => {
    const { listener, seen } = echoing("json");
    await onSocket(listener, async (port) => {
      const socket = connect(port, "127.0.0.1");
      socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{");
      const answer = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString())));
      expect(answer)
        .to.match(/^HTTP\/1\.1 401 /)
        .and.match(/www-authenticate: Bearer/i);
      socket.destroy();
    });
    expect(seen).to.deep.equal([]);
  });

  it("that break off change nothing", async () => {
    const { listener, seen } = echoing("json");
    await onSocket(listener, async (port) => {
      const socket = connect(port, "127.0.0.1");
      const head =
        "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n";
      await new Promise((resolve) => socket.write(`${head}{"a":1`, resolve));
      socket.destroy();
    });
    expect(seen).to.deep.equal([]);
  });
});

for (const when of ["before it is read", "while it is read"] as const) {
  it(`bodies whose sender hangs up ${when} are logged as theirs to send again, not as a fault of ours`, async () => {
    let admitted = (): void => undefined;
    const admitting = new Promise<void>((resolve) => {
      admitted = resolve;
    });
    let gone = (): void => undefined;
    const leaving = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const auth: Authenticator<string> = {
      name: "test",
      scheme: "bearer",
      async authenticate() {
        admitted();
        if (when === "before it is read") await leaving;
        return "somebody";
      },
    };
    const route = testRoute<{ body: unknown; principal: string }>({
      method: "POST",
      path: "/echo",
      auth,
      body: { read: "json", bytes: 1_000 },
      handler: async () => ({ status: 200 }),
    });
    let logged = (): void => undefined;
    const logging = new Promise<void>((resolve) => {
      logged = resolve;
    });
    const { listener, lines } = testApp([{ prefix: "", routes: [route], answered: () => logged() }]);
    const noticing: typeof listener = (incoming, outgoing) => {
      incoming.once("close", () => gone());
      return listener(incoming, outgoing);
    };
    await onSocket(noticing, async (port) => {
      const socket = connect(port, "127.0.0.1");
      const head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n";
      socket.write(`${head}{"a":1`);
      await admitting;
      socket.destroy();
      await logging;
    });
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.map(({ event }) => event)).not.to.include("request_failed");
    const requests = told.filter(({ event }) => event === "request");
    expect(requests.map(({ status, code }) => [status, code])).to.deep.equal([[400, "bad_request"]]);
  });
}

function streamOf(size: number): ReadableStream {
  const piece = new TextEncoder().encode("x".repeat(1_000));
  return new ReadableStream({
    start(controller) {
      for (let sent = 0; sent < size; sent += piece.length) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe("schemas at a route", () => {
  const route = testRoute<{ body: unknown; query: { port?: number } }>({
    method: "PUT",
    path: "/config/:host",
    params: "config#/properties/network",
    query: "config",
    body: { read: "json", bytes: 1_000, schema: "config" },
    handler: async ({ body, query }) => ({ status: 200, body: { body, query } }),
  });
  const open = testRoute<{ body: unknown; query: { port?: number } }>({
    method: "PUT",
    path: "/open",
    query: "config",
    body: { read: "json", bytes: 1_000, schema: "config" },
    handler: async ({ body, query }) => ({ status: 200, body: { body, query } }),
  });
  const { listener } = testApp([{ prefix: "", routes: [route, open] }]);

  it("let through what fits, with numbers of a query as numbers", async () => {
    const { body } = await request(listener)
      .put("/open?port=80&allowPrivateNetwork=true")
      .send({ port: 81 })
      .expect(200);
    expect(body).to.deep.equal({ body: { port: 81 }, query: { port: 80, allowPrivateNetwork: true } });
  });

  it("refuse a body with 422 and its problem, and never convert it", async () => {
    const { body } = await request(listener).put("/open").send({ port: "80" }).expect(422);
    expect(body).to.deep.include({
      code: "invalid_document",
      detail: 'the body is not valid: /port must be an integer, is `"80"`',
    });
    expect(body.problems).to.deep.equal([
      { pointer: "/port", code: "wrong_type", message: 'must be an integer, is `"80"`' },
    ]);
    const unknown = await request(listener).put("/open").send({ prot: 1 }).expect(422);
    expect(unknown.body.problems[0]).to.include({ code: "unknown_key", suggestion: "port" });
  });

  it("refuse a query or a path with 400", async () => {
    const query = await request(listener).put("/open?port=x").send({}).expect(400);
    expect(query.body).to.include({
      code: "bad_request",
      detail: 'the query is not valid: /port must be an integer, is `"x"`',
    });
    expect((await request(listener).put("/open?prot=1").send({}).expect(400)).body.problems[0].suggestion).to.equal(
      "port",
    );
    expect((await request(listener).put("/open?port=1&port=2").send({}).expect(400)).body.detail).to.contain(
      "comes twice",
    );
    expect((await request(listener).put("/open?__proto__=1").send({}).expect(400)).body.detail).to.contain(
      "`__proto__`",
    );
    expect((await request(listener).put("/config/x").send({}).expect(400)).body.detail).to.contain(
      "the path is not valid",
    );
  });

  it("hold answers against their documentation where that is switched on", async () => {
    const answers = {
      undocumented: { status: 201, body: {} },
      wrong: { status: 200, body: { port: "x" } },
      right: { status: 200, body: { port: 1 } },
    };
    const routes = Object.entries(answers).map(([name, answer]) =>
      testRoute({ path: `/${name}`, responses: { 200: "config" }, handler: async () => answer }),
    );
    const checked = testApp([{ prefix: "", routes }]);
    await request(checked.listener).get("/right").expect(200);
    await request(checked.listener).get("/undocumented").expect(500);
    await request(checked.listener).get("/wrong").expect(500);
    expect(checked.lines.join("")).to.contain("breaks the schema config: /port: must be an integer");
    const unchecked = testApp([{ prefix: "", routes }], { checkAnswers: false });
    await request(unchecked.listener).get("/undocumented").expect(201);
    await request(unchecked.listener).get("/wrong").expect(200);
  });
});
