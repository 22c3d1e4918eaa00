import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { OWNER } from "../../src/model/target.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";

const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
const OFF = [{ op: "replace", path: "active", value: false }];
const ON = [{ op: "replace", path: "active", value: true }];

type Claimed = NonNullable<Parameters<typeof signInOf>[1]>;

describe("keeping people out", () => {
  onEachDatabase((service) => {
    const connect = () => service().connect({ protocol: "oidc", jit: "every_sign_in", oidc });
    const arrive = async ({ tenant, connection }: ScimDirectory, subject: string, claimed: Claimed) => {
      const outcome = await signIn(service().p, { tenant, connection, observed: signInOf(subject, claimed) });
      return outcome.allowed ? outcome.user : outcome.code;
    };
    const enter = async (directory: ScimDirectory, subject: string, claimed: Claimed) => {
      const { p } = service();
      const { tenant, connection } = directory;
      const outcome = await signIn(p, { tenant, connection, observed: signInOf(subject, claimed) });
      if (!outcome.allowed) throw new Error(outcome.code);
      const { user, epoch } = outcome;
      const { token } = await openSession(p, tenant, { user, epoch, connection, subject });
      return { user, isIn: async () => (await currentSession(p, token)) !== undefined };
    };
    const owner = async (directory: ScimDirectory, subject: string, claimed: Claimed) => {
      const one = await enter(directory, subject, claimed);
      await give(directory, one.user);
      return one;
    };
    const give = ({ tenant }: ScimDirectory, user: UserId) =>
      addManualGrant(service().p, tenant, user, { target: OWNER, reason: "by hand" }, ADMIN);
    const posted = async (directory: ScimDirectory, userName: string, more: JsonObject = {}) => {
      const { status, json } = await directory.post("/Users", userBody(userName, more));
      expect(status).to.equal(201);
      return String(json["id"]);
    };
    const done = async (reply: Promise<ScimReply>) => expect((await reply).status).to.be.within(200, 204);

    for (const [what, end] of Object.entries({
      "active: false": (one: ScimDirectory, id: string) => one.patch(`/Users/${id}`, OFF),
      "a DELETE": (one: ScimDirectory, id: string) => one.delete(`/Users/${id}`),
    })) {
      for (const isRevived of [false, true]) {
        it(`SEC-05: leaves the only owner in, who was refused before, after ${what}${isRevived ? " of a revived account" : ""}`, async () => {
          const directory = await connect();
          let id = await posted(directory, "ben2", { externalId: "e-2" });
          await done(directory.patch(`/Users/${id}`, OFF));
          expect(await arrive(directory, "sub-ben", { userName: "ben2" })).to.equal("deactivated");
          if (isRevived) {
            await done(directory.delete(`/Users/${id}`));
            id = await posted(directory, "ben2", { externalId: "e-2" });
          } else await done(directory.patch(`/Users/${id}`, ON));
          const ben = await owner(directory, "sub-ben", { userName: "ben" });
          await done(end(directory, id));
          for (const userName of ["ben", "ben2", "ben"]) {
            expect([await arrive(directory, "sub-ben", { userName }), await ben.isIn()], userName).to.deep.equal([
              ben.user,
              true,
            ]);
          }
        });
      }
    }

    it("SEC-05: lets no owner in again by a push of somebody who is switched off already", async () => {
      const directory = await connect();
      const boss = await owner(directory, "sub-boss", { userName: "boss" });
      await owner(directory, "sub-2", { userName: "two" });
      const id = await posted(directory, "boss");
      await done(directory.patch(`/Users/${id}`, OFF));
      expect(await boss.isIn()).to.equal(false);
      await done(directory.patch(`/Users/${await posted(directory, "two")}`, OFF));
      await done(directory.put(`/Users/${id}`, userBody("gone", { active: false })));
      expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal("deactivated");
    });

    for (const [what, more] of Object.entries({ "another externalId": { externalId: "e-new" }, "no externalId": {} })) {
      it(`SEC-05: the last owner, who is deleted and pushed anew with ${what}, comes in by their own subject`, async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        const ann = await owner(directory, "sub-ann", { userName: "ann" });
        await done(directory.delete(`/Users/${id}`));
        await posted(directory, "ann", more);
        for (const userName of ["ann", "else"]) {
          expect(await arrive(directory, "sub-ann", { userName }), userName).to.equal(ann.user);
        }
        await owner(directory, "sub-2", { userName: "two" });
        expect(await arrive(directory, "sub-ann", { userName: "ann" })).to.be.oneOf(["needs_review", "deactivated"]);
      });
    }

    it("SEC-05: who is kept out does not come in by a push of their subject that joins nothing", async () => {
      const directory = await connect();
      const boss = await owner(directory, "sub-boss", { userName: "boss" });
      await owner(directory, "sub-2", { userName: "two" });
      await done(directory.patch(`/Users/${await posted(directory, "boss")}`, OFF));
      expect(await boss.isIn()).to.equal(false);
      await posted(directory, "q1", { externalId: "sub-boss" });
      expect(await arrive(directory, "sub-boss", { userName: "boss" })).to.equal("deactivated");
    });

    it("SEC-05: nor by a lasting id of two pushed users", async () => {
      const directory = await connect();
      const id = await posted(directory, "ann", { externalId: "e-ann" });
      await enter(directory, "sub-ann", { userName: "ann" });
      await enter(directory, "sub-x", { userName: "ben" });
      await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
      await done(directory.patch(`/Users/${id}`, OFF));
      for (const userName of ["q1", "q2"]) await posted(directory, userName, { externalId: "oid-x" });
      expect(await arrive(directory, "sub-x", { userName: "ben", externalIds: ["oid-x"] })).to.equal("deactivated");
    });
  });
});
