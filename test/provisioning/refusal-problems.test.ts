import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { ADMIN, openTenant, type TenantInTest, type TestTenant } from "../support/tenant.js";

const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
const OWNER = { target: { scope: "tenant", role: "owner" }, reason: "founder" } as const;
const EMAIL = "ann@acme.example";
const ACCEPT = "accept the review item `same_email` if it is them, else put it away";

describe("the trace of a sign-in that others stand in the way of", () => {
  const open: TestTenant[] = [];
  afterEach(async () => {
    for (const t of open.splice(0)) await t.close();
  });

  /** `directory` pushes, and people sign in at `door`, and at `directory` too. */
  const opened = async () => {
    const t = await openTenant({ domains: ["acme.example"] });
    open.push(t);
    await t.connect({ slug: "directory", protocol: "oidc", sync: "live", jit: "every_sign_in", oidc });
    await t.connect({ slug: "door", protocol: "oidc", sync: "off", jit: "every_sign_in", oidc });
    return t;
  };
  const traceOf = async (t: TenantInTest, { reference }: { readonly reference: string }) => {
    const trace = await t.p.store.read((await t.tenant()).id).signInTrace(reference);
    const { guard, problem } = trace?.detail ?? {};
    return { outcome: trace?.outcome, guard, problem };
  };
  const come = async (t: TenantInTest, email: string = EMAIL) =>
    traceOf(t, await t.signIn("door", "sub-ann", { userName: "a", verifiedEmail: email }));
  const pushed = async (t: TenantInTest, userName: string): Promise<UserId> => {
    await t.pushUser("directory", userName, { email: EMAIL });
    return t.userId(userName);
  };

  const ACROSS: readonly {
    readonly what: string;
    readonly refused: readonly [outcome: string, guard: string];
    readonly arrange: (t: TenantInTest) => Promise<string>;
  }[] = [
    {
      what: "an account that is off",
      refused: ["deactivated", "account"],
      async arrange(t) {
        const off = await createLocalUser(t.p, await t.tenant(), { userName: "ann", email: EMAIL }, ADMIN);
        await updateLocalUser(t.p, await t.tenant(), off, { active: false }, ADMIN);
        return `the e-mail is, or was, that of the account \`${off}\`, which was switched off or deleted`;
      },
    },
    {
      what: "an account that is off, and one that is not",
      refused: ["deactivated", "account"],
      async arrange(t) {
        const id = await t.pushUser("directory", "ann", { email: EMAIL });
        const [off, one] = [await t.userId("ann"), await pushed(t, "ann2")];
        await t.pushUser("directory", "ann", { email: EMAIL, active: false, id });
        const both = [off, one].sort();
        return `the e-mail is, or was, that of the accounts \`${both.join("` and `")}\`, of which \`${off}\` was switched off or deleted`;
      },
    },
    {
      what: "two accounts",
      refused: ["needs_review", "link"],
      async arrange(t) {
        const both = [await pushed(t, "ann"), await pushed(t, "ann2")].sort();
        return `the e-mail is, or was, that of the accounts \`${both.join("` and `")}\`, of which it can be only one`;
      },
    },
    {
      what: "an owner",
      refused: ["needs_review", "link"],
      async arrange(t) {
        const user = await pushed(t, "ann");
        await addManualGrant(t.p, await t.tenant(), user, OWNER, ADMIN);
        return `the e-mail is, or was, that of the account \`${user}\`, which owns the tenant, or has privileges by hand`;
      },
    },
    {
      what: "an account of a connection that has ended",
      refused: ["needs_review", "link"],
      async arrange(t) {
        const user = await pushed(t, "ann");
        const { id } = await t.connection("directory");
        const now = t.p.now();
        await t.p.store.write((await t.tenant()).id, (tx) => tx.updateConnection(id, { disabledAt: now }, now));
        return `the e-mail is, or was, that of the account \`${user}\`, by the word of a connection that has ended, or whose SCIM is off`;
      },
    },
  ];
  for (const { what, refused, arrange } of ACROSS) {
    const [outcome, guard] = refused;
    it(`W-1, W-8: names ${what} by its id and not by its address, and says what to do`, async () => {
      const t = await opened();
      const said = await arrange(t);
      const trace = await come(t);
      expect({ ...trace, problem: undefined }).to.deep.equal({ outcome, guard, problem: undefined });
      const sorted = (text: string) => text.split(/[ ,:]+/).sort();
      expect(sorted(String(trace.problem))).to.deep.equal(sorted(`${said}: ${ACCEPT}`));
    });
  }

  it("names whom an admin could let the subject be at its own connection, and those of whom two could be meant", async () => {
    const t = await opened();
    const id = await t.pushUser("directory", "bo");
    await t.signIn("directory", "sub-bo", { userName: "bo" });
    const taken = await t.signIn("directory", "sub-other", { userName: "bo" });
    expect(await traceOf(t, taken)).to.deep.equal({
      outcome: "needs_review",
      guard: "link",
      problem: `may be the user \`bo\` (\`${id}\`): accept the review item \`other_subject\` if it is \`bo\``,
    });
    const rows = [await t.pushUser("directory", "cy"), await t.pushUser("directory", "di")];
    const both = await t.signIn("directory", "sub-both", { userName: "cy", verifiedEmail: "di" });
    const trace = await traceOf(t, both);
    expect([trace.outcome, trace.guard]).to.deep.equal(["needs_review", "link"]);
    for (const row of rows) expect(trace.problem).to.include(`(\`${row}\`)`);
    expect(trace.problem).to.match(
      /: correct the names at the provider, and put the review item `ambiguous_link` away$/,
    );
  });
});
