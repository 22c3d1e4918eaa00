import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { onEachDatabase, type ScimDirectory, type ScimReply, userBody } from "./scim-service.js";

const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
const OFF = [{ op: "replace", path: "active", value: false }];
const ON = [{ op: "replace", path: "active", value: true }];

type Claimed = NonNullable<Parameters<typeof signInOf>[1]>;

describe("whoever was kept out before", () => {
  onEachDatabase((service) => {
    const connect = () => service().connect({ protocol: "oidc", jit: "every_sign_in", oidc });
    const entering = async ({ tenant, connection }: ScimDirectory, subject: string, claimed: Claimed) => {
      const { p } = service();
      const outcome = await signIn(p, { tenant, connection, observed: signInOf(subject, claimed) });
      if (!outcome.allowed) return { came: outcome.code, isIn: async () => false };
      const { user, epoch } = outcome;
      const { token } = await openSession(p, tenant, { user, epoch, connection, subject });
      return { came: user, isIn: async () => (await currentSession(p, token)) !== undefined };
    };
    const arrive = async (...of: Parameters<typeof entering>) => (await entering(...of)).came;
    const posted = async (directory: ScimDirectory, userName: string, more: JsonObject = {}) => {
      const { status, json } = await directory.post("/Users", userBody(userName, more));
      expect(status).to.equal(201);
      return String(json["id"]);
    };
    const done = async (reply: Promise<ScimReply>) => expect((await reply).status).to.be.within(200, 204);

    describe("has no session left when the person is switched off again", () => {
      /** `sub-ben` is kept out by a name that the pushed person got. */
      const alias = async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        await arrive(directory, "sub-ann", { userName: "ann" });
        await arrive(directory, "sub-ben", { userName: "ben" });
        await done(directory.put(`/Users/${id}`, userBody("ben", { externalId: "e-ann" })));
        return { directory, id };
      };
      it("SEC-05: under another name, since it was refused before", async () => {
        const { directory, id } = await alias();
        await done(directory.patch(`/Users/${id}`, OFF));
        expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
        await done(directory.patch(`/Users/${id}`, ON));
        const ben = await entering(directory, "sub-ben", { userName: "else" });
        expect(await ben.isIn()).to.equal(true);
        await done(directory.patch(`/Users/${id}`, OFF));
        expect([await ben.isIn(), await arrive(directory, "sub-ben", { userName: "else" })]).to.deep.equal([
          false,
          "deactivated",
        ]);
      });
      for (const [what, named] of [
        ["a former name of the account", "ben"],
        ["another name, since it was refused before", "else"],
      ] as const) {
        it(`SEC-05: by ${what}, where the account came back in another row`, async () => {
          const { directory, id } = await alias();
          await done(directory.delete(`/Users/${id}`));
          expect(await arrive(directory, "sub-ben", { userName: "ben" })).to.equal("deactivated");
          const again = await posted(directory, "ann.new", { externalId: "e-ann" });
          const ben = await entering(directory, "sub-ben", { userName: named });
          expect(await ben.isIn()).to.equal(true);
          await done(directory.patch(`/Users/${again}`, OFF));
          expect([await ben.isIn(), await arrive(directory, "sub-ben", { userName: named })]).to.deep.equal([
            false,
            "deactivated",
          ]);
        });
      }
      it("SEC-05: by the last userName of the row before, which nobody refused yet", async () => {
        const directory = await connect();
        const id = await posted(directory, "ann", { externalId: "e-ann" });
        await arrive(directory, "sub-ann", { userName: "ann" });
        await done(directory.delete(`/Users/${id}`));
        const again = await posted(directory, "ann.new", { externalId: "e-ann" });
        await arrive(directory, "e-ann", { userName: "ann.new" });
        const other = await entering(directory, "sub-other", { userName: "ann" });
        const isIn = await other.isIn();
        await done(directory.patch(`/Users/${again}`, OFF));
        expect([isIn, await other.isIn()]).to.deep.equal([true, false]);
        expect(await arrive(directory, "sub-other", { userName: "ann" })).to.equal("deactivated");
      });
    });
  });
});
