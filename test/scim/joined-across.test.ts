import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { acceptReviewItem } from "../../src/provisioning/review-items.js";
import { goLive, previewSync } from "../../src/provisioning/sync-mode.js";
import { ADMIN, isSettled } from "../support/tenant.js";
import { bothDoors, OFF } from "./both-doors.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";

let domains = 0;

describe("somebody who signs in at two connections, and turns out to be a pushed person at one of them,", () => {
  onEachDatabase((service) => {
    const { connect, arrive, enter, reader, waiting, posted, done } = bothDoors(service);
    /** Ann signs in at both with one e-mail, so that both are one account; and is pushed at the first under another name. */
    const world = async (local: string, sync: "live" | "test" = "live") => {
      const domain = `joined${++domains}.example`;
      const first = await connect({ of: { domains: [domain] }, sync });
      const second = await connect({ tenant: first.tenant, sync: "off" });
      const mail = { userName: local, verifiedEmail: `${local}@${domain}` };
      const before = await enter(first, "a1", mail);
      expect(await arrive(second, "b1", mail)).to.equal(before.user);
      const id = await posted(first, `${local}.before`, { externalId: `e-${local}` });
      return { first, second, mail, id, before };
    };
    const rename = (directory: ScimDirectory, id: string, userName: string) =>
      done(directory.patch(`/Users/${id}`, [{ op: "replace", path: "userName", value: userName }]));

    it("TEC-49: comes in at the other one, too, after a rename made them one", async () => {
      const { first, second, mail, id, before } = await world("ann");
      await rename(first, id, "ann");
      expect(await before.isIn()).to.equal(false);
      const pushed = await arrive(first, "a1", mail);
      expect(pushed).to.be.a("string").and.not.to.equal(before.user);
      const there = await enter(second, "b1", mail);
      expect(there.user).to.equal(pushed);
      expect(await waiting(second)).to.deep.equal([]);
      await done(first.patch(`/Users/${id}`, OFF));
      expect(await there.isIn(), "W-7: one account, which the source switches off").to.equal(false);
      expect(await arrive(second, "b1", mail)).to.equal("deactivated");
    });

    it("TEC-49: comes in at the other one where a new name of the sign-in made them one", async () => {
      const { first, second, mail } = await world("bea");
      const pushed = await arrive(first, "a1", { ...mail, userName: "bea.before" });
      expect(await arrive(second, "b1", mail)).to.equal(pushed);
    });

    it("TEC-49: comes in at the other one where an admin said that they are one", async () => {
      const { first, second, mail, id } = await world("cleo");
      await arrive(first, "a2", { userName: "cleo.before" });
      await done(first.patch(`/Users/${id}`, [{ op: "replace", path: "externalId", value: "a1" }]));
      const [item] = await waiting(first);
      expect(item).to.include({ kind: "other_subject" });
      expect(await acceptReviewItem(service().p, first.tenant, String(item?.id), ADMIN)).to.equal(true);
      const pushed = await arrive(first, "a1", mail);
      expect(await arrive(second, "b1", mail)).to.equal(pushed);
    });

    it("TEC-49: comes in at the other one where going live made them one", async () => {
      const { first, second, mail, id } = await world("fritz", "test");
      await rename(first, id, "fritz");
      const { p } = service();
      const { digest } = await previewSync(p, first.tenant, first.connection.slug, { to: "live" });
      await goLive(p, first.tenant, first.connection.slug, digest, ADMIN);
      for (; !(await isSettled(p, first.tenant.id)); await sleep(5)) p.wake();
      const pushed = await arrive({ ...first, connection: { ...first.connection, sync: "live" } }, "a1", mail);
      expect(pushed).to.be.a("string");
      expect(await arrive(second, "b1", mail)).to.equal(pushed);
    });

    it("goes on as an account of their own at the other one where a push describes it", async () => {
      const { first, second, mail, id, before } = await world("dora");
      const pushing = await connect({ tenant: first.tenant });
      const emails = [{ value: mail.verifiedEmail, primary: true }];
      await posted(pushing, "dora.elsewhere", { emails });
      const [link] = (await reader(pushing).links([before.user])).filter(
        (one) => one.connection === pushing.connection.id,
      );
      expect(link?.scim?.active).to.equal(true);
      await rename(first, id, "dora");
      expect(await arrive(second, "b1", mail)).to.equal(before.user);
    });
  });
});
