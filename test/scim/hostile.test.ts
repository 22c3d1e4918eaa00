import { expect } from "chai";
import { onEachDatabase, type ScimDirectory, type ScimRequest } from "./scim-service.js";
import { ENTERPRISE, GROUP, PATCH_OP, USER } from "./tables.js";

const MEGABYTE = 1024 * 1024;

const user = (rest: string): string => `{"schemas":["${USER}"],"userName":"mallory"${rest && `,${rest}`}}`;
const group = (rest: string): string => `{"schemas":["${GROUP}"],"displayName":"Mallory"${rest && `,${rest}`}}`;
const patch = (...operations: readonly string[]): string =>
  `{"schemas":["${PATCH_OP}"],"Operations":[${operations.join(",")}]}`;
const many = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, at) => item(at)).join(",");
const setting = (path: string): string => patch(JSON.stringify({ op: "add", path, value: "x" }));
const filter = (text: string): string => `/Users?filter=${encodeURIComponent(text)}`;

type Row = readonly [what: string, request: ScimRequest, status: number, scimType?: string];
const post = (path: string, body: string | Buffer, headers = {}): ScimRequest => ({
  method: "POST",
  path,
  body,
  headers,
});
const send = (method: string, path: string, body: string): ScimRequest => ({ method, path, body });
const get = (path: string): ScimRequest => ({ method: "GET", path });

const POLLUTION = '"__proto__":{"polluted":true}';

