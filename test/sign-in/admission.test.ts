/** Who may come in by their e-mail domain or for want of a seat, and what moves at later sign-ins: at the doors themselves. */
import { expect } from "chai";
import { createBrowser } from "../../demo/clients/browser.js";
import type { JitMode } from "../../src/model/connection.js";
import type { JsonObject } from "../../src/model/json.js";
import {
  type Door,
  endOf,
  openPolicyHouse,
  type PolicyHouse,
  PROTOCOLS,
  type Protocol,
  type Said,
} from "./policy-house.js";

const MARKETING = { group_name: "Marketing", team_name: "Marketing", role_name: "editor" };
const SALES = { group_name: "Sales", team_name: "Sales", role_name: "viewer" };
const MAPPING = { mappings: [MARKETING, SALES] };
const IN_SALES = ["Sales"];

for (const protocol of PROTOCOLS) {
  describe(`a sign-in by ${protocol}`, () => {
    let house: PolicyHouse;
    let tenant: string;
    let door: Door;

    before(async () => {
      house = await openPolicyHouse();
    });
    after(() => house?.close());

    async function opened(
      connection: JsonObject = {},
      of: JsonObject = {},
      mapping: JsonObject = MAPPING,
    ): Promise<void> {
      tenant = await house.admin.tenant(of);
      door = { tenant, slug: "sso", protocol };
      await house.connect(door, connection);
      await house.map(tenant, mapping);
    }

    async function held(said: Said): Promise<readonly string[] | string> {
      const browser = createBrowser();
      const end = endOf(await house.signIn(door, said, browser));
      return end === "in" ? ((await house.holds(browser)) ?? "no session") : end;
    }

    /** What somebody holds after a sign-in as one of Marketing, and after the next one as one of Sales. */
    const MOVES: readonly [
      jit: JitMode,
      known: boolean,
      first: readonly string[] | string,
      then: readonly string[] | string,
    ][] = [
      ["off", false, "provisioning_off", "provisioning_off"],
      ["off", true, ["Marketing/editor"], ["Marketing/editor"]],
      ["first_sign_in", false, ["Marketing/editor"], ["Marketing/editor"]],
      ["first_sign_in", true, ["Marketing/editor"], ["Marketing/editor"]],
      ["every_sign_in", false, ["Marketing/editor"], ["Sales/viewer"]],
      ["every_sign_in", true, ["Marketing/editor"], ["Sales/viewer"]],
    ];
    for (const [jit, known, first, then] of MOVES) {
      it(`TIN-12, TIN-13, TIN-14, TIN-15: jit ${jit}, somebody ${known ? "known" : "new"} who moves from Marketing to Sales`, async () => {
        await opened();
        if (known) await held({ name: "ann", groups: ["Marketing"] });
        await house.change(door, { jit });
        expect(await held({ name: "ann", groups: ["Marketing"] })).to.deep.equal(first);
        expect(await held({ name: "ann", groups: IN_SALES })).to.deep.equal(then);
      });
    }

    interface Listing {
      readonly connection?: JsonObject;
      readonly domains?: readonly string[];
    }
    const ACME = { allowedDomains: ["acme.example"] };
    const DOMAINS: readonly [what: string, Listing, Omit<Said, "groups">, end: string][] = [
      ["an address of any domain, where none is listed", {}, { name: "ann", email: "ann@any.example" }, "in"],
      ["of the connection's domain", { connection: ACME }, { name: "ann", email: "ann@acme.example" }, "in"],
      ["of its domain in capitals", { connection: ACME }, { name: "ann", email: "ann@ACME.example" }, "in"],
      [
        "of its domain in letters",
        { connection: { allowedDomains: ["xn--bcher-kva.example"] } },
        { name: "ann", email: "ann@bücher.example" },
        "in",
      ],
      ["of another domain", { connection: ACME }, { name: "ann", email: "ann@other.example" }, "foreign_domain"],
      ["of a domain below it", { connection: ACME }, { name: "ann", email: "ann@x.acme.example" }, "foreign_domain"],
      ["of one that ends alike", { connection: ACME }, { name: "ann", email: "ann@notacme.example" }, "foreign_domain"],
      [
        "behind an address before its last at-sign",
        { connection: ACME },
        { name: "ann", email: "ann@acme.example@other.example" },
        "foreign_domain",
      ],
      ["without an address", { connection: ACME }, { name: "ann" }, "in"],
      ["with a user name of its domain alone", { connection: ACME }, { name: "ann@acme.example" }, "in"],
      ["with a user name of another alone", { connection: ACME }, { name: "ann@other.example" }, "foreign_domain"],
      [
        "with a user name of another beside its address",
        { connection: ACME },
        { name: "ann@other.example", email: "ann@acme.example" },
        "foreign_domain",
      ],
      ["of the tenant's domain", { domains: ["acme.example"] }, { name: "ann", email: "ann@acme.example" }, "in"],
      [
        "of another than the tenant's",
        { domains: ["acme.example"] },
        { name: "ann", email: "ann@other.example" },
        "foreign_domain",
      ],
      [
        "of the connection's domain where the tenant has others",
        { domains: ["other.example"], connection: ACME },
        { name: "ann", email: "ann@acme.example" },
        "in",
      ],
      [
        "of the tenant's domain where the connection has others",
        { domains: ["other.example"], connection: ACME },
        { name: "ann", email: "ann@other.example" },
        "foreign_domain",
      ],
      [
        "before a domain is listed, where one must be",
        { connection: { requireDomains: true } },
        { name: "ann", email: "ann@acme.example" },
        "foreign_domain",
      ],
      [
        "without an address before a domain is listed",
        { connection: { requireDomains: true } },
        { name: "ann" },
        "foreign_domain",
      ],
      [
        "of a listed domain, where one must be",
        { connection: { requireDomains: true }, domains: ["acme.example"] },
        { name: "ann", email: "ann@acme.example" },
        "in",
      ],
      [
        "where nobody is made",
        { connection: { ...ACME, jit: "off" } },
        { name: "ann", email: "ann@other.example" },
        "provisioning_off",
      ],
    ];
    interface Claimed {
      readonly claims: NonNullable<Said["claims"]>;
      readonly named?: boolean;
    }
    const CLAIMED: Readonly<Record<Protocol, Readonly<Record<string, Claimed>>>> = {
      saml: {
        "as a user name under another attribute": { claims: { login: "ann@other.example" } },
        "as a user name that another one comes before": {
          ...{ named: true, claims: { userName: "ann@other.example" } },
        },
        "behind an address of the domain": { claims: { email: ["ann@acme.example", "ann@other.example"] } },
        "before an address of the domain": { claims: { email: ["ann@other.example", "ann@acme.example"] } },
        "under a second attribute for addresses": { claims: { email: "ann@acme.example", mail: "ann@other.example" } },
        "with nothing before its at-sign": { claims: { uid: "@other.example" } },
      },
      oidc: {
        "as a user name in a list": { claims: { preferred_username: ["ann@other.example"] } },
        "as a user name in a list of several": { claims: { preferred_username: ["ann", "ann@other.example"] } },
        "as a user name that another one comes before": { named: true, claims: { upn: "ann@other.example" } },
        "as the subject that stands for a user name": { claims: { sub: "ann@other.example" } },
        "as an address in a list": { claims: { email: ["ann@other.example"] } },
        "with nothing behind its at-sign": { claims: { preferred_username: "ann@" } },
      },
    };
    for (const [what, { claims, named }] of Object.entries(CLAIMED[protocol])) {
      it(`lets no newcomer of another domain in who claims it ${what}`, async () => {
        await opened(ACME);
        const said = { name: "ann", groups: IN_SALES, unnamed: named !== true };
        expect(await held({ ...said, claims })).to.equal("foreign_domain");
        const own = JSON.parse(JSON.stringify(claims).replaceAll(/@(other.example)?"/g, '@acme.example"'));
        expect(await held({ ...said, claims: own })).to.deep.equal(["Sales/viewer"]);
        expect(await house.seatsUsed(tenant)).to.equal(1);
      });
    }

    for (const [index, [what, listing, person, end]] of DOMAINS.entries()) {
      it(`of a newcomer ${what}: ${end}`, async () => {
        // A domain belongs to one tenant, and each test has one of its own.
        const text = JSON.stringify({ listing, said: person });
        const own =
          listing.domains === undefined ? text : text.replaceAll(/(acme|other)\.example/g, `$1${index}.example`);
        const {
          listing: { connection = {}, domains },
          said,
        } = JSON.parse(own) as { readonly listing: Listing; readonly said: Said };
        await opened(connection, domains === undefined ? {} : { domains: [...domains] });
        expect(endOf(await house.signIn(door, { groups: IN_SALES, ...said }))).to.equal(end);
        const account = await house.user(tenant, said.name);
        expect([account?.["status"], await house.seatsUsed(tenant)]).to.deep.equal(
          end === "in" ? ["registered", 1] : [undefined, 0],
        );
      });
    }

    it("lets whoever is known in, whatever domains are listed since", async () => {
      await opened();
      const said = { name: "ann", email: "ann@other.example", groups: IN_SALES };
      expect(await held(said)).to.deep.equal(["Sales/viewer"]);
      await house.change(door, { ...ACME, requireDomains: true });
      expect(await held(said)).to.deep.equal(["Sales/viewer"]);
      expect(await held({ ...said, name: "bob" })).to.equal("foreign_domain");
    });

    it("takes no seat that is not free, neither of a newcomer nor of one whom no rule matched meanwhile", async () => {
      await opened({}, { seats: 1 }, { ...MAPPING, no_match: "deactivate" });
      expect(await held({ name: "ann", groups: IN_SALES })).to.deep.equal(["Sales/viewer"]);
      expect(await held({ name: "bob", groups: IN_SALES })).to.equal("no_seat");
      expect(await held({ name: "ann", groups: [] })).to.equal("not_assigned");
      expect(await held({ name: "bob", groups: IN_SALES })).to.deep.equal(["Sales/viewer"]);
      expect(await held({ name: "ann", groups: IN_SALES })).to.equal("no_seat");
      expect(await house.seatsUsed(tenant)).to.equal(1);
      expect((await house.user(tenant, "ann"))?.["status"]).to.equal("deactivated");
    });

    it("says what an admin looks for of whom no rule matched: which groups came, and what refused", async () => {
      await opened({}, {}, { ...MAPPING, no_match: "deactivate" });
      await held({ name: "ann", groups: IN_SALES });
      for (const _again of [1, 2]) {
        const visit = await house.signIn(door, { name: "ann", groups: ["Visitors"] });
        expect(visit.text).to.contain("Visitors");
        const { outcome, detail } = await house.traceOf(tenant, visit);
        expect(outcome).to.equal("not_assigned");
        expect(detail).to.deep.include({ guard: "no_match", groups: ["Visitors"] });
      }
    });
  });
}
