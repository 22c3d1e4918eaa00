import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { SignJWT } from "jose";
import type { Instant } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { createApiKey } from "../../src/provisioning/tokens.js";
import { ADMIN } from "../support/tenant.js";
import { type ScimDirectory, type ScimService, startScimService } from "./scim-service.js";

describe("W-23, SEC-04: tokens of SCIM clients", () => {
  let folder: string;
  let service: ScimService;
  let directory: ScimDirectory;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "rolecall-tokens-"));
    service = await startScimService({ databaseUrl: `sqlite:${join(folder, "test.db")}` });
    directory = await service.connect();
  });
  after(async () => {
    await service?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const tokensPath = (of = directory) => `/api/v1/tenants/${of.tenant.slug}/connections/${of.connection.slug}/tokens`;
  const admin = async (method: string, path: string, bearer: string, body?: JsonObject) => {
    const reply = await fetch(service.url + path, {
      method,
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: reply.status, text: await reply.text() };
  };
  const status = async (bearer: string): Promise<number> =>
    (await directory.get("/Users?count=1", { Authorization: `Bearer ${bearer}` })).status;

  it("are made by admins alone: neither by a SCIM client nor by a key that may only read", async () => {
    const reader = await createApiKey(service.p, directory.tenant, { name: "reader", scopes: ["read"] }, ADMIN);
    for (const bearer of [directory.token, reader.key, "nothing"]) {
      expect((await admin("POST", tokensPath(), bearer, { name: "more" })).status, bearer.slice(0, 4)).to.be.oneOf([
        401, 403,
      ]);
    }
    expect((await admin("POST", tokensPath(), service.operatorToken, { name: "more" })).status).to.equal(201);
  });

  it("are shown once, and kept as a digest: neither lists nor the database hold them", async () => {
    const made = await admin("POST", tokensPath(), service.operatorToken, { name: "shown once" });
    const { token } = JSON.parse(made.text) as { readonly token: string };
    expect(await status(token)).to.equal(200);
    const list = await admin("GET", tokensPath(), service.operatorToken);
    expect(list.text).to.contain("shown once").and.to.not.contain(token);
    const secret = Buffer.from(token.slice(token.indexOf("_") + 1));
    for (const file of readdirSync(folder)) {
      expect(readFileSync(join(folder, file)).includes(secret), `the token in ${file}`).to.equal(false);
    }
  });

  it("open one connection of one tenant, and nothing of the admin API", async () => {
    const other = await service.connect();
    const id = await other.user("ada");
    expect((await directory.get(`/Users/${id}`)).status).to.equal(404);
    expect((await admin("GET", `/api/v1/tenants/${directory.tenant.slug}`, directory.token)).status).to.be.oneOf([
      401, 403,
    ]);
  });

  it("end when they were told to, and when they are revoked, with the next request", async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString() as Instant;
    const past = new Date(Date.now() - 1_000).toISOString() as Instant;
    const [lasting, ended] = [await directory.newToken(soon), await directory.newToken(past)];
    expect(await status(lasting.token)).to.equal(200);
    expect(await status(ended.token)).to.equal(401);
    expect((await admin("DELETE", `${tokensPath()}/${lasting.id}`, service.operatorToken)).status).to.be.oneOf([
      200, 204,
    ]);
    expect(await status(lasting.token)).to.equal(401);
  });

  it("are no user's: neither a signed JSON web token nor an API key nor a session opens SCIM", async () => {
    const key = await createApiKey(service.p, directory.tenant, { name: "all", scopes: ["admin"] }, ADMIN);
    const jwt = await new SignJWT({ tenant: directory.tenant.slug, scope: "scim" })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("ada")
      .setExpirationTime("1h")
      .sign(Buffer.alloc(32, 7));
    for (const bearer of [jwt, key.key, service.operatorToken, ""]) {
      expect(await status(bearer), bearer.slice(0, 4)).to.equal(401);
    }
    const cookie = await directory.get("/Users", {
      Authorization: null,
      Cookie: `rolecall_session=${directory.token}`,
    });
    expect(cookie.status).to.equal(401);
  });
});
