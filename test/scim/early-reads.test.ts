import { expect } from "chai";
import { fold } from "../../src/model/fold.js";
import type { JsonObject } from "../../src/model/json.js";
import { earlyRow, isOf, readEarly } from "../../src/protocols/scim/early-reads.js";
import { createLocalUser } from "../../src/provisioning/local-users.js";
import type { DirectoryUserRow } from "../../src/provisioning/ports/directory.js";
import type { TokenOwner } from "../../src/provisioning/ports/instance.js";
import { revokeToken } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";
import { ENTERPRISE } from "./tables.js";

const filtered = (filter: string): string => `/Users?filter=${encodeURIComponent(filter)}`;
const byName = (userName: string): string => filtered(`userName eq "${userName}"`);

describe("P2: users who are read together with the token", () => {
  onEachDatabase((service) => {
    /** Asked in such a way that the read begins early, and in another, with the token remembered. */
    const both = async (directory: ScimDirectory, early: string, otherwise: string) => {
      await directory.get("/Users?count=0");
      const [one, other] = [await directory.get(early), await directory.get(otherwise)];
      expect({ status: one.status, text: one.text }, early).to.deep.equal({ status: other.status, text: other.text });
      return one;
    };

    it("are answered as those who are read behind it: known, unknown, deleted, and of any name", async () => {
      const directory = await service().connect();
      const boss = await directory.user("boss", { displayName: "The Boss" });
      const id = await directory.user("Zoë", { [ENTERPRISE]: { manager: { value: boss } } });
      const gone = await directory.user("gone");
      await directory.delete(`/Users/${gone}`);
      for (const name of ["B", "A"]) await directory.group(name, [id, boss]);
      for (const one of [id, boss, gone, "01ARZ3NDEKTSV4RRFFQ69G5FAV"]) {
        await both(directory, `/Users/${one}`, `/users/${one}`);
      }
      for (const name of ["Zoë", "ZOË", "Zoe\u0308", "boss", "gone", "nobody"]) {
        const found = await both(directory, byName(name), filtered(`USERNAME eq "${name}"`));
        expect(found.json["totalResults"], name).to.equal(name.startsWith("Z") || name === "boss" ? 1 : 0);
      }
      const { json } = await directory.get(`/Users/${id}`);
      expect((json["groups"] as readonly JsonObject[]).map(({ display }) => display)).to.deep.equal(["B", "A"]);
      expect((json[ENTERPRISE] as JsonObject)["manager"]).to.include({ displayName: "The Boss" });
    });

    it("TAB-10: are those made by hand, too, where the connection may take them over", async () => {
      const directory = await service().connect({ of: { domains: ["early.example"] } });
      const hers = { userName: "ann", email: "ann@early.example", displayName: "Ann" };
      await createLocalUser(service().p, directory.tenant, hers, ADMIN);
      const found = await both(directory, byName("ann"), filtered('USERNAME eq "ann"'));
      const [ann] = found.json["Resources"] as readonly JsonObject[];
      expect((await both(directory, `/Users/${ann?.["id"]}`, `/users/${ann?.["id"]}`)).status).to.equal(200);
    });

    it("are shown as they are after every write that was answered before", async () => {
      const directory = await service().connect();
      const id = await directory.user("ada");
      for (let turn = 0; turn < 10; turn++) {
        await directory.patch(`/Users/${id}`, [{ op: "replace", path: "displayName", value: `Ada ${turn}` }]);
        const [one, list] = await Promise.all([directory.get(`/Users/${id}`), directory.get(byName("ada"))]);
        expect(one.json["displayName"]).to.equal(`Ada ${turn}`);
        expect((list.json["Resources"] as readonly JsonObject[])[0]?.["displayName"]).to.equal(`Ada ${turn}`);
      }
    });

    it("begin to be read before the token is looked up again, once it is known", async () => {
      const { p } = service();
      const hash = p.secrets.hashToken((await service().connect()).token);
      const remembered: string[] = [];
      const meanwhile = (was: TokenOwner) => void remembered.push(was.tokenId);
      const owner = await p.store.instance.tokenByHash(hash, meanwhile);
      expect(remembered).to.deep.equal([]);
      const again = p.store.instance.tokenByHash(hash, meanwhile);
      expect(remembered).to.deep.equal([owner?.tokenId]);
      await again;
    });

    it("SEC-04: are shown to no token that was revoked since, nor to one of another connection or tenant", async () => {
      const directory = await service().connect();
      const [neighbour, stranger] = [
        await service().connect({ tenant: directory.tenant }),
        await service().connect(),
      ] as const;
      const id = await directory.user("ada");
      for (const other of [neighbour, stranger]) {
        for (let turn = 0; turn < 2; turn++) {
          expect((await other.get(`/Users/${id}`)).status).to.equal(404);
          expect((await other.get(byName("ada"))).json["totalResults"]).to.equal(0);
        }
      }
      const { id: token, token: Bearer } = await directory.newToken();
      const shown = async (path: string) => (await directory.get(path, { Authorization: `Bearer ${Bearer}` })).status;
      for (const path of [`/Users/${id}`, byName("ada")]) expect(await shown(path)).to.equal(200);
      const { tenant, connection } = directory;
      await revokeToken(service().p, tenant, connection.slug, token, ADMIN);
      for (const path of [`/Users/${id}`, byName("ada")]) expect(await shown(path)).to.equal(401);
    });
  });
});

