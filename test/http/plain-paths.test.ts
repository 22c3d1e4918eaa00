import { expect } from "chai";
import { plainPaths } from "../../src/http/plain-paths.js";

const ROUTES = [
  { method: "GET", path: "/Users" },
  { method: "GET", path: "/Users/:id" },
  { method: "POST", path: "/Users/.search" },
  { method: "POST", path: "/Users/:id" },
  { method: "GET", path: "/:type/:id/parts/:part" },
];

describe("plain paths", () => {
  const find = (method: string, path: string, anyCase = false) => {
    const match = plainPaths(ROUTES, anyCase)(method, path);
    return match && [match.route.path, match.params];
  };

  const found: readonly (readonly [string, string, unknown])[] = [
    ["GET", "/Users", ["/Users", {}]],
    ["GET", "/Users/01.a-B_c", ["/Users/:id", { id: "01.a-B_c" }]],
    ["POST", "/Users/.search", ["/Users/.search", {}]],
    ["POST", "/Users/x", ["/Users/:id", { id: "x" }]],
    ["GET", "/Groups/7/parts/8", ["/:type/:id/parts/:part", { type: "Groups", id: "7", part: "8" }]],
  ];
  for (const [method, path, expected] of found) {
    it(`find ${method} ${path}`, () => expect(find(method, path)).to.deep.equal(expected));
  }

  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "/Users/"],
    ["GET", "//Users"],
    ["GET", "/Users/a%2Fb"],
    ["GET", "/Users/a:b"],
    ["GET", "/users"],
    ["GET", "/Users/a/b"],
    ["HEAD", "/Users"],
    ["PUT", "/Users"],
  ] as const) {
    it(`leave ${method} ${path} to the router`, () => expect(find(method, path)).to.equal(undefined));
  }

  it("find words in any letter case where that is asked for, and leave parameters as they are", () => {
    expect(find("GET", "/uSERS/Abc", true)).to.deep.equal(["/Users/:id", { id: "Abc" }]);
  });
});
