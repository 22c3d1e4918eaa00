import { expect } from "chai";
import request from "supertest";
import { createRateLimiter } from "../../src/http/rate-limit.js";
import { createVault } from "../../src/platform/secrets.js";
import { openScimFace } from "../../src/protocols/scim/face.js";
import { testApp } from "../http/running-app.js";
import { type ScimService, startScimService, userBody } from "./scim-service.js";
import { ENTERPRISE, USER } from "./tables.js";

const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";

describe("running the SCIM face", () => {
  let service: ScimService | undefined;
  const lines: string[] = [];
  const log = { write: (line: string) => void lines.push(line) };
  const start = async (options: Parameters<typeof startScimService>[0] = {}): Promise<ScimService> => {
    service = await startScimService(options);
    return service;
  };

  /** Fields of the access log's latest line. */
  const logged = (): Readonly<Record<string, unknown>> =>
    lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === "request");

  beforeEach(() => {
    lines.length = 0;
  });

  afterEach(async () => {
    await service?.close();
    service = undefined;
  });

  it("logs whose request it was and which quirks it needed, answered or refused, and nothing that it said", async () => {
    const directory = await (await start({ log })).connect({ slug: "entra", of: { slug: "acme" } });
    const ada = await directory.user("ada@acme.test");
    expect(logged()).to.include({ tenant: "acme", connection: "entra", status: 201 }).and.not.have.property("quirks");
    await directory.patch(`/Users/${ada}`, [
      { op: "Replace", path: "active", value: "False" },
      { op: "Add", path: `${ENTERPRISE}:manager`, value: "grace@acme.test" },
    ]);
    expect(logged()).to.include({
      route: "/api/scim/v2/Users/:id",
      status: 200,
      quirks: "boolean_as_text,capitalised_operation,manager_as_text",
    });
    await directory.patch(`/Users/${ada}`, [{ op: "Replace", path: "nosuch", value: "secret" }]);
    expect(logged()).to.include({ status: 400, quirks: "capitalised_operation" });
    await directory.get("/Users?filter=department%20eq%20%22IT%22");
    expect(logged()).to.include({ status: 200, quirks: "urn_left_out" });
    await directory.post("/Users", userBody("bob", { password: "hunter2", shoeSize: 9 }));
    expect(logged()).to.include({ status: 201, quirks: "placeholder_password,unknown_attribute" });
    expect(lines.join("")).not.to.match(/hunter2|secret|acme\.test|shoeSize|grace/);
  });

  it("tells a token that comes too often when to come again, and lets others through", async () => {
    const directory = await (
      await start({
        settings: (config) => ({ ...config, limits: { ...config.limits, requestsPerMinutePerToken: 3 } }),
      })
    ).connect();
    const other = await directory.newToken();
    for (let times = 0; times < 3; times++) expect((await directory.get("/Users")).status).to.equal(200);
    const refused = await directory.post("/Users", userBody("ada"));
    expect([refused.status, refused.headers["content-type"]]).to.deep.equal([429, "application/scim+json"]);
    expect(refused.headers["retry-after"]).to.match(/^[1-9]\d*$/);
    const { detail, ...rest } = refused.json;
    expect(rest).to.deep.equal({ schemas: [ERROR], status: "429" });
    expect(detail).to.match(/^more than 3 requests in a minute/);
    const { json } = await directory.get("/Users", { Authorization: `Bearer ${other.token}` });
    expect(json).to.include({ totalResults: 0 });
  });

  it("answers a fault of its own with a SCIM error that gives nothing away, and logs it under the same id", async () => {
    const running = await start();
    const { token } = await running.connect();
    const broken = (): never => {
      throw new Error("the clock of hunter2 is broken");
    };
    const face = openScimFace({
      p: { ...running.p, now: broken },
      publicUrl: running.publicUrl,
      cursors: createVault(Buffer.alloc(32)),
      rateLimiter: createRateLimiter(),
      requestsPerMinutePerToken: 0,
      bodyBytes: 1000,
      groupBodyBytes: 1000,
      bulk: { maxOperations: 10, maxPayloadSize: 1000 },
      limits: { operations: 10, members: 10, values: 10, resourceBytes: 131_072 },
    });
    const { listener, lines: said } = testApp([face], { logLevel: "info" });
    const reply = await request(listener).get("/api/scim/v2/Users").set("Authorization", `Bearer ${token}`);
    expect([reply.status, reply.headers["content-type"]]).to.deep.equal([500, "application/scim+json"]);
    expect(JSON.parse(reply.text)).to.deep.equal({
      schemas: [ERROR],
      status: "500",
      detail: "something went wrong on our side: quote the request id when you report it",
    });
    const fault = said.map((line) => JSON.parse(line)).find(({ event }) => event === "request_failed");
    expect(fault).to.include({ level: "error", requestId: reply.headers["x-request-id"] });
    expect(said.join("")).not.to.contain("hunter2");
  });

  it("serves discovery that says what it does", async () => {
    const directory = await (await start()).connect();
    const { json } = await directory.get("/ServiceProviderConfig");
    expect(json).to.deep.include({ patch: { supported: true }, etag: { supported: true }, sort: { supported: true } });
    const { json: schema } = await directory.get(`/Schemas/${USER.toUpperCase()}`);
    expect(schema["id"]).to.equal(USER);
  });
});
