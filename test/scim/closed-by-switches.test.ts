import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";

const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
const OFF = [{ op: "replace", path: "active", value: false }];

type Claimed = NonNullable<Parameters<typeof signInOf>[1]>;

describe("doors that were closed stay so while a connection is switched off, tested and live again", () => {
  onEachDatabase((service) => {
    const connect = () => service().connect({ protocol: "oidc", jit: "every_sign_in", oidc });
    const arrive = async ({ tenant, connection }: ScimDirectory, subject: string, claimed: Claimed) => {
      const outcome = await signIn(service().p, { tenant, connection, observed: signInOf(subject, claimed) });
      return outcome.allowed ? outcome.user : outcome.code;
    };
    const posted = async (directory: ScimDirectory, userName: string, more: JsonObject = {}) => {
      const { status, json } = await directory.post("/Users", userBody(userName, more));
      expect(status).to.equal(201);
      return String(json["id"]);
    };
    const switchTo = async (directory: ScimDirectory, sync: "off" | "test" | "live"): Promise<ScimDirectory> => {
      const { p } = service();
      const { tenant, connection } = directory;
      const disable = sync === "off" ? { onDisable: "convert" as const } : {};
      const { digest } =
        sync === "test"
          ? { digest: undefined }
          : await previewSync(p, tenant, connection.slug, { to: sync, ...disable });
      const patch = { sync, ...disable, ...(digest !== undefined && { digest }) };
      await updateConnection(p, tenant, connection.slug, patch, ADMIN);
      return { ...directory, connection: { ...connection, sync } };
    };
    const inTest = async (live: ScimDirectory) => switchTo(await switchTo(live, "off"), "test");
    const off = async (directory: ScimDirectory, id: string) =>
      expect((await directory.patch(`/Users/${id}`, OFF)).status).to.equal(200);

    it("SEC-05: a rename in test mode opens nothing that was the person's while SCIM counted, and what was only there in test mode closes nothing", async () => {
      const live = await connect();
      const id = await posted(live, "ann", { externalId: "e1" });
      const test = await inTest(live);
      for (const name of ["between", "left"]) {
        const renamed = await test.put(`/Users/${id}`, userBody(name, { externalId: `id-${name}` }));
        expect(renamed.status).to.equal(200);
      }
      const again = await switchTo(test, "live");
      await off(again, id);
      expect(await arrive(again, "sub-x", { userName: "ann" }), "the former name").to.equal("deactivated");
      expect(await arrive(again, "e1", { userName: "zoe" }), "the former externalId").to.equal("deactivated");
      expect(await arrive(again, "sub-y", { userName: "left" }), "the present name").to.equal("deactivated");
      expect(await arrive(again, "sub-z", { userName: "between" }), "a name of test mode").to.match(/^01/);
    });
  });
});
