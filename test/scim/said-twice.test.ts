import { expect } from "chai";
import { refuseSaidTwice } from "../../src/protocols/scim/said-twice.js";
import { onEachDatabase, type ScimDirectory, userBody } from "./scim-service.js";
import { PATCH_OP, refusal, USER } from "./tables.js";

const user = (rest: string) => `{"schemas":["${USER}"],"userName":"ada",${rest}}`;
const operation = (rest: string) => `{"schemas":["${PATCH_OP}"],"Operations":[{"op":"replace",${rest}}]}`;

describe("whether somebody is active, said twice in the same letters,", () => {
  const refused: readonly (readonly [what: string, text: string])[] = [
    ["in a body", user('"active":false,"active":true')],
    ["in the other order", user('"active":true,"title":"a","active":false')],
    ["as text", user('"Active":"true","Active":"False"')],
    ["by escapes", user('"\\u0061ctive":false,"active":true')],
    ["below the core URN", user(`"${USER}":{"active":false,"active":true}`)],
    ["by two objects below the core URN", user(`"${USER}":{"active":false},"${USER}":{"title":"active"}`)],
    ["by its URN", user(`"${USER}:active":false , "${USER}:active":true`)],
    ["by two values of an operation", operation('"path":"active","value":false,"value":true')],
    ["by two values before the path", operation('"value":false,"value":true,"path":"active"')],
    ["by two paths of an operation", operation('"path":"active","path":"title","value":false')],
    ["in the value of an operation", operation('"value":{"active":false,"active":true}')],
    ["by two values of an operation without a path", operation('"value":{"active":false},"value":{"title":"a"}')],
    ["by two lists of operations", `{"Operations":[{"op":"replace","value":{"active":false}}],"Operations":[]}`],
    ["in a line of a bulk", `{"Operations":[{"method":"PUT","data":${user('"active":false,"active":true')}}]}`],
    ["behind texts with quotes", user('"title":"a\\\\\\"b\\\\","active":false,"active":true')],
  ];
  for (const [what, text] of refused) {
    it(`SEC-05: ${what}, is refused`, () => {
      JSON.parse(text);
      expect(refusal(() => refuseSaidTwice(text)).kind).to.equal("invalidValue");
    });
  }

  const taken: readonly (readonly [what: string, text: string])[] = [
    ["the same twice", user('"active":false,"active": "False"')],
    [
      "once, beside another key twice",
      user('"active":false,"title":"a","title":"active"').replace('"active"}', '"b"}'),
    ],
    [
      "once, beside an operation that says another value twice",
      `{"Operations":[{"op":"replace","path":"active","value":false},{"op":"add","path":"title","value":"a","value":"b"}]}`,
    ],
    ["by two people", `[${user('"active":false')},${user('"active":true')}]`],
    ["once, beside a text that looks like it", user('"active":false,"title":"\\"active\\":true,{\\"active\\":false"')],
    ["not at all", user('"emails":[{"value":"a","value":"b"}]')],
  ];
  for (const [what, text] of taken) {
    it(`${what}, is taken`, () => {
      JSON.parse(text);
      expect(() => refuseSaidTwice(text)).not.to.throw();
    });
  }

  onEachDatabase((service) => {
    let directory: ScimDirectory;
    before(async () => {
      directory = await service().connect();
    });

    it("SEC-05: is 400 by POST, PUT and PATCH, as two letter cases are, and changes nothing", async () => {
      const path = `/Users/${await directory.user("ada")}`;
      const twice = user('"active":false,"active":true');
      const replies = [
        await directory.post("/Users", twice.replace('"ada"', '"new"')),
        await directory.put(path, twice),
        await directory.put(path, userBody("ada", { active: false, Active: true })),
        await directory.send({ method: "PATCH", path, body: operation('"path":"active","value":false,"value":true') }),
      ];
      for (const { status, json, text } of replies) {
        expect([status, json["scimType"]], text).to.deep.equal([400, "invalidValue"]);
      }
      expect((await directory.get(path)).json).to.include({ active: true });
      expect((await directory.get("/Users")).json).to.include({ totalResults: 1 });
    });
  });
});
