import { once } from "node:events";
import { createServer as createHttpServer, request as forward } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Browser } from "playwright-core";
import { generate } from "selfsigned";
import { createConnection } from "../../src/provisioning/connections.js";
import { createTenant } from "../../src/provisioning/tenants.js";
import { startChromium } from "../support/chromium.js";
import { type HostileOp, startHostileOp } from "../support/hostile-op.js";
import { startService, type TestService } from "../support/service.js";
import { ADMIN } from "../support/tenant.js";

const PATIENCE_MS = 120_000;

describe("cookies over https, in a real browser", function () {
  this.timeout(PATIENCE_MS);
  let chromium: Browser;
  let op: HostileOp;
  let proxy: Server;
  let service: TestService;
  let url: string;

  before(async () => {
    const pair = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048, algorithm: "sha256" });
    proxy = createServer({ key: pair.private, cert: pair.cert }, (request, response) => {
      const { method, headers, url: path = "/" } = request;
      const onward = forward(new URL(path, service.url), { ...(method && { method }), headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    url = `https://localhost:${(proxy.address() as AddressInfo).port}`;
    service = await startService({ settings: (config) => ({ ...config, publicUrl: url }) });
    op = await startHostileOp("rolecall");
    const tenant = await createTenant(service.p, { slug: "acme", name: "Acme" }, ADMIN);
    const oidc = { issuer: op.issuer, clientId: "rolecall", scopes: ["openid"] };
    await createConnection(service.p, tenant, { slug: "sso", protocol: "oidc", oidc, clientSecret: "s" }, ADMIN);
    chromium = await startChromium();
  });
  after(async () => {
    await chromium?.close();
    await op?.close();
    await service?.close();
    proxy?.closeAllConnections();
    proxy?.close();
  });

  it("W-24, W-26: are bound to the host and to https, out of scripts' reach, and left out of what another site posts", async () => {
    const context = await chromium.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${url}/sso/acme/sso/login`);
    expect(page.url()).to.equal(`${url}/me`);
    const cookies = await context.cookies(url);
    const session = cookies.find(({ name }) => name === "__Host-rolecall_session");
    expect(session).to.include({ secure: true, httpOnly: true, sameSite: "Lax", path: "/", domain: "localhost" });
    expect(await page.evaluate("document.cookie")).to.equal("");
    const evil = createHttpServer((_, response) => {
      const form = `<form method="post" action="${url}/sso/logout"><button>go</button></form>`;
      response.writeHead(200, { "content-type": "text/html" }).end(form);
    });
    await once(evil.listen(0, "127.0.0.1"), "listening");
    await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
    await page.click("button");
    expect(await page.textContent("body")).to.contain("from another site");
    evil.closeAllConnections();
    evil.close();
    await page.goto(`${url}/me/sessions`);
    expect(await page.textContent("body")).to.contain("Chrome on Linux");
    await page.goto(`${url}/me`);
    await page.click("text=Sign out");
    expect(await page.textContent("h1")).to.equal("You are signed out");
    await context.close();
  });
});
