import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { GROUP, openTinesHouse, PATCH, type TinesHouse, USER } from "../requirements/tines-house.js";
import { postgresUrl } from "../store/postgres-server.js";
import { storedTexts } from "../store/stored-texts.js";
import { expectProblem, type Reply } from "./admin-client.js";

const MAPPING = {
  mappings: [
    { id: "rule", group_name: "Sales", team_name: "Sales", role_name: "viewer" },
    { id: "night", group_name: "Night Watch", team_name: "Guard", role_name: "viewer" },
  ],
};

function many(name: (at: number) => string) {
  return Array.from({ length: 249 }, (_, at) => ({ value: name(at), type: "home" }));
}

/** Called like a group, a team, a rule and a former group; with a name of letters beyond A to Z. */
const PERSON = {
  ...{ schemas: [USER], userName: "rule", displayName: "Sales", nickName: "n".repeat(60_000), active: true },
  name: { formatted: "Élodie Müller", givenName: "viewer", familyName: "Guard" },
  photos: [{ value: `https://pictures.example/${"p/".repeat(10_000)}`, type: "photo" }],
  emails: [{ value: "elodie@acme.example", type: "work", primary: true }, ...many((at) => `elodie${at}@home.example`)],
  ...{ ims: many((at) => `elodieim${at}`), phoneNumbers: many((at) => `+44 ${at} elodie`) },
  addresses: many(String).map(({ value, type }) => ({ formatted: `${value} Elodie Road`, type })),
};

const folders: string[] = [];

async function sqliteUrl(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-erasure-"));
  folders.push(folder);
  return `sqlite:${join(folder, "rolecall.db")}`;
}

