import { expect } from "chai";
import { revokeToken } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import {
  groupBody,
  onEachDatabase,
  type ScimDirectory,
  type ScimReply,
  type ScimRequest,
  userBody,
} from "./scim-service.js";
import { ENTERPRISE, GROUP, PATCH_OP, USER } from "./tables.js";

const ERROR = "urn:ietf:params:scim:api:messages:2.0:Error";

/** C2, C3, C5, RFC-54: the media type without a charset, a status that is text, a detail, and no other keys. */
function expectError(reply: ScimReply, status: number, scimType?: string): void {
  expect(reply.status, reply.text).to.equal(status);
  expect(reply.headers["content-type"]).to.equal("application/scim+json");
  const { detail, ...rest } = reply.json;
  expect(rest).to.deep.equal({ schemas: [ERROR], status: String(status), ...(scimType && { scimType }) });
  expect(detail)
    .to.be.a("string")
    .and.match(/^[^\n]{10,300}$/);
}

const json = (body: unknown): Pick<ScimRequest, "body"> => ({ body: JSON.stringify(body) });

describe("SCIM errors over HTTP", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    let ada: string;
    let platform: string;
    before(async () => {
      directory = await service().connect();
      ada = await directory.user("ada");
      await directory.user("bob");
      platform = await directory.group("Platform", [ada]);
    });

    type Row = readonly [what: string, request: ScimRequest, status: number, scimType?: string];
    const patch = (...Operations: readonly unknown[]) => json({ schemas: [PATCH_OP], Operations });
    const rows: readonly Row[] = [
      ["an unknown route", { method: "GET", path: "/Nope" }, 404],
      ["a route below a resource", { method: "GET", path: "/Users/1/emails" }, 404],
      ["an unknown user", { method: "GET", path: "/Users/01ARZ3NDEKTSV4RRFFQ69G5FAV" }, 404],
      ["an id that cannot be", { method: "GET", path: "/Users/%00" }, 404],
      [
        "a group's id that cannot be",
        { method: "PATCH", path: "/Groups/%00", ...patch({ op: "remove", path: "x" }) },
        404,
      ],
      ["an id with half a character", { method: "GET", path: "/Groups/%ED%A0%80" }, 404],
      ["an id that is no UTF-8", { method: "DELETE", path: "/Users/%E0%A4" }, 404],
      ["an id that climbs", { method: "GET", path: "/Users/..%2F..%2Fv1%2Ftenants" }, 404],
      ["a group's id among the users", { method: "GET", path: "/Users/{platform}" }, 404],
      ["a user's id among the groups", { method: "DELETE", path: "/Groups/{ada}" }, 404],
      ["RFC-24: a PUT of nobody", { method: "PUT", path: "/Users/x", ...json(userBody("x")) }, 404],
      ["a PATCH of nobody", { method: "PATCH", path: "/Groups/x", ...patch({ op: "remove", path: "members" }) }, 404],
      ["an unknown schema", { method: "GET", path: "/Schemas/urn:nobody" }, 404],
      ["an unknown resource type", { method: "GET", path: "/ResourceTypes/Printer" }, 404],
      ["POST of one user", { method: "POST", path: "/Users/{ada}", ...json(userBody("x")) }, 405],
      ["DELETE of all users", { method: "DELETE", path: "/Users" }, 405],
      ["PUT of all groups", { method: "PUT", path: "/Groups", ...json(groupBody("x")) }, 405],
      ["OPTIONS", { method: "OPTIONS", path: "/Users" }, 405],
      ["RFC-57: a changed schema", { method: "PUT", path: `/Schemas/${USER}`, ...json({}) }, 405],
      ["RFC-57: a changed configuration", { method: "PATCH", path: "/ServiceProviderConfig", ...patch() }, 405],
      ["RFC-53: /Me", { method: "GET", path: "/Me" }, 501],
      ["RFC-53: a new /Me", { method: "POST", path: "/Me", ...json(userBody("x")) }, 501],
      ["a change of everything", { method: "PATCH", path: "/", ...patch() }, 405],
      ["a body of text", { method: "POST", path: "/Users", body: "x", headers: { "Content-Type": "text/plain" } }, 415],
      [
        "a body of no type",
        { method: "POST", path: "/Users", ...json(userBody("x")), headers: { "Content-Type": null } },
        415,
      ],
      [
        "a form",
        {
          method: "POST",
          path: "/Users",
          body: "userName=x",
          headers: { "Content-Type": "application/x-www-form-urlencoded" },
        },
        415,
      ],
      [
        "another charset",
        {
          method: "POST",
          path: "/Users",
          ...json(userBody("x")),
          headers: { "Content-Type": "application/scim+json; charset=latin1" },
        },
        415,
      ],
      [
        "a compressed body",
        { method: "POST", path: "/Users", ...json(userBody("x")), headers: { "Content-Encoding": "gzip" } },
        415,
      ],
      ["RFC-26: no body", { method: "POST", path: "/Users" }, 400, "invalidSyntax"],
      ["RFC-26: half a body", { method: "POST", path: "/Users", body: '{"userName":' }, 400, "invalidSyntax"],
      ["a list", { method: "POST", path: "/Users", body: "[]" }, 400, "invalidSyntax"],
      ["null", { method: "PUT", path: "/Users/{ada}", body: "null" }, 400, "invalidSyntax"],
      ["broken UTF-8", { method: "POST", path: "/Users", body: Buffer.from([0x7b, 0xff, 0x7d]) }, 400, "invalidSyntax"],
      ["no userName", { method: "POST", path: "/Users", ...json({ schemas: [USER] }) }, 400, "invalidValue"],
      ["RFC-12: a blank userName", { method: "POST", path: "/Users", ...json(userBody(" ")) }, 400, "invalidValue"],
      ["no schemas", { method: "POST", path: "/Users", ...json({ userName: "x" }) }, 400, "invalidValue"],
      [
        "C8: an undeclared extension",
        { method: "POST", path: "/Users", ...json({ ...userBody("x"), schemas: [USER, "urn:x"] }) },
        400,
        "invalidValue",
      ],
      [
        "half a character in a name",
        { method: "POST", path: "/Users", body: `{"schemas":["${USER}"],"userName":"\\ud800"}` },
        400,
        "invalidValue",
      ],
      ["a userName that is taken", { method: "POST", path: "/Users", ...json(userBody("ADA")) }, 409, "uniqueness"],
      [
        "RFC-20: a PUT of a userName that is taken",
        { method: "PUT", path: "/Users/{ada}", ...json(userBody("Bob")) },
        409,
        "uniqueness",
      ],
      [
        "RFC-20: a PATCH of a userName that is taken",
        { method: "PATCH", path: "/Users/{ada}", ...patch({ op: "replace", path: "userName", value: "BOB" }) },
        409,
        "uniqueness",
      ],
      [
        "C9: a member who is nobody",
        { method: "POST", path: "/Groups", ...json(groupBody("x", ["nobody"])) },
        400,
        "invalidValue",
      ],
      [
        "a member that is neither user nor group",
        {
          method: "POST",
          path: "/Groups",
          ...json({ ...groupBody("x"), members: [{ value: "{ada}", type: "Device" }] }),
        },
        400,
        "invalidValue",
      ],
      [
        "RFC-47: operations of which the last fails",
        {
          method: "PATCH",
          path: "/Users/{ada}",
          ...patch({ op: "replace", path: "title", value: "Boss" }, { op: "replace", path: "nosuch", value: "x" }),
        },
        400,
        "invalidPath",
      ],
      [
        "RFC-47: members of whom one is nobody, beside a new name",
        {
          method: "PATCH",
          path: "/Groups/{platform}",
          ...patch(
            { op: "replace", path: "displayName", value: "Renamed" },
            { op: "remove", path: "members" },
            { op: "add", path: "members", value: [{ value: "nobody" }] },
          ),
        },
        400,
        "invalidValue",
      ],
      [
        "RFC-48: a removal without a path",
        { method: "PATCH", path: "/Users/{ada}", ...patch({ op: "remove" }) },
        400,
        "noTarget",
      ],
      [
        "RFC-19: a read-only attribute by path",
        { method: "PATCH", path: "/Users/{ada}", ...patch({ op: "replace", path: "id", value: "x" }) },
        400,
        "mutability",
      ],
      ["RFC-33: a filter of nonsense", { method: "GET", path: "/Users?filter=userName" }, 400, "invalidFilter"],
      [
        "RFC-33: an unknown attribute",
        { method: "GET", path: "/Users?filter=nosuch%20eq%20%22x%22" },
        400,
        "invalidFilter",
      ],
      [
        "RFC-34: an order of booleans",
        { method: "GET", path: "/Users?filter=active%20gt%20true" },
        400,
        "invalidFilter",
      ],
      ["RFC-13: a filter by password", { method: "GET", path: "/Users?filter=password%20pr" }, 400, "invalidFilter"],
      ["a sort by nothing known", { method: "GET", path: "/Users?sortBy=nosuch" }, 400, "invalidValue"],
      ["RFC-13: a sort by password", { method: "GET", path: "/Users?sortBy=password" }, 400, "invalidValue"],
      ["a sort by parts", { method: "GET", path: "/Users?sortBy=name" }, 400, "invalidValue"],
      ["a sort by a schema", { method: "GET", path: `/Users?sortBy=${ENTERPRISE}` }, 400, "invalidValue"],
      ["a sort by members", { method: "GET", path: "/Groups?sortBy=members.value" }, 400, "invalidValue"],
      ["a sort by an address", { method: "GET", path: "/Users?sortBy=meta.location" }, 400, "invalidValue"],
      ["a sort by a filter", { method: "GET", path: "/Users?sortBy=emails[type%20pr]" }, 400, "invalidValue"],
      ["an order of no kind", { method: "GET", path: "/Users?sortBy=userName&sortOrder=up" }, 400, "invalidValue"],
      ["CUR-07: two ways of paging", { method: "GET", path: "/Users?startIndex=1&cursor" }, 400, "invalidValue"],
      ["CUR-04: too large a page", { method: "GET", path: "/Users?count=201&cursor" }, 400, "invalidCount"],
      ["CUR-04: a page of no size", { method: "GET", path: "/Users?count=ten&cursor" }, 400, "invalidCount"],
      ["CUR-04: a cursor that is none", { method: "GET", path: "/Users?cursor=v1.a.b.c" }, 400, "invalidCursor"],
      ["CUR-04: any text as a cursor", { method: "GET", path: "/Users?cursor=%00%F0" }, 400, "invalidCursor"],
      ["a search by a list", { method: "POST", path: "/Users/.search", ...json([]) }, 400, "invalidSyntax"],
      ["a search that is a PATCH", { method: "POST", path: "/.search", ...patch() }, 400, "invalidSyntax"],
      ["a filter that is a number", { method: "POST", path: "/.search", ...json({ filter: 1 }) }, 400, "invalidValue"],
      [
        "names that are numbers",
        { method: "POST", path: "/.search", ...json({ attributes: [1] }) },
        400,
        "invalidValue",
      ],
      ["half a count", { method: "POST", path: "/Users/.search", ...json({ count: 1.5 }) }, 400, "invalidValue"],
      [
        "RFC-33: a search everywhere for what is nowhere",
        { method: "POST", path: "/.search", ...json({ filter: 'nosuch eq "x"' }) },
        400,
        "invalidFilter",
      ],
      ["a sort everywhere by nothing", { method: "GET", path: "/?sortBy=nosuch" }, 400, "invalidValue"],
      ["a GET where searches are posted", { method: "GET", path: "/Users/.search" }, 405],
      ["a GET there in other letter case", { method: "GET", path: "/Users/.SEARCH" }, 405],
      ["a filter that is empty", { method: "GET", path: "/Users?filter=" }, 400, "invalidFilter"],
      [
        "an empty filter in a search",
        { method: "POST", path: "/.search", ...json({ filter: "" }) },
        400,
        "invalidFilter",
      ],
      ["a PUT where searches are posted", { method: "PUT", path: "/Groups/.search", ...json({}) }, 405],
      ["a count in words", { method: "GET", path: "/Users?count=ten" }, 400, "invalidValue"],
      ["a start in parts", { method: "GET", path: "/Groups?startIndex=1.5" }, 400, "invalidValue"],
      [
        "RFC-39: both projections",
        { method: "GET", path: "/Users?attributes=id&excludedAttributes=name" },
        400,
        "invalidValue",
      ],
      ["a parameter twice", { method: "GET", path: "/Users?count=1&count=2" }, 400, "invalidSyntax"],
      [
        "RFC-56: another version",
        { method: "PUT", path: "/Users/{ada}", ...json(userBody("ada")), headers: { "If-Match": 'W/"7"' } },
        412,
      ],
      [
        "RFC-56: another version to delete",
        { method: "DELETE", path: "/Groups/{platform}", headers: { "If-Match": 'W/"7"' } },
        412,
      ],
    ];
    for (const [what, request, status, scimType] of rows) {
      it(`${status}${scimType ? ` ${scimType}` : ""} for ${what}, and nothing changes`, async () => {
        const filledIn = (text: string) => text.replace("{ada}", ada).replace("{platform}", platform);
        const { path, body, ...rest } = request;
        const sent = {
          ...rest,
          path: filledIn(path),
          ...(body !== undefined && { body: typeof body === "string" ? filledIn(body) : body }),
        };
        const before = [await directory.get("/Users"), await directory.get("/Groups")];
        const reply = await directory.send(sent);
        expectError(reply, status, scimType);
        if (status === 405) expect(reply.headers["allow"]).to.match(/^[A-Z, ]+$/);
        const after = [await directory.get("/Users"), await directory.get("/Groups")];
        expect(after.map(({ json }) => json)).to.deep.equal(before.map(({ json }) => json));
      });
    }

    it("413 for bodies beyond the limits, which are larger for groups", async () => {
      const title = "x".repeat(1024 * 1024);
      expectError(await directory.post("/Users", userBody("big", { title })), 413);
      const description = "x".repeat(8 * 1024 * 1024);
      expectError(await directory.post("/Groups", { schemas: [GROUP], displayName: "G", description }), 413);
      expectError(await directory.put(`/Users/${ada}`, userBody("ada", { title })), 413);
    });

    it("says what to do in the detail, without a word of the libraries underneath", async () => {
      const { json: refused } = await directory.get("/Users?filter=usrName%20eq%20%22x%22");
      expect(refused["detail"]).to.equal("`usrName` is no attribute of User, did you mean `userName`?");
    });
  });
});

