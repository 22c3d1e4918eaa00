import { expect } from "chai";
import type { Json, JsonObject } from "../../src/model/json.js";
import type { QuirkName } from "../../src/protocols/scim/dialect.js";
import { groupBody, type ScimRequest, type ScimService, startScimService, userBody } from "./scim-service.js";
import { ENTERPRISE, PATCH_OP, SERVICE_ACCOUNT, USER } from "./tables.js";

const SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const EMAILS = { emails: [{ value: "ada@acme.example", type: "work", display: "Ada" }] };

interface Known {
  readonly user: string;
  readonly group: string;
  readonly account: string;
}

const patch = (...Operations: readonly Json[]): JsonObject => ({ schemas: [PATCH_OP], Operations });
const ofUser =
  (operation: Json) =>
  ({ user }: Known) => ({ method: "PATCH", path: `/Users/${user}`, body: patch(operation) });
const search = (more: JsonObject) => () => ({
  method: "POST",
  path: "/Users/.search",
  body: { schemas: [SEARCH], ...more },
});
const bulk = (method: string, slash: string) => () => {
  const operation = { method, path: `${slash}Users`, bulkId: "u", data: userBody("bulk") };
  return { method: "POST", path: "/Bulk", body: { schemas: [BULK], Operations: [operation] } };
};
const grouped =
  (member: JsonObject | null) =>
  ({ user }: Known) => ({
    method: "POST",
    path: "/Groups",
    body: { ...groupBody("Crew"), members: [{ value: user, ...member }, ...(member === null ? [null] : [])] },
  });

