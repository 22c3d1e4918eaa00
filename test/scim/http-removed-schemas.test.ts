import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { type ScimDirectory, startScimService, userBody } from "./scim-service.js";
import { USER } from "./tables.js";

const SEC = "urn:acme:scim:2.0:Sec";
const DEVICE = "urn:acme:scim:2.0:Device";

const ATTRIBUTES = [
  { name: "secret", returned: "never" },
  { name: "code", returned: "request" },
  { name: "plain" },
  { name: "parts", type: "complex", subAttributes: [{ name: "open" }, { name: "hush", returned: "never" }] },
];

/** The operator's file with as much of the schemas as a start of the service is to know. */
function tables(sec: readonly JsonObject[], device: readonly JsonObject[]): JsonObject {
  return {
    schemas: [
      { id: DEVICE, name: "Device", attributes: device },
      ...(sec.length > 0 ? [{ id: SEC, name: "Sec", attributes: sec }] : []),
    ],
    resourceTypes: [{ name: "Device", endpoint: "/Devices", schema: DEVICE }],
    ...(sec.length > 0 && { extensions: [{ resourceType: "User", schema: SEC, required: false }] }),
  };
}

describe("SCIM data whose schema the operator took away", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rolecall-removed-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Starts with these tables, asks, and stops. */
  const started = async (
    file: JsonObject,
    before: ScimDirectory | undefined,
    ask: (directory: ScimDirectory) => Promise<void>,
  ): Promise<ScimDirectory> => {
    const path = join(folder, "tables.json");
    writeFileSync(path, JSON.stringify(file));
    const service = await startScimService({
      databaseUrl: `sqlite:${join(folder, "test.db")}`,
      settings: (config) => ({ ...config, scim: { schemaFiles: [path] } }),
    });
    try {
      const directory = before === undefined ? await service.connect() : await service.join(before);
      await ask(directory);
      return directory;
    } finally {
      await service.close();
    }
  };

  it("RFC-07, RFC-18: is shown in no answer, kept through PUT and PATCH, and there again with the schema", async () => {
    const data = { secret: "hush1", code: "hush2", plain: "p", parts: { open: "o", hush: "hush3" } };
    const paths: string[] = [];
    const directory = await started(tables(ATTRIBUTES, ATTRIBUTES), undefined, async (client) => {
      const ada = await client.user("ada", { schemas: [USER, SEC], [SEC]: data });
      const device = await client.post("/Devices", { schemas: [DEVICE], ...data });
      expect(device.status, device.text).to.equal(201);
      paths.push(`/Users/${ada}`, `/Devices/${String(device.json["id"])}`);
    });
    const [user = "", device = ""] = paths;
    const asked = async (client: ScimDirectory, path: string) =>
      Promise.all(
        [path, `${path}?attributes=${SEC}:secret,secret,code`, path.replace(/\/[^/]*$/, "")].map((one) =>
          client.get(one),
        ),
      );
    await started(tables([], [{ name: "plain" }]), directory, async (client) => {
      for (const path of paths) {
        for (const reply of await asked(client, path)) {
          expect(reply.status, reply.text).to.equal(200);
          expect(reply.text).not.to.contain("hush");
          expect(reply.text).not.to.contain(SEC);
        }
        const read = await client.get(path);
        const same = await client.put(path, read.json);
        expect([same.status, same.json], same.text).to.deep.equal([200, read.json]);
      }
      const put = await client.put(user, userBody("ada", { title: "Dr" }));
      const patched = await client.patch(device, [{ op: "replace", path: "plain", value: "q" }]);
      const replaced = await client.put(device, { schemas: [DEVICE], plain: "r" });
      for (const { status, text } of [put, patched, replaced]) {
        expect(status, text).to.equal(200);
        expect(text).not.to.contain("hush");
      }
      const lost = await client.patch(user, [{ op: "remove", path: SEC }]);
      expect(lost.status, lost.text).to.equal(400);
    });
    // only some of what the schema declared is declared now
    const some = [{ name: "plain" }, { name: "parts", type: "complex", subAttributes: [{ name: "open" }] }];
    await started(tables(some, some), directory, async (client) => {
      const read = await client.get(user);
      expect(read.json[SEC]).to.deep.equal({ plain: "p", parts: { open: "o" } });
      const gone = await client.patch(user, [{ op: "remove", path: `${SEC}:plain` }]);
      expect(gone.json[SEC]).to.deep.equal({ parts: { open: "o" } });
    });
    await started(tables(ATTRIBUTES, ATTRIBUTES), directory, async (client) => {
      const shown = await client.get(`${user}?attributes=${SEC}:code,${SEC}:parts`);
      expect(shown.json[SEC]).to.deep.equal({ code: "hush2", parts: { open: "o" } });
      expect((await client.get(device)).json).to.deep.include({ plain: "r", parts: { open: "o" } });
      const found = encodeURIComponent(`${SEC}:secret eq "hush1"`);
      expect((await client.get(`/Users?filter=${found}`)).status).to.equal(400);
      const put = await client.put(`${device}?attributes=code`, { schemas: [DEVICE], secret: "hush4" });
      expect(put.json, "a PUT empties what is declared").not.to.have.property("code");
    });
  });
});
