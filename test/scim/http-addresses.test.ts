import { expect } from "chai";
import { type ScimDirectory, type ScimService, startScimService, userBody } from "./scim-service.js";

describe("SCIM addresses", () => {
  let service: ScimService;
  let directory: ScimDirectory;
  let ada: string;
  before(async () => {
    service = await startScimService();
    directory = await service.connect();
    ada = await directory.user("ada");
  });
  after(() => service.close());

  const fetched = (path: string, init: RequestInit = {}) =>
    fetch(service.url + path, { ...init, headers: { Authorization: `Bearer ${directory.token}`, ...init.headers } });

  it("RFC-55: are the same with and without the version", async () => {
    for (const path of ["/Users", `/Users/${ada}`, "/Groups?count=0", "/Schemas", "/ServiceProviderConfig", "/", ""]) {
      const [plain, versioned] = [await fetched(`/api/scim${path}`), await fetched(`/api/scim/v2${path}`)];
      expect(plain.status, path).to.equal(200);
      expect(plain.headers.get("etag")).to.equal(versioned.headers.get("etag"));
      expect(await plain.json()).to.deep.equal(await versioned.json());
    }
    const init = {
      method: "POST",
      body: JSON.stringify(userBody("bob")),
      headers: { "Content-Type": "application/json" },
    };
    const made = await fetched("/api/scim/Users", init);
    expect([made.status, made.headers.get("location")?.includes("/api/scim/v2/Users/")]).to.deep.equal([201, true]);
    const nobody = await fetched("/api/scim/Users/nobody");
    expect([nobody.status, nobody.headers.get("content-type")]).to.deep.equal([404, "application/scim+json"]);
    expect((await fetched("/api/scim/Users", { method: "DELETE" })).status).to.equal(405);
    expect((await fetched("/api/scimitar/Users")).headers.get("content-type")).to.equal("application/problem+json");
  });

  it("RFC-55: of other versions are refused as such", async () => {
    for (const path of ["/v1/Users", "/v3/Users", "/v3", "/V1/ServiceProviderConfig", "/v2.1/Users"]) {
      const reply = await fetched(`/api/scim${path}`);
      expect([reply.status, reply.headers.get("content-type")], path).to.deep.equal([400, "application/scim+json"]);
      expect(await reply.json()).to.include({ status: "400", scimType: "invalidVers" });
    }
    for (const path of ["/v2/Nope", "/Nope", "/version", "/v", "/Users/v3"]) {
      expect((await fetched(`/api/scim${path}`)).status, path).to.equal(404);
    }
  });

  it("are found in any letter case, and ids as they are", async () => {
    for (const path of ["/users", `/USERS/${ada}`, "/groups?count=0", "/schemas", "/serviceproviderconfig", "/me"]) {
      const reply = await fetched(`/api/scim/v2${path}`);
      expect([reply.status, reply.headers.get("content-type")], path).to.deep.equal([
        path === "/me" ? 501 : 200,
        "application/scim+json",
      ]);
    }
    const user = await fetched(`/api/scim/v2/users/${ada}`);
    expect(user.headers.get("content-location")).to.equal(`${service.url}/api/scim/v2/Users/${ada}`);
    for (const path of [`/v2/Users/${ada.toLowerCase()}`, "/V2/Users", "/v2/Us%65rs"]) {
      expect((await fetched(`/api/scim${path}`)).status, path).to.equal(404);
    }
    expect((await fetched("/API/scim/v2/Users")).status).to.equal(404);
  });

  it("answer HEAD as GET, without the body", async () => {
    for (const path of ["/Users", `/Users/${ada}`, "/Schemas"]) {
      const [get, head] = [
        await fetched(`/api/scim/v2${path}`),
        await fetched(`/api/scim/v2${path}`, { method: "HEAD" }),
      ];
      expect([head.status, await head.text()]).to.deep.equal([get.status, ""]);
      for (const name of ["content-type", "etag", "content-location"]) {
        expect(head.headers.get(name)).to.equal(get.headers.get(name));
      }
    }
    expect((await fetched("/api/scim/v2/Users/nobody", { method: "HEAD" })).status).to.equal(404);
  });

  it("RFC-54: say what is possible where a method is not", async () => {
    for (const [method, path, allow] of [
      ["OPTIONS", "/Users", "HEAD, GET, POST"],
      ["POST", `/Users/${ada}`, "HEAD, GET, PUT, PATCH, DELETE"],
      ["PUT", "/.search", "POST"],
      ["OPTIONS", "/Users/.search", "POST"],
      ["OPTIONS", "/users/.Search", "POST"],
      ["DELETE", "/", "HEAD, GET"],
      ["POST", "/Schemas", "HEAD, GET"],
    ] as const) {
      const reply = await fetched(`/api/scim/v2${path}`, { method });
      expect([reply.status, reply.headers.get("allow")], `${method} ${path}`).to.deep.equal([405, allow]);
      expect(await reply.json()).to.include({ status: "405" });
    }
  });

  it("RFC-53: of /Me are not served, by any method", async () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      expect((await fetched("/api/scim/v2/Me", { method })).status, method).to.equal(501);
    }
  });

  it("RFC-60: begin no answer with a byte order mark", async () => {
    const bytes = new Uint8Array(await (await fetched("/api/scim/v2/Users")).arrayBuffer());
    expect(bytes[0]).to.equal("{".charCodeAt(0));
  });

  it("C4: of discovery ignore filters, sorting and paging", async () => {
    for (const path of ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"]) {
      const plain = await (await fetched(`/api/scim/v2${path}`)).json();
      const asked = await fetched(
        `/api/scim/v2${path}?filter=invalid&sortBy=x&sortOrder=up&startIndex=7&count=0&cursor=x`,
      );
      expect(asked.status).to.equal(200);
      expect(await asked.json()).to.deep.equal(plain);
    }
  });
});
