/** Large responses at the door of the whole service: whose turn it is where many come, and what becomes of the threads. */
import type { Worker } from "node:worker_threads";
import { expect } from "chai";
import { type Browser, createBrowser, type Visit } from "../../demo/clients/browser.js";
import { ACME, type ResponseWishes } from "../support/saml-response.js";
import { type Door, EDITORS, FORGED_METADATA, type ForgedHouse, openForgedHouse } from "./forged-provider.js";
import { endOf } from "./saml-house.js";

const MANY = Array.from({ length: 900 }, (_, number) => `Group number ${number}`);
const LARGE: Partial<ResponseWishes> = { attributes: [{ name: "groups", values: [...ACME.groups, ...MANY] }] };
const [ACME_IDP, GLOBEX_IDP, ACME_PORTAL]: readonly [Door, Door, Door] = [
  ["acme", "idp"],
  ["globex", "idp"],
  ["acme", "portal"],
];

describe("SML-29: large responses at the SAML door", () => {
  const houses: ForgedHouse[] = [];
  let started: Worker[] = [];
  const gone = new Set<Worker>();
  const watch = (worker: Worker) => {
    started.push(worker);
    worker.once("exit", () => gone.add(worker));
  };

  before(() => void process.on("worker", watch));
  beforeEach(() => {
    started = [];
  });
  afterEach(() => Promise.all(houses.splice(0).map((house) => house.close())));
  after(() => void process.off("worker", watch));

  async function openHouse(...settings: Parameters<typeof openForgedHouse>): Promise<ForgedHouse> {
    const house = await openForgedHouse(...settings);
    houses.push(house);
    for (const tenant of ["acme", "globex"]) await house.addTenant(tenant, EDITORS);
    for (const door of [ACME_IDP, GLOBEX_IDP]) await house.connect(...door, { metadataXml: FORGED_METADATA });
    await house.connect(...ACME_PORTAL, { metadataXml: FORGED_METADATA, allowIdpInitiated: true });
    return house;
  }

  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });

  async function signIn(house: ForgedHouse, door: Door, address: string): Promise<Visit> {
    const browser = createBrowser();
    return house.post(browser, house.answer(await house.begin(browser, door), door, LARGE), door, from(address));
  }

  /** So many large responses that nobody signed, at once. */
  function crowd(
    house: ForgedHouse,
    browser: Browser,
    request: string | null,
    door: Door,
    address: (at: number) => string = () => "192.0.2.66",
  ): Promise<Visit>[] {
    const message = house.answer(request, door, { ...LARGE, signed: "none" });
    return Array.from({ length: 120 }, (_, at) => house.post(browser, message, door, from(address(at))));
  }

  const ONE = { source: "one address", address: undefined, others: ["192.0.2.1", "192.0.2.2"] } as const;
  const NETWORK = {
    source: "one IPv6 network",
    address: (at: number) => `2001:db8:0:1:${at.toString(16)}::${at}`,
    others: ["2001:db8:0:2::1", "2001:db8:0:3::1"],
  } as const;

  for (const [what, door, honest, { source, address, others }] of [
    ["at another tenant", ACME_IDP, GLOBEX_IDP, ONE],
    ["of another address at the same tenant", ACME_IDP, ACME_IDP, ONE],
    ["of another address, where sign-ins begin at the provider", ACME_PORTAL, ACME_IDP, ONE],
    ["of another network at the same tenant", ACME_IDP, ACME_IDP, NETWORK],
  ] as const)
    it(`let people in ${what} while ${source} sends a flood of them`, async () => {
      const house = await openHouse({ trustedProxies: ["127.0.0.1/32"] });
      const browser = createBrowser();
      const flood = crowd(
        house,
        browser,
        door === ACME_PORTAL ? null : await house.begin(browser, door),
        door,
        address,
      );
      const honestOnes = others.map((one) => signIn(house, honest, one));
      expect((await Promise.all(honestOnes)).map(endOf)).to.deep.equal(["/me", "/me"]);
      const answers = await Promise.all(flood);
      for (const visit of answers) {
        expect(endOf(visit)).to.be.oneOf(["401 sign_in_failed", "400 sign_in_expired", "503 expression_busy"]);
        if (visit.status === 503) expect(visit.headers.get("retry-after")).to.equal("60");
      }
    });

  it("let in by the default limits who is in 2,500 groups with distinguished names", async () => {
    const house = await openHouse();
    const browser = createBrowser();
    const name = (at: number) =>
      `CN=Project Team ${String(at).padStart(4, "0")} Members,OU=Distribution Groups,OU=Department of Engineering,OU=Berlin,OU=Europe,DC=corp,DC=acme,DC=example`;
    const values = [...ACME.groups, ...Array.from({ length: 2_500 }, (_, at) => name(at))];
    const message = house.answer(await house.begin(browser, ACME_IDP), ACME_IDP, {
      attributes: [{ name: "groups", values, type: null }],
    });
    expect(message.base64.length).to.be.within(560_000, 650_000);
    expect(endOf(await house.post(browser, message, ACME_IDP))).to.equal("/me");
  });

  it("are refused like any other where the post is longer than the service takes, and the trace names the limit", async () => {
    const house = await openHouse();
    const visit = await house.post(createBrowser(), { base64: "A".repeat(1_100_000) }, ACME_IDP);
    expect(endOf(visit)).to.equal("401 sign_in_failed");
    expect(await house.guardOf(visit)).to.equal("size");
    const trace = JSON.stringify(await house.traceOf("acme", visit.text));
    expect(trace).to.contain("`limits.acsBodyBytes`").and.contain('"wanted":1048576').and.not.contain("AAAA");
  });

  it("take no thread's time where no sign-in waits for them in this browser", async () => {
    const house = await openHouse();
    const [stranger, browser] = [createBrowser(), createBrowser()];
    const request = await house.begin(browser, ACME_IDP);
    await house.begin(stranger, ACME_IDP);
    const elsewhere = await house.begin(browser, GLOBEX_IDP);
    for (const [who, to, guard] of [
      [browser, "_nobody-asked", "pending_login"],
      [browser, elsewhere, "pending_login"],
      [stranger, request, "pending_login"],
      [createBrowser(), request, "pending_login"],
      [browser, null, "in_response_to"],
    ] as const) {
      const visit = await house.post(who, house.answer(to, ACME_IDP, LARGE), ACME_IDP);
      expect(await house.guardOf(visit), String(to)).to.equal(guard);
    }
    expect(started).to.be.empty;
    expect(endOf(await house.post(browser, house.answer(request, ACME_IDP, LARGE), ACME_IDP))).to.equal("/me");
    expect(started).not.to.be.empty;
  });

  it("are posted again from here where a browser left our cookie out of the provider's post", async () => {
    const house = await openHouse();
    const browser = createBrowser();
    const answer = house.answer(await house.begin(browser, ACME_IDP), ACME_IDP, LARGE);
    const visit = await house.post(browser, answer, ACME_IDP, { from: "https://idp.acme.example/sso" });
    expect(endOf(visit)).to.equal("/me");
    expect(visit.hops.filter((hop) => hop.endsWith("/acs"))).to.have.length(2);
  });

  it("leave no thread behind when the service ends", async () => {
    const house = await openHouse();
    expect(endOf(await signIn(house, ACME_IDP, "192.0.2.1"))).to.equal("/me");
    expect(started).not.to.be.empty;
    await houses.pop()?.close();
    expect(started.filter((worker) => !gone.has(worker))).to.be.empty;
  });

  it("leave no thread behind when the service ends while they are read", async () => {
    const house = await openHouse({ shutdown: { graceMilliseconds: 0 } });
    const browser = createBrowser();
    const flood = crowd(house, browser, await house.begin(browser, ACME_IDP), ACME_IDP);
    await Promise.race(flood);
    expect(started).not.to.be.empty;
    const ends = Promise.allSettled(flood);
    await houses.pop()?.close();
    expect(started.filter((worker) => !gone.has(worker))).to.be.empty;
    expect((await ends).map(({ status }) => status)).to.include("rejected");
  });
});
