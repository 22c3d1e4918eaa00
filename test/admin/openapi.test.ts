import { expect } from "chai";
import type { Json } from "../../src/model/json.js";
import { type AdminClient, openAdmin } from "./admin-client.js";

describe("the description of the service", () => {
  let client: AdminClient;
  before(async () => {
    client = await openAdmin();
  });
  after(() => client.close());

  it("is the same at both addresses, and anybody may read it", async () => {
    const [root, own] = [
      await client.get("/openapi.json", { token: null }),
      await client.get("/api/v1/openapi.json", { token: "wrong" }),
    ];
    expect(root.status).to.equal(200);
    expect(root.body["openapi"]).to.equal("3.1.0");
    expect(own.body).to.deep.equal(root.body);
  });

  it("covers every door: the admin API, SCIM, sign-in, health", async () => {
    const { body } = await client.get("/openapi.json");
    const paths = Object.keys(body["paths"] as object);
    const wanted = [
      "/api/v1/tenants/{tenant}/mapping",
      "/api/scim/v2/Users",
      "/sso/{tenant}/{connection}/login",
      "/me",
      "/healthz",
    ];
    expect(paths).to.include.members(wanted);
  });

  it("refers to nothing that it does not hold, and holds no path parameter that it does not describe", async () => {
    const { body } = await client.get("/openapi.json");
    const references: string[] = [];
    walk(body as Json, (key, value) => key === "$ref" && references.push(String(value)));
    expect(references.length).to.be.greaterThan(100);
    for (const reference of references) expect(lookUp(body as Json, reference), reference).to.be.an("object");
    for (const [path, methods] of Object.entries(body["paths"] as Record<string, Record<string, Operation>>)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(methods)) {
        const described = operation.parameters.filter((one) => one.in === "path").map(({ name }) => name);
        expect(described, path).to.deep.equal(named);
      }
    }
  });

  it("names each operation once", async () => {
    const { body } = await client.get("/openapi.json");
    const ids = Object.values(body["paths"] as Record<string, Record<string, Operation>>).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).to.equal(ids.length);
  });
});

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
}

function walk(value: Json, visit: (key: string, value: Json) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inside] of Object.entries(value)) {
    visit(key, inside);
    walk(inside, visit);
  }
}

function lookUp(document: Json, reference: string): Json | undefined {
  let part: Json | undefined = document;
  for (const step of reference.split("/").slice(1)) part = (part as Record<string, Json> | undefined)?.[step];
  return part;
}
