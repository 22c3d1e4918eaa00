import { expect } from "chai";
import type { Json } from "../../src/model/json.js";
import { spelledApart } from "../../src/protocols/scim/said-twice.js";
import { onEachDatabase, type ScimDirectory } from "./scim-service.js";
import { PATCH_OP, refusal, USER } from "./tables.js";

const user = (rest: string) => `{"schemas":["${USER}"],"userName":"ada",${rest}}`;
const patch = (...operations: readonly string[]) => `{"schemas":["${PATCH_OP}"],"Operations":[${operations.join()}]}`;
const operation = (rest: string) => patch(`{"op":"replace",${rest}}`);

describe("a key that stands twice in one object, in the same letters,", () => {
  const spelled: readonly (readonly [what: string, text: string, spelled: string])[] = [
    ["is spelled in two ways", '{"a":1,"a":2}', '{"a":1,"A":2}'],
    ["in three, where it stands there three times", '{"op":1,"op":2,"op":3}', '{"op":1,"Op":2,"oP":3}'],
    ["in a way of its own", '{"op":1,"Op":2,"op":3,"Op":4}', '{"op":1,"Op":2,"oP":3,"OP":4}'],
    ["in a way of its own, whatever comes later", '{"op":1,"op":2,"Op":3}', '{"op":1,"Op":2,"OP":3}'],
    ["by escapes", '{"\\u0061":1,"a":2,"b\\"":[],"b\\"":{}}', '{"\\u0061":1,"A":2,"b\\"":[],"B\\"":{}}'],
    ["in lists and objects", '[[{"x":{"a":1, "a" : 2}}]]', '[[{"x":{"a":1, "A" : 2}}]]'],
    ["behind texts", '{"a":"{\\"b\\\\","a":"}]"}', '{"a":"{\\"b\\\\","A":"}]"}'],
    ["with a mark before all", '\uFEFF{"a":{},"a":{}}', '\uFEFF{"a":{},"A":{}}'],
    [
      "stays with the same value",
      '{"a":false,"a" : false ,"b":"x","b":"x"}',
      '{"a":false,"a" : false ,"b":"x","b":"x"}',
    ],
    ["stays in two objects", '[{"a":1},{"a":2,"b":{"a":3}},["a","a"]]', '[{"a":1},{"a":2,"b":{"a":3}},["a","a"]]'],
    ["stays as a text", '{"a":"b","b":"a","c":["a","b","a"]}', '{"a":"b","b":"a","c":["a","b","a"]}'],
  ];
  for (const [what, text, expected] of spelled) {
    it(what, () => {
      JSON.parse(text.replace("\uFEFF", ""));
      expect(spelledApart(text)).to.equal(expected);
    });
  }

  it("is refused where no letters are left to tell its values apart", () => {
    for (const text of ['{"1":1,"1":2}', '{"a":1,"a":2,"a":3}', `{${'"title":1,"title":2,'.repeat(99)}"title":3}`]) {
      expect(refusal(() => spelledApart(text)).kind, text.slice(0, 40)).to.equal("invalidValue");
    }
  });

  it("SEC-06: loses no value, among hundreds, and is refused beyond a thousand", () => {
    const many = (count: number) => `[${Array.from({ length: count }, () => '{"a":1,"a":2}').join()}]`;
    const nested = `${'{"a":1,"a":'.repeat(60)}0${"}".repeat(60)}`;
    const countOf = (value: Json): number =>
      typeof value === "object" && value !== null
        ? Object.values(value).reduce<number>((sum, item) => sum + 1 + countOf(item as Json), 0)
        : 0;
    expect(countOf(JSON.parse(spelledApart(many(1000))))).to.equal(3000);
    expect(countOf(JSON.parse(spelledApart(nested)))).to.equal(120);
    expect(refusal(() => spelledApart(many(1001))).kind).to.equal("invalidValue");
  });

  const bulk = (id: string, line: string) =>
    `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{${line.replaceAll("{id}", id)}}]}`;
  const off = patch('{"op":"replace","path":"active","value":false}');

  /** What a PUT or a PATCH says of somebody active; a line of a bulk by itself. */
  const said: Readonly<Record<"refused" | "off" | "on", readonly (readonly [what: string, text: string])[]>> = {
    refused: [
      ["in a body", user('"active":false,"active":true')],
      ["in the other order", user('"active":true,"title":"a","active":false')],
      ["as text", user('"Active":"true","Active":"False"')],
      ["by escapes", user('"\\u0061ctive":false,"active":true')],
      ["below the core URN", user(`"${USER}":{"active":false,"active":true}`)],
      ["by two objects below the core URN", user(`"${USER}":{"active":false},"${USER}":{"active":true}`)],
      ["by its URN", user(`"${USER}:active":false , "${USER}:active":true`)],
      ["by two values of an operation", operation('"path":"active","value":false,"value":true')],
      ["by two values, and a path in escapes", operation('"path":"\\u0061ctive","value":false,"value":true')],
      ["by two values in a list", operation('"path":"active","value":[{"value":false,"value":true}]')],
      ["by two values before the path", operation('"value":false,"value":true,"path":"active"')],
      ["by two paths of an operation", operation('"path":"active","path":"title","value":false')],
      ["in the value of an operation", operation('"value":{"active":false,"active":true}')],
      ["by two lists of operations", `${off.slice(0, -1)},"Operations":[]}`],
      [
        "by two lists of operations, of which one says it",
        `${off.slice(0, -1)},${operation('"path":"active","value":true').slice(1)}`,
      ],
      ["by two methods", '"method":"DELETE","method":"PATCH","path":"/Users/{id}"'],
      ["by two paths of a line", '"method":"DELETE","path":"/Users/{id}","path":"/Groups/{id}"'],
      ["by two data", `"method":"PATCH","path":"/Users/{id}","data":${off},"data":{}`],
      ["in the data", `"method":"PUT","path":"/Users/{id}","data":${user('"active":false,"active":true')}`],
      ["as another attribute", user('"title":"a","title":"b"')],
    ],
    off: [
      ["both times the same", user('"active":false,"active": "False"')],
      ["both times the same, in an operation", operation('"path":"active","value":"False","value":false')],
      ["both times the same, in a value", operation('"value":{"active":false,"active":"False"}')],
      ["once, beside another attribute twice", user('"active":false,"title":"active","title":"b"')],
      ["once, beside a part of one twice", user('"active":false,"name":{"givenName":"active","givenName":"b"}')],
      ["once, beside what nobody knows twice", user('"active":false,"interactive":true,"interactive":false')],
      ["once, beside what nobody knows twice in its operation", operation('"path":"active","value":false,"x":1,"x":2')],
      [
        "once, beside an operation that says another value twice",
        patch(
          '{"op":"replace","path":"active","value":false}',
          '{"op":"add","path":"title","value":"inactive","value":"b"}',
        ),
      ],
      [
        "once, in a line whose data says something else twice",
        `"method":"PUT","path":"/Users/{id}","data":${user('"active":false,"title":"a","title":"b"')}`,
      ],
    ],
    on: [
      ["not at all, and another attribute the same twice", user('"title":"a","title":"a"')],
      ["once, beside a text that looks like it", user('"active":true,"title":"\\"active\\":true,{\\"active\\":false"')],
    ],
  };

  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let id: string;
    before(async () => {
      directory = await service().connect();
    });
    beforeEach(async () => {
      id = await directory.user("ada");
    });
    afterEach(() => directory.delete(`/Users/${id}`));

    const answerTo = async (text: string) => {
      const path = `/Users/${id}`;
      if (text.startsWith("{")) {
        const method = text.includes(PATCH_OP) ? "PATCH" : "PUT";
        const { status, json } = await directory.send({ method, path, body: text });
        return { status, scimType: json["scimType"] };
      }
      const { json } = await directory.post("/Bulk", bulk(id, text));
      const [line] = json["Operations"] as readonly { status: string; response?: { scimType?: string } }[];
      return { status: Number(line?.status), scimType: line?.response?.scimType };
    };
    const expected = { refused: [400, "invalidValue", true], off: [200, undefined, false], on: [200, undefined, true] };
    for (const which of ["refused", "off", "on"] as const) {
      for (const [what, text] of said[which]) {
        it(`SEC-05: says whether somebody is active ${what}: ${which === "refused" ? "400" : which}`, async () => {
          const { status, scimType } = await answerTo(text);
          const { active } = (await directory.get(`/Users/${id}`)).json;
          expect([status, scimType, active]).to.deep.equal(expected[which]);
        });
      }
    }

    it("SEC-05: is 400 by POST, as two letter cases are, and makes nobody", async () => {
      const { status, json } = await directory.post(
        "/Users",
        user('"active":false,"active":true').replace("ada", "new"),
      );
      expect([status, json["scimType"]]).to.deep.equal([400, "invalidValue"]);
      expect((await directory.get("/Users")).json).to.include({ totalResults: 1 });
    });
  });
});
