import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect } from "chai";
import { Refusal } from "../../src/model/problem.js";
import { createGuardedFetch, type NetworkPolicy, type Resolver, TooLate } from "../../src/platform/network.js";

const strict: NetworkPolicy = {
  allowPrivateNetwork: false,
  allow: [],
  timeoutMilliseconds: 5_000,
  responseBytes: 1_000_000,
};
const open: NetworkPolicy = { ...strict, allowPrivateNetwork: true };

async function refusalOf(answer: Promise<unknown>): Promise<Refusal> {
  const outcome = await answer.then(
    () => "answered",
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(Refusal);
  return outcome as Refusal;
}

function resolvesTo(...addresses: string[]): Resolver {
  return async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
}

describe("OP-14, W-35: guarded fetch: addresses", () => {
  const refused = [
    "https://127.0.0.1/",
    "https://127.8.8.8:8443/",
    "https://[::1]/",
    "https://[::]/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://198.18.0.1/",
    "https://localhost/",
  ];
  for (const url of refused) {
    it(`refuses ${url}`, async () => {
      expect((await refusalOf(createGuardedFetch(strict)(url))).code).to.equal("address_refused");
    });
  }

  const names: [string, string[]][] = [
    ["loopback", ["127.0.0.1"]],
    ["loopback by IPv6", ["::1"]],
    ["the metadata service", ["169.254.169.254"]],
    ["a private network", ["10.0.0.1"]],
    ["a mapped address", ["::ffff:10.0.0.1"]],
    ["a public and a private address at once", ["93.184.216.34", "10.0.0.1"]],
    ["nothing", []],
  ];
  for (const [what, addresses] of names) {
    it(`refuses a public name that resolves to ${what}, without telling the address`, async () => {
      const refusal = await refusalOf(createGuardedFetch(strict, resolvesTo(...addresses))("https://idp.example.com/"));
      expect(refusal.code).to.equal("address_refused");
      expect(refusal.message).to.contain("idp.example.com");
      for (const address of addresses) expect(refusal.message).not.to.contain(address);
    });
  }

  it("refuses http, other schemes and credentials in the URL", async () => {
    for (const url of [
      "http://idp.example.com/",
      "ftp://idp.example.com/",
      "file:///etc/passwd",
      "https://u:p@idp.example.com/",
    ]) {
      expect((await refusalOf(createGuardedFetch(strict)(url))).code, url).to.equal("address_refused");
    }
  });

  it("goes on refusing link-local addresses where private ones are allowed", async () => {
    expect((await refusalOf(createGuardedFetch(open)("http://169.254.169.254/"))).code).to.equal("address_refused");
  });

  it("opens the ranges that the operator lists, and no others", async () => {
    const listed = { ...strict, allow: ["127.0.0.2/32"], timeoutMilliseconds: 2_000 };
    expect((await refusalOf(createGuardedFetch(listed)("https://127.0.0.2:1/"))).code).to.equal("unavailable");
    expect((await refusalOf(createGuardedFetch(listed)("https://127.0.0.1:1/"))).code).to.equal("address_refused");
  });
});

describe("OP-14, W-35: guarded fetch: answers", () => {
  let server: Server;
  let base: string;
  let seen: {
    url: string;
    method: string;
    body: string;
    authorization: string | undefined;
    type: string | undefined;
  }[];
  let sockets: Set<Socket>;

  beforeEach((done) => {
    seen = [];
    sockets = new Set();
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const url = request.url ?? "";
        const { authorization, "content-type": type } = request.headers;
        seen.push({ url, method: request.method ?? "", body: Buffer.concat(chunks).toString(), authorization, type });
        if (url.startsWith("/to/")) response.writeHead(302, { location: decodeURIComponent(url.slice(4)) }).end();
        else if (url === "/loop") response.writeHead(302, { location: "/loop" }).end();
        else if (url === "/big") response.end("x".repeat(2_000_000));
        else if (url === "/slow") response.write("x");
        else if (url === "/encoded") response.writeHead(200, { "content-encoding": "gzip" }).end("x");
        else if (url === "/none") response.writeHead(204).end();
        else response.writeHead(200, { "content-type": "application/json", "x-two": "1" }).end('{"ok":true}');
      });
    });
    server.on("connection", (socket) => sockets.add(socket));
    server.listen(0, "127.0.0.1", () => {
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });

  afterEach((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });

  it("gives back a WHATWG response", async () => {
    const response = await createGuardedFetch(open)(`${base}/x?y=1`);
    expect(response.status).to.equal(200);
    expect(response.headers.get("x-two")).to.equal("1");
    expect(await response.json()).to.deep.equal({ ok: true });
    expect((await createGuardedFetch(open)(`${base}/none`)).status).to.equal(204);
  });

  it("sends method, headers and body as they are given", async () => {
    const body = new URLSearchParams({ code: "a b" });
    await createGuardedFetch(open)(`${base}/token`, { method: "POST", body, headers: { authorization: "Basic x" } });
    expect(seen).to.deep.equal([
      {
        url: "/token",
        method: "POST",
        body: "code=a+b",
        authorization: "Basic x",
        type: "application/x-www-form-urlencoded;charset=UTF-8",
      },
    ]);
  });

  it("connects to the address that was judged", async () => {
    const port = new URL(base).port;
    const response = await createGuardedFetch(open, resolvesTo("127.0.0.1"))(`http://idp.example.com:${port}/`);
    expect(response.status).to.equal(200);
  });

  it("judges each redirect anew", async () => {
    for (const target of ["http://169.254.169.254/", "file:///etc/passwd", "http://[fe80::1]/"]) {
      const refusal = await refusalOf(createGuardedFetch(open)(`${base}/to/${encodeURIComponent(target)}`));
      expect(refusal.code, target).to.equal("address_refused");
    }
  });

  it("keeps a credential from another origin that it is redirected to", async () => {
    const elsewhere = `http://localhost:${new URL(base).port}/end`;
    const fetch = createGuardedFetch(open, resolvesTo("127.0.0.1"));
    await fetch(`${base}/to/${encodeURIComponent(elsewhere)}`, { headers: { authorization: "Bearer x" } });
    await fetch(`${base}/to/${encodeURIComponent("/end")}`, { headers: { authorization: "Bearer x" } });
    expect(seen.map(({ authorization }) => authorization)).to.deep.equal([
      "Bearer x",
      undefined,
      "Bearer x",
      "Bearer x",
    ]);
  });

  it("follows three redirects and no more, and none of a POST or where the caller says so", async () => {
    expect((await refusalOf(createGuardedFetch(open)(`${base}/loop`))).code).to.equal("unavailable");
    expect(seen).to.have.length(4);
    expect((await createGuardedFetch(open)(`${base}/loop`, { redirect: "manual" })).status).to.equal(302);
    expect((await createGuardedFetch(open)(`${base}/loop`, { method: "POST" })).status).to.equal(302);
    expect(seen).to.have.length(6);
  });

  it("gives up on answers that are too long, too slow or encoded", async () => {
    const hasty = { ...open, timeoutMilliseconds: 200 };
    expect((await refusalOf(createGuardedFetch(open)(`${base}/big`))).message).to.contain("more than 1000000 bytes");
    expect((await refusalOf(createGuardedFetch(hasty)(`${base}/slow`))).message).to.contain("did not answer in time");
    expect((await refusalOf(createGuardedFetch(open)(`${base}/encoded`))).message).to.contain("encoding");
  });

  it("tells node's code and no sentence when nobody listens", async () => {
    server.close();
    server.closeAllConnections();
    const refusal = await refusalOf(createGuardedFetch(open)(base));
    expect(refusal.code).to.equal("unavailable");
    expect(refusal.message).to.contain("(ECONNREFUSED)").and.not.to.contain("connect ");
    server.listen(0);
  });

  it("has one clock: a library's own, which would end the call in words of its own, counts for nothing", async () => {
    const options = { method: "GET", signal: AbortSignal.abort(new Error("the library's own")) };
    expect((await createGuardedFetch(open)(base, options)).status).to.equal(200);
    const late = createGuardedFetch({ ...open, timeoutMilliseconds: 100 })(`${base}/slow`, options);
    expect(await refusalOf(late)).to.be.instanceOf(TooLate);
  });

  it("asks again when a kept connection was dropped under a GET, but never repeats a POST", async () => {
    const fetch = createGuardedFetch(open);
    await fetch(base);
    server.prependOnceListener("request", (request) => request.socket.destroy());
    expect((await fetch(base)).status).to.equal(200);
    expect(sockets.size).to.equal(2);
    server.prependOnceListener("request", (request) => request.socket.destroy());
    expect((await refusalOf(fetch(base, { method: "POST", body: "x" }))).code).to.equal("unavailable");
  });
});
