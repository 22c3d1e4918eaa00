import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect } from "chai";
import request from "supertest";
import { createHealth } from "../../src/http/health.js";
import { createMetrics } from "../../src/http/metrics.js";
import { openApi } from "../../src/http/openapi.js";
import { pageAssets } from "../../src/http/pages.js";
import { bind } from "../../src/http/server.js";
import { Refusal } from "../../src/model/problem.js";
import { testApp, testRoute } from "./running-app.js";

describe("health", () => {
  function app(obstacle: () => Promise<string | undefined>) {
    const metrics = createMetrics();
    const health = createHealth({ obstacle, metrics, operatorToken: "operator" });
    return { health, metrics, listener: testApp([{ prefix: "", routes: health.routes }]).listener };
  }

  it("is alive and ready", async () => {
    const { listener } = app(async () => undefined);
    expect((await request(listener).get("/healthz").expect(200)).body).to.deep.equal({ status: "alive" });
    expect((await request(listener).get("/readyz").expect(200)).body).to.deep.equal({ status: "ready" });
  });

  it("is alive but not ready while something is in the way", async () => {
    const { listener } = app(async () => "not_migrated");
    await request(listener).get("/healthz").expect(200);
    expect((await request(listener).get("/readyz").expect(503)).body).to.deep.equal({
      status: "unavailable",
      reason: "not_migrated",
    });
    const failing = app(async () => Promise.reject(new Error("connect hunter2")));
    expect((await request(failing.listener).get("/readyz").expect(503)).body.reason).to.equal("database_unreachable");
  });

  it("is not ready when the check never ends", async () => {
    const { listener } = app(() => new Promise(() => undefined));
    expect((await request(listener).get("/readyz").expect(503)).body.reason).to.equal("database_slow");
  }).timeout(10_000);

  it("is not ready any more once it drains", async () => {
    const { listener, health } = app(async () => undefined);
    health.drain();
    expect((await request(listener).get("/readyz").expect(503)).body.reason).to.equal("draining");
    await request(listener).get("/healthz").expect(200);
  });

  it("shows its figures to the operator alone", async () => {
    const { listener, metrics } = app(async () => undefined);
    metrics.counter("rolecall_held_total", "Held", ["kind"]).add({ kind: "brake" }, 2);
    metrics.gauge("rolecall_dirty", "Dirty").set(5);
    await request(listener).get("/metrics").expect(401);
    await request(listener).get("/metrics").set("authorization", "Bearer other").expect(401);
    const { text, headers } = await request(listener)
      .get("/metrics")
      .set("authorization", "Bearer operator")
      .expect(200);
    expect(headers["content-type"]).to.match(/^text\/plain/);
    expect(text)
      .to.contain('rolecall_held_total{kind="brake"} 2')
      .and.contain("rolecall_dirty 5")
      .and.contain("process_cpu_seconds_total");
  });
});

describe("server", () => {
  const answer: RequestListener = (_, response) => response.end("ok");
  const refuse = (): string => "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

  it("tells the port that it took, and serves once it is told to", async () => {
    const listener = await bind("127.0.0.1", 0);
    expect(listener.url).to.equal(`http://127.0.0.1:${listener.port}`);
    const early = await fetch(listener.url);
    expect([early.status, early.headers.get("retry-after")]).to.deep.equal([503, "1"]);
    listener.serve(answer, refuse);
    expect(await (await fetch(listener.url)).text()).to.equal("ok");
    await listener.close(1_000);
  });

  it("says so when the port is taken", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const fault = await bind("127.0.0.1", (blocker.address() as AddressInfo).port).catch((error: unknown) => error);
    expect(fault).to.have.property("code", "EADDRINUSE");
    blocker.close();
  });

  it("lets a request under way finish, and takes no new one", async () => {
    const listener = await bind("127.0.0.1", 0);
    let finish = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      listener.serve((_, response) => {
        finish = () => response.end("finished");
        resolve();
      }, refuse);
    });
    const slow = fetch(listener.url);
    await begun;
    const closed = listener.close(10_000);
    expect(await fetch(listener.url).catch((error: Error) => (error.cause as { code: string }).code)).to.equal(
      "ECONNREFUSED",
    );
    finish();
    expect(await (await slow).text()).to.equal("finished");
    await closed;
  });

  it("does not wait for idle connections, nor longer than the grace for stuck ones", async () => {
    const listener = await bind("127.0.0.1", 0);
    listener.serve((incoming, response) => {
      if (incoming.url === "/quick") response.end("ok");
    }, refuse);
    await fetch(`${listener.url}/quick`);
    const idle = connect(listener.port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const stuck = fetch(`${listener.url}/stuck`).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await listener.close(100);
    expect(await stuck).to.be.instanceOf(TypeError);
    idle.destroy();
  });
});

describe("description for machines", () => {
  const route = testRoute<{ params: { tenant: string } }>({
    method: "PUT",
    path: "/api/v1/tenants/:tenant/config",
    summary: "Change it",
    tags: ["tenants"],
    auth: {
      name: "operator",
      scheme: "bearer",
      authenticate: async () => Promise.reject(new Refusal("unauthorized", "no")),
    },
    query: "config#/properties/limits",
    body: { read: "json", bytes: 10, schema: "config#/$defs/rate" },
    responses: { 200: "config", 204: null },
    handler: async () => ({ status: 204 }),
  });
  const info = {
    title: "Rolecall",
    version: "1",
    description: "x",
    server: "http://rolecall.test",
    problem: "config#/$defs/bytes",
  };
  const document = JSON.parse(JSON.stringify(openApi([route, ...pageAssets], info)));

  it("has each route with its parameters, bodies, answers and who may call", () => {
    const operation = document.paths["/api/v1/tenants/{tenant}/config"].put;
    expect(operation).to.deep.include({
      operationId: "put_tenants_tenant_config",
      summary: "Change it",
      tags: ["tenants"],
      security: [{ operator: [] }],
    });
    expect(operation.parameters[0]).to.deep.equal({
      name: "tenant",
      in: "path",
      required: true,
      schema: { type: "string" },
    });
    expect(operation.parameters[1]).to.deep.include({ name: "scimBodyBytes", in: "query", required: false });
    expect(operation.requestBody).to.deep.equal({
      required: true,
      content: { "application/json": { schema: { $ref: "#/components/schemas/config/$defs/rate" } } },
    });
    expect(operation.responses["200"].content["application/json"].schema.$ref).to.equal("#/components/schemas/config");
    expect(operation.responses["204"]).to.deep.equal({ description: "Done, nothing to tell" });
    expect(operation.responses.default.content["application/problem+json"].schema.$ref).to.equal(
      "#/components/schemas/config/$defs/bytes",
    );
    expect(document.paths["/assets/page.css"].get.security).to.deep.equal([]);
    expect(document.components.securitySchemes).to.deep.equal({ operator: { type: "http", scheme: "bearer" } });
  });

  it("has no reference that leads nowhere", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, reference = ""]) => reference,
    );
    expect(references).not.to.deep.equal([]);
    for (const reference of references) {
      const found = reference
        .slice(2)
        .split("/")
        .reduce((node, step) => node?.[step], document);
      expect(found, reference).to.be.an("object");
    }
  });
});
