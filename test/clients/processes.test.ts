import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { ada, bob, platform } from "../simulate/people.js";
import { startTinyScimServer, type TinyScimServer, TOKEN } from "../simulate/tiny-scim-server.js";

interface Ended {
  readonly code: number | null;
  readonly replies: Record<string, unknown>[];
  readonly errors: string;
}

const folder = join(import.meta.dirname, "../../demo/processes");

/** Writes the lines, closes standard input and waits for the end. */
async function converse(
  name: "entra" | "okta",
  args: string[],
  lines: unknown[],
  token: string | undefined = TOKEN,
): Promise<Ended> {
  const { SCIM_TOKEN: _, ...environment } = process.env;
  const env = token === undefined ? environment : { ...environment, SCIM_TOKEN: token };
  const child = spawn(process.execPath, [join(folder, `${name}.js`), ...args], { env });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  const [code] = (await once(child, "close")) as [number | null];
  const replies = output.split("\n").filter(Boolean);
  return { code, replies: replies.map((line) => JSON.parse(line) as Record<string, unknown>), errors };
}

describe("a client's process", () => {
  let server: TinyScimServer;

  beforeEach(async () => {
    server = await startTinyScimServer();
  });

  afterEach(() => server.close());

  it("pushes as Okta does, command by command, and ends with its input", async () => {
    const { code, replies, errors } = await converse(
      "okta",
      [server.baseUrl],
      [
        { do: "testConnection" },
        { do: "assign", users: [ada, bob] },
        { do: "pushGroup", groups: [platform(ada)] },
        { do: "changeMembers", group: "00gplatform", add: [bob.id], remove: [ada.id] },
        { do: "renameGroup", group: "00gplatform", name: "Core" },
        { do: "pushNow", groups: [platform(ada, bob)] },
        { do: "update", users: [{ ...ada, title: "Dr" }] },
        { do: "deactivate", users: [bob.id] },
        { do: "reactivate", users: [bob.id] },
        { do: "importAll" },
        { do: "readBack" },
        { do: "unlinkGroup", groups: ["00gplatform"] },
        { do: "runSpecTest" },
        { do: "sync", directory: { people: [ada], groups: [] } },
      ],
    );
    expect([code, errors]).to.deep.equal([0, ""]);
    expect(replies.map(({ ok, complaints }) => [ok, complaints])).to.deep.equal(replies.map(() => [true, []]));
    const everything = { done: 1, failed: [] };
    expect(replies.map(({ result }) => result)).to.deep.equal([
      true,
      { done: 2, failed: [] },
      everything,
      true,
      true,
      everything,
      everything,
      everything,
      everything,
      { users: 2, groups: 1 },
      { users: 2, groups: 1, differences: 0 },
      everything,
      true,
      { done: { deactivate: 1, update: 1 }, failed: [] },
    ]);
    const [deactivation, ...others] = (replies[7]?.["exchanges"] ?? []) as Record<string, unknown>[];
    expect(deactivation).to.include({ method: "PATCH", path: "/Users/u2", status: 200 });
    expect(others).to.deep.equal([]);
  });

  it("pushes as Entra does, in the dialect that its URL asks for", async () => {
    const { code, replies } = await converse(
      "entra",
      [`${server.baseUrl}?aadOptscim062020`, "--matching", "externalId"],
      [
        { id: 1, do: "testConnection" },
        { id: 2, do: "provision", users: [ada, bob] },
        { do: "assignManager", users: [{ ...ada, manager: bob.id }] },
        { do: "provisionGroup", groups: [platform(ada)] },
        { do: "changeMembers", group: "00gplatform", add: [bob.id] },
        { do: "renameGroup", group: "00gplatform", name: "Core" },
        { do: "update", users: [{ ...ada, title: "Dr" }] },
        { do: "disable", users: [ada.id] },
        { do: "enable", users: [ada.id] },
        { do: "readBack" },
        { do: "deleteGroup", groups: ["00gplatform"] },
        { do: "deleteUser", users: [bob.id] },
        { do: "sync", directory: { people: [ada, bob], groups: [] } },
        { do: "initialCycle", directory: { people: [ada], groups: [] } },
      ],
    );
    expect(code).to.equal(0);
    expect(replies.map(({ ok }) => ok)).to.deep.equal(replies.map(() => true));
    expect(replies.map(({ id }) => id).slice(0, 3)).to.deep.equal([1, 2, undefined]);
    const disabling = server.requests.find(({ body }) => JSON.stringify(body)?.includes("false"));
    expect(disabling?.body?.["Operations"]).to.deep.equal([{ op: "replace", path: "active", value: false }]);
    expect(server.requests.some(({ url }) => url.includes("userName+eq+%22ada"))).to.equal(false);
  });

  it("says no to what cannot be meant, and goes on", async () => {
    const lines = [
      "not json",
      "[]",
      "",
      { do: "explode" },
      { do: "toString" },
      { do: "assign", users: "ada" },
      { do: "assign", users: [{ ...ada, shoeSize: 7 }] },
      { do: "assign", users: [{ ...ada, userName: 7 }] },
      { do: "assign", users: [{ ...ada, active: "False" }] },
      { do: "deactivate", users: ["stranger"] },
      { do: "pushNow", groups: [platform()] },
      { do: "sync", directory: [] },
      { do: "sync", directory: { people: [], groups: [], erased: [] } },
    ];
    const { code, replies } = await converse("okta", [server.baseUrl], lines);
    expect(code).to.equal(0);
    expect(replies.map(({ ok, error }) => [ok, error])).to.deep.equal([
      [false, "a command is a JSON object on one line"],
      [false, "a command is a JSON object on one line"],
      [false, replies[2]?.["error"]],
      [false, replies[3]?.["error"]],
      [false, "`users` must be a list"],
      [false, replies[5]?.["error"]],
      [false, "`users[0].userName` must be a text"],
      [false, "`users[0].active` must be true or false"],
      [false, "the person `stranger` was never pushed"],
      [false, "the group `00gplatform` was never pushed"],
      [false, "`directory` must be an object"],
      [true, undefined],
    ]);
    expect(replies[2]?.["error"]).to.match(/^unknown command `explode`: the commands are testConnection, .*readBack$/);
    expect(replies[3]?.["error"]).to.match(/^unknown command `toString`/);
    expect(replies[5]?.["error"]).to.match(/^`users\[0\]` has the unknown key `shoeSize`: the keys are id, /);
    expect(server.requests).to.deep.equal([]);
  });

  it("is not ok where the server gave cause for complaint", async () => {
    const { replies } = await converse("okta", [server.baseUrl], [{ do: "assign", users: [ada] }], "wrong");
    const [reply] = replies;
    expect(reply).to.deep.include({ ok: false, result: { done: 0, failed: [ada.id] } });
    const complaint = {
      code: "unexpected_status",
      request: "GET /Users?filter=userName%20eq%20%22ada%40acme.test%22&startIndex=1&count=100",
      row: "OKTA-02",
      expected: "status 200",
      detail: "401: the token is not known",
    };
    expect(reply?.["complaints"]).to.deep.equal([complaint]);
  });

  const mistakes: readonly (readonly ["entra" | "okta", string[], RegExp])[] = [
    ["okta", [], /^give one SCIM base URL/],
    ["entra", ["http://a.test", "http://b.test"], /^give one SCIM base URL/],
    ["okta", ["http://a.test", "--kind", "best"], /^`--kind` is catalogue or custom, not `best`/],
    ["okta", ["http://a.test", "--concurrency", "0"], /^`--concurrency` must be a whole number above 0, not `0`/],
    ["okta", ["http://a.test", "--token", "x"], /Unknown option '--token'/],
    [
      "entra",
      ["http://a.test", "--matching", "phone"],
      /^`--matching` lists userName, externalId and email, not `phone`/,
    ],
    ["entra", ["a.test"], /^`a.test` is no URL/],
  ];
  for (const [name, args, message] of mistakes) {
    it(`${name} ${args.join(" ")} ends with 2 and one line that says what to do`, async () => {
      const { code, replies, errors } = await converse(name, args, []);
      expect([code, replies]).to.deep.equal([2, []]);
      expect(errors).to.match(message);
    });
  }

  it("wants its token from the environment", async () => {
    const { code, errors } = await converse("okta", ["http://a.test"], [], "");
    expect([code, errors]).to.deep.equal([2, "set the environment variable SCIM_TOKEN to the bearer token\n"]);
  });
});
