import { expect } from "chai";
import { VARIANTS, type Variant } from "../../src/simulate/player.js";
import type { Exchange } from "../../src/simulate/scim-http.js";
import { playInitialCycle } from "../../src/simulate/simulate.js";
import { type IdentityProvider, simulatedDirectory } from "../../src/simulate/simulated-directory.js";
import { type ScimService, startScimService } from "../scim/scim-service.js";

const size = { users: 30, groups: 4, memberships: 50, seed: 7 };

const clients = (Object.keys(VARIANTS) as IdentityProvider[]).flatMap((idp) =>
  VARIANTS[idp].map((variant): [IdentityProvider, Variant] => [idp, variant]),
);

describe("an initial cycle", () => {
  let service: ScimService;

  before(async () => {
    service = await startScimService();
  });

  after(() => service.close());

  for (const [idp, variant] of clients) {
    it(`gives Rolecall everybody and every membership, and ${idp} (${variant}) nothing to complain of`, async () => {
      const directory = await service.connect({ profile: idp });
      const seen: Exchange[] = [];
      const told: string[] = [];
      const { requests, complaints, done, failed } = await playInitialCycle({
        idp,
        variant,
        size,
        baseUrl: `${service.url}/api/scim/v2`,
        token: directory.token,
        onExchange: (exchange) => seen.push(exchange),
        onItem: (verb, finished, total) => told.push(`${verb} ${finished}/${total}`),
      });
      expect(complaints).to.deep.equal([]);
      expect(failed).to.deep.equal([]);
      expect(done).to.include({ provision: 30, pushGroup: 4 });
      expect(seen).to.have.length(requests);
      expect(told).to.include("provision 30/30").and.to.include("pushGroup 4/4");
      const { json } = await directory.get("/Groups?count=100");
      const groups = json["Resources"] as { members: unknown[] }[];
      expect(groups.map(({ members }) => members.length).sort()).to.deep.equal([12, 12, 13, 13]);
      expect((await directory.get("/Users?count=0")).json["totalResults"]).to.equal(30);
    });
  }
});

describe("a simulated directory", () => {
  for (const idp of ["okta", "entra"] as const) {
    it(`is the same for the same seed and shares no name and no id with another: ${idp}`, () => {
      const directory = simulatedDirectory(idp, size);
      expect(simulatedDirectory(idp, size)).to.deep.equal(directory);
      const other = simulatedDirectory(idp, { ...size, seed: 8 });
      const names = [directory, other].flatMap(({ people, groups }) => [
        ...people.flatMap(({ id, userName }) => [id, userName.toLowerCase()]),
        ...groups.flatMap(({ id, name }) => [id, name]),
      ]);
      expect(new Set(names).size).to.equal(2 * 2 * (30 + 4));
    });
  }

  it("gives each group its share of the memberships, and nobody a membership twice", () => {
    const { groups } = simulatedDirectory("entra", { users: 40, groups: 3, memberships: 100, seed: 1 });
    expect(groups.map(({ members }) => members.length)).to.deep.equal([34, 33, 33]);
    for (const { members } of groups) expect(new Set(members).size).to.equal(members.length);
  });

  it("has no more members in a group than there are people", () => {
    const { groups } = simulatedDirectory("okta", { users: 5, groups: 2, memberships: 100, seed: 1 });
    expect(groups.map(({ members }) => members.length)).to.deep.equal([5, 5]);
  });

  it("names ids as the identity provider does", () => {
    expect(simulatedDirectory("okta", size).people[0]?.id).to.match(/^00u[0-9a-f]{17}$/);
    expect(simulatedDirectory("entra", size).people[0]?.id).to.match(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });
});
