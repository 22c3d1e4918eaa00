import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { ConfigError } from "../../src/platform/config.js";
import { createVault, dataFolder, hashToken, loadSecrets, newToken, tokensEqual } from "../../src/platform/secrets.js";

const KEY = Buffer.alloc(32, 7);
const nothing = { operatorToken: null, secretKey: null };

describe("the service's own secrets", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rolecall-secrets-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are made on SQLite, kept beside the database for nobody else to read, and found again", () => {
    const data = join(folder, "data");
    const databaseUrl = `sqlite:${join(data, "rolecall.db")}`;
    const first = loadSecrets({ databaseUrl, ...nothing });
    expect(first.made.map(({ what }) => what)).to.deep.equal(["operator token", "secret key"]);
    expect(first.secretKey).to.have.length(32);
    expect(first.operatorToken).to.match(/^rco_[\w-]{43}$/);
    expect(statSync(data).mode & 0o777).to.equal(0o700);
    for (const { path } of first.made) expect(statSync(path).mode & 0o777, path).to.equal(0o600);
    const second = loadSecrets({ databaseUrl, ...nothing });
    expect(second).to.deep.equal({ ...first, made: [] });
  });

  it("give way to configured ones, and then no file is made", () => {
    const databaseUrl = `sqlite:${join(folder, "rolecall.db")}`;
    const secrets = loadSecrets({ databaseUrl, operatorToken: "mine", secretKey: KEY.toString("base64") });
    expect(secrets).to.deep.equal({ operatorToken: "mine", secretKey: KEY, made: [] });
  });

  it("close a file that others could read", () => {
    const path = join(folder, "operator-token");
    writeFileSync(path, "from-before\n");
    chmodSync(path, 0o644);
    expect(loadSecrets({ databaseUrl: `sqlite:${join(folder, "x.db")}`, ...nothing }).operatorToken).to.equal(
      "from-before",
    );
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it("are never replaced when a file is damaged or empty", () => {
    const databaseUrl = `sqlite:${join(folder, "x.db")}`;
    writeFileSync(join(folder, "secret-key"), "too short");
    expect(() => loadSecrets({ databaseUrl, ...nothing })).to.throw(ConfigError, /secret-key is damaged/);
    expect(readFileSync(join(folder, "secret-key"), "utf8")).to.equal("too short");
    writeFileSync(join(folder, "operator-token"), "\n");
    expect(() => loadSecrets({ databaseUrl, ...nothing })).to.throw(ConfigError, /operator-token is empty/);
  });

  it("are the same for processes that start at the same moment", async () => {
    const module = new URL("../../src/platform/secrets.js", import.meta.url).href;
    const settings = JSON.stringify({ databaseUrl: `sqlite:${join(folder, "new", "x.db")}`, ...nothing });
    const script = `const { loadSecrets } = await import("${module}"); process.stdout.write(loadSecrets(${settings}).operatorToken);`;
    const starts = Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]),
    );
    const tokens = new Set((await Promise.all(starts)).map(({ stdout }) => stdout));
    expect(tokens.size).to.equal(1);
    expect([...tokens][0]).to.match(/^rco_/);
    expect(readdirSync(join(folder, "new")).sort()).to.deep.equal(["operator-token", "secret-key"]);
  }).timeout(20_000);

  it("say what to do about a file that cannot be read", () => {
    mkdirSync(join(folder, "operator-token"));
    expect(() => loadSecrets({ databaseUrl: `sqlite:${join(folder, "x.db")}`, ...nothing })).to.throw(
      ConfigError,
      /operator-token cannot be read: give/,
    );
  });

  it("must be configured on PostgreSQL, and both are asked for at once", () => {
    const databaseUrl = "postgres://u:hunter2@db/x";
    expect(() => loadSecrets({ databaseUrl, ...nothing }))
      .to.throw(ConfigError)
      .with.property("lines")
      .that.deep.equals([
        "config: operatorToken must be set on PostgreSQL (ROLECALL_OPERATOR_TOKEN)",
        "config: secretKey must be set on PostgreSQL, 32 bytes in base64 (ROLECALL_SECRET_KEY)",
      ]);
    expect(loadSecrets({ databaseUrl, operatorToken: "t", secretKey: KEY.toString("base64") }).secretKey).to.deep.equal(
      KEY,
    );
  });

  it("live in ./data for a database in memory", () => {
    expect(dataFolder("sqlite::memory:")).to.equal(join(process.cwd(), "data"));
    expect(dataFolder("sqlite:/var/lib/rolecall/rolecall.db")).to.equal("/var/lib/rolecall");
    expect(dataFolder("postgres://db/x")).to.equal(undefined);
  });
});

describe("OP-22: vault", () => {
  const vault = createVault(KEY);

  it("opens what it sealed, and seals the same text differently each time", () => {
    for (const text of ["", "s", "geheim ✓", "x".repeat(10_000)])
      expect(vault.open(vault.seal(text, "1 oidc"), "1 oidc")).to.equal(text);
    expect(vault.seal("s", "1 oidc")).not.to.equal(vault.seal("s", "1 oidc"));
    expect(vault.seal("secret", "c")).to.match(/^v1\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/);
  });

  it("does not open for another tenant, another key, or after a change of any part", () => {
    const sealed = vault.seal("secret", "tenant 1 column a");
    expect(() => vault.open(sealed, "tenant 2 column a")).to.throw("does not open");
    expect(() => createVault(Buffer.alloc(32, 8)).open(sealed, "tenant 1 column a")).to.throw("does not open");
    const parts = sealed.split(".");
    for (let index = 1; index < parts.length; index += 1) {
      const part = parts[index] ?? "";
      const changed = parts.with(index, (part.startsWith("A") ? "B" : "A") + part.slice(1)).join(".");
      expect(() => vault.open(changed, "tenant 1 column a"), changed).to.throw("does not open");
    }
  });

  it("refuses a shortened tag, which would be easier to forge, and unknown versions", () => {
    const [version, iv, tag = "", data] = vault.seal("secret", "c").split(".");
    const short = Buffer.from(tag, "base64url").subarray(0, 4).toString("base64url");
    expect(() => vault.open([version, iv, short, data].join("."), "c")).to.throw("no sealed text");
    expect(() => vault.open(["v0", iv, tag, data].join("."), "c")).to.throw("no sealed text");
    expect(() => vault.open("secret", "c")).to.throw("no sealed text");
  });
});

describe("tokens", () => {
  it("hold 256 random bits behind their prefix", () => {
    const tokens = new Set(Array.from({ length: 50 }, () => newToken("rcs_")));
    expect(tokens.size).to.equal(50);
    for (const token of tokens) expect(token).to.match(/^rcs_[\w-]{43}$/);
  });

  it("W-23: are stored as SHA-256", () => {
    expect(hashToken("abc")).to.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("W-23: are compared whatever their lengths", () => {
    expect(tokensEqual("abc", "abc")).to.equal(true);
    for (const other of ["", "ab", "abcd", "abd", "ABC"]) expect(tokensEqual("abc", other), other).to.equal(false);
  });
});
