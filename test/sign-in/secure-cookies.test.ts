import { once } from "node:events";
import {
  createServer as createHttpServer,
  request as forward,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
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
const DOMAIN = "acme.example";
/** White space to JavaScript, part of the name to browsers, who see no `__Host-` behind it. */
const BYTE = "\u00a0";

describe("cookies over https, in a real browser", function () {
  this.timeout(PATIENCE_MS);
  let chromium: Browser;
  let op: HostileOp;
  let proxy: Server;
  let service: TestService;
  let url: string;
  /** What browsers sent to the service. */
  const sent: string[] = [];

  before(async () => {
    const pair = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048, algorithm: "sha256" });
    proxy = createServer({ key: pair.private, cert: pair.cert }, (request, response) => {
      const { method, headers, url: path = "/" } = request;
      if (headers.host?.startsWith("evil.")) {
        const planted = `${BYTE}${path.slice(1)}; Domain=${DOMAIN}; Path=/; Secure; SameSite=None`;
        response.writeHead(200, { "content-type": "text/html", "set-cookie": planted }).end("planted");
        return;
      }
      sent.push(headers.cookie ?? "");
      const onward = forward(new URL(path, service.url), { ...(method && { method }), headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    url = `https://access.${DOMAIN}:${(proxy.address() as AddressInfo).port}`;
    service = await startService({ settings: (config) => ({ ...config, publicUrl: url }) });
    op = await startHostileOp("rolecall");
    const tenant = await createTenant(service.p, { slug: "acme", name: "Acme" }, ADMIN);
    const oidc = { issuer: op.issuer, clientId: "rolecall", scopes: ["openid"] };
    await createConnection(service.p, tenant, { slug: "sso", protocol: "oidc", oidc, clientSecret: "s" }, ADMIN);
    chromium = await startChromium([`--host-resolver-rules=MAP *.${DOMAIN} 127.0.0.1`]);
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
    expect(session).to.include({
      secure: true,
      httpOnly: true,
      sameSite: "Lax",
      path: "/",
      domain: `access.${DOMAIN}`,
    });
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

  it("W-24: are nobody's who has them from another host of the domain, behind a byte that browsers take for part of the name", async () => {
    const [attacker, victim] = await Promise.all([1, 2].map(() => chromium.newContext({ ignoreHTTPSErrors: true })));
    if (attacker === undefined || victim === undefined) throw new Error("there are two");
    await (await attacker.newPage()).goto(`${url}/sso/acme/sso/login`);
    const own = (await attacker.cookies(url)).find(({ name }) => name === "__Host-rolecall_session");
    const page = await victim.newPage();
    await page.goto(`${url.replace("access.", "evil.")}/__Host-rolecall_session=${own?.value}`);
    expect(await page.textContent("body")).to.equal("planted");
    expect((await page.goto(`${url}/me`))?.status()).to.equal(401);
    expect(sent.at(-1)).to.contain(`${BYTE}__Host-rolecall_session=${own?.value}`);
    await page.goto(`${url}/sso/acme/sso/login`);
    expect(page.url(), "beside the genuine one").to.equal(`${url}/me`);
    expect(sent.at(-1))
      .to.contain(`${BYTE}__Host-`)
      .and.to.match(/(^|; )__Host-rolecall_session=/);
    await Promise.all([attacker.close(), victim.close()]);
  });

  const planted: [what: string, header: (cookie: string) => string, end: string][] = [
    ["as it was set", (cookie) => cookie, "303 /me"],
    ["after a tab", (cookie) => `a=b;\t${cookie}`, "303 /me"],
    ["behind the byte 0xA0", (cookie) => `${BYTE}${cookie}`, "400 sign_in_expired"],
    ["with the byte 0xA0 before `=`", (cookie) => cookie.replace("=", `${BYTE}=`), "400 sign_in_expired"],
    ["with the byte 0xA0 at its end", (cookie) => `${cookie}${BYTE}`, "400 sign_in_expired"],
    ["beside one behind the byte 0xA0", (cookie) => `${BYTE}__Host-rolecall_login=evil; ${cookie}`, "303 /me"],
    ["beside another one of its name", (cookie) => `${cookie}; __Host-rolecall_login=evil`, "400 sign_in_expired"],
  ];
  for (const [what, header, end] of planted) {
    it(`W-25: of a login count to the byte: ${what}`, async () => {
      const begun = await raw(`${service.url}/sso/acme/sso/login`, {});
      const [cookie = ""] = begun.headers["set-cookie"]?.[0]?.split(";") ?? [];
      const { location: answer = "" } = (await raw(begun.headers.location ?? "", {})).headers;
      const { pathname, search } = new URL(answer);
      const headers = { cookie: header(cookie), accept: "application/json" };
      const { status, headers: got, body } = await raw(`${service.url}${pathname}${search}`, headers);
      expect(`${status} ${got.location?.slice(url.length) ?? JSON.parse(body).code}`).to.equal(end);
    });
  }
});

/** Headers go out byte by byte (latin1), which `fetch` would not do. */
async function raw(address: string, headers: OutgoingHttpHeaders) {
  const [answer]: IncomingMessage[] = await once(forward(address, { headers }).end(), "response");
  if (answer === undefined) throw new Error("no answer");
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}
