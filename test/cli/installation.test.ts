import { join } from "node:path";
import { expect } from "chai";
import type { Provisioning } from "../../src/provisioning/deps.js";
import { openTenant, type TestTenant } from "../support/tenant.js";
import { rolecall, withFolder } from "./terminal.js";

const MAPPING = { mappings: [{ group_name: "Eng", team_name: "Platform", role_name: "editor" }] };

/** A database of its own for one test, as a configuration names it. */
function withDatabase<Result>(
  use: (env: Readonly<Record<string, string>>, url: string) => Promise<Result>,
): Promise<Result> {
  return withFolder({}, (folder) => {
    const url = `sqlite:${join(folder, "rolecall.db")}`;
    const secrets = {
      ROLECALL_OPERATOR_TOKEN: "rco_test",
      ROLECALL_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
    };
    return use({ ROLECALL_DATABASE_URL: url, ...secrets, USER: "root-of-evil" }, url);
  });
}

async function inTenant<Result>(url: string, use: (tenant: TestTenant) => Promise<Result>): Promise<Result> {
  const brake = { deactivationsFloor: 1, deactivationsShare: 0, accessFloor: 1, accessShare: 0, dripPerHour: 0 };
  const strict = (p: Provisioning): Provisioning => ({ ...p, settings: { ...p.settings, brake } });
  const tenant = await openTenant({ databaseUrl: url, with: strict });
  try {
    return await use(tenant);
  } finally {
    await tenant.close();
  }
}

