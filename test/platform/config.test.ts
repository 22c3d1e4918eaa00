import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Config, ConfigError, type Environment, loadConfig, publicUrlOf } from "../../src/platform/config.js";
import { projectRoot } from "../../src/platform/root.js";

function linesOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}

describe("configuration", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rolecall-config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(content: unknown): string {
    const path = join(folder, "settings.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  it("works with no file and no variable", () => {
    const config = loadConfig({});
    expect(config).to.include({
      host: "127.0.0.1",
      port: 4180,
      databaseUrl: "sqlite:./data/rolecall.db",
      publicUrl: null,
    });
    expect(publicUrlOf(config, 4180)).to.equal("http://127.0.0.1:4180");
  });

  it("has every key of the schema in config/default.json, and describes every key", () => {
    const schema = JSON.parse(readFileSync(join(projectRoot, "schemas/config.schema.json"), "utf8"));
    const defaults = JSON.parse(readFileSync(join(projectRoot, "config/default.json"), "utf8"));
    const walk = (node: { properties?: Record<string, never> }, values: Record<string, never>, path: string): void => {
      for (const [key, below] of Object.entries<{ description?: string; properties?: Record<string, never> }>(
        node.properties ?? {},
      )) {
        if (key === "$schema") continue;
        expect(below.description, path + key)
          .to.be.a("string")
          .with.length.above(10);
        expect(values, path + key).to.have.property(key);
        if (below.properties !== undefined) walk(below, values[key] ?? {}, `${path}${key}.`);
      }
    };
    walk(schema, defaults, "");
    expect(linesOf({})).to.deep.equal([]);
  });

  it("lets a file win over the defaults key by key, and a variable over both", () => {
    const path = file({ port: 5000, host: "0.0.0.0", limits: { patchOperations: 100 } });
    const config = loadConfig({ ROLECALL_CONFIG: path, ROLECALL_PORT: "6000", ROLECALL_HOST: "" });
    expect(config).to.include({ port: 6000, host: "0.0.0.0" });
    expect(config.limits).to.include({ patchOperations: 100, membersPerRequest: 50_000 });
  });

  const readings: [Environment, Partial<Config>][] = [
    [{ ROLECALL_PORT: "0" }, { port: 0 }],
    [{ ROLECALL_PUBLIC_URL: "https://rolecall.example.com" }, { publicUrl: "https://rolecall.example.com" }],
    [{ ROLECALL_DATABASE_URL: "sqlite::memory:" }, { databaseUrl: "sqlite::memory:" }],
    [{ ROLECALL_OPERATOR_TOKEN: "short" }, { operatorToken: "short" }],
    [{ ROLECALL_LOG_LEVEL: "silent" }, { logLevel: "silent" }],
    [{ ROLECALL_ALLOW_PRIVATE_NETWORK: "1" }, { allowPrivateNetwork: true }],
    [{ ROLECALL_ALLOW_PRIVATE_NETWORK: "0" }, { allowPrivateNetwork: false }],
  ];
  for (const [env, expected] of readings) {
    it(`reads ${JSON.stringify(env)}`, () => expect(loadConfig(env)).to.include(expected));
  }

  const mistakes: [string, Environment, RegExp][] = [
    [
      "a port that is no number",
      { ROLECALL_PORT: "x" },
      /^config: port must be an integer, is `"x"` \(from ROLECALL_PORT\)$/,
    ],
    ["a port out of range", { ROLECALL_PORT: "65536" }, /^config: port must be at most 65535/],
    [
      "a switch that is neither on nor off",
      { ROLECALL_ALLOW_PRIVATE_NETWORK: "yes" },
      /^config: allowPrivateNetwork must be a boolean/,
    ],
    ["a near miss of a value", { ROLECALL_LOG_LEVEL: "infos" }, /did you mean `info`\? \(from ROLECALL_LOG_LEVEL\)$/],
    [
      "a near miss of a variable",
      { ROLECALL_DATABSE_URL: "x" },
      /`ROLECALL_DATABSE_URL` is unknown, did you mean `ROLECALL_DATABASE_URL`\?$/,
    ],
    ["another database", { ROLECALL_DATABASE_URL: "mysql://root@db/x" }, /^config: databaseUrl must be `sqlite:PATH`/],
    [
      "a file that is not there",
      { ROLECALL_CONFIG: "/nowhere/x.json" },
      /^config: ROLECALL_CONFIG file \/nowhere\/x.json cannot be read \(ENOENT\)$/,
    ],
    ...[
      "ftp://x",
      "http://x/",
      "http://x/path",
      "http://x?y",
      "http://x#y",
      "http://u:p@x",
      "x.example.com",
      "/x",
      "http://",
    ].map((url): [string, Environment, RegExp] => [
      `the public URL ${url}`,
      { ROLECALL_PUBLIC_URL: url },
      /^config: publicUrl must be an absolute http or https URL/,
    ]),
  ];
  for (const [what, env, line] of mistakes) {
    it(`refuses ${what} in one line`, () => {
      const lines = linesOf(env);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(line);
    });
  }

  it("tells every mistake at once, each with its key and its source", () => {
    const path = file({
      hots: "x",
      limits: { scimBodyBytes: "x", patchOperation: 1 },
      sessions: 5,
      network: { allow: ["10.0.0.0/8", "ten"] },
    });
    const source = ` (from ROLECALL_CONFIG file ${path})`;
    expect(linesOf({ ROLECALL_CONFIG: path, ROLECALL_PORT: "-1" })).to.have.members([
      'config: port must be an integer, is `"-1"` (from ROLECALL_PORT)',
      `config: hots is unknown, did you mean \`host\`?${source}`,
      `config: limits.scimBodyBytes must be an integer, is \`"x"\`${source}`,
      `config: limits.patchOperation is unknown, did you mean \`patchOperations\`?${source}`,
      `config: sessions must be an object, is \`5\`${source}`,
      `config: network.allow must list address ranges such as \`10.0.0.0/8\`, has \`ten\`${source}`,
    ]);
  });

  it("names the place of a syntax error in the file", () => {
    expect(linesOf({ ROLECALL_CONFIG: file('{\n  "port": }') })[0]).to.contain("line 2, column 11");
    expect(linesOf({ ROLECALL_CONFIG: file("[]") })[0]).to.contain("must hold a JSON object");
    expect(linesOf({ ROLECALL_CONFIG: file('{"__proto__": {"port": 1}}') })[0]).to.contain(
      "`__proto__` is not allowed",
    );
  });

  it("never prints the value of a secret", () => {
    const lines = linesOf({
      ROLECALL_CONFIG: file({ operatorToken: ["hunter2"], secretKey: "hunter2" }),
      ROLECALL_DATABASE_URL: "mysql://root:hunter2@db/x",
      ROLECALL_PUBLIC_URL: "https://root:hunter2@x",
    });
    expect(lines).to.have.length(4);
    expect(lines.join("\n")).not.to.contain("hunter2");
    expect(linesOf({ ROLECALL_OPERATOR_TOKEN: "hunter2 hunter2" }).join("\n"))
      .to.contain("operatorToken")
      .and.not.to.contain("hunter2");
  });

  it("makes the default public URL from the port that was taken", () => {
    expect(publicUrlOf(loadConfig({ ROLECALL_PORT: "0" }), 3456)).to.equal("http://127.0.0.1:3456");
    expect(publicUrlOf(loadConfig({ ROLECALL_HOST: "::1" }), 3456)).to.equal("http://[::1]:3456");
    expect(publicUrlOf(loadConfig({ ROLECALL_PUBLIC_URL: "https://Rolecall.Example.com:443" }), 3456)).to.equal(
      "https://rolecall.example.com",
    );
  });
});
