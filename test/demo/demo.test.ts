import { expect } from "chai";
import { childrenOf } from "../expression-host/processes.js";
import { type RunningDemo, startDemo } from "./running-demo.js";

const FACTS: readonly (readonly [title: string, line: RegExp])[] = [
  ["says what runs", /^Rolecall demo: the service, a SAML and an OIDC provider and two SCIM clients, each a process, /],
  [
    "sets a tenant up",
    /^ 1 Acme is set up: 500 seats; .*okta \(SAML \+ SCIM, test\) and entra \(OIDC \+ SCIM, live\)$/,
  ],
  ["saves a mapping", /^ 2 Mapping version 1 is saved: 6 rules and owners, 0 problems, 2 examples pass$/],
  ["pushes as Okta does", /POST \/Users 201 x80 .*POST \/Groups 201 x4 .*PATCH \/Groups 20[04] x4$/],
  ["applies nothing in test mode", /nothing is applied: 0 accounts; read back: 80 users, 4 groups, 0 differences$/],
  ["previews owners first", /^ {5}\+ ivar +tenant +owner +rule `tenant_owners`: group `IT Admins`$/],
  [
    "previews whom the story is about",
    /^ {5}\+ bob +Platform +editor +rule `convention`: group `app-acme-platform-rw`$/,
  ],
  ["previews everything", /45 more; accounts \+80, owners \+2, losses 0, digest [0-9a-f]{8}$/],
  ["goes live as previewed", /^ 5 Go live with digest [0-9a-f]{8}: 80 accounts, 49 grants; Okta resends nothing$/],
  ["removes the member that Entra means, and no other", /Finance fay gus hal -> fay gus$/],
  ["reads Entra's texts as booleans", /value: "False" .*fay deactivated$/],
  ["links sign-ins by SAML to pushed people", /^ 7 Ada and Bob sign in by Okta \(SAML\): linked .*, 0 new accounts$/],
  ["gives at sign-in what groups give", /^ {5}ada +Platform team_admin +bob +Platform editor$/],
  [
    "takes a response once",
    /^ {5}! Ada's response once more +refused, reference \w{26} +the admin .* `pending_login`$/,
  ],
  ["takes no forged response", /^ {5}! Bob's, `IT Admins` added +refused, reference \w{26} +the admin .* `signature`$/],
  ["creates by sign-in", /^ {5}\+ cy +Finance editor$/],
  ["takes by sign-in", /^ {5}- cy +Finance editor$/],
  ["gives anew by sign-in", /^ {5}\+ cy +Sales viewer$/],
  ["keeps access while groups are unknown", /^ {5}dee +Audit viewer +groups unknown: access kept$/],
  ["refuses a bad edit by name", /save refused, version 1 stays: example `bob edits Platform`: .*; 1 more$/],
  ["previews who would lose by it", /31 people would lose 31 assignments/],
  ["names Bob among them", /^ {5}- bob +Platform +editor +rule `convention` is not in the mapping any more$/],
  ["keeps the last owner", /^ {5}! ivar +tenant +owner +the last active owner of the tenant stays$/],
  ["explains", /^ {5}Platform\/editor: to lose it, leave group `app-acme-platform-rw`$/],
  ["explains what would give more", /^ {5}Platform\/team_admin by .*: join group `app-acme-platform-adm`$/],
  ["ends a leaver's session", /session is dead with the answer: \/me 200 -> 401$/],
  ["tells applications", /event feed: .*user\.deactivated/],
  ["brakes a broken push", /PATCH \/Users 200 x60; 9 applied, 51 held, who go on as before$/],
  ["previews what is held", /preview: 51 deactivations, 16 losses/],
  ["releases it", /`rolecall runs release 3 .*`: run 3 is done: 51 of 51 people done; 23 people remain$/],
  ["shows at the end who has left", /^bob +deactivated +- +- +deactivated in `okta`$/],
  ["shows at the end what is kept", /^dee +registered +Audit +viewer +rule auditors, .*\(kept\)$/],
];

describe("npm run demo", () => {
  describe("-- --once", () => {
    let demo: RunningDemo;
    let code: number | string;

    before(async () => {
      // Settings and habits of whoever runs it are not the demo's.
      demo = startDemo(["--once"], {
        ...{ ROLECALL_PORT: "1", ROLECALL_CONFIG: "/nowhere", ROLECALL_DATABASE_URL: "nonsense", FORCE_COLOR: "1" },
      });
      await demo.told("10 Dee signs in");
      code = await demo.ended;
    });

    after(() => demo.cleanUp());

    it("ends by itself, without complaints", () => expect([code, demo.errors()]).to.deep.equal([0, ""]));

    for (const [title, line] of FACTS) {
      it(title, () =>
        expect(
          demo
            .output()
            .split("\n")
            .filter((one) => line.test(one)),
        ).to.have.length(1),
      );
    }

    it("fits into a pipe and two screens", () => {
      const lines = demo.output().trimEnd().split("\n");
      expect(lines.length).to.be.within(40, 60);
      expect(lines.filter((line) => line.length > 120 || line.includes("\u001b"))).to.deep.equal([]);
    });

    it("leaves no process and no file", async () => {
      expect(demo.family.size).to.be.at.least(5);
      expect(await demo.remains()).to.deep.equal([]);
    });
  });

  describe("ended from outside", () => {
    let demo: RunningDemo;

    afterEach(() => demo.cleanUp());

    it("keeps the service running for a look around, until Ctrl-C", async () => {
      demo = startDemo([]);
      await demo.told("  by OIDC, as cy or dee: ");
      const [, tokenPath = "", api = ""] = /TOKEN=\$\(cat (\S+)\); ACME=(\S+)/.exec(demo.output()) ?? [];
      expect(tokenPath.startsWith(demo.folder)).to.equal(true);
      expect((await fetch(`${new URL(api).origin}/readyz`)).status).to.equal(200);
      const [, loginUrl = ""] = /by SAML, as ada@acme\.example with `.+`: (\S+)/.exec(demo.output()) ?? [];
      expect(await (await fetch(loginUrl)).text()).to.contain('name="password"');
      demo.child.kill("SIGINT");
      expect([await demo.ended, demo.errors()]).to.deep.equal([0, ""]);
      expect(await demo.remains()).to.deep.equal([]);
    });

    it("takes everything along when it is ended in the middle", async () => {
      demo = startDemo(["--once"]);
      await demo.told(" 3 Okta pushes");
      demo.child.kill("SIGTERM");
      expect(await demo.ended).to.equal(143);
      expect(await demo.remains()).to.deep.equal([]);
    });

    it("says where it failed when the service is gone, and cleans up", async () => {
      demo = startDemo(["--once"]);
      await demo.told(" 2 Mapping version 1");
      const [service] = childrenOf(demo.child.pid ?? 0);
      if (service === undefined) throw new Error("no service is running");
      process.kill(service, "SIGKILL");
      expect(await demo.ended).to.equal(1);
      expect(demo.errors()).to.match(/^\nthe demo failed after step [23]: /);
      expect(await demo.remains()).to.deep.equal([]);
    });

    it("knows one option", async () => {
      demo = startDemo(["--twice"]);
      expect(await demo.ended).to.equal(2);
      expect(demo.errors()).to.contain("--twice").and.to.contain("npm run demo -- --once");
    });
  });
});
