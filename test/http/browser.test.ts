import { expect } from "chai";
import { bearerToken } from "../../src/http/bearer.js";
import { clientAddress } from "../../src/http/client-address.js";
import { pendingLoginCookie, readCookie, sessionCookie } from "../../src/http/cookies.js";
import type { HttpRequest } from "../../src/http/exchange.js";
import { html, page, renderErrorPage, wantsJson } from "../../src/http/pages.js";
import { requireSameOrigin } from "../../src/http/same-origin.js";
import { Refusal } from "../../src/model/problem.js";
import { networkOf, parseRanges } from "../../src/platform/addresses.js";
import { createLogger } from "../../src/platform/log.js";

function incoming(headers: Readonly<Record<string, string>>, method = "POST"): HttpRequest {
  return {
    id: "r1",
    method,
    path: "/",
    params: {},
    query: new URLSearchParams(),
    queryText: "",
    address: "127.0.0.1",
    network: "127.0.0.1",
    log: createLogger("silent"),
    header: (name) => headers[name],
    cookie: (name) => readCookie(headers["cookie"], name),
    identify: () => undefined,
  };
}

describe("cookies", () => {
  it("W-24, W-25: are bound to the host, to https and away from scripts, and the pending login's comes along with the provider's post", () => {
    const session = sessionCookie("https://rolecall.test");
    const pending = pendingLoginCookie("https://rolecall.test");
    expect(session.set("abc", 60)).to.equal(
      "__Host-rolecall_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
    );
    expect(pending.set("abc", 60)).to.equal(
      "__Host-rolecall_login=abc; Path=/; Max-Age=60; HttpOnly; SameSite=None; Secure",
    );
    expect(session.clear()).to.equal("__Host-rolecall_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
  });

  it("do without prefix, Secure and None on http", () => {
    expect(sessionCookie("http://localhost:4180").set("abc", 60)).to.equal(
      "rolecall_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
    );
    expect(pendingLoginCookie("http://localhost:4180").set("abc", 60)).to.equal(
      "rolecall_login=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
    );
  });

  it("refuse a value that would end them early", () => {
    for (const value of ["a;Domain=evil", "a b", "a\r\nSet-Cookie: x=y", "", "é"]) {
      expect(() => sessionCookie("http://x").set(value, 1), value).to.throw("must be a token");
    }
  });

  const headers: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ["rolecall_session=abc", "abc"],
    ["a=b; rolecall_session=abc; c", "abc"],
    ["xrolecall_session=abc", undefined],
    ["rolecall_session=", undefined],
    ["rolecall_session=abc; rolecall_session=abc", "abc"],
    ["rolecall_session=planted; rolecall_session=abc", undefined],
    ["rolecall_session=a=b", "a=b"],
    ["\t rolecall_session\t = abc\t", "abc"],
    ...["\u00a0", "\u0085", "\u000b", "\u000c", "\ufeff"].flatMap((byte): [string, string | undefined][] => [
      [`${byte}rolecall_session=abc`, undefined],
      [`rolecall_session${byte}=abc`, undefined],
      [`rolecall_session=abc; ${byte}rolecall_session=planted`, "abc"],
    ]),
  ];
  for (const [header, value] of headers) {
    it(`W-24, W-25: read ${value ?? "nothing"} from ${JSON.stringify(header) ?? "no header"}`, () => {
      expect(sessionCookie("http://x").read(incoming(header === undefined ? {} : { cookie: header }))).to.equal(value);
    });
  }
});

describe("W-26: same origin", () => {
  const cases: [string, Record<string, string>, "passes" | "is refused"][] = [
    ["our own form", { "sec-fetch-site": "same-origin", origin: "https://rolecall.test" }, "passes"],
    ["our own form under no-referrer", { "sec-fetch-site": "same-origin", origin: "null" }, "passes"],
    ["our own form on plain http", { origin: "https://rolecall.test" }, "passes"],
    ["a program that is no browser", {}, "passes"],
    ["another site's form", { "sec-fetch-site": "cross-site", origin: "https://evil.test" }, "is refused"],
    [
      "another site's form that forges nothing but Origin",
      { "sec-fetch-site": "cross-site", origin: "https://rolecall.test" },
      "is refused",
    ],
    [
      "another host of the domain",
      { "sec-fetch-site": "same-site", origin: "https://evil.rolecall.test" },
      "is refused",
    ],
    ["another site on an old browser", { origin: "https://evil.test" }, "is refused"],
    ["a sandboxed frame", { origin: "null" }, "is refused"],
    ["our name on another port", { origin: "https://rolecall.test:8443" }, "is refused"],
    ["our name on http", { origin: "http://rolecall.test" }, "is refused"],
    ["a name that begins like ours", { origin: "https://rolecall.test.evil.test" }, "is refused"],
  ];
  for (const [what, headers, outcome] of cases) {
    it(`${what} ${outcome}`, () => {
      const attempt = () => requireSameOrigin(incoming(headers), "https://rolecall.test");
      if (outcome === "passes") expect(attempt).not.to.throw();
      else expect(attempt).to.throw(Refusal, "another site");
    });
  }

  it("lets everybody read", () => {
    expect(() =>
      requireSameOrigin(incoming({ origin: "https://evil.test" }, "GET"), "https://rolecall.test"),
    ).not.to.throw();
  });
});

