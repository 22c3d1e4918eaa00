import { X509Certificate } from "node:crypto";
import { expect } from "chai";
import type { ConnectionId, TenantId } from "../../src/model/ids.js";
import { WORKER } from "../../src/provisioning/deps.js";
import { refreshMetadata, wakeForRefresh } from "../../src/provisioning/metadata-refresh.js";
import { takeWakeups } from "../../src/provisioning/runs/due.js";
import { idpKey, idpNextKey, makeKey, type SigningKey } from "../support/saml-keys.js";
import { type AdminClient, DATABASES, expectProblem, openAdmin, quickWorker, type Reply } from "./admin-client.js";
import { idpMetadata, type MetadataServer, SSO_URL, startMetadataServer } from "./saml-metadata.js";

const FIRST = idpKey.certificate;
const NEXT = idpNextKey.certificate;
const DAY = 24 * 3_600_000;
const HOUR = 3_600_000;

function fingerprintOf({ certificatePem }: Pick<SigningKey, "certificatePem">): string {
  return new X509Certificate(certificatePem).fingerprint256;
}

interface Refreshing {
  readonly tenant: string;
  readonly id: TenantId;
  readonly connection: ConnectionId;
}

/** What GET tells of a connection, as far as these tests ask. */
interface Watched {
  readonly idp: { readonly ssoRedirectUrl: string; readonly certificates: readonly { readonly fingerprint: string }[] };
  readonly metadataRefresh?: {
    readonly failures: number;
    readonly problem: { readonly code: string } | null;
    readonly keysWaiting: readonly { readonly fingerprint: string; readonly subject: string }[];
  };
  readonly warnings?: readonly { readonly code: string }[];
}

