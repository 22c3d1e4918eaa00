import type { RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { bind } from "../../src/http/server.js";
import { startService, type TestService } from "../support/service.js";

const SCIM = "application/scim+json";
const PROBLEM = "application/problem+json";
const HOST = "host: rolecall.test\r\n";

/** All that comes back until the other side ends the connection. */
async function exchange(port: number, ...pieces: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const answer = text(socket);
  await send(socket, pieces);
  return answer.finally(() => socket.destroy());
}

async function send(socket: Socket, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise((sent) => socket.write(piece, "latin1", sent));
    await new Promise((later) => setTimeout(later, 30));
  }
}

function read(answer: string) {
  const [head = "", ...body] = answer.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const headers = new Map(
    fields.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.split(": ")[1]]),
  );
  return { status: Number(line.split(" ")[1]), headers, body: body.join("\r\n\r\n") };
}

describe("what is no request", () => {
  let service: TestService;
  let port: number;
  const lines: string[] = [];

  before(async () => {
    service = await startService({ log: { write: (line) => void lines.push(line) } });
    port = Number(new URL(service.url).port);
  });

  after(() => service.close());

  const long = (bytes: number): string => `x-long: ${"x".repeat(bytes)}\r\n`;
  const cases: readonly (readonly [what: string, status: number, type: string, pieces: readonly string[]])[] = [
    ["headers longer than is allowed", 431, SCIM, [`GET /api/scim/v2/Users HTTP/1.1\r\n${HOST}${long(17_000)}\r\n`]],
    [
      "the same in pieces",
      431,
      SCIM,
      [`GET /api/scim/Users HTTP/1.1\r\n${HOST}x-a: ${"x".repeat(9_000)}`, `${"x".repeat(9_000)}\r\n\r\n`],
    ],
    [
      "an address longer than is allowed",
      431,
      SCIM,
      [`GET /api/scim/v2/Users?filter=${"x".repeat(17_000)} HTTP/1.1\r\n${HOST}\r\n`],
    ],
    ["headers longer than node reads", 431, SCIM, [`GET /api/scim/v2/Users HTTP/1.1\r\n${HOST}${long(70_000)}\r\n`]],
    ["long headers elsewhere", 431, PROBLEM, [`GET /api/v1/tenants HTTP/1.1\r\n${HOST}${long(70_000)}\r\n`]],
    ["an unknown method", 400, SCIM, [`FETCH /api/scim/v2/Users HTTP/1.1\r\n${HOST}\r\n`]],
    ["an unknown method elsewhere", 400, PROBLEM, [`FETCH /api/v1/tenants HTTP/1.1\r\n${HOST}\r\n`]],
    ["a method for proxies", 400, SCIM, [`CONNECT /api/scim/v2/Users HTTP/1.1\r\n${HOST}\r\n`]],
    ["a method for proxies, of another address", 400, PROBLEM, [`CONNECT rolecall.test:443 HTTP/1.1\r\n${HOST}\r\n`]],
    ["a space in the address", 400, SCIM, [`GET /api/scim/v2/Users?filter=userName eq "a" HTTP/1.1\r\n${HOST}\r\n`]],
    [
      "letters beyond ASCII in the address",
      400,
      SCIM,
      [`GET /api/scim/v2/Users?filter=\xe4\0 HTTP/1.1\r\n${HOST}\r\n`],
    ],
    ["an absolute address", 400, SCIM, [`GET http://rolecall.test/api/scim/v2/Users?a=b c HTTP/1.1\r\n${HOST}\r\n`]],
    ["no HTTP at all", 400, PROBLEM, ["\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n"]],
    ["a header without a colon", 400, SCIM, [`GET /api/scim/v2/Users HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`]],
    [
      "two lengths",
      400,
      SCIM,
      [`POST /api/scim/v2/Users HTTP/1.1\r\n${HOST}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`],
    ],
    ["no host", 400, SCIM, ["GET /api/scim/v2/Users HTTP/1.1\r\nconnection: close\r\n\r\n"]],
    [
      "an expectation that nobody knows",
      401,
      SCIM,
      [`GET /api/scim/v2/Users HTTP/1.1\r\n${HOST}expect: a miracle\r\nconnection: close\r\n\r\n`],
    ],
  ];

  for (const [what, status, type, pieces] of cases) {
    it(`answers ${what} with ${status} in the look of its address`, async () => {
      const end = what.startsWith("headers longer than is") || /pieces|address longer/.test(what);
      const sent = end ? pieces.map((piece) => piece.replace(HOST, `${HOST}connection: close\r\n`)) : pieces;
      const { status: answered, headers, body } = read(await exchange(port, ...sent));
      expect([answered, headers.get("content-type"), headers.get("connection")]).to.deep.equal([status, type, "close"]);
      expect(headers.get("content-length")).to.equal(String(Buffer.byteLength(body)));
      expect(headers.get("cache-control")).to.equal("no-store");
      const document = JSON.parse(body);
      expect(String(document.status)).to.equal(String(status));
      expect(document.detail)
        .to.be.a("string")
        .and.match(/^[a-z]/);
      const id = headers.get("x-request-id");
      expect(
        lines.some((line) => JSON.parse(line).requestId === id),
        "a line of the log",
      ).to.equal(true);
    });
  }

  it("answers a body that breaks off its form by the address of its request", async () => {
    const head = `POST /api/scim/v2/Users HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\n\r\n`;
    const { status, headers } = read(await exchange(port, head, "no length\r\n"));
    expect([status, headers.get("content-type")]).to.be.deep.oneOf([
      [400, SCIM],
      [401, SCIM],
    ]);
  });

  it("answers HEAD without a body", async () => {
    const { status, body } = read(await exchange(port, `HEAD /api/scim/v2/Users?a=b c HTTP/1.1\r\n${HOST}\r\n`));
    expect([status, body]).to.deep.equal([400, ""]);
  });
});