describe("the command line on a database", () => {
  it("migrates an empty one, says by what, and has nothing to do the second time", async () => {
    await withDatabase(async (env) => {
      const first = await rolecall(["migrate"], { env });
      expect(first.out.length).to.be.greaterThan(1);
      expect(first.out.at(-1)).to.equal("the database is up to date");
      expect(first.code).to.equal(0);
      expect(await rolecall(["migrate"], { env })).to.deep.equal({
        code: 0,
        out: ["the database is up to date"],
        err: [],
      });
    });
  });

  it("tells where it kept the secrets that it had to make", async () => {
    await withFolder({}, async (folder) => {
      const env = { ROLECALL_DATABASE_URL: `sqlite:${join(folder, "rolecall.db")}` };
      const { err } = await rolecall(["migrate"], { env });
      expect(err.join("\n")).to.contain(join(folder, "operator-token")).and.to.contain(join(folder, "secret-key"));
    });
  });

  it("makes tenants and tokens, once each, in the name of whoever typed it", async () => {
    await withDatabase(async (env, url) => {
      await inTenant(url, (tenant) => tenant.connect({ slug: "okta", protocol: "scim" }));
      const made = await rolecall(
        ["tenant", "create", "globex", "--name", "Globex Inc", "--domain", "globex.example", "--seats", "5"],
        { env },
      );
      expect(made).to.deep.equal({ code: 0, out: ["made tenant globex"], err: [] });
      const again = await rolecall(["tenant", "create", "globex"], { env });
      expect(again.err.join()).to.match(/globex.*\(slug_taken\)/);
      expect(again.code).to.equal(1);
      const token = await rolecall(["token", "create", "--tenant", "acme", "--connection", "okta", "--name", "ci"], {
        env,
      });
      expect(token.out).to.have.length(1);
      expect(token.out[0]).to.match(/^rcs_[\w-]{40,}$/);
      expect(token.code).to.equal(0);
      await expectMade(env, url, token.out[0] ?? "");
    });
  });

  it("TEC-25: makes service accounts, and tokens of those that hold an admin role", async () => {
    await withDatabase(async (env, url) => {
      await inTenant(url, (tenant) => tenant.connect({ slug: "okta", protocol: "scim" }));
      const create = (...args: string[]) =>
        rolecall(["service-account", "create", "--tenant", "acme", ...args], { env });
      const made = await create("--name", "export", "--role", "tenant/admin", "--role", "Platform/viewer");
      expect([made.code, made.out.length, made.err.join()]).to.deep.equal([
        0,
        1,
        "made service account `export`; its id:",
      ]);
      await create("--name", "weak", "--expires-at", "2099-01-01T00:00:00Z", "--description", "no admin");
      await expectAccounts(url, made.out[0]);
      const token = (name: string) =>
        rolecall(["token", "create", "--tenant", "acme", "--connection", "okta", "--service-account", name], { env });
      expect((await token("export")).out[0]).to.match(/^rcs_/);
      const weak = await token("weak");
      expect([weak.code, weak.out.length]).to.deep.equal([1, 0]);
      expect(weak.err.join()).to.match(/service account `weak` holds no admin role.*\(conflict\)$/);
      const again = await create("--name", "EXPORT");
      expect([again.code, again.err.join()]).to.satisfy(
        ([code, err]: [number, string]) => code === 1 && /uniqueness/.test(err),
      );
      for (const wrong of [
        ["--role", "admin"],
        ["--expires-at", "tomorrow"],
        ["--expires-at", "2020-01-01T00:00:00Z"],
      ]) {
        expect((await create("--name", "x", ...wrong)).code, wrong.join(" ")).to.equal(2);
      }
    });
  });

  it("refuses what is not there", async () => {
    await withDatabase(async (env, url) => {
      await inTenant(url, async () => undefined);
      const cases = [
        "token create --tenant nobody --connection okta",
        "token create --tenant acme --connection okta",
        "runs release 1 --tenant acme --yes",
      ];
      for (const args of cases) {
        const { code, out, err } = await rolecall(args.split(" "), { env });
        expect(err.join(), args).to.match(/^rolecall: no .*\(not_found\)$/);
        expect(out).to.deep.equal([]);
        expect(code).to.equal(1);
      }
    });
  });

  it("previews a mapping for a tenant, changes nothing, and finds its problems by line", async () => {
    await withDatabase(async (env, url) => {
      await inTenant(url, async (tenant) => {
        await tenant.connect({ slug: "okta", protocol: "scim", sync: "live" });
        await tenant.pushGroup("okta", "Eng", [await tenant.pushUser("okta", "ada@acme.example")]);
        await tenant.settled();
      });
      const failing = { group_name: "Eng", when: "$number(user.userName) > 1", team_name: "Lab", role_name: "viewer" };
      const files = {
        ...{ "good.json": MAPPING, "bad.json": '{\n  "maps": 1\n}' },
        "failing.json": JSON.stringify({ mappings: [failing] }),
      };
      await withFolder(files, async (folder) => {
        const preview = await rolecall(["mapping", "preview", join(folder, "good.json"), "--tenant", "acme"], { env });
        expect(preview.out.join("\n")).to.match(/ada@acme\.example gets Platform\/editor: /);
        expect(preview.out.join("\n")).to.contain("assignments: 1 new, 0 ended").and.to.contain("new teams: Platform");
        expect(preview.out.at(-1)).to.match(/^digest [0-9a-f]{64}$/);
        expect(preview.code).to.equal(0);
        const bad = await rolecall(["mapping", "preview", join(folder, "bad.json"), "--tenant", "acme"], { env });
        expect(bad.out[0]).to.match(/bad\.json:2:3: \/maps unknown_key/);
        expect(bad.code).to.equal(1);
        const unsure = await rolecall(["mapping", "preview", join(folder, "failing.json"), "--tenant", "acme"], {
          env,
        });
        expect(unsure.out.join("\n")).to.match(/ {2}rule .*Lab\/viewer.* cannot be judged for 1 person \(/);
      });
    });
  });

  it("shows a held run, asks, and releases it only when told to", async () => {
    await withDatabase(async (env, url) => {
      const run = await inTenant(url, holdTwo);
      const args = ["runs", "release", String(run), "--tenant", "acme"];
      const alone = await rolecall(args, { env });
      expect(alone.err.join()).to.contain("add --yes");
      expect(alone.code).to.equal(2);
      const refused = await rolecall(args, { env, answer: false });
      expect(refused.out.join("\n")).to.match(/accounts: 0 registered, 2 deactivated/);
      expect(refused.out.join("\n")).to.match(/ben@acme\.example is deactivated: /);
      expect(refused.code).to.equal(1);
      const released = await rolecall(args, { env, answer: true });
      expect(released.out.at(-1)).to.equal(`run ${run} is done: 2 of 2 people done`);
      expect(released.code).to.equal(0);
      const again = await rolecall([...args, "--yes"], { env });
      expect(again.err.join()).to.contain("(run_not_held)");
      expect(again.code).to.equal(1);
    });
  });
});

async function expectMade(env: Readonly<Record<string, string>>, url: string, token: string): Promise<void> {
  expect(env["ROLECALL_DATABASE_URL"]).to.equal(url);
  const other = await openTenant({ databaseUrl: url, slug: "onlooker" });
  try {
    const { p } = other;
    const owner = await p.store.instance.tokenByHash(p.secrets.hashToken(token));
    expect(owner?.connection.slug).to.equal("okta");
    expect(owner?.tenant.slug).to.equal("acme");
    const globex = await p.store.instance.tenantBySlug("globex");
    if (globex === undefined || owner === undefined) throw new Error("nothing was made");
    expect(globex).to.include({ name: "Globex Inc", seats: 5 });
    expect(globex.domains).to.deep.equal(["globex.example"]);
    const { items } = await p.store.read(owner.tenant.id).audit({ limit: 10, action: "token.created" });
    expect(items[0]).to.include({ door: "command_line" });
    expect(items[0]?.actor).to.deep.equal({ kind: "command_line", label: "root-of-evil" });
  } finally {
    await other.close();
  }
}

async function expectAccounts(url: string, exportId: string | undefined): Promise<void> {
  const other = await openTenant({ databaseUrl: url, slug: "onlooker" });
  try {
    const acme = await other.p.store.instance.tenantBySlug("acme");
    if (acme === undefined) throw new Error("the tenant is gone");
    const { items } = await other.p.store.read(acme.id).serviceAccounts({ limit: 9 });
    expect(items.map(({ userName, expiresAt }) => [userName, expiresAt])).to.deep.equal([
      ["export", undefined],
      ["weak", "2099-01-01T00:00:00.000Z"],
    ]);
    expect(items[0]?.id).to.equal(exportId);
    expect(items[0]?.assignments).to.have.deep.members([
      { scope: "team:Platform", role: "viewer" },
      { scope: "tenant", role: "admin" },
    ]);
  } finally {
    await other.close();
  }
}

/** Three people leave at once, of whom the brake lets one go; the number of the run that holds the others. */
async function holdTwo(tenant: TestTenant): Promise<number> {
  await tenant.connect({ slug: "okta", protocol: "scim", sync: "live" });
  for (const name of ["ada", "ben", "cai"]) {
    const userName = `${name}@acme.example`;
    const id = await tenant.pushUser("okta", userName);
    await tenant.pushUser("okta", userName, { id, active: false });
  }
  const { id } = await tenant.tenant();
  const held = await tenant.p.store.read(id).runs({ limit: 10, status: "held" });
  return Number(held.items[0]?.id);
}