for (const [database, newUrl] of DATABASES) {
  describe(`metadata of SAML connections that is looked at again, on ${database}`, () => {
    let client: AdminClient;
    let idp: MetadataServer;
    before(async () => {
      client = await openAdmin(quickWorker, await newUrl());
      idp = await startMetadataServer();
    });
    after(() => Promise.all([client.close(), idp.close()]));

    async function connected(more: object = {}, metadata: object = {}): Promise<Refreshing> {
      idp.answerWith({});
      idp.serve(idpMetadata(metadata));
      const tenant = await client.tenant();
      const body = { slug: "sso", protocol: "saml", sync: "test", metadataUrl: idp.url, ...more };
      const made = await client.post(`${tenant}/connections`, body);
      expect(made.status, made.text).to.equal(201);
      const { p } = client.service;
      const found = await p.store.instance.tenantBySlug(tenant.split("/").at(-1) ?? "");
      if (found === undefined) throw new Error("no such tenant");
      const connection = await p.store.read(found.id).connectionBySlug("sso");
      if (connection === undefined) throw new Error("no such connection");
      return { tenant, id: found.id, connection: connection.id };
    }

    const refresh = ({ tenant }: Refreshing, body?: object) =>
      client.post(`${tenant}/connections/sso/refresh-metadata`, body);
    const byWorker = ({ id, connection }: Refreshing) => refreshMetadata(client.service.p, id, connection, WORKER);
    const watched = async ({ tenant }: Refreshing): Promise<Watched> =>
      viewOf(await client.get(`${tenant}/connections/sso`));
    const keysOf = async (one: Refreshing) =>
      (await watched(one)).idp.certificates.map(({ fingerprint }) => fingerprint);
    const items = async ({ tenant }: Refreshing) => (await client.get(`${tenant}/review-items`)).body.items ?? [];

    it("MD-7, W-32: a new key signs nothing until it is confirmed by its fingerprint, and owners are told of it", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      await byWorker(one);
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey)]);
      const { metadataRefresh, warnings } = await watched(one);
      expect(metadataRefresh?.keysWaiting.map(({ fingerprint }) => fingerprint)).to.deep.equal([
        fingerprintOf(idpNextKey),
      ]);
      expect(warnings?.map(({ code }) => code)).to.deep.equal(["keys_waiting"]);
      expect(await client.published(one.tenant, "connection.metadata_changed")).to.include(
        "connection.metadata_changed",
      );
      const [item, ...others] = await items(one);
      expect(item).to.deep.include({ kind: "new_signing_keys", connection: "sso" });
      expect(item?.["detail"]).to.deep.equal({ fingerprints: [fingerprintOf(idpNextKey)], problem: "keys_waiting" });
      expect(others).to.deep.equal([]);

      const accepted = await refresh(one, { acceptKeys: [fingerprintOf(idpNextKey)] });
      expect(accepted.status, accepted.text).to.equal(200);
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey), fingerprintOf(idpNextKey)]);
      expect((await watched(one)).metadataRefresh?.keysWaiting).to.deep.equal([]);
      expect(await items(one)).to.deep.equal([]);
    });

    const ends: readonly [what: string, end: (one: Refreshing) => Promise<unknown>][] = [
      ["is switched off", ({ tenant }) => client.call("DELETE", `${tenant}/connections/sso`)],
      [
        "is given metadata by hand",
        ({ tenant }) => client.call("PATCH", `${tenant}/connections/sso`, { body: { metadataXml: idpMetadata() } }),
      ],
      [
        "has its provider take the keys back",
        async (one) => {
          idp.serve(idpMetadata({ certificates: [FIRST] }));
          await byWorker(one);
        },
      ],
    ];
    for (const [what, end] of ends) {
      for (const newKeys of ["confirm", "accept"]) {
        it(`no item of new keys (newKeys: ${newKeys}) stays open once the connection ${what}`, async () => {
          const one = await connected({ newKeys });
          idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
          await byWorker(one);
          expect((await items(one)).map(({ kind }) => kind)).to.deep.equal(["new_signing_keys"]);
          await end(one);
          expect(await items(one)).to.deep.equal([]);
        });
      }
    }

    it("keys that were taken in stay told of, whatever else of the metadata changes", async () => {
      const one = await connected({ newKeys: "accept" });
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      await byWorker(one);
      const told = await items(one);
      idp.serve(idpMetadata({ certificates: [NEXT, FIRST], ssoUrl: `${SSO_URL}/moved` }));
      await byWorker(one);
      expect(told).to.have.length(1);
      expect(await items(one)).to.deep.equal(told);
    });

    it("a key that waits is told of once, however often the metadata is looked at", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      for (let times = 0; times < 3; times += 1) await byWorker(one);
      const { body } = await client.get(`${one.tenant}/audit?limit=100`);
      const told = body.items?.filter(({ action }) => action === "connection.metadata_changed") ?? [];
      expect(told).to.have.length(1);
      expect(await items(one)).to.have.length(1);
    });

    it("a fingerprint that is no new key's confirms nothing", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      expectProblem(await refresh(one, { acceptKeys: ["AB:CD"] }), 400, "bad_request");
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey)]);
    });

    it("new keys of a connection that accepts them sign at once, and owners are told all the same", async () => {
      const one = await connected({ newKeys: "accept" });
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      await byWorker(one);
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey), fingerprintOf(idpNextKey)]);
      const [item] = await items(one);
      expect(item?.["detail"]).to.deep.equal({ fingerprints: [fingerprintOf(idpNextKey)], problem: "keys_added" });
    });

    it("a key that the metadata names no more ends at once, also the last one", async () => {
      const one = await connected({}, { certificates: [FIRST, NEXT] });
      idp.serve(idpMetadata({ certificates: [NEXT] }));
      await byWorker(one);
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpNextKey)]);
      idp.serve(idpMetadata({ certificates: [FIRST] }));
      await byWorker(one);
      expect(await keysOf(one)).to.deep.equal([]);
    });

    it("a key that waits and is gone from the metadata waits no more, and may come again", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      await byWorker(one);
      idp.serve(idpMetadata());
      await byWorker(one);
      expect(await items(one)).to.deep.equal([]);
      expect((await watched(one)).metadataRefresh?.keysWaiting).to.deep.equal([]);
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      await byWorker(one);
      expect(await items(one)).to.have.length(1);
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey)]);
    });

    it("metadata that an admin gives confirms its keys: nothing waits any more", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ certificates: [NEXT] }));
      await byWorker(one);
      const given = await client.call("PATCH", `${one.tenant}/connections/sso`, { body: { metadataUrl: idp.url } });
      expect(given.status, given.text).to.equal(200);
      const { metadataRefresh, idp: seen } = await watched(one);
      expect(seen.certificates.map(({ fingerprint }) => fingerprint)).to.deep.equal([fingerprintOf(idpNextKey)]);
      expect(metadataRefresh).to.equal(undefined);
      expect(await items(one)).to.deep.equal([]);
    });

    it("another address to sign in at is taken, and told with the one before", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ ssoUrl: "https://idp.acme.example/moved" }));
      await byWorker(one);
      expect((await watched(one)).idp.ssoRedirectUrl).to.equal("https://idp.acme.example/moved");
      const { body } = await client.get(`${one.tenant}/audit?limit=100`);
      const told = body.items?.find(({ action }) => action === "connection.metadata_changed");
      expect(JSON.stringify(told)).to.include("https://idp.acme.example/sso").and.include("idp.acme.example/moved");
    });

    it("MD-7: another provider's metadata changes nothing, is counted and told, and the admin who asks hears why", async () => {
      const one = await connected();
      const before = await watched(one);
      idp.serve(
        idpMetadata({ entityId: "https://evil.example", certificates: [NEXT], ssoUrl: "https://evil.example/" }),
      );
      await byWorker(one);
      const refused = await refresh(one);
      expectProblem(refused, 422, "invalid_document");
      expect(refused.text).to.include("entity_id_changed");
      const { metadataRefresh, idp: after, warnings } = await watched(one);
      expect(after).to.deep.equal(before.idp);
      expect(metadataRefresh).to.deep.include({ failures: 2 });
      expect(metadataRefresh?.problem?.code).to.equal("entity_id_changed");
      expect(warnings?.map(({ code }) => code)).to.deep.equal(["refresh_failing"]);
      expect(await client.published(one.tenant, "connection.refresh_failed")).to.include("connection.refresh_failed");

      idp.serve(idpMetadata());
      await byWorker(one);
      expect((await watched(one)).metadataRefresh).to.deep.include({ failures: 0, problem: null });
    });

    for (const [what, status, xml] of [
      ["fails", 500, idpMetadata()],
      ["answers with another document", 200, "<html/>"],
      ["answers with a document that is over", 200, idpMetadata({ validUntil: "2020-01-01T00:00:00Z" })],
    ] as const) {
      it(`a server that ${what} takes nothing away`, async () => {
        const one = await connected();
        idp.answerWith({ status });
        idp.serve(xml);
        await byWorker(one);
        expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey)]);
        expect((await watched(one)).metadataRefresh?.failures).to.equal(1);
      });
    }

    it("a document that has not changed is not sent again", async () => {
      const one = await connected();
      idp.answerWith({ etag: '"a1"' });
      await byWorker(one);
      expect(idp.condition()).to.equal(undefined);
      await byWorker(one);
      expect(idp.condition()).to.equal('"a1"');
      expect((await watched(one)).metadataRefresh).to.deep.include({ failures: 0, problem: null });
      expect(await keysOf(one)).to.deep.equal([fingerprintOf(idpKey)]);
    });

    it("what an admin changes while the answer comes is not put back", async () => {
      const one = await connected();
      idp.serve(idpMetadata({ ssoUrl: "https://idp.acme.example/stale" }), () =>
        client.call("PATCH", `${one.tenant}/connections/sso`, { body: { requireSigned: "both" } }),
      );
      expect(await byWorker(one)).to.equal(undefined);
      expect((await watched(one)).idp).to.include({ requireSigned: "both", ssoRedirectUrl: SSO_URL });
    });

    it("a connection whose metadata was given as text is not refreshed", async () => {
      const one = await connected({ metadataUrl: undefined, metadataXml: idpMetadata() });
      expectProblem(await refresh(one), 400, "bad_request");
      expect(await byWorker(one)).to.equal(undefined);
    });

    it("the worker looks by itself once it is due", async () => {
      const one = await connected();
      const { p } = client.service;
      idp.serve(idpMetadata({ certificates: [FIRST, NEXT] }));
      await p.store.write(one.id, (tx) => tx.wakeAt(new Date(0).toISOString(), "metadata", one.connection));
      p.wake();
      await client.published(one.tenant, "connection.metadata_changed");
      expect((await watched(one)).metadataRefresh?.keysWaiting).to.have.length(1);
    });

    it("two instances do not both take what is due, and what one leaves undone is due again in an hour", async () => {
      const one = await connected();
      const { p } = client.service;
      const far = { ...p, now: () => new Date(Date.now() + 2 * DAY).toISOString() };
      const taken = await Promise.all([takeWakeups(far, one.id, WORKER), takeWakeups(far, one.id, WORKER)]);
      expect(taken.flatMap(({ stale }) => stale)).to.deep.equal([one.connection]);
      const later = { ...p, now: () => new Date(Date.now() + 2 * DAY + HOUR + 1_000).toISOString() };
      expect((await takeWakeups(later, one.id, WORKER)).stale).to.deep.equal([one.connection]);
    });

    it("an ended connection is due no more", async () => {
      const one = await connected();
      const { p } = client.service;
      await client.call("DELETE", `${one.tenant}/connections/sso`);
      const far = { ...p, now: () => new Date(Date.now() + 2 * DAY).toISOString() };
      expect((await takeWakeups(far, one.id, WORKER)).stale).to.deep.equal([]);
    });

    const times: readonly [
      what: string,
      cacheSeconds: number | undefined,
      validUntil: number | undefined,
      most: number,
    ][] = [
      ["a day where nothing is said", undefined, undefined, DAY],
      ["the time that the document asks to be kept", 4 * 3_600, undefined, 4 * HOUR],
      ["an hour, however soon the document wants to be asked for", 1, undefined, HOUR],
      ["before the document is over", undefined, 3 * HOUR, 3 * HOUR],
      ["an hour where it is over already", undefined, -DAY, HOUR],
    ];
    for (const [what, cacheSeconds, validUntil, most] of times) {
      it(`the next look is after ${what}`, async () => {
        const one = await connected();
        const { p } = client.service;
        const start = Date.now() + 100 * DAY;
        const at = (time: number) => new Date(time).toISOString();
        const id = "made-up" as ConnectionId;
        const saml = {
          ...({
            entityId: "urn:x",
            certificates: [],
            requireSigned: "either",
            metadataUrl: "https://x.example/",
          } as const),
          ...(validUntil !== undefined && { validUntil: at(start + validUntil) }),
        };
        const due = (time: number) =>
          p.store.write(one.id, async (tx) => {
            await tx.takeWakeups(at(start));
            await wakeForRefresh(p, tx, { id, saml }, at(start), cacheSeconds);
            const found = await tx.takeWakeups(at(start + time));
            await tx.takeWakeups(at(start + 900 * DAY));
            return found.some(({ ref }) => ref === id);
          });
        expect([await due(HOUR - 1), await due(Math.max(HOUR, most * 0.89) - 1), await due(most)]).to.deep.equal([
          ...[false, false, true],
        ]);
      });
    }

    it("certificates that end soon or have ended are shown, and keep nobody out", async () => {
      const day = (days: number) => new Date(Date.now() + days * DAY);
      const soon = await makeKey("soon.acme.example", { notBeforeDate: day(-300), notAfterDate: day(5) });
      const over = await makeKey("over.acme.example", { notBeforeDate: day(-300), notAfterDate: day(-5) });
      const one = await connected({}, { certificates: [FIRST, soon.certificate, over.certificate] });
      expect((await watched(one)).warnings?.map(({ code }) => code)).to.deep.equal([
        ...["certificate_expiring", "certificate_expired"],
      ]);
      expect(await keysOf(one)).to.have.length(3);
    });

    it("certificates are told of thirty and seven days before they end, once each", async () => {
      const day = (days: number) => new Date(Date.now() + days * DAY);
      const ending = await makeKey("ending.acme.example", { notBeforeDate: day(-300), notAfterDate: day(60) });
      const next = await makeKey("next.acme.example", { notBeforeDate: day(-300), notAfterDate: day(70) });
      const one = await connected({}, { certificates: [FIRST, ending.certificate, next.certificate] });
      const { p } = client.service;
      const toldBy = async (days: number) => {
        await takeWakeups({ ...p, now: () => day(days).toISOString() }, one.id, WORKER);
        const { body } = await client.get(`${one.tenant}/audit?limit=100`);
        return body.items?.filter(({ action }) => action === "certificate.expiring").length;
      };
      expect([await toldBy(29), await toldBy(31), await toldBy(41), await toldBy(54), await toldBy(61)]).to.deep.equal([
        ...[0, 1, 2, 3, 3],
      ]);
      expect(await client.published(one.tenant, "certificate.expiring")).to.include("certificate.expiring");
    });

    it("W-32: owners hear when keys, issuer or domains of a connection change", async () => {
      const one = await connected();
      await client.call("PATCH", `${one.tenant}/connections/sso`, { body: { allowedDomains: ["acme.example"] } });
      expect(await client.published(one.tenant, "connection.trust_changed")).to.include("connection.trust_changed");
    });
  });
}

function viewOf({ status, text, body }: Reply): Watched {
  expect(status, text).to.equal(200);
  return body as unknown as Watched;
}
