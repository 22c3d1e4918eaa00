import { expect } from "chai";
import { acceptReviewItem, closeReviewItem } from "../../src/provisioning/review-items.js";
import { ADMIN } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";

let domains = 0;

describe("another subject of a connection with the e-mail of somebody whom it knows", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, waiting, give, posted, done } = bothDoors(service);
    /** SCIM at one connection, sign-ins at another. */
    const world = async () => {
      const domain = `here${++domains}.example`;
      const pushes = await connect({ of: { domains: [domain] } });
      const signsIn = await connect({ tenant: pushes.tenant, sync: "off" });
      const mail = (local: string) => ({ userName: local, verifiedEmail: `${local}@${domain}` });
      const push = (local: string) =>
        posted(pushes, local, { emails: [{ value: mail(local).verifiedEmail, primary: true }] });
      return { pushes, signsIn, mail, push };
    };
    const told = async (directory: ScimDirectory) =>
      (await waiting(directory)).map(({ kind, detail: { reason, subject, users } }) => [kind, reason, subject, users]);
    const accept = async (directory: ScimDirectory) => {
      const [item] = await waiting(directory);
      return acceptReviewItem(service().p, directory.tenant, String(item?.id), ADMIN);
    };

    it("W-8: gets no second account, which the source of the first could not switch off; accepted, it is that account", async () => {
      const { pushes, signsIn, mail, push } = await world();
      const id = await push("ann");
      const before = await enter(signsIn, "s1", mail("ann"));
      expect(await arrive(signsIn, "s2", mail("ann"))).to.equal("needs_review");
      expect(await arrive(signsIn, "s2", mail("ann"))).to.equal("needs_review");
      expect(await told(signsIn)).to.deep.equal([["same_email", "known_here", "s2", [before.user]]]);
      expect(await before.isIn(), "until an admin says so").to.equal(true);
      expect(await accept(signsIn)).to.equal(true);
      expect(await before.isIn()).to.equal(false);
      const after = await enter(signsIn, "s2", mail("ann"));
      expect(after.user).to.equal(before.user);
      expect(await arrive(signsIn, "s1", mail("ann")), "the subject of before").to.equal("needs_review");
      await done(pushes.patch(`/Users/${id}`, OFF));
      expect(await after.isIn()).to.equal(false);
      expect(await arrive(signsIn, "s2", mail("ann"))).to.equal("deactivated");
    });

    it("W-1: gets an account of its own where an admin puts the item away", async () => {
      const { signsIn, mail, push } = await world();
      await push("bo");
      const user = await arrive(signsIn, "s1", mail("bo"));
      await arrive(signsIn, "s2", mail("bo"));
      const [item] = await waiting(signsIn);
      await closeReviewItem(service().p, signsIn.tenant, String(item?.id), ADMIN);
      expect(await arrive(signsIn, "s2", mail("bo")))
        .to.be.a("string")
        .and.not.to.be.oneOf([user, "needs_review"]);
      expect(await arrive(signsIn, "s1", mail("bo"))).to.equal(user);
      expect(await told(signsIn)).to.deep.equal([]);
    });

    it("W-1: waits for an admin where the account owns the tenant, also where nothing but sign-ins describes it", async () => {
      const { signsIn, mail } = await world();
      const user = await arrive(signsIn, "s1", mail("cy"));
      await give(signsIn, user);
      expect(await arrive(signsIn, "s2", mail("cy"))).to.equal("needs_review");
      expect(await told(signsIn)).to.deep.equal([["same_email", "known_here", "s2", [user]]]);
      expect(await accept(signsIn)).to.equal(true);
      expect(await arrive(signsIn, "s2", mail("cy"))).to.equal(user);
    });

    it("a company of sign-ins alone whose subjects all change is not locked out: an admin is told of each once, and may make them one", async () => {
      const { signsIn, mail } = await world();
      const people = ["dan", "eve", "fay"];
      const first = await Promise.all(people.map((one) => arrive(signsIn, `1-${one}`, mail(one))));
      const second = await Promise.all(people.map((one) => arrive(signsIn, `2-${one}`, mail(one))));
      for (const [at, user] of second.entries())
        expect(user).not.to.be.oneOf([first[at], "needs_review", "deactivated"]);
      expect(await Promise.all(people.map((one) => arrive(signsIn, `2-${one}`, mail(one))))).to.deep.equal(second);
      const items = (await told(signsIn)).map(([kind, reason, subject]) => [kind, reason, subject]);
      expect(items).to.have.deep.members(people.map((one) => ["same_email", "known_here", `2-${one}`]));
      for (const _ of people) expect(await accept(signsIn)).to.equal(true);
      expect(await Promise.all(people.map((one) => arrive(signsIn, `2-${one}`, mail(one))))).to.deep.equal(first);
      expect(await told(signsIn)).to.deep.equal([]);
    });

    it("W-2: the account that was made for the subject is not ended by an item where it holds privileges", async () => {
      const { signsIn, mail } = await world();
      const first = await arrive(signsIn, "s1", mail("gus"));
      const second = await arrive(signsIn, "s2", mail("gus"));
      await give(signsIn, second);
      const refusal = await accept(signsIn).catch((error: unknown) => error);
      expect(refusal).to.have.property("code", "conflict");
      expect(await arrive(signsIn, "s1", mail("gus"))).to.equal(first);
    });

    it("W-17: by an e-mail that is merely claimed it is somebody new, as ever", async () => {
      const { signsIn, mail, push } = await world();
      await push("hal");
      const user = await arrive(signsIn, "s1", mail("hal"));
      const { verifiedEmail } = mail("hal");
      const claimed = await arrive(signsIn, "s2", { userName: "x", claimedEmail: verifiedEmail });
      expect(claimed).not.to.be.oneOf([user, "needs_review"]);
      expect(await told(signsIn)).to.deep.equal([]);
    });

    it("an admin who lets a subject in that was kept out says so of the account, by whatever it is met", async () => {
      const domain = `here${++domains}.example`;
      const both = await connect({ of: { domains: [domain] } });
      const mail = { userName: "x", verifiedEmail: `ida@${domain}` };
      const id = await posted(both, "ida", { emails: [{ value: mail.verifiedEmail, primary: true }] });
      await arrive(both, "s1", { userName: "ida", verifiedEmail: mail.verifiedEmail });
      await done(both.patch(`/Users/${id}`, OFF));
      expect(await arrive(both, "s2", { userName: "ida", verifiedEmail: mail.verifiedEmail })).to.equal("deactivated");
      const [item] = await waiting(both);
      await closeReviewItem(service().p, both.tenant, String(item?.id), ADMIN);
      expect(await arrive(both, "s2", mail)).not.to.be.oneOf(["deactivated", "needs_review"]);
    });
  });
});
