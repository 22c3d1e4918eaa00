import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { createAdminClient } from "../../demo/stage/admin-client.js";
import { DemoFailure, must } from "../../demo/stage/demo-failure.js";

describe("what the demo is told", () => {
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer((_request, response) => response.writeHead(409).end('{"code":"plan_changed"}'));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => server.close());

  function failureOf(asking: Promise<unknown>): Promise<unknown> {
    return asking.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it("fails with what was asked and what was answered", async () => {
    const admin = createAdminClient(url, "token", "acme");
    const asked = { method: "POST", body: { digest: "d" }, expect: 202 } as const;
    const failure = await failureOf(admin.ask("/go-live", asked));
    expect(failure).to.be.instanceOf(DemoFailure);
    expect(failure).to.have.property("message", "202 was expected, not 409");
    const exchanged = {
      request: 'POST /api/v1/tenants/acme/go-live {"digest":"d"}',
      answer: '409 {"code":"plan_changed"}',
    };
    expect(failure).to.have.deep.property("exchanged", exchanged);
    expect(admin.last).to.deep.equal(exchanged);
  });

  it("fails with what was asked when nobody answers", async () => {
    const nobody = createAdminClient("http://127.0.0.1:1", "token", "acme");
    const failure = await failureOf(nobody.ask("/users"));
    expect(failure).to.be.instanceOf(DemoFailure);
    expect(failure).to.have.nested.property("exchanged.request", "GET /api/v1/tenants/acme/users");
  });

  it("takes no claim on trust", () => {
    const seen = { request: "GET /me", answer: "200" };
    expect(() => must(false, "the session is dead", seen))
      .to.throw(DemoFailure, "this is not so: the session is dead")
      .with.property("exchanged", seen);
  });
});
