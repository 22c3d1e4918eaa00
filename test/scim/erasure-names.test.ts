import { expect } from "chai";
import { eraseUser } from "../../src/provisioning/erasure/erase-user.js";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { storedTexts } from "../store/stored-texts.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";

describe("of somebody whose personal data was removed", () => {
  onEachDatabase((service, databaseUrl) => {
    const { connect, arrive, reader, waiting, give, posted, done } = bothDoors(service);

    /** Columns that hold any text like this. */
    const holding = async (mark: RegExp) =>
      [...(await storedTexts(databaseUrl()))]
        .flatMap(([column, texts]) => (texts.some((text) => mark.test(text)) ? [column] : []))
        .sort();
    const emails = (value: string) => ({ emails: [{ value, primary: true }] });
    const renamed = (value: object) => [{ op: "replace", value }] as never;
    const userOf = async ({ tenant, connection }: ScimDirectory, row: string) => {
      const link = await service().p.store.write(tenant.id, (tx) => tx.rowById(connection.id, row as never));
      return link?.user ?? expect.fail("there is no such row");
    };
    const erase = ({ tenant }: ScimDirectory, user: string) => eraseUser(service().p, tenant, user, "r", ADMIN);
    const decided = async (directory: ScimDirectory, action: string) =>
      (await reader(directory).audit({ limit: 100 })).items.find((entry) => entry.action === action);

    it("TIN-29: no former e-mail stays as the name of whom an admin told apart from another, nor in what was decided then", async () => {
      const directory = await connect({ of: { domains: ["vela.example"] } });
      const oidc = { issuer: "https://other.example", clientId: "c", scopes: [] };
      const other = await service().connect({ tenant: directory.tenant, protocol: "oidc", oidc, sync: "off" });
      const [former, next] = ["vela-one@vela.example", "vela-two@vela.example"];
      const row = await posted(directory, "v", emails(former));
      await done(directory.patch(`/Users/${row}`, renamed(emails(next))));
      const bo = await posted(directory, "bo", emails(former));
      await give(directory, await userOf(directory, bo));
      expect(await arrive(other, former, { verifiedEmail: former })).to.equal("needs_review");
      const [item] = await waiting(directory);
      expect(item?.detail).to.deep.include({ names: [former], reason: "privileged", subject: former });
      expect(await closeReviewItem(service().p, directory.tenant, String(item?.id), ADMIN)).to.equal(true);
      const user = await userOf(directory, row);
      await done(directory.delete(`/Users/${row}`));
      expect(await holding(/vela-one/)).to.include.members(["audit_entries.detail", "told_apart.name"]);
      await done(directory.patch(`/Users/${bo}`, renamed(emails("bo@vela.example"))));
      await erase(directory, user);
      expect(await holding(/vela-two/)).to.deep.equal([]);
      expect(await holding(/vela-one/), "was once somebody else's too").to.deep.equal(["former_emails.email"]);
      expect((await decided(directory, "review_item.closed"))?.detail).to.deep.include({
        item: item?.id,
        users: item?.detail["users"],
      });
    });

    it("TIN-29: an address that is somebody else's by now stays told apart", async () => {
      const directory = await connect({ of: { domains: ["lyra.example"] } });
      const { tenant, connection } = directory;
      const former = "lyra@lyra.example";
      const row = await posted(directory, "l", emails(former));
      const user = await userOf(directory, row);
      await done(directory.patch(`/Users/${row}`, renamed(emails("l@lyra.example"))));
      const bo = await userOf(directory, await posted(directory, "bo", emails(former)));
      await service().p.store.write(tenant.id, (tx) => tx.tellApart(connection.id, former, [bo]));
      await done(directory.delete(`/Users/${row}`));
      await erase(directory, user);
      const apart = await service().p.store.write(tenant.id, (tx) =>
        tx.toldApart([{ connection: connection.id, subject: former }]),
      );
      expect(apart.map((one) => one.user)).to.deep.equal([bo]);
    });

    it("TIN-29: no subject or name of before stays in what was decided of review items: ids do, and others' subjects", async () => {
      const directory = await connect();
      const row = await posted(directory, "norma", { externalId: "norma-1" });
      const user = await userOf(directory, row);
      expect(await arrive(directory, "norma-1", { userName: "norma" })).to.equal(user);
      expect(await arrive(directory, "norma-2", { userName: "norma" })).to.equal("needs_review");
      const [first] = await waiting(directory);
      expect(await acceptReviewItem(service().p, directory.tenant, String(first?.id), ADMIN)).to.equal(true);
      await done(directory.patch(`/Users/${row}`, OFF));
      expect(await arrive(directory, "somebody", { userName: "norma" })).not.to.equal(user);
      const [second] = await waiting(directory);
      expect(await closeReviewItem(service().p, directory.tenant, String(second?.id), ADMIN)).to.equal(true);
      await done(directory.patch(`/Users/${row}`, renamed({ userName: "carina", externalId: "carina-1" })));
      await done(directory.delete(`/Users/${row}`));
      expect(await holding(/norma/)).to.include.members(["audit_entries.detail", "former_names.name"]);
      await erase(directory, user);
      expect(await holding(/norma|carina/)).to.deep.equal([]);
      const { names: _, subject: __, signedInBy, ...ids } = first?.detail ?? {};
      expect(signedInBy).to.equal("norma-1");
      const accepted = await decided(directory, "review_item.accepted");
      expect([accepted?.user, accepted?.detail]).to.deep.equal([user, { item: first?.id, kind: first?.kind, ...ids }]);
      const closed = await decided(directory, "review_item.closed");
      expect(closed?.detail).to.deep.include({ item: second?.id, subject: "somebody", users: [user] });
    });
  });
});
