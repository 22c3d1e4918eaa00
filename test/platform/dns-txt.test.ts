import { createSocket, type Socket } from "node:dgram";
import { expect } from "chai";
import { createTxtResolver } from "../../src/platform/dns-txt.js";

const TXT = 16;
const CNAME = 5;
const NXDOMAIN = 3;

const labels = (name: string) =>
  Buffer.concat([
    ...name.split(".").map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);

function record(name: string, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(60, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([labels(name), head, data]);
}

const txt = (name: string, ...strings: readonly string[]) =>
  record(name, TXT, Buffer.concat(strings.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]))));

/** Answers of a name server, by name; a number is its error code, nothing is silence. */
const ZONE: Readonly<Record<string, readonly Buffer[] | number>> = {
  "_rolecall.one.example": [
    txt("_rolecall.one.example", "v=spf1 -all"),
    txt("_rolecall.one.example", "rolecall=", "abc"),
  ],
  "_rolecall.alias.example": [
    record("_rolecall.alias.example", CNAME, labels("proof.host.example")),
    txt("proof.host.example", "rolecall=def"),
  ],
  "_rolecall.empty.example": [],
  "_rolecall.none.example": NXDOMAIN,
  "_rolecall.broken.example": 2,
};

function nameIn(question: Buffer): { readonly name: string; readonly end: number } {
  const parts: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    parts.push(question.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: parts.join(".").toLowerCase(), end: at + 5 };
}

function answerTo(question: Buffer): Buffer | undefined {
  const { name, end } = nameIn(question);
  const there = ZONE[name];
  if (there === undefined) return undefined;
  const records = typeof there === "number" ? [] : there;
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180 | (typeof there === "number" ? there : 0), 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, question.subarray(12, end), ...records]);
}

describe("questions to the DNS for TXT records", () => {
  let server: Socket;
  let dns: ReturnType<typeof createTxtResolver>;
  before(async () => {
    server = createSocket("udp4");
    server.on("message", (question, { address, port }) => {
      const answer = answerTo(question);
      if (answer) server.send(answer, port, address);
    });
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    dns = createTxtResolver([`127.0.0.1:${server.address().port}`]);
  });
  after(() => server.close());

  it("give all records of a name, each with its strings joined", async () => {
    const { texts } = (await dns.texts("_rolecall.one.example")) as { texts: readonly string[] };
    expect(texts).to.have.members(["v=spf1 -all", "rolecall=abc"]);
  });

  it("follow an alias as the DNS does", async () => {
    expect(await dns.texts("_rolecall.alias.example")).to.deep.equal({ kind: "answered", texts: ["rolecall=def"] });
  });

  it("tell that there is none from a server that fails, and from one that says nothing, in bounded time", async () => {
    for (const name of ["empty", "none"]) {
      const answer = await dns.texts(`_rolecall.${name}.example`);
      expect(answer, name).to.deep.equal({ kind: "answered", texts: [] });
    }
    for (const name of ["broken", "silent"]) {
      const answer = await dns.texts(`_rolecall.${name}.example`);
      expect(answer, name).to.have.property("kind", "unanswered");
    }
  }).timeout(20_000);
});
