import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import type { JsonObject } from "../../src/model/json.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";
import { PATCH_OP } from "./tables.js";

const BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const setting = (value: JsonObject): JsonObject => ({ schemas: [PATCH_OP], Operations: [{ op: "replace", value }] });

describe("SCIM requests sent behind one another on one connection", () => {
  onEachDatabase((service) => {
    /** All at once, in one piece; the answers in their order. */
    async function pipelined(
      { token }: ScimDirectory,
      requests: readonly (readonly [method: string, path: string, body: JsonObject])[],
    ): Promise<string> {
      const { hostname, port } = new URL(service().url);
      const wire = requests.map(([method, path, body], place) => {
        const content = JSON.stringify(body);
        const close = place === requests.length - 1 ? "connection: close\r\n" : "";
        const head = `host: ${hostname}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/scim+json\r\n${close}`;
        return `${method} /api/scim/v2${path} HTTP/1.1\r\n${head}content-length: ${Buffer.byteLength(content)}\r\n\r\n${content}`;
      });
      const socket = connect(Number(port), hostname);
      socket.write(wire.join(""));
      return text(socket);
    }

    it("a switching off behind a longer request is the last word", async () => {
      const client = await service().connect();
      const path = `/Users/${await client.user("leaver@acme.example")}`;
      const changes = [{ title: "a" }, { title: "b" }, { active: true }];
      const Operations = changes.map((change) => ({ method: "PATCH", path, data: setting(change) }));
      const answers = await pipelined(client, [
        ["POST", "/Bulk", { schemas: [BULK], Operations }],
        ["PATCH", path, setting({ active: false })],
      ]);
      expect(answers.match(/HTTP\/1\.1 \d+/g)).to.deep.equal(["HTTP/1.1 200", "HTTP/1.1 200"]);
      expect((await client.get(path)).json).to.include({ title: "b", active: false });
    });
  });
});