describe("bearer token", () => {
  const good: [string, string][] = [
    ["Bearer abc", "abc"],
    ["bearer  abc ", "abc"],
    ["abc", "abc"],
    ["BEARER a-b.c~d+e/f==", "a-b.c~d+e/f=="],
  ];
  for (const [header, token] of good) {
    it(`reads \`${header}\``, () => expect(bearerToken(incoming({ authorization: header }))).to.equal(token));
  }
  for (const header of [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Basic dTpw",
    "Bearer a b",
    "Bearer é",
    `Bearer ${"x".repeat(5_000)}`,
  ]) {
    it(`refuses \`${header?.slice(0, 20) ?? "no header"}\``, () => {
      expect(() => bearerToken(incoming(header === undefined ? {} : { authorization: header })))
        .to.throw(Refusal)
        .with.property("code", "unauthorized");
    });
  }
});

describe("client address", () => {
  const proxies = parseRanges(["10.0.0.0/8", "fd00::/8"]) ?? [];
  const cases: [string, string, string | undefined, string][] = [
    ["nobody forwards", "203.0.113.1", undefined, "203.0.113.1"],
    ["a stranger forwards", "203.0.113.1", "1.1.1.1", "203.0.113.1"],
    ["a proxy forwards", "10.0.0.1", "1.1.1.1", "1.1.1.1"],
    ["a proxy forwards what the client made up", "10.0.0.1", "9.9.9.9, 1.1.1.1", "1.1.1.1"],
    ["two proxies forward", "10.0.0.1", "9.9.9.9, 1.1.1.1, 10.0.0.2", "1.1.1.1"],
    ["a proxy forwards nonsense", "10.0.0.1", "<script>", "10.0.0.1"],
    ["a proxy forwards nothing", "10.0.0.1", "", "10.0.0.1"],
    ["only proxies are in the chain", "10.0.0.1", "10.0.0.3", "10.0.0.3"],
    ["the socket is dual-stack", "::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"],
    ["the proxy is on IPv6", "fd00::1", "2001:db8::5", "2001:db8::5"],
  ];
  for (const [what, socket, forwarded, expected] of cases) {
    it(`is ${expected} when ${what}`, () => expect(clientAddress(socket, forwarded, proxies)).to.equal(expected));
  }

  for (const [network, ...addresses] of [
    ["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:c000:0201"],
    ["2001:db8:0:1::/64", "2001:db8:0:1::", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:DB8::1:0:0:0:1"],
    ["2001:db8:0:2::/64", "2001:db8:0:2::1"],
    ["fe80::/64", "fe80::1%eth0"],
    ["::/64", "::1"],
    ["unknown", "unknown"],
    ["", ""],
  ] as const) {
    it(`counts as ${network || "nothing"}: ${addresses.join(", ")}`, () => {
      expect(new Set(addresses.map(networkOf))).to.deep.equal(new Set([network]));
    });
  }
});

describe("pages", () => {
  const evil = `"><script>alert('x')</script>&`;

  it("W-33: escape everything but HTML of their own", () => {
    const { markup } =
      html`<p title="${evil}">${evil}${html`<b>${1}</b>`}${["a", "<"].map((text) => html`<li>${text}</li>`)}</p>`;
    expect(markup).to.equal(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;' +
        "<b>1</b><li>a</li><li>&lt;</li></p>",
    );
  });

  it("carry title, language and no script", () => {
    const { status, headers, body } = page({ status: 200, title: evil, body: html`<p>${evil}</p>` });
    expect(status).to.equal(200);
    expect(headers?.["content-type"]).to.equal("text/html; charset=utf-8");
    expect(body)
      .to.match(/^<!doctype html>\n<html lang="en">/)
      .and.contain("<h1>&quot;&gt;");
    expect(body).not.to.match(/<script|<style|\son\w+=|style=/);
  });

  it("show an error by our words, its code and its reference, else the request's id, and nothing of the error itself", () => {
    const render = renderErrorPage((code) => ({ title: "Sign-in failed", advice: `words for ${code}` }));
    const refused = render(
      new Refusal("not_assigned", "hunter2", { reference: "ref-1" }),
      incoming({ accept: "text/html" }),
    );
    expect(refused.status).to.equal(403);
    expect(refused.body)
      .to.contain("words for not_assigned")
      .and.contain("<dt>Reference</dt><dd><code>ref-1</code>")
      .and.not.contain("hunter2");
    const fault = render(new Error("hunter2"), incoming({}));
    expect(fault.status).to.equal(500);
    expect(fault.body)
      .to.contain("words for internal")
      .and.contain("<dt>Request</dt><dd><code>r1</code>")
      .and.not.contain("hunter2");
    const json = render(new Refusal("not_assigned", "ask an admin"), incoming({ accept: "application/json" }));
    expect(json.body).to.deep.include({ code: "not_assigned", requestId: "r1" });
  });

  const accepts: [string | undefined, boolean][] = [
    [undefined, false],
    ["*/*", false],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false],
    ["application/json", true],
    ["application/problem+json", true],
    ["application/json, text/plain;q=0.9", true],
    ["text/html, application/json;q=0.5", false],
    ["application/json;q=0", false],
    ["application/json, */*;q=0.1", true],
  ];
  for (const [accept, json] of accepts) {
    it(`give way to ${json ? "JSON" : "nobody"} for Accept ${accept ?? "absent"}`, () => {
      expect(wantsJson(incoming(accept === undefined ? {} : { accept }))).to.equal(json);
    });
  }
});
