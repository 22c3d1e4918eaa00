import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { commands } from "../../src/cli/run.js";
import { rolecall } from "./terminal.js";

const misuses: readonly (readonly [args: string, said: RegExp])[] = [
  ["mapping chek x", /unknown command `mapping chek`, did you mean `mapping check`\?/],
  ["tenent create x", /unknown command `tenent create`, did you mean `tenant create`\?/],
  ["migrat", /unknown command `migrat`, did you mean `migrate`\?/],
  ["fly", /unknown command `fly`, see `rolecall --help`/],
  ["--vers", /unknown flag `--vers`/],
  ["mapping check", /FILE\.\.\. is missing: rolecall mapping check FILE\.\.\./],
  ["mapping check --strict x", /unknown flag `--strict`, see `rolecall mapping check --help`/],
  ["mapping check /no/such/file", /cannot read \/no\/such\/file \(ENOENT\)/],
  ["mapping test /no/such/file", /there is no \/no\/such\/file/],
  ["mapping preview x --tennant acme", /unknown flag `--tennant`, did you mean `--tenant`\?/],
  ["mapping preview x -t acme", /unknown flag `-t`/],
  ["mapping preview x", /--tenant SLUG is missing: whose people are looked at/],
  ["mapping preview x y --tenant acme", /`y` is too much/],
  ["migrate now", /`now` is too much: rolecall migrate/],
  ["migrate --help=yes --force", /unknown flag `--help`|unknown flag `--force`/],
  ["tenant create", /SLUG is missing/],
  ["tenant create Acme", /slug must match/],
  ["tenant create acme --seats many", /seats must be an integer or null, is `"many"`/],
  ["tenant create acme --name", /--name needs a value: --name NAME/],
  ["tenant create acme --name a --name b", /--name stands twice: give it once/],
  ["tenant create acme --domain localhost", /domains\/0 must match/],
  ["token create --tenant acme", /--connection SLUG is missing/],
  ["token create --tenant acme --connection okta --expires-at soon", /expiresAt must be a date-time/],
  ["runs release one --tenant acme", /NUMBER must be the number of a run/],
  ["runs release 1 --tenant acme --yes=no", /--yes takes no value/],
  ["simulate okta", /URL is missing: rolecall simulate okta\|entra URL/],
  ["simulate ping http://a.test --token t", /`ping` is not simulated: rolecall simulate okta\|entra URL/],
  ["simulate okta a.test --token t", /URL is where the SCIM endpoints begin, .* not `a.test`/],
  ["simulate okta ftp://a.test --token t", /URL is where the SCIM endpoints begin/],
  ["simulate okta http://me:secret@a.test --token t", /^rolecall: URL holds a password: give a token instead$/],
  ["simulate okta http://a.test", /set the environment variable ROLECALL_SIMULATE_TOKEN/],
  ["simulate okta http://a.test --token té", /^rolecall: the token holds characters that no header can carry$/],
  ["simulate okta http://a.test --token t --variant default", /--variant of okta is oin or aiw, not `default`/],
  [
    "simulate entra http://a.test --token t --only import",
    /--only takes a phase, is `import`: entra plays connect, initial/,
  ],
  ["simulate okta http://a.test --token t --only rename", /is `rename`: did you mean `renames`\?/],
  ["simulate okta http://a.test --token t --users 0", /--users takes a whole number from 1 to 100000, is `0`/],
  ["simulate okta http://a.test --token t --domain acme", /--domain takes a domain, is `acme`/],
];

describe("the command line", () => {
  for (const [args, said] of misuses) {
    it(`does nothing, says what is wrong and exits with 2: rolecall ${args}`, async () => {
      const { code, out, err } = await rolecall(args.split(" "));
      expect(err.join("\n")).to.match(said);
      expect(out).to.deep.equal([]);
      expect(code).to.equal(2);
    });
  }

  it("lists every command in its help, with the exit codes", async () => {
    for (const args of [["--help"], ["help"], ["-h"]]) {
      const { code, out } = await rolecall(args);
      for (const { name } of commands) expect(out.join("\n")).to.contain(`  ${name}`);
      expect(out.join("\n")).to.match(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /);
      expect(code).to.equal(0);
    }
  });

  it("asks for a command where none was given", async () => {
    expect(await rolecall([])).to.have.property("code", 2);
    const { code, out } = await rolecall(["mapping"]);
    expect(out.join("\n")).to.contain("mapping check FILE...").and.not.contain("tenant create");
    expect(code).to.equal(2);
  });

  for (const { name, options } of commands) {
    it(`explains each flag of ${name}, wherever --help stands`, async () => {
      for (const args of [`${name} --help`, `${name} something -h`]) {
        const { code, out } = await rolecall(args.split(" "));
        expect(out[0]).to.match(new RegExp(`^Usage: rolecall ${name}`));
        for (const option of Object.keys(options)) expect(out.join("\n")).to.contain(`--${option}`);
        expect(code).to.equal(0);
      }
    });
  }

  it("names every mistake in the configuration before it touches a database", async () => {
    const env = { ROLECALL_PORT: "x", ROLECALL_DATABASE_URL: "mysql://db" };
    const { code, err } = await rolecall(["migrate"], { env });
    expect(err.join("\n")).to.contain("port").and.to.contain("databaseUrl");
    expect(code).to.equal(2);
  });

  it("is a program of its own, with an exit code and its answer on standard output", () => {
    const program = join(import.meta.dirname, "../../src/cli.js");
    const asked = spawnSync(process.execPath, [program, "--version"], { encoding: "utf8" });
    expect(asked.stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    expect(asked.status).to.equal(0);
    const misused = spawnSync(process.execPath, [program, "mapping", "chek"], { encoding: "utf8" });
    expect(misused.stderr).to.contain("did you mean `mapping check`?");
    expect(misused.stdout).to.equal("");
    expect(misused.status).to.equal(2);
  });

  it("ends without a word where its reader has read enough, and says by its exit code what it found", () => {
    const rules = Array.from({ length: 3000 }, (_, at) => ({ group_name: `G${at}`, team_name: "T", role_name: 7 }));
    const folder = mkdtempSync(join(tmpdir(), "rolecall-pipe-"));
    try {
      writeFileSync(join(folder, "m.json"), JSON.stringify({ mappings: rules }));
      const program = join(import.meta.dirname, "../../src/cli.js");
      const line = `"${process.execPath}" "${program}" mapping lint m.json | true; echo "\${PIPESTATUS[0]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", line], { cwd: folder, encoding: "utf8" });
      expect(stderr).to.equal("");
      expect(stdout).to.equal("1\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
