import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { createBrowser, type Visit } from "../../demo/clients/browser.js";

/** What a page holds, by its path; `{other}` is the same server under the name of another site. */
const PAGES: Readonly<Record<string, string>> = {
  "/saml": `<form method="post" action="{other}/seen"><input type="hidden" name="SAMLResponse" value="a&amp;&#x3D;&quot;&#60;">
    <input type=hidden name='RelayState' value=''><noscript><input type="submit" value="Go"></noscript></form>`,
  "/own-saml": `<form method="post" action="/seen"><input type="hidden" name="SAMLRequest" value="x"></form>`,
  "/asks": `<form><input name="q"></form>
    <form method="POST" action="seen"><input type="hidden" name="SAMLResponse" value="x"><input name="user" value="ada">
    <select name="format"><option>one</option><option value="2" selected>two</option></select><button>Sign in</button></form>`,
};

describe("the browser without a screen", () => {
  let server: Server;
  let here: string;
  let other: string;

  before(async () => {
    server = createServer((request, response) => {
      void answer(request).then(({ headers, body }) => response.writeHead(200, headers).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    [here, other] = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  });
  after(() => server.close());

  async function answer(
    request: IncomingMessage,
  ): Promise<{ headers: Record<string, string | string[]>; body: string }> {
    const path = request.url ?? "";
    const { cookie, origin, "sec-fetch-site": site } = request.headers;
    const seen = { method: request.method, body: await text(request), cookie, origin, site };
    const names = ["lax; SameSite=Lax", "none; SameSite=None", "strict; SameSite=Strict", "plain"];
    const cookies = path === "/cookies" ? names.map((name) => name.replace(/^\w+/, "$&=1")) : [];
    const page = PAGES[path]?.replaceAll(
      "{other}",
      (request.headers.host ?? "").startsWith("localhost") ? here : other,
    );
    return {
      headers: { "content-type": page === undefined ? "application/json" : "text/html", "set-cookie": cookies },
      body: page ?? JSON.stringify(seen),
    };
  }

  function seenBy({ text: body }: Visit): Record<string, string | undefined> {
    return JSON.parse(body);
  }

  it("sends on a form that holds a SAML message, with its fields as they were meant", async () => {
    const visit = await createBrowser().visit(`${here}/saml`);
    expect(visit.hops).to.deep.equal([`${here}/saml`, `${other}/seen`]);
    expect(seenBy(visit)).to.include({ method: "POST", origin: here, site: "cross-site" });
    expect([...new URLSearchParams(seenBy(visit)["body"])]).to.deep.equal([
      ["SAMLResponse", 'a&="<'],
      ["RelayState", ""],
    ]);
  });

  it("stops in front of it, with what it holds", async () => {
    const { url, unsent, hops } = await createBrowser().visit(`${here}/saml`, { stopBefore: other });
    expect({ url, unsent }).to.deep.equal({ url: `${other}/seen`, unsent: { SAMLResponse: 'a&="<', RelayState: "" } });
    expect(hops).to.deep.equal([`${here}/saml`]);
  });

  it("waits for somebody to fill in a form that asks for something", async () => {
    const browser = createBrowser();
    const page = await browser.visit(`${here}/asks`);
    expect(page.url).to.equal(`${here}/asks`);
    const visit = await browser.submit(page, { user: "bob", more: "1" });
    expect(seenBy(visit)["body"]).to.equal("SAMLResponse=x&user=bob&format=2&more=1");
  });

  const comings: readonly [
    what: string,
    path: string,
    method: "GET" | "POST",
    from: "here" | "other" | "nowhere",
    cookies: string,
  ][] = [
    ["an address that was typed", "/seen", "GET", "nowhere", "lax=1; none=1; strict=1; plain=1"],
    ["a link on another site", "/seen", "GET", "other", "lax=1; none=1; plain=1"],
    ["a form on another site", "/seen", "POST", "other", "none=1"],
    ["a form on a page of its own", "/seen", "POST", "here", "lax=1; none=1; strict=1; plain=1"],
  ];
  for (const [what, path, method, from, cookies] of comings) {
    it(`brings along with ${what} the cookies that browsers do`, async () => {
      const browser = createBrowser();
      await browser.visit(`${here}/cookies`);
      const page = { here, other, nowhere: undefined }[from];
      const visit = await browser.visit(`${here}${path}`, { method, ...(page === undefined ? {} : { from: page }) });
      expect(seenBy(visit)["cookie"]).to.equal(cookies);
    });
  }

  it("brings along all cookies with a SAML message from a page of its own", async () => {
    const browser = createBrowser();
    await browser.visit(`${here}/cookies`);
    const seen = seenBy(await browser.visit(`${here}/own-saml`));
    expect([seen["site"], seen["cookie"]]).to.deep.equal(["same-origin", "lax=1; none=1; strict=1; plain=1"]);
  });
});