const rows: readonly Row[] = [
  ["__proto__ in a user", post("/Users", user(POLLUTION)), 400, "invalidSyntax"],
  [
    "constructor in a user",
    post("/Users", user('"constructor":{"prototype":{"polluted":true}}')),
    400,
    "invalidSyntax",
  ],
  ["prototype in a user", post("/Users", user('"prototype":1')), 400, "invalidSyntax"],
  ["__proto__ in capitals", post("/Users", user('"__PROTO__":{"polluted":true}')), 400, "invalidValue"],
  ["__proto__ in escapes", post("/Users", user('"__pr\\u006fto__":{"polluted":true}')), 400, "invalidSyntax"],
  ["__proto__ in a name", send("PUT", "/Users/{ada}", user(`"name":{${POLLUTION}}`)), 400, "invalidSyntax"],
  ["__proto__ in an element", post("/Users", user(`"emails":[{"value":"x",${POLLUTION}}]`)), 400, "invalidSyntax"],
  ["__proto__ in an extension", post("/Users", user(`"${ENTERPRISE}":{${POLLUTION}}`)), 400, "invalidSyntax"],
  ["__proto__ in what nobody knows", post("/Users", user(`"shoe":[[{${POLLUTION}}]]`)), 400, "invalidSyntax"],
  ["__proto__ in a member", post("/Groups", group(`"members":[{"value":"{ada}",${POLLUTION}}]`)), 400, "invalidSyntax"],
  [
    "__proto__ beside the operations",
    send("PATCH", "/Users/{ada}", `{${POLLUTION},${patch().slice(1)}`),
    400,
    "invalidSyntax",
  ],
  [
    "__proto__ in an operation",
    send("PATCH", "/Users/{ada}", patch(`{"op":"add",${POLLUTION}}`)),
    400,
    "invalidSyntax",
  ],
  [
    "__proto__ in a value",
    send("PATCH", "/Users/{ada}", patch(`{"op":"add","value":{${POLLUTION}}}`)),
    400,
    "invalidSyntax",
  ],
  [
    "a dotted key",
    send("PATCH", "/Users/{ada}", patch('{"op":"add","value":{"name.__proto__":"x"}}')),
    400,
    "invalidPath",
  ],
  [
    "a key of a URN",
    send("PATCH", "/Users/{ada}", patch(`{"op":"add","value":{"${USER}:constructor":"x"}}`)),
    400,
    "invalidPath",
  ],
  ["__proto__ as a path", send("PATCH", "/Users/{ada}", setting("__proto__")), 400, "invalidPath"],
  ["__proto__ behind a dot", send("PATCH", "/Users/{ada}", setting("__proto__.polluted")), 400, "invalidPath"],
  [
    "constructor.prototype as a path",
    send("PATCH", "/Users/{ada}", setting("constructor.prototype")),
    400,
    "invalidPath",
  ],
  [
    "__proto__ inside brackets",
    send("PATCH", "/Users/{ada}", setting('emails[__proto__ eq "x"].value')),
    400,
    "invalidPath",
  ],
  [
    "__proto__ behind brackets",
    send("PATCH", "/Users/{ada}", setting('emails[type eq "x"].__proto__')),
    400,
    "invalidPath",
  ],
  ["__proto__ in a filter", get(filter('__proto__ eq "x"')), 400, "invalidFilter"],
  ["constructor.name in a filter", get(filter("constructor.name pr")), 400, "invalidFilter"],
  ["__proto__ inside a filter's brackets", get(filter("emails[__proto__ pr]")), 400, "invalidFilter"],
  ["__proto__ among the attributes", get("/Users?attributes=userName,__proto__"), 400, "invalidPath"],
  ["constructor among the excluded attributes", get("/Users?excludedAttributes=constructor"), 400, "invalidPath"],
  ["__proto__ as a parameter", get("/Users?__proto__=x"), 400, "invalidSyntax"],

  ["a body of 10 MB", post("/Users", user(`"title":"${"x".repeat(10 * MEGABYTE)}"`)), 413],
  ["a group of 10 MB", post("/Groups", group(`"description":"${"x".repeat(10 * MEGABYTE)}"`)), 413],
  ["a PATCH of 10 MB", send("PATCH", "/Groups/{platform}", "x".repeat(10 * MEGABYTE)), 413],
  [
    "10 MB that do not say how long they are",
    post("/Users", Buffer.alloc(10 * MEGABYTE, "x"), { "Content-Length": null, "Transfer-Encoding": "chunked" }),
    413,
  ],
  ["a group of 200 kB", post("/Groups", group(`"description":"${"x".repeat(200_000)}"`)), 400, "invalidValue"],
  ["a user of 200 kB", post("/Users", user(`"title":"${"é".repeat(100_000)}"`)), 400, "invalidValue"],
  ["a PUT of 200 kB", send("PUT", "/Users/{ada}", user(`"title":"${"x".repeat(200_000)}"`)), 400, "invalidValue"],
  [
    "a PATCH that makes a group of 200 kB",
    send(
      "PATCH",
      "/Groups/{platform}",
      patch(JSON.stringify({ op: "add", path: "description", value: "x".repeat(200_000) })),
    ),
    400,
    "invalidValue",
  ],
  [
    "a service account of 200 kB",
    post(
      "/ServiceAccounts",
      `{"schemas":["urn:ietf:params:scim:schemas:rolecall:2.0:ServiceAccount"],"displayName":"x","description":"${"x".repeat(200_000)}"}`,
    ),
    400,
    "invalidValue",
  ],
  ["1,001 keys", post("/Users", user(many(1001, (at) => `"k${at}":1`))), 413],
  ["1,001 keys in what nobody knows", post("/Users", user(`"x":[{${many(1001, (at) => `"k${at}":1`)}}]`)), 413],
  ["500,000 keys", post("/Groups", group(many(500_000, (at) => `"k${at}":1`))), 413],
  ["10,001 keys", post("/Users", user(many(10_001, (at) => `"k${at}":1`))), 413],
  ["8 MB that break off", post("/Groups", `{"x":["${"a".repeat(8_000_000)}"}`), 400, "invalidSyntax"],
  ["millions of values", post("/Groups", `{"x":[${many(800_000, () => '{"a":1}')}}`), 413],
  ["members that are null", post("/Groups", group('"members":[null]')), 400, "invalidValue"],
  ["a PUT of members that are null", send("PUT", "/Groups/{platform}", group('"members":[null]')), 400, "invalidValue"],
  [
    "a PATCH of nothing but null members",
    send("PATCH", "/Groups/{platform}", patch('{"op":"replace","value":{"members":null}}')),
    400,
    "invalidValue",
  ],
  [
    "brackets 100,000 deep",
    post("/Users", user(`"x":${"[".repeat(100_000)}${"]".repeat(100_000)}`)),
    400,
    "invalidSyntax",
  ],
  ["brackets that never close", post("/Users", `${"[".repeat(500_000)}`), 400, "invalidSyntax"],
  [
    "objects 100,000 deep",
    send("PATCH", "/Users/{ada}", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`),
    400,
    "invalidSyntax",
  ],
  ["lists 20 deep", post("/Users", user(`"x":${"[".repeat(20)}${"]".repeat(20)}`)), 400, "invalidValue"],
  ["a number beyond all numbers", post("/Users", user('"title":1e999')), 400, "invalidValue"],
  [
    "a name of 513 letters",
    post("/Users", `{"schemas":["${USER}"],"userName":"${"x".repeat(513)}"}`),
    400,
    "invalidValue",
  ],
  ["a NUL in a name", post("/Users", `{"schemas":["${USER}"],"userName":"a\\u0000b"}`), 400, "invalidValue"],
  ["the same key in two letter cases", post("/Users", user('"USERNAME":"eve"')), 400, "invalidValue"],
  ["251 addresses", post("/Users", user(`"emails":[${many(251, (at) => `{"value":"${at}"}`)}]`)), 400, "invalidValue"],
  ["50,001 members", post("/Groups", group(`"members":[${many(50_001, (at) => `{"value":"${at}"}`)}]`)), 413],
  [
    "1,001 operations",
    send("PATCH", "/Users/{ada}", patch(many(1001, () => '{"op":"add","path":"title","value":"x"}'))),
    413,
  ],
  [
    "1,001 attributes in values",
    send("PATCH", "/Users/{ada}", patch(many(501, () => '{"op":"add","value":{"title":"x","nickName":"y"}}'))),
    413,
  ],
  [
    "a path of quotes, each of which may begin a text",
    send("PATCH", "/Users/{ada}", setting(`emails[type eq "${'\\"'.repeat(200_000)}`)),
    400,
    "invalidPath",
  ],
  ["a path of 2,000 brackets", send("PATCH", "/Users/{ada}", setting("emails[".repeat(290))), 400, "invalidPath"],
  ["a filter of 4,200 letters", get(filter(`userName eq "${"x".repeat(4200)}"`)), 400, "invalidFilter"],
  ["a filter 11 deep", get(filter(`${"(".repeat(11)}userName pr${")".repeat(11)}`)), 400, "invalidFilter"],
  ["a filter of 500 brackets", get(filter("(".repeat(500))), 400, "invalidFilter"],
  ["a filter that negates 500 times", get(filter(`${"not (".repeat(300)}a pr`)), 400, "invalidFilter"],
  [
    "a filter of 51 comparisons",
    get(filter(many(51, (at) => `title eq "${at}"`).replaceAll(",", " or "))),
    400,
    "invalidFilter",
  ],
  ["201 attributes", get(`/Users?attributes=${many(201, (at) => `a${at}`)}`), 400, "invalidValue"],
  ["101 parameters", get(`/Users?${many(101, (at) => `p${at}=x`).replaceAll(",", "&")}`), 400, "invalidSyntax"],
];

describe("hostile SCIM requests", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let ada: string;
    let platform: string;
    let untouched: readonly unknown[];
    const everything = async () => [(await directory.get("/Users")).json, (await directory.get("/Groups")).json];

    before(async () => {
      directory = await service().connect();
      ada = await directory.user("ada");
      platform = await directory.group("Platform", [ada]);
      untouched = await everything();
    });

    for (const [what, request, status, scimType] of rows) {
      it(`SEC-06: ${what}: ${status}, and nothing changes`, async () => {
        const filledIn = <T>(value: T): T =>
          (typeof value === "string" ? value.replace("{ada}", ada).replace("{platform}", platform) : value) as T;
        const reply = await directory.send({ ...request, path: filledIn(request.path), body: filledIn(request.body) });
        expect([reply.status, reply.json["scimType"]], reply.text).to.deep.equal([status, scimType]);
        expect(reply.headers["content-type"]).to.equal("application/scim+json");
        expect(reply.text.length, "says it in a few words").to.be.below(600);
        expect(await everything()).to.deep.equal(untouched);
        expect({}).not.to.have.property("polluted");
      });
    }

    it("takes a prototype's name for a name where it is text", async () => {
      for (const name of ["__proto__", "constructor", "toString", "prototype"]) {
        const made = await directory.group(name);
        const found = await directory.get(`/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}`);
        expect(found.json).to.include({ totalResults: 1 });
        expect((await directory.delete(`/Groups/${made}`)).status).to.equal(204);
        const person = await directory.user(name, { title: name, emails: [{ value: name, type: name }] });
        expect((await directory.get(filter(`emails[type eq "${name}"].value eq "${name}"`))).json).to.include({
          totalResults: 1,
        });
        expect((await directory.delete(`/Users/${person}`)).status).to.equal(204);
      }
    });

    it("takes as much as the limits say", async () => {
      const person = await directory.user("large");
      const operations = Array.from({ length: 1000 }, (_, at) => ({ op: "add", path: "title", value: `${at}` }));
      expect((await directory.patch(`/Users/${person}`, operations)).json["title"]).to.equal("999");
      const emails = Array.from({ length: 250 }, (_, at) => ({ value: `${at}@acme.test` }));
      const put = await directory.put(`/Users/${person}`, { schemas: [USER], userName: "large", emails });
      expect(put.json["emails"]).to.have.length(250);
      const terms = Array.from({ length: 50 }, (_, at) => `emails.value eq "${at + 200}@acme.test"`).join(" or ");
      expect((await directory.get(filter(terms))).json).to.include({ totalResults: 1 });
      const name = "x".repeat(512);
      expect(
        (await directory.patch(`/Users/${person}`, [{ op: "replace", path: "userName", value: name }])).status,
      ).to.equal(200);
      expect((await directory.delete(`/Users/${person}`)).status).to.equal(204);
    });
  });
});
