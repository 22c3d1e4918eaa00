import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { loadConfig } from "../../src/platform/config.js";
import { type ScimService, startScimService, userBody } from "../scim/scim-service.js";
import { fencedBlocks, readDocument } from "./markdown.js";

const BADGE = "urn:acme:scim:2.0:Badge";
const DEVICE = "urn:acme:scim:2.0:Device";

const [, own = ""] = readDocument("docs/scim.md").split("## Your own schemas and resource types");
const [settings = "", file = ""] = fencedBlocks(own, "json").map((block) => block.text);

describe("docs/scim.md: your own schemas and resource types", () => {
  let folder: string;
  let service: ScimService;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rolecall-docs-"));
    const [name = ""] = (JSON.parse(settings) as { scim: { schemaFiles: string[] } }).scim.schemaFiles;
    const path = join(folder, name);
    writeFileSync(path, file);
    service = await startScimService({ settings: (config) => ({ ...config, scim: { schemaFiles: [path] } }) });
  });
  after(async () => {
    await service.close();
    rmSync(folder, { recursive: true });
  });

  it("shows settings that are taken", () => {
    const path = join(folder, "settings.json");
    writeFileSync(path, settings);
    expect(loadConfig({ ROLECALL_CONFIG: path }).scim.schemaFiles).to.deep.equal(["acme-scim.json"]);
  });

  it("shows a file that gives users a badge and adds devices", async () => {
    const directory = await service.connect();
    const user = await directory.post("/Users", userBody("ada", { [BADGE]: { number: "7", doors: ["North"] } }));
    expect(user.json[BADGE]).to.deep.equal({ number: "7", doors: ["North"] });
    const taken = await directory.post("/Users", userBody("bob", { [BADGE]: { number: "7" } }));
    expect([taken.status, taken.json["scimType"]]).to.deep.equal([409, "uniqueness"]);
    const device: JsonObject = {
      schemas: [DEVICE],
      serial: "X1",
      place: { site: "Oslo", floor: 3 },
      boughtAt: "2026-01-31T12:00:00Z",
    };
    const made = await directory.post("/Devices", device);
    expect(made.json).to.deep.include({ serial: "X1", place: { site: "Oslo", floor: 3 } });
    const filter = encodeURIComponent('place.floor gt 2 and boughtAt lt "2027-01-01T00:00:00Z"');
    expect((await directory.get(`/Devices?filter=${filter}`)).json["totalResults"]).to.equal(1);
    const renamed = await directory.patch(`/Devices/${made.json["id"]}`, [
      { op: "replace", path: "serial", value: "X2" },
    ]);
    expect([renamed.status, renamed.json["scimType"]]).to.deep.equal([400, "mutability"]);
  });
});