const DEVIATIONS: readonly (readonly [what: string, quirk: QuirkName | undefined, (known: Known) => ScimRequest])[] = [
  [
    "core attributes below their URN in a PATCH",
    "core_below_urn",
    ofUser({ op: "replace", value: { [USER]: { title: "y" } } }),
  ],
  ["the core's URN as a path", "core_below_urn", ofUser({ op: "replace", path: USER, value: { title: "y" } })],
  [
    "data of an extension that is not listed",
    "unlisted_schema",
    () => ({ method: "POST", path: "/Users", body: userBody("unlisted", { [ENTERPRISE]: { department: "x" } }) }),
  ],
  ["a user as a member that is called a group", "member_type", grouped({ type: "Group" })],
  ["a user as a member that is called one", undefined, grouped({ type: "User" })],
  [
    "the same in a PATCH",
    "member_type",
    ({ user, group }) => ({
      ...{ method: "PATCH", path: `/Groups/${group}` },
      body: patch({ op: "add", path: "members", value: [{ value: user, type: "Group" }] }),
    }),
  ],
  [
    "the same in a PUT",
    "member_type",
    ({ user, group }) => ({
      ...{ method: "PUT", path: `/Groups/${group}` },
      body: { ...groupBody("Crew"), members: [{ value: user, type: "Group" }] },
    }),
  ],
  ["null among members", "null_element", grouped(null)],
  [
    "null among values",
    "null_element",
    ofUser({ op: "add", path: "emails", value: [null, { value: "b@acme.example" }] }),
  ],
  ["a value with a removal", "removal_with_value", ofUser({ op: "remove", path: "title", value: "other" })],
  ["a removal", undefined, ofUser({ op: "remove", path: "title" })],
  ["C17: a removal of active", "kept_value", ofUser({ op: "remove", path: "active" })],
  ["C17: null for active", "kept_value", ofUser({ op: "replace", value: { active: null } })],
  [
    "C17: a removal of the userName of a service account",
    "kept_value",
    ({ account }) => ({
      method: "PATCH",
      path: `/ServiceAccounts/${account}`,
      body: patch({ op: "remove", path: "userName" }),
    }),
  ],
  [
    "TEC-17: a role that is null",
    "blank_role",
    ofUser({ op: "add", path: "roles", value: [{ type: "a", value: null }] }),
  ],
  [
    "TEC-17: a role that is null at its path",
    "blank_role",
    ofUser({ op: "replace", path: 'roles[type eq "a"].value', value: null }),
  ],
  [
    "TEC-17: a blank role in a PUT",
    "blank_role",
    ({ user }) => ({
      method: "PUT",
      path: `/Users/${user}`,
      body: userBody("ada", { roles: [{ type: "a", value: "" }] }),
    }),
  ],
  ["a role that goes", undefined, ofUser({ op: "remove", path: 'roles[type eq "a"]' })],
  ["a member whose link leads elsewhere", "wrong_link", grouped({ $ref: "https://x.example/Users/other" })],
  ["a member whose link is null", undefined, grouped({ $ref: null })],
  [
    "a member with its link",
    undefined,
    ({ user }) => grouped({ $ref: `../Users/${user}` })({ user, group: "", account: "" }),
  ],
  [
    "a manager whose link leads elsewhere",
    "wrong_link",
    ofUser({ op: "add", path: `${ENTERPRISE}:manager`, value: { value: "m1", $ref: "../Users/m2" } }),
  ],
  [
    "an unknown name in attributes",
    "unknown_attribute",
    () => ({ method: "GET", path: "/Users?attributes=userName,shoe" }),
  ],
  ["one in excludedAttributes", "unknown_attribute", () => ({ method: "GET", path: "/Users?excludedAttributes=shoe" })],
  [
    "a name that one of several types knows",
    undefined,
    () => ({ method: "POST", path: "/.search", body: { schemas: [SEARCH], attributes: ["userName", "members"] } }),
  ],
  [
    "a value with a removal by a filter",
    "removal_with_value",
    ofUser({ op: "remove", path: 'emails[type eq "work"]', value: [{ value: "x" }] }),
  ],
  [
    "a list of one for the elements of a filter",
    "listed_value",
    ofUser({ op: "replace", path: 'emails[type eq "work"]', value: [{ value: "c@acme.example" }] }),
  ],
  [
    "a filter in attributes",
    "filtered_attributes",
    () => ({ method: "GET", path: `/Users?attributes=${encodeURIComponent('emails[type eq "work"]')}` }),
  ],
  ["a search without schemas", "search_without_schemas", search({ schemas: [] })],
  ["a count as text", "number_as_text", search({ count: "5" })],
  ["attributes as one text", "names_as_text", search({ attributes: "userName,title" })],
  ["a search as it should be", undefined, search({ count: 5, attributes: ["userName"] })],
  ["a bulk method in small letters", "bulk_method_case", bulk("post", "/")],
  ["a bulk path without its slash", "bulk_path_without_slash", bulk("POST", "")],
  ["a bulk request as it should be", undefined, bulk("POST", "/")],
];

describe("quirks: what a request needed stands in the log", () => {
  let service: ScimService;
  const lines: string[] = [];

  before(async () => {
    service = await startScimService({ log: { write: (line: string) => void lines.push(line) } });
  });

  after(() => service.close());

  for (const [what, quirk, requestOf] of DEVIATIONS) {
    it(`${what}: ${quirk ?? "nothing"}`, async () => {
      const directory = await service.connect();
      const user = await directory.user("ada", { title: "t", ...EMAILS });
      const group = await directory.group("Standing");
      const made = await directory.post("/ServiceAccounts", { schemas: [SERVICE_ACCOUNT], displayName: "CI" });
      const account = String(made.json["id"]);
      lines.length = 0;
      const reply = await directory.send(requestOf({ user, group, account }));
      expect(reply.status, reply.text).to.be.within(200, 204);
      if (reply.text.includes("BulkResponse")) expect(reply.text).to.contain('"status":"201"');
      const entry = lines.map((line) => JSON.parse(line)).findLast(({ event }) => event === "request");
      expect(entry?.quirks).to.equal(quirk);
    });
  }
});
