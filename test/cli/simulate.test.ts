import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { runCommandLine } from "../../src/cli/run.js";
import { type ScimService, startScimService } from "../scim/scim-service.js";
import { scimError, startTinyScimServer, type TinyScimServer, TOKEN } from "../simulate/tiny-scim-server.js";
import { rolecall } from "./terminal.js";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const SMALL = ["--users", "8", "--groups", "2", "--seed", "5"];

/** The program itself, as a person or a pipeline runs it. */
async function program(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const cli = join(import.meta.dirname, "../../src/cli.js");
  const child = spawn(process.execPath, [cli, "simulate", ...args], { env: { ...process.env, ...env } });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

describe("rolecall simulate", () => {
  let service: ScimService;
  let server: TinyScimServer;

  before(async () => {
    service = await startScimService();
  });

  after(() => service.close());

  beforeEach(async () => {
    server = await startTinyScimServer();
  });

  afterEach(() => server.close());

  for (const [idp, variant] of [
    ["okta", "aiw"],
    ["entra", "aadOptscim062020"],
  ] as const) {
    it(`finds nothing to complain of in Rolecall, says how it went in plain lines, and exits with 0: ${idp}`, async () => {
      const { token } = await service.connect({ profile: idp });
      const url = `${service.url}/api/scim/v2`;
      const { code, out, err } = await program([idp, url, ...SMALL, "--variant", variant], {
        ROLECALL_SIMULATE_TOKEN: token,
      });
      const lines = out.trimEnd().split("\n");
      expect(lines[0]).to.equal(`${idp} (${variant}) pushes 8 users and 2 groups to ${url}, seed 5`);
      expect(lines[1]).to.match(/^connect +\d requests +\d+\.\d s {2}ok$/);
      expect(lines.at(-1)).to.equal("no complaints");
      expect(out + err)
        .to.not.contain(token)
        .and.not.contain("\u001b");
      expect([code, err]).to.deep.equal([0, ""]);
    });
  }

  it("says what was asked, what was due and what came, each kind of complaint once, and exits with 1", async () => {
    server.twist = (reply, { method }) => (method === "POST" ? { ...reply, status: 200 } : reply);
    const { code, out } = await rolecall([
      "simulate",
      "okta",
      server.baseUrl,
      ...SMALL,
      "--token",
      TOKEN,
      "--only",
      "initial",
    ]);
    const text = out.join("\n");
    expect(text).to.contain(
      [
        "unexpected_status (OKTA-04), first in initial, 8 times",
        "  expected  status 201",
        "  asked     POST /Users",
        "  came      200",
      ].join("\n"),
    );
    expect(text).to.contain("unexpected_status (OKTA-14), first in initial, 2 times");
    expect(out.at(-1)).to.equal("10 complaints of 2 kinds");
    expect(code).to.equal(1);
  });

  it("tells of each attribute that differs", async () => {
    server.twist = (reply, { method, url }) =>
      method === "GET" && /^\/Users\/u/.test(url)
        ? { ...reply, body: { ...(reply.body as object), title: "no", externalId: "no" } }
        : reply;
    const args = ["simulate", "okta", server.baseUrl, ...SMALL, "--token", TOKEN, "--only", "initial"];
    expect((await rolecall(args)).out.filter((line) => line.startsWith("attribute_differs"))).to.have.length(2);
  });

  it("says why it stopped, and exits with 1", async () => {
    const { code, out, err } = await program(["entra", server.baseUrl, "--token", "not-the-token-of-this-server"]);
    expect(out).to.contain("\nstopped: the connection test failed, and no identity provider goes on after that\n");
    expect(out)
      .to.match(/seed \d+\n/)
      .and.not.contain("not-the-token");
    expect([code, err]).to.deep.equal([1, ""]);
  });

  it("says what it had to leave behind", async () => {
    server.refuse = ({ method, url }) =>
      method === "DELETE" && url.startsWith("/Users/") ? scimError(405, "no") : undefined;
    const { code, err } = await rolecall([
      "simulate",
      "okta",
      server.baseUrl,
      ...SMALL,
      "--token",
      TOKEN,
      "--only",
      "initial",
    ]);
    expect(err).to.deep.equal([
      "could not delete 8 of what was made: `/Users/u1`, `/Users/u2`, `/Users/u3`, `/Users/u4`, `/Users/u5`",
    ]);
    expect(code).to.equal(0);
  });

  it("keeps what it made when it is told to, and finds it again by the seed", async () => {
    const args = ["simulate", "okta", server.baseUrl, ...SMALL, "--token", TOKEN, "--only", "initial"];
    await rolecall([...args, "--keep"]);
    expect([server.users.size, server.groups.size]).to.deep.equal([8, 2]);
    expect((await rolecall(args)).code).to.equal(0);
    expect([server.users.size, server.groups.size]).to.deep.equal([0, 0]);
    expect(server.created).to.equal(10);
  });

  it("writes no address without its domain", async () => {
    await rolecall([
      "simulate",
      "entra",
      server.baseUrl,
      ...SMALL,
      "--token",
      TOKEN,
      "--domain",
      "acme.test",
      "--only",
      "changes",
    ]);
    const written = server.requests.flatMap(({ body }) => JSON.stringify(body)?.match(/[^"\s]+@[^"\s]+/g) ?? []);
    expect(written.filter((address) => !address.endsWith("@acme.test"))).to.deep.equal([]);
    expect(written.length).to.be.greaterThan(8);
  });

  it("shows on a terminal how far it is, and takes that away again", async () => {
    const shown: string[] = [];
    const args = ["simulate", "okta", server.baseUrl, ...SMALL, "--token", TOKEN, "--only", "initial"];
    const code = await runCommandLine(args, {
      out: (line) => void shown.push(line),
      err: () => undefined,
      env: {},
      confirm: async () => undefined,
      status: (text) => void shown.push(`status ${text}`),
    });
    expect(shown).to.include("status initial    [############............] provision 4 of 8");
    const ends = shown.flatMap((line, index) => (line.startsWith("status") ? [] : [shown[index - 1]]));
    expect(ends.slice(1, 3)).to.deep.equal(["status ", "status "]);
    expect(shown.findLast((line) => line.startsWith("status"))).to.equal("status ");
    expect(code).to.equal(0);
  });

  it("stops at the first Ctrl-C, and deletes what it made", async () => {
    let interrupt: (() => void) | undefined;
    server.twist = (reply) => {
      if (server.users.size === 4) interrupt?.();
      return reply;
    };
    const out: string[] = [];
    const code = await runCommandLine(["simulate", "okta", server.baseUrl, ...SMALL, "--token", TOKEN], {
      out: (line) => void out.push(line),
      err: () => undefined,
      env: {},
      confirm: async () => undefined,
      onInterrupt(stop) {
        interrupt = stop;
        return () => {
          interrupt = undefined;
        };
      },
    });
    expect(out.join("\n")).to.contain("stopped: interrupted");
    expect([code, server.users.size, interrupt]).to.deep.equal([1, 0, undefined]);
  });

  it("is stopped by a signal to the process too, and leaves nothing", async () => {
    server.delayMs = 5;
    const cli = join(import.meta.dirname, "../../src/cli.js");
    const env = { ...process.env, ROLECALL_SIMULATE_TOKEN: TOKEN };
    const child = spawn(process.execPath, [cli, "simulate", "entra", server.baseUrl, "--users", "50"], { env });
    server.twist = (reply) => {
      if (!child.killed && server.users.size === 5) child.kill("SIGINT");
      return reply;
    };
    const [code] = (await once(child, "close")) as [number | null];
    expect([code, server.users.size, server.groups.size]).to.deep.equal([1, 0, 0]);
    expect(server.created).to.be.within(5, 49);
  });
});
