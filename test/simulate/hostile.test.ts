import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { openPlayer } from "../../src/simulate/player.js";
import { phasesOf, type SimulationReport, simulate } from "../../src/simulate/simulate.js";
import { scimError, startTinyScimServer, TOKEN } from "./tiny-scim-server.js";

const size = { users: 6, groups: 2, seed: 1 };
const tuning = { timeoutMs: 20_000, retries: 1, backoffMs: 1 };
/** For servers of whom no answer is to be waited for. */
const hasty = { ...tuning, timeoutMs: 200 };
const idps = ["okta", "entra"] as const;
/** A burst of the same lookups shows nothing more. */
const only = phasesOf("okta")
  .map(({ name }) => name)
  .filter((name) => name !== "burst");

function play(idp: (typeof idps)[number], baseUrl: string, tuned = tuning): Promise<SimulationReport> {
  const variant = idp === "okta" ? "oin" : "default";
  return simulate({ idp, variant, size, tuning: tuned, baseUrl, token: TOKEN, only });
}

const detailsOf = ({ phases }: SimulationReport) =>
  phases.flatMap(({ complaints }) => complaints.map(({ code, detail }) => `${code}: ${detail}`));

const deep = `${'{"a":['.repeat(5_000)}1${"]}".repeat(5_000)}`;
const json = { "Content-Type": "application/scim+json" };
const listWith = (row: string) =>
  `{"schemas":[],"totalResults":1,"startIndex":1,"itemsPerPage":1,"Resources":[${row}]}`;

/** What is answered to everything, once the connection test has passed. */
const answers: readonly (readonly [string, { status: number; headers?: Record<string, string>; body?: unknown }])[] = [
  [
    "a page of HTML with status 200",
    { status: 200, headers: { "Content-Type": "text/html" }, body: "<html>hi</html>" },
  ],
  ["nothing at all with status 200", { status: 200 }],
  ["a bare list", { status: 200, headers: json, body: "[]" }],
  ["null", { status: 200, headers: json, body: "null" }],
  ["half of an object", { status: 200, headers: json, body: '{"id": "u1", "user' }],
  [
    "the wrong type for everything",
    {
      status: 201,
      headers: json,
      body: '{"id":7,"active":"no","members":{"a":1},"Resources":{"0":1},"totalResults":"many","emails":"x","name":[]}',
    },
  ],
  ["lists of things that are no resources", { status: 200, headers: json, body: listWith('null,7,"x",[]') }],
  ["an error as a success", { status: 200, headers: json, body: '{"error":"no"}' }],
  ["a redirect to a page for people", { status: 302, headers: { Location: "https://login.example/" } }],
  ["a redirect to itself", { status: 307, headers: { Location: "." } }],
  ["a status that nobody knows", { status: 299, headers: json, body: '{"id":"u1"}' }],
  ["an object nested beyond measure", { status: 200, headers: json, body: listWith(`{"id":"1","userName":${deep}}`) }],
  ["an id that leads out of the endpoint", { status: 201, headers: json, body: '{"id":".."}' }],
  ["an id of no characters that a URL can carry", { status: 201, headers: json, body: '{"id":"\\ud800"}' }],
  ["an id that no URL holds", { status: 201, headers: json, body: `{"id":"${"x".repeat(100_000)}"}` }],
  ["prototype keys", { status: 201, headers: json, body: '{"id":"u1","__proto__":{"active":true},"constructor":{}}' }],
  ["a server's fault in HTML", { status: 500, headers: { "Content-Type": "text/html" }, body: "<h1>oops</h1>" }],
  ["an endless wish for a pause", { status: 429, headers: { "Retry-After": "0" }, body: "" }],
];

