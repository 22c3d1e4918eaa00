import { expect } from "chai";
import { safeReturnTo } from "../../src/protocols/sign-in/return-to.js";

const BASE = "https://rolecall.example";

describe("W-27: where a sign-in returns to", () => {
  const ours: readonly [asked: string, path: string][] = [
    ["/", "/"],
    ["/console?tab=2#top", "/console?tab=2#top"],
    ["/a/../b", "/b"],
    ["/%2f%2fevil.example", "/%2f%2fevil.example"],
    ["/@evil.example", "/@evil.example"],
    ["/teams/Försäljning", "/teams/F%C3%B6rs%C3%A4ljning"],
    ["/x?to=https://evil.example", "/x?to=https://evil.example"],
  ];
  for (const [asked, path] of ours) {
    it(`may be ${asked}`, () => {
      expect(safeReturnTo(asked, BASE)).to.equal(path);
    });
  }

  const foreign = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/a\\b",
    "/.//evil.example",
    "/a/..//evil.example",
    "https://evil.example/",
    "https://rolecall.example/me",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "me",
    "",
    "?x",
    "#x",
    " /me",
    "/ /evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "/\u0000",
    "/\u2028/evil.example",
    "/\u3000/evil.example",
    "/\u200b/evil.example",
    `/${"a".repeat(2000)}`,
  ];
  for (const path of foreign) {
    it(`is never ${JSON.stringify(path.slice(0, 40))}`, () => {
      expect(safeReturnTo(path, BASE)).to.equal(undefined);
    });
  }

  it("is nowhere in particular when nobody says", () => {
    expect(safeReturnTo(null, BASE)).to.equal(undefined);
  });
});