for (const [database, newUrl] of [
  ["SQLite", sqliteUrl],
  ["PostgreSQL", postgresUrl],
] as const) {
  describe(`what removing personal data does to others, on ${database}`, () => {
    let house: TinesHouse;
    let url: string;
    before(async () => {
      url = await newUrl();
      house = await openTinesHouse(url);
    });
    after(async () => {
      await house?.close();
      await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
    });

    function erase(tenant: string, called: string): Promise<Reply> {
      return house.admin.post(`${tenant}/users/${encodeURIComponent(called)}/erase`, { reason: "asked for" });
    }

    async function left(
      tenant: string,
      scim: Awaited<ReturnType<TinesHouse["scim"]>>,
      resource: object,
    ): Promise<string> {
      const row = made(await scim("POST", "/Users", resource));
      const { userName } = resource as { userName: string };
      const { id } = (await house.user(tenant, userName)) ?? {};
      expect((await scim("DELETE", `/Users/${row}`)).status).to.equal(204);
      return String(id);
    }

    it("takes out what can mean nobody else, where somebody wrote it, and no word that groups, teams and rules are called by", async () => {
      const tenant = await house.tenant({ sync: "live" }, MAPPING);
      const scim = await house.scim(tenant);
      const bo = made(await scim("POST", "/Users", { schemas: [USER], userName: "bo@acme.example", active: true }));
      for (const displayName of ["Sales", "Night Watch"]) {
        const group = made(await scim("POST", "/Groups", { schemas: [GROUP], displayName, members: [{ value: bo }] }));
        const renamed = { op: "replace", value: { displayName: "Day Watch" } };
        if (displayName !== "Sales")
          await scim("PATCH", `/Groups/${group}`, { schemas: [PATCH], Operations: [renamed] });
      }
      const { id: boId } = (await house.user(tenant, "bo@acme.example")) ?? {};
      const reason = "rule of Sales: covers for ÉLODIE MÜLLER (Elodie7@home.example), not for Night Watch";
      const given = { scope: "team:Guard", role: "editor", reason };
      expect((await house.admin.post(`${tenant}/users/${boId}/grants`, given)).status).to.equal(201);
      const saved = await house.admin.call("PUT", `${tenant}/mapping?note=${encodeURIComponent(reason)}`, {
        body: { ...MAPPING, note: "Élodie Müller wrote this rule for Sales" },
      });
      await house.admin.finished(tenant, saved);
      const [id, night] = [
        await left(tenant, scim, PERSON),
        await left(tenant, scim, { schemas: [USER], userName: "viewer", displayName: "Night Watch", active: true }),
      ];
      const before = await ofOthers(tenant, String(boId));
      const erased = await erase(tenant, id);
      expect([erased.status, erased.body["namedInMappings"]], erased.text).to.deep.equal([200, [2]]);
      const next = await erase(tenant, night);
      expect([next.status, next.body["namedInMappings"]], next.text).to.deep.equal([200, []]);
      const written = "rule of Sales: covers for [erased] ([erased]), not for Night Watch";
      const after = await ofOthers(tenant, String(boId));
      expect(after).to.equal(before.replaceAll(reason, written));
      expect(after).not.to.equal(before);
      const texts = [...(await storedTexts(url))].filter(([column]) => column !== "mapping_versions.document");
      expect(texts.filter(([, values]) => values.some((text) => /müller|elodie|nnnnn|p\/p/i.test(text)))).to.deep.equal(
        [],
      );
    });

    it("finds people who were only pushed in test, by their user name, and those of a deleted connection", async () => {
      const tenant = await house.tenant({ sync: "test" }, MAPPING);
      const scim = await house.scim(tenant);
      const row = made(await scim("POST", "/Users", { ...PERSON, userName: "Élo/die%20" }));
      made(await scim("POST", "/Users", { schemas: [USER], userName: "stays", active: true }));
      const refused = await erase(tenant, "ÉLO/DIE%20");
      expectProblem(refused, 409, "conflict");
      expect(refused.text).to.contain("`sso`");
      await scim("PATCH", `/Users/${row}`, {
        schemas: [PATCH],
        Operations: [{ op: "replace", value: { active: false } }],
      });
      expectProblem(await erase(tenant, "élodie"), 404, "not_found");
      const erased = await erase(tenant, "ÉLO/DIE%20");
      expect(erased.status, erased.text).to.equal(200);
      expect((await erase(tenant, String(erased.body["id"]))).body).to.deep.equal({
        id: erased.body["id"],
        erasedAt: erased.body["erasedAt"],
      });
      expectProblem(await erase(tenant, "stays"), 409, "conflict");
      expect((await house.admin.call("DELETE", `${tenant}/connections/sso?onDisable=convert`)).status).to.be.lessThan(
        300,
      );
      expect((await erase(tenant, "stays")).status).to.equal(200);
      const texts = [...(await storedTexts(url)).values()].flat();
      expect(texts.filter((text) => text.includes("Élo/die") || text === "stays")).to.deep.equal([]);
    });

    it("asks for the id where several are called so", async () => {
      const tenant = await house.tenant({ sync: "live" }, MAPPING);
      const local = await house.admin.post(`${tenant}/users`, { userName: "twin" });
      const scim = await house.scim(tenant);
      await left(tenant, scim, { schemas: [USER], userName: "Twin", active: true });
      const both = (await house.admin.get(`${tenant}/users?userName=twin`)).body.items ?? [];
      const pushed = String(both.find(({ id }) => id !== local.body["id"])?.["id"]);
      const refused = await erase(tenant, "twin");
      expectProblem(refused, 409, "conflict");
      expect(refused.text).to.contain(`\`${pushed}\`, deactivated`).and.to.contain(local.body["id"]);
      expect((await erase(tenant, pushed)).status).to.equal(200);
      expectProblem(await erase(tenant, "twin"), 409, "conflict");
    });

    /** What the admin API tells of somebody else, and of the rules. */
    async function ofOthers(tenant: string, user: string): Promise<string> {
      const paths = [
        `audit?user=${user}&limit=1000`,
        `assignments?user=${user}`,
        `users/${user}/explain`,
        "mapping/versions",
      ];
      const replies = [];
      for (const path of paths) replies.push(await house.admin.get(`${tenant}/${path}`));
      expect(replies.map(({ status }) => status)).to.deep.equal(paths.map(() => 200));
      return replies.map(({ text }) => text).join("\n");
    }
  });
}

function made(reply: Reply): string {
  expect(reply.status, reply.text).to.equal(201);
  return String(reply.body["id"]);
}
