import { expect } from "chai";
import { createBrowser, type Visit } from "../../demo/clients/browser.js";
import { checkExpression } from "../../src/engine/expression/expression.js";
import type { Tenant } from "../../src/model/connection.js";
import type { DirectoryChange } from "../../src/model/directory.js";
import type { JsonObject } from "../../src/model/json.js";
import { previewMapping } from "../../src/provisioning/mapping/mappings.js";
import { push } from "../../src/provisioning/push.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { scimUser } from "../support/people.js";
import { type SignInService, startSignInService } from "../support/sign-in-service.js";
import { HOSTILE_EXPRESSIONS } from "./corpus.js";

const CLIENT = "rolecall";
const JSON_ONLY = { accept: "application/json" };
const SCIM = { actor: { kind: "scim_token" }, door: "scim" } as const;

/** What a save lets pass; of those that only a guard ends, which cost 300 ms each time, every third. */
const SAVED = HOSTILE_EXPRESSIONS.filter(({ save }) => save === "saved");
const CHOSEN = [
  ...SAVED.filter(({ run }) => run !== "stopped"),
  ...SAVED.filter(({ run }) => run === "stopped").filter((_, index) => index % 3 === 0),
];

/** What is seen to be no condition is compared with something, so that it is saved. */
function condition(source: string): string {
  const checked = checkExpression(source, "when");
  return checked.ok && checked.neverBoolean.length > 0 ? `(${source}) = 'nothing'` : source;
}

/** A good rule, and hostile ones below it. */
const HOSTILE: JsonObject = {
  mappings: [
    { id: "good", when: "user.title = 'VP'", team_name: "Board", role_name: "editor" },
    ...CHOSEN.map(({ source }, index) => {
      return { id: `hostile-${index}`, when: condition(source), team_name: `Team ${index}`, role_name: "editor" };
    }),
  ],
};

const HONEST: JsonObject = {
  mappings: [
    {
      id: "staff",
      when: "$count(groups[$contains($, /^eng-/)]) = 1 and user.userName != ''",
      team_name: "Platform",
      role_name: "editor",
    },
  ],
};

describe("a tenant with hostile expressions, and one beside it", () => {
  let service: SignInService;
  let theirs: HostileOp;
  let ours: HostileOp;
  let attacker: Tenant;
  let neighbour: Tenant;

  before(async () => {
    service = await startSignInService();
    [theirs, ours] = [await startHostileOp(CLIENT), await startHostileOp(CLIENT)];
    attacker = await tenant("attacker", theirs);
    neighbour = await tenant("neighbour", ours);
    await service.map(neighbour, HONEST);
    await service.map(attacker, HOSTILE);
  });
  after(async () => {
    await service?.close();
    await theirs?.close();
    await ours?.close();
  });

  async function tenant(slug: string, op: HostileOp): Promise<Tenant> {
    const made = await service.addTenant({ slug, name: slug });
    await service.addOidc(
      made,
      "sso",
      { issuer: op.issuer, clientId: CLIENT, scopes: ["openid"] },
      { clientSecret: "a client secret", sync: "live" },
    );
    return made;
  }

  async function signIn(op: HostileOp, slug: string, claims: Readonly<Record<string, unknown>>) {
    op.behave({ claims });
    const browser = createBrowser();
    const visit: Visit = await browser.visit(`${service.url}/sso/${slug}/sso/login`);
    expect(visit.status, visit.text).to.equal(200);
    return JSON.parse((await browser.visit(`${service.url}/me`, { headers: JSON_ONLY })).text) as {
      readonly teams: readonly { readonly team: string; readonly role: string }[];
    };
  }

  async function attack(): Promise<readonly string[]> {
    const connection = await service.p.store.read(attacker.id).connectionBySlug("sso");
    if (connection === undefined) throw new Error("no connection");
    const document = scimUser("vp", { externalId: "vp", attributes: { title: "VP" } });
    const changes: readonly DirectoryChange[] = [{ kind: "upsertUser", document }];
    await push(service.p, { tenant: attacker, connection, changes, context: SCIM });
    const looking = previewMapping(service.p, attacker, JSON.stringify({ ...HOSTILE, note: "again" }), {});
    const { teams } = await signIn(theirs, "attacker", { sub: "vp", preferred_username: "vp", groups: ["IT"] });
    await looking;
    return teams.map(({ team }) => team);
  }

  it("the neighbour's people sign in and are given what is theirs, every one of them, all the while", async () => {
    let over = false;
    const attacked = attack().finally(() => {
      over = true;
    });
    let signedIn = 0;
    while (!over || signedIn < 10) {
      const sub = `b${signedIn}`;
      const me = await signIn(ours, "neighbour", { sub, preferred_username: sub, groups: [`eng-${signedIn}`, "x"] });
      expect(me.teams, sub).to.deep.equal([{ team: "Platform", role: "editor" }]);
      signedIn += 1;
    }
    // The attacker's own people are not locked out either, and have what the good rule gives them.
    expect(await attacked).to.include("Board");
  });

  it("and the attacker alone is told which of its expressions ended badly", () => {
    const incidents = service.log.filter((line) => /expression\.(stopped|suspended)/.test(line));
    expect(incidents).to.not.have.length(0);
    for (const line of incidents) expect(JSON.parse(line)).to.include({ tenant: attacker.id });
  });
});