describe("what is no request, behind others on its connection", () => {
  const refuse = (): string => "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\nrefused";

  async function served(app: RequestListener, ...pieces: readonly string[]): Promise<string> {
    const listener = await bind("127.0.0.1", 0);
    listener.serve(app, refuse);
    try {
      return await exchange(listener.port, ...pieces);
    } finally {
      await listener.close(0);
    }
  }

  it("is refused once the ones before it are answered", async () => {
    const answer = await served(
      (_, response) => response.end("whole"),
      `GET / HTTP/1.1\r\n${HOST}\r\n`,
      "NONSENSE\r\n\r\n",
    );
    expect(answer).to.match(/^HTTP\/1\.1 200 OK.*whole.*HTTP\/1\.1 400.*refused$/s);
  });

  it("writes nothing into answers under way, which still come to their end", async () => {
    const slow: RequestListener = (_, response) => {
      response.write("begun ");
      setTimeout(() => response.end("ended"), 100);
    };
    const answer = await served(slow, `GET / HTTP/1.1\r\n${HOST}\r\nNONSENSE\r\n\r\n`);
    expect(answer).to.contain("begun ").and.contain("ended").and.not.contain("refused");
  });

  it("never takes the place of the answer to the one before it", async () => {
    const slow: RequestListener = (_, response) => void setTimeout(() => response.end("whole"), 100);
    const answer = await served(slow, `GET / HTTP/1.1\r\n${HOST}\r\nNONSENSE\r\n\r\n`);
    expect(answer).to.match(/^HTTP\/1\.1 200 OK.*whole$/s);
  });

  const BROKEN = `GET /broken HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\n\r\nno length\r\n`;
  const whole = `GET / HTTP/1.1\r\n${HOST}\r\n`;
  const behind: readonly (readonly [what: string, broken: RequestListener, answers: RegExp])[] = [
    ["is refused", () => undefined, /^HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*whole.*HTTP\/1\.1 400.*refused$/s],
    [
      "keeps the answer that it has",
      (_, response) => response.end("early"),
      /^HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*early$/s,
    ],
    [
      "keeps the answer that it gets meanwhile",
      (_, response) => void setTimeout(() => response.end("early"), 30),
      /^HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*early$/s,
    ],
    [
      "is cut where its answer has begun",
      (_, response) => void response.write("begun"),
      /^HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*whole(?!.*refused)/s,
    ],
  ];
  for (const [what, broken, answers] of behind) {
    it(`a body that goes wrong ${what}, behind the answers to those that came whole before it`, async () => {
      const app: RequestListener = (request, response) => {
        if (request.url === "/broken") broken(request, response);
        else setTimeout(() => response.end("whole"), 60);
      };
      const came: Buffer[] = [];
      const listener = await bind("127.0.0.1", 0);
      listener.serve(app, refuse);
      const socket = connect(listener.port, "127.0.0.1");
      socket.on("data", (bytes: Buffer) => came.push(bytes)).on("error", () => undefined);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      await send(socket, [`${whole}${whole}${BROKEN}`]);
      await closed;
      await listener.close(0);
      expect(Buffer.concat(came).toString()).to.match(answers);
    });
  }

  it("never begins a change whose body goes wrong while it waits for those before it", async () => {
    const begun: (string | undefined)[] = [];
    const app: RequestListener = ({ url }, response) => {
      begun.push(url);
      setTimeout(() => response.end("whole"), 60);
    };
    const answer = await served(app, `${whole}${whole}${BROKEN.replace("GET", "POST")}`);
    expect(answer).to.match(/^HTTP\/1\.1 200.*whole.*HTTP\/1\.1 200.*whole.*HTTP\/1\.1 400.*refused$/s);
    expect(begun).to.deep.equal(["/", "/"]);
  });

  it("cuts the connection where a body goes wrong of which the answer has begun", async () => {
    const head = `POST / HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\n\r\n`;
    const early: RequestListener = (_, response) => void response.write("begun ");
    const answer = await served(early, head, "no length\r\n").catch(() => "cut");
    expect(answer).not.to.contain("refused");
  });
});