describe("what is read together with the token", () => {
  const ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const owner = { tenant: { id: 1 }, connection: { id: "c" } } as unknown as TokenOwner;
  const sought = (method: string, address: string) => {
    const { pathname: path, searchParams: query } = new URL(address, "http://localhost");
    const nobody = { directoryUser: async () => undefined, directoryUsers: async () => ({ total: 0, rows: [] }) };
    const paths = { all: "/Users", one: "/Users/" };
    const early = readEarly(owner, { method, path, query }, paths, () => nobody as never);
    return early && `${early.by} ${early.key}`;
  };

  it("is one user by id or userName, whom a request asks for and nothing else", () => {
    expect(sought("GET", `/Users/${ID}`)).to.equal(`id ${ID}`);
    expect(sought("GET", byName("ÅDA"))).to.equal(`userName ${fold("ÅDA")}`);
  });

  it("counts for the tenant and the connection in whose name it was asked for, and for no others", () => {
    const row = Promise.resolve(undefined);
    const early = { tenant: owner.tenant.id, connection: owner.connection.id, by: "id", key: ID, row } as const;
    const of = (tenant: number, connection: string) =>
      isOf(early, { tenant: { id: tenant }, connection: { id: connection } } as unknown as TokenOwner);
    expect([of(1, "c"), of(2, "c"), of(1, "d")]).to.deep.equal([true, false, false]);
  });

  it("is taken for whom it was read, and for nobody where there may be others beside the connection's own", async () => {
    const [ada, besides] = [
      { id: ID } as unknown as DirectoryUserRow,
      { connection: owner.connection.id, domains: [] },
    ];
    const read = (row?: DirectoryUserRow) => {
      const { id: tenant } = owner.tenant;
      return { tenant, connection: owner.connection.id, by: "id", key: ID, row: Promise.resolve(row) } as const;
    };
    expect(await earlyRow(read(ada), "id", ID, besides)).to.deep.equal({ row: ada });
    expect(await earlyRow(read(), "id", ID, undefined)).to.deep.equal({});
    expect(await earlyRow(read(), "id", ID, besides)).to.equal(undefined);
    expect(await earlyRow(read(ada), "id", "another", undefined)).to.equal(undefined);
    expect(await earlyRow(read(ada), "userName", ID, undefined)).to.equal(undefined);
    expect(await earlyRow(undefined, "id", ID, undefined)).to.equal(undefined);
  });

  const others: readonly (readonly [string, string])[] = [
    ["PATCH", `/Users/${ID}`],
    ["DELETE", `/Users/${ID}`],
    ["GET", `/Users/${ID}?attributes=userName`],
    ["GET", `/Users/${ID}?excludedAttributes=groups`],
    ["GET", `/Groups/${ID}`],
    ["GET", "/Users/.search"],
    ["GET", "/Users/"],
    ["GET", "/Users"],
    ["GET", `${byName("ada")}&count=0`],
    ["GET", `${byName("ada")}&attributes=userName`],
    ["GET", filtered('userName eq "a\\"b"')],
    ["GET", filtered('userName eq "a" and active eq true')],
    ["GET", filtered('externalId eq "a"')],
    ["GET", filtered('userName eq "\0"')],
    ["GET", filtered('userName eq ""')],
  ];
  for (const [method, address] of others) {
    it(`is nothing of ${JSON.stringify(`${method} ${address}`)}`, () => {
      expect(sought(method, address)).to.equal(undefined);
    });
  }
});