describe("SCIM tokens over HTTP", () => {
  onEachDatabase((service) => {
    let directory: ScimDirectory;
    before(async () => {
      directory = await service().connect();
    });

    const accepted: readonly (readonly [what: string, header: (token: string) => string])[] = [
      ["with the word Bearer", (token) => `Bearer ${token}`],
      ["with the word in lower case", (token) => `bearer ${token}`],
      ["with the word in capitals and more space", (token) => `BEARER   ${token}`],
      ["TAB-33: without the word", (token) => token],
    ];
    for (const [what, header] of accepted) {
      it(`are taken ${what}`, async () => {
        expect(await directory.get("/Users", { Authorization: header(directory.token) })).to.include({ status: 200 });
      });
    }

    const refused: readonly (readonly [what: string, header: (token: string) => string | null])[] = [
      ["when there is none", () => null],
      ["when empty", () => ""],
      ["when only the word is there", () => "Bearer "],
      ["when longer than they were", (token) => `Bearer ${token}x`],
      ["when shorter than they were", (token) => `Bearer ${token.slice(0, -1)}`],
      ["in another letter case", (token) => `Bearer ${token.toUpperCase()}`],
      ["as Basic", (token) => `Basic ${Buffer.from(`x:${token}`).toString("base64")}`],
      ["twice", (token) => `Bearer ${token}, Bearer ${token}`],
      ["when endless", () => `Bearer ${"x".repeat(10_000)}`],
      ["when they are the operator's", () => `Bearer ${service().operatorToken}`],
    ];
    for (const [what, header] of refused) {
      it(`RFC-22: are refused ${what}, with 401 and a challenge`, async () => {
        const headers = { Authorization: header(directory.token) };
        for (const request of [
          () => directory.get("/Users", headers),
          () => directory.post("/Users", userBody("eve"), headers),
          () => directory.delete("/Groups/x", headers),
        ]) {
          const reply = await request();
          expectError(reply, 401);
          expect(reply.headers["www-authenticate"]).to.match(/^Bearer/);
        }
        expect((await directory.get("/Users")).json["totalResults"]).to.equal(0);
      });
    }

    it("are refused once they are revoked, and others go on", async () => {
      const { id, token } = await directory.newToken();
      const headers = { Authorization: `Bearer ${token}` };
      expect((await directory.get("/Users", headers)).status).to.equal(200);
      await revokeToken(service().p, directory.tenant, directory.connection.slug, id, ADMIN);
      expectError(await directory.get("/Users", headers), 401);
      expect((await directory.get("/Users")).status).to.equal(200);
    });

    it("are refused once they have expired", async () => {
      const now = Date.now();
      const gone = await directory.newToken(new Date(now - 1000).toISOString());
      const good = await directory.newToken(new Date(now + 3_600_000).toISOString());
      expectError(await directory.get("/Users", { Authorization: `Bearer ${gone.token}` }), 401);
      expect((await directory.get("/Users", { Authorization: `Bearer ${good.token}` })).status).to.equal(200);
    });

    it("are refused with 403 where SCIM is off, and say why", async () => {
      const off = await service().connect({ sync: "off" });
      const reply = await off.get("/Users");
      expectError(reply, 403);
      expect(reply.json["detail"]).to.match(/sync is off/);
      const { p } = service();
      await p.store.instance.updateTenant(directory.tenant.id, { scim: false }, p.now());
      expectError(await directory.get("/Users"), 403);
      await p.store.instance.updateTenant(directory.tenant.id, { scim: true }, p.now());
    });

    it("RFC-16: are not needed to read what the service can do", async () => {
      for (const path of ["/ServiceProviderConfig", "/Schemas", `/Schemas/${ENTERPRISE}`, "/ResourceTypes/User"]) {
        const reply = await directory.get(path, { Authorization: null });
        expect(reply.status).to.equal(200);
        expect(reply.headers["content-type"]).to.equal("application/scim+json");
      }
    });
  });
});