describe("a simulation survives a server that answers", () => {
  for (const idp of idps) {
    for (const [name, reply] of answers) {
      it(`${name}, with complaints: ${idp}`, async () => {
        const server = await startTinyScimServer();
        try {
          server.twist = (right) => (server.requests.length > 6 ? reply : right);
          const report = await play(idp, server.baseUrl);
          expect(detailsOf(report)).to.not.deep.equal([]);
          for (const detail of detailsOf(report)) expect(detail.length, detail).to.be.lessThan(1000);
        } finally {
          await server.close();
        }
      });
    }
  }

  const unreadable = answers.filter(([name]) =>
    /HTML with status 200|nothing at all|bare list|^null|half of an object|wrong type|error as a success/.test(name),
  );
  for (const idp of idps) {
    for (const [name, reply] of unreadable) {
      it(`${name} from the first request on, and sends no more than the test of the connection: ${idp}`, async () => {
        const server = await startTinyScimServer();
        try {
          server.twist = () => ({ ...reply, status: 200 });
          const report = await play(idp, server.baseUrl);
          expect(report.stopped).to.match(/^the connection test failed/);
          expect(detailsOf(report)).to.not.deep.equal([]);
          expect(server.requests.map(({ method }) => method)).to.deep.equal(["GET", "GET"]);
          expect(report.left).to.deep.equal([]);
        } finally {
          await server.close();
        }
      });
    }
  }

  for (const idp of idps) {
    it(`right to everything but a user who is read back nested beyond measure: ${idp}`, async () => {
      const server = await startTinyScimServer();
      try {
        server.twist = (right, { method, url }) =>
          method === "GET" && /^\/Users\/u/.test(url)
            ? { status: 200, body: `{"id":"${url.slice(7)}","nickName":${deep}}` }
            : right;
        const report = await play(idp, server.baseUrl);
        expect(detailsOf(report).join("\n")).to.contain("attribute_differs");
      } finally {
        await server.close();
      }
    });
  }

  for (const failure of ["hang", "hang up"] as const) {
    it(`well for a while, and then ${failure === "hang" ? "not at all" : "by hanging up"}: it gives up, and soon`, async () => {
      const server = await startTinyScimServer();
      try {
        server.twist = (right) => (server.requests.length > 12 ? failure : right);
        const report = await play("okta", server.baseUrl, hasty);
        expect(report.stopped).to.match(/gave up/);
        expect(detailsOf(report).every((detail) => detail.startsWith("no_answer"))).to.equal(true);
        expect(server.requests.length).to.be.lessThan(40);
      } finally {
        await server.close();
      }
    });
  }

  it("with the token in its error: it is in no complaint", async () => {
    const server = await startTinyScimServer();
    try {
      server.twist = (right, { method, headers }) =>
        method === "POST" ? scimError(400, `what is ${headers.authorization}?`) : right;
      const report = await play("okta", server.baseUrl);
      expect(detailsOf(report).join("\n")).to.contain("400: what is Bearer [token]?");
      expect(JSON.stringify(report)).to.not.contain(TOKEN);
    } finally {
      await server.close();
    }
  });

  it("with control characters in its error: none of them reaches a terminal", async () => {
    const server = await startTinyScimServer();
    try {
      server.twist = (right, { method }) => (method === "POST" ? scimError(400, "\u001b[2J\u0007\u202e no") : right);
      const details = detailsOf(await play("entra", server.baseUrl)).join("");
      expect(details)
        .to.match(/400: \?\[2J\?\? no/)
        .and.not.match(/[\p{Cc}\p{Cf}]/u);
    } finally {
      await server.close();
    }
  });

  it("with a list that never ends: it is left when nothing new comes", async () => {
    const server = await startTinyScimServer();
    try {
      const page = { totalResults: 1e12, startIndex: 1, itemsPerPage: 1, Resources: [{ id: "u1" }] };
      server.twist = (right, { url }) => (url.startsWith("/Users?startIndex") ? { status: 200, body: page } : right);
      const player = openPlayer("okta", "oin", { baseUrl: server.baseUrl, token: TOKEN });
      expect(await player.importAll?.("/Users")).to.have.length(2);
      expect(player.http.complaints.map(({ code }) => code)).to.deep.equal(["page_repeats"]);
    } finally {
      await server.close();
    }
  });
});

/** Speaks below HTTP. */
const wires: readonly (readonly [string, RegExp, (socket: Socket) => void])[] = [
  ["is no HTTP server", /^no_answer: HPE_/, (socket) => socket.end("220 mail.example ESMTP\r\n")],
  ["hangs up", /^no_answer: (ECONNRESET|socket hang up)/, (socket) => socket.destroy()],
  ["says nothing", /^no_answer: no answer in time/, () => undefined],
  [
    "drips",
    /^no_answer: no answer in time/,
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n\r\n");
      const dripping = setInterval(() => socket.write(" "), 20);
      socket.on("close", () => clearInterval(dripping));
    },
  ],
  [
    "breaks off in the middle of its answer",
    /^no_answer: /,
    (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"totalResults"'),
  ],
  [
    "never stops talking",
    /^no_answer: an answer of more than 32 MB/,
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n\r\n");
      const pour = (): void => {
        while (!socket.destroyed && socket.write("x".repeat(1_000_000)));
      };
      socket.on("drain", pour);
      pour();
    },
  ],
  [
    "has headers without end",
    /^no_answer: HPE_HEADER_OVERFLOW/,
    (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`),
  ],
];

describe("a simulation ends with one complaint where the server", () => {
  let server: Server;
  const sockets = new Set<Socket>();

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  for (const [name, complaint, talk] of wires) {
    it(name, async () => {
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.once("data", () => talk(socket));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim`;
      const tuned = /in time/.test(complaint.source) ? hasty : tuning;
      const report = await simulate({ idp: "entra", variant: "default", size, tuning: tuned, baseUrl, token: TOKEN });
      expect(report.stopped).to.match(/^the connection test failed/);
      expect(detailsOf(report)).to.have.length(1);
      expect(detailsOf(report)[0]).to.match(complaint);
    });
  }
});
