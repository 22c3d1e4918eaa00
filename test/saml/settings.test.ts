import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { SamlSettings } from "../../src/model/connection.js";
import { type Problem, Refusal } from "../../src/model/problem.js";
import { createGuardedFetch, type NetworkPolicy } from "../../src/platform/network.js";
import { createMetadataPort } from "../../src/protocols/saml/metadata-port.js";
import {
  changedSamlSettings,
  readSamlSettings,
  type SamlInput,
  type SamlSettingsDeps,
  samlIdpView,
} from "../../src/protocols/saml/settings.js";
import { globexKey, idpKey, idpNextKey, makeKey } from "../support/saml-keys.js";
import { entities, idpMetadata, keyDescriptor } from "./idp-metadata.js";

const NOW = "2026-11-22T09:00:00.000Z";
const policy: NetworkPolicy = {
  allowPrivateNetwork: true,
  allow: [],
  timeoutMilliseconds: 5_000,
  responseBytes: 1_048_576,
};
const deps: SamlSettingsDeps = { fetch: createGuardedFetch(policy), now: () => NOW, allowHttp: true };
const strict: SamlSettingsDeps = {
  ...deps,
  fetch: createGuardedFetch({ ...policy, allowPrivateNetwork: false }),
  allowHttp: false,
};
/** Nothing may be fetched with these. */
const offline: SamlSettingsDeps = {
  ...deps,
  fetch: async () => {
    throw new Error("fetched");
  },
};

const fromXml: SamlSettings = {
  entityId: "https://idp.example/metadata",
  ssoRedirectUrl: "https://idp.example/sso",
  certificates: [idpKey.certificate],
  requireSigned: "either",
};

async function refusalOf(settings: Promise<SamlSettings>): Promise<Refusal> {
  const outcome = await settings.then(
    () => "accepted",
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(Refusal);
  return outcome as Refusal;
}

function problemsOf({ detail }: Refusal): readonly Problem[] {
  return detail["problems"] as readonly Problem[];
}

describe("settings of a SAML connection", () => {
  let server: Server;
  let base: string;
  let seen: IncomingMessage | undefined;
  let answer: (response: ServerResponse) => void;

  before((done) => {
    server = createServer((request, response) => {
      seen = request;
      if (request.url === "/moved") response.writeHead(302, { location: "/metadata" }).end();
      else answer(response);
    });
    server.listen(0, "127.0.0.1", () => {
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });

  beforeEach(() => {
    answer = (response) => response.end(idpMetadata());
  });

  after((done) => {
    server.closeAllConnections();
    server.close(done);
  });

  describe("for a new connection", () => {
    it("come from uploaded metadata, and nothing is fetched", async () => {
      expect(await readSamlSettings({ metadataXml: idpMetadata() }, offline)).to.deep.equal(fromXml);
    });

    it("come from an address, which they keep; blanks around it are nothing", async () => {
      const settings = await readSamlSettings({ metadataUrl: ` ${base}/metadata\n` }, deps);
      expect(settings).to.deep.equal({ ...fromXml, metadataUrl: `${base}/metadata` });
      expect(seen?.headers.accept).to.match(/^application\/samlmetadata\+xml/);
    });

    it("keep the address that was given when it leads on to another", async () => {
      const { metadataUrl } = await readSamlSettings({ metadataUrl: `${base}/moved` }, deps);
      expect(metadataUrl).to.equal(`${base}/moved`);
    });

    it("say what must be signed when that is given", async () => {
      const given = { metadataXml: idpMetadata(), requireSigned: "both" as const };
      expect((await readSamlSettings(given, offline)).requireSigned).to.equal("both");
    });

    it("judge ends of validity and plain http by what they are told", async () => {
      const metadataXml = idpMetadata({ entityAttributes: ' validUntil="2026-11-22T10:00:00Z"' });
      expect((await readSamlSettings({ metadataXml }, offline)).validUntil).to.equal("2026-11-22T10:00:00.000Z");
      const later = { ...offline, now: () => "2026-11-22T10:00:00.000Z" };
      expect(problemsOf(await refusalOf(readSamlSettings({ metadataXml }, later)))[0]?.code).to.equal(
        "metadata_expired",
      );
    });

    it("read UTF-8 with a byte order mark", async () => {
      answer = (response) => response.end(`\uFEFF<?xml version="1.0" encoding="UTF-8"?>${idpMetadata()}`);
      const { entityId } = await readSamlSettings({ metadataUrl: base }, deps);
      expect(entityId).to.equal(fromXml.entityId);
    });

    const refused: readonly [title: string, input: SamlInput, pointers: readonly string[], code: string][] = [
      ["neither metadata nor an address", {}, [""], "missing_key"],
      [
        "both metadata and an address",
        { metadataXml: idpMetadata(), metadataUrl: "https://idp.example" },
        ["/metadataXml", "/metadataUrl"],
        "not_allowed",
      ],
      ["no metadata", { metadataXml: "" }, ["/metadataXml"], "not_metadata"],
      ["an address that is none", { metadataUrl: "idp.example/metadata" }, ["/metadataUrl"], "metadata_url_refused"],
      ["an empty address", { metadataUrl: "" }, ["/metadataUrl"], "metadata_url_refused"],
      ["a file", { metadataUrl: "file:///etc/passwd" }, ["/metadataUrl"], "metadata_url_refused"],
      ["a user in the address", { metadataUrl: "https://a:b@idp.example/" }, ["/metadataUrl"], "metadata_url_refused"],
    ];
    for (const [title, input, pointers, code] of refused) {
      it(`are refused: ${title}`, async () => {
        const refusal = await refusalOf(readSamlSettings(input, offline));
        expect(refusal.code).to.equal("invalid_document");
        expect(problemsOf(refusal).map(({ pointer }) => pointer)).to.deep.equal(pointers);
        expect(problemsOf(refusal).map((problem) => problem.code)).to.deep.equal(pointers.map(() => code));
        expect(refusal.message).to.include(problemsOf(refusal)[0]?.message);
      });
    }

    it("are refused with every mistake of the metadata, at the key that it came by", async () => {
      const broken = idpMetadata({ entityId: "", keys: "", services: "" });
      answer = (response) => response.end(broken);
      const inputs: readonly [SamlInput, string][] = [
        [{ metadataXml: broken }, "/metadataXml"],
        [{ metadataUrl: base }, "/metadataUrl"],
      ];
      for (const [input, pointer] of inputs) {
        const refusal = await refusalOf(readSamlSettings(input, deps));
        expect(refusal.code).to.equal("invalid_document");
        expect(problemsOf(refusal).map((problem) => `${problem.pointer} ${problem.code}`)).to.deep.equal([
          `${pointer} entity_id_invalid`,
          `${pointer} certificate_missing`,
          `${pointer} sso_url_missing`,
        ]);
      }
    });

    it("are refused when the one provider in them is another than the one that was named", async () => {
      const refusal = await refusalOf(
        readSamlSettings({ metadataXml: idpMetadata(), entityId: "https://idp.example/metdata" }, offline),
      );
      expect(problemsOf(refusal)[0]).to.include({ pointer: "/entityId", code: "entity_not_found" });
      expect(refusal.message).to.match(/did you mean `https:\/\/idp\.example\/metadata`\?/);
    });

    it("are refused over plain http, and nothing is fetched, where private networks are not allowed", async () => {
      seen = undefined;
      const refusal = await refusalOf(readSamlSettings({ metadataUrl: base }, strict));
      expect(problemsOf(refusal)[0]?.code).to.equal("metadata_url_refused");
      expect(seen).to.equal(undefined);
    });

    it("are refused from an address of the operator's network, with the way out", async () => {
      const refusal = await refusalOf(readSamlSettings({ metadataUrl: "https://127.0.0.1:1/" }, strict));
      expect(refusal.code).to.equal("address_refused");
      expect(problemsOf(refusal)[0]).to.include({ pointer: "/metadataUrl", code: "address_refused" });
      expect(refusal.message).to.match(/give the metadata itself as `metadataXml`/);
    });

    const failures: readonly [title: string, answer: (response: ServerResponse) => void, code: string, says: RegExp][] =
      [
        ["a missing page", (response) => response.writeHead(404).end(idpMetadata()), "metadata_refused", /status 404/],
        ["a failing server", (response) => response.writeHead(500).end(), "metadata_refused", /status 500/],
        ["nothing", (response) => response.destroy(), "unavailable", /cannot be reached/],
        ["more than 1 MB", (response) => response.end("x".repeat(1_048_577)), "unavailable", /more than 1048576 bytes/],
        [
          "a text that is not UTF-8",
          (response) => response.end(Buffer.from(idpMetadata({ entityId: "urn:é" }), "latin1")),
          "metadata_refused",
          /not UTF-8/,
        ],
        [
          "UTF-16",
          (response) => response.end(Buffer.from(`\uFEFF${idpMetadata()}`, "utf16le")),
          "metadata_refused",
          /not UTF-8/,
        ],
      ];
    for (const [title, bad, code, says] of failures) {
      it(`are refused when the address answers with ${title}, with the way out`, async () => {
        answer = bad;
        const refusal = await refusalOf(readSamlSettings({ metadataUrl: base }, deps));
        expect(refusal.code).to.equal(code);
        expect(refusal.message)
          .to.match(says)
          .and.match(/check the address, or give the metadata itself/);
        expect(problemsOf(refusal)[0]).to.include({ pointer: "/metadataUrl", code });
      });
    }

    it("let a fault of ours through as it is", async () => {
      const outcome = await readSamlSettings({ metadataUrl: base }, offline).catch((error: unknown) => error);
      expect(outcome).to.be.instanceOf(Error).and.not.instanceOf(Refusal);
    });
  });

  describe("of a connection that is changed", () => {
    const before: SamlSettings = {
      ...fromXml,
      ssoPostUrl: "https://idp.example/old",
      metadataUrl: "https://idp.example/metadata.xml",
      validUntil: "2027-01-01T00:00:00.000Z",
      requireSigned: "assertion",
    };
    const renewed = idpMetadata({ keys: keyDescriptor(idpNextKey.certificate) });

    it("keep everything but what must be signed when that alone is given", async () => {
      const after = await changedSamlSettings(before, { requireSigned: "both" }, offline);
      expect(after).to.deep.equal({ ...before, requireSigned: "both" });
    });

    it("stay as they are when nothing is given, however old the metadata", async () => {
      const later = { ...offline, now: () => "2030-01-01T00:00:00.000Z" };
      expect(await changedSamlSettings(before, {}, later)).to.deep.equal(before);
    });

    for (const wantsSignedRequests of [true, false]) {
      it(`signs requests as the metadata wants them again after null: ${wantsSignedRequests}`, async () => {
        const wanted = { ...before, wantsSignedRequests };
        const chosen = { ...wanted, signRequests: !wantsSignedRequests };
        expect(await changedSamlSettings(chosen, {}, offline)).to.deep.equal(chosen);
        const after = await changedSamlSettings(chosen, { signRequests: null }, offline);
        expect(after).to.deep.equal(wanted);
        expect(samlIdpView(after, NOW).signRequests).to.equal(wantsSignedRequests);
      });
    }

    it("are those of the new metadata alone, but for what must be signed", async () => {
      const after = await changedSamlSettings(before, { metadataXml: renewed }, offline);
      expect(after).to.deep.equal({ ...fromXml, certificates: [idpNextKey.certificate], requireSigned: "assertion" });
    });

    it("are fetched again when the address is given again", async () => {
      answer = (response) => response.end(renewed);
      const after = await changedSamlSettings(before, { metadataUrl: base, requireSigned: "response" }, deps);
      expect(after).to.deep.equal({
        ...fromXml,
        certificates: [idpNextKey.certificate],
        metadataUrl: base,
        requireSigned: "response",
      });
    });

    it("MD-7: are those of the same provider in a federation's metadata, unasked", async () => {
      const federation = entities(idpMetadata({ entityId: "urn:other" }) + renewed);
      const after = await changedSamlSettings(before, { metadataXml: federation }, offline);
      expect([after.entityId, after.certificates]).to.deep.equal([before.entityId, [idpNextKey.certificate]]);
    });

    it("are refused with the name of another provider, whatever else is given", async () => {
      for (const input of [{ entityId: "urn:other" }, { entityId: "urn:other", metadataXml: renewed }]) {
        const refusal = await refusalOf(changedSamlSettings(before, input, offline));
        expect(problemsOf(refusal)[0]).to.include({ pointer: "/entityId", code: "entity_id_changed" });
      }
      expect(await changedSamlSettings(before, { entityId: before.entityId }, offline)).to.deep.equal(before);
    });

    it("are refused with another provider's metadata, uploaded or fetched", async () => {
      const other = idpMetadata({
        entityId: "https://idp.example/Metadata",
        keys: keyDescriptor(globexKey.certificate),
      });
      answer = (response) => response.end(other);
      const inputs: readonly [SamlInput, string][] = [
        [{ metadataXml: other }, "/metadataXml"],
        [{ metadataUrl: base }, "/metadataUrl"],
      ];
      for (const [input, pointer] of inputs) {
        const refusal = await refusalOf(changedSamlSettings(before, input, deps));
        expect(refusal.code).to.equal("invalid_document");
        expect(problemsOf(refusal)).to.have.length(1);
        expect(problemsOf(refusal)[0]).to.include({ pointer, code: "entity_id_changed" });
        expect(refusal.message).to.match(/make another connection for another identity provider/);
      }
    });

    it("are refused with broken metadata as new ones are", async () => {
      const refusal = await refusalOf(changedSamlSettings(before, { metadataXml: "{}" }, offline));
      expect(problemsOf(refusal)[0]).to.include({ pointer: "/metadataXml", code: "not_metadata" });
    });
  });

  describe("of a connection whose metadata is asked for again", () => {
    const METADATA_SERVICE = "169.254.169.254";

    it("W-35: come from the address that was judged, and not from one that the name has pointed at since", async () => {
      let address = "127.0.0.1";
      const port = createMetadataPort({
        ...deps,
        fetch: createGuardedFetch(policy, async () => [{ address, family: 4 }]),
      });
      const url = base.replace("127.0.0.1", "idp.example");
      answer = (response) => response.setHeader("connection", "close").end(idpMetadata());
      const before = { ...fromXml, metadataUrl: url };
      expect(await port.fetchAgain(before, {})).to.deep.include({ kind: "read", settings: before });
      seen = undefined;
      address = METADATA_SERVICE;
      expect(await port.fetchAgain(before, {})).to.deep.include({ kind: "failed", code: "address_refused" });
      expect(seen).to.equal(undefined);
    });

    it("W-35: do not come from where a redirect leads into the operator's network", async () => {
      const port = createMetadataPort(deps);
      answer = (response) => response.writeHead(302, { location: `http://${METADATA_SERVICE}/latest` }).end();
      const before = { ...fromXml, metadataUrl: base };
      expect(await port.fetchAgain(before, {})).to.deep.include({ kind: "failed", code: "address_refused" });
    });

    it("keep what an admin chose, and none of what the metadata says no more", async () => {
      const before: SamlSettings = {
        ...fromXml,
        ...{ metadataUrl: base, sloPostUrl: "https://idp.example/old", validUntil: "2027-01-01T00:00:00.000Z" },
        ...{ wantsSignedRequests: true, requireSigned: "both", newKeys: "accept" },
      };
      answer = (response) =>
        response
          .setHeader("last-modified", "Sun, 22 Nov 2026 09:00:00 GMT")
          .end(idpMetadata({ entityAttributes: ' cacheDuration="PT6H"' }));
      expect(await createMetadataPort(deps).fetchAgain(before, {})).to.deep.equal({
        kind: "read",
        settings: { ...fromXml, metadataUrl: base, requireSigned: "both", newKeys: "accept" },
        validators: { lastModified: "Sun, 22 Nov 2026 09:00:00 GMT" },
        cacheSeconds: 6 * 3_600,
      });
    });

    it("are refused when a server says that nothing has changed since it was never asked", async () => {
      answer = (response) => response.writeHead(304).end();
      const found = await createMetadataPort(deps).fetchAgain({ ...fromXml, metadataUrl: base }, {});
      expect(found).to.deep.include({ kind: "failed", code: "metadata_refused" });
    });
  });

  describe("as an admin sees them", () => {
    it("show each key by its fingerprint and until when its certificate lasts", async () => {
      const expired = await makeKey("old.acme.example", {
        notBeforeDate: new Date("2020-01-01T00:00:00Z"),
        notAfterDate: new Date("2021-01-01T00:00:00Z"),
      });
      const certificates = [expired.certificate, idpKey.certificate];
      const view = samlIdpView({ ...fromXml, certificates }, NOW);
      expect(view).to.deep.include({
        entityId: fromXml.entityId,
        ssoRedirectUrl: fromXml.ssoRedirectUrl,
        ssoPostUrl: null,
        metadataUrl: null,
        validUntil: null,
        requireSigned: "either",
      });
      const [first, second] = view.certificates;
      expect(first).to.include({ subject: "CN=old.acme.example", notAfter: "2021-01-01T00:00:00.000Z", expired: true });
      expect(second).to.include({ subject: "CN=idp.acme.example", expired: false });
      expect(first?.fingerprint)
        .to.match(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
        .and.not.equal(second?.fingerprint);
    });

    it("show what else there is", () => {
      const settings: SamlSettings = {
        ...fromXml,
        ssoPostUrl: "https://idp.example/post",
        metadataUrl: "https://idp.example/metadata.xml",
        validUntil: "2027-01-01T00:00:00.000Z",
      };
      const { certificates, ...others } = samlIdpView(settings, NOW);
      const { certificates: _, ...expected } = settings;
      const without = {
        ...{ sloRedirectUrl: null, sloPostUrl: null, wantsSignedRequests: false, signRequests: false },
        ...{
          newKeys: "confirm",
          nameIdFormat: "any",
          forceAuthn: false,
          singleLogout: true,
          allowIdpInitiated: false,
          universalLogoutIssuer: null,
          legacyCbc: false,
          legacyTripleDes: false,
        },
      };
      expect(others).to.deep.equal({ ...without, ...expected });
    });

    it("keep each choice of an admin until it is made anew, also with new metadata", async () => {
      const chosen = {
        signRequests: false,
        nameIdFormat: "persistent",
        forceAuthn: true,
        singleLogout: false,
      } as const;
      const legacy = { legacyCbc: true, legacyTripleDes: true };
      const before = await readSamlSettings({ metadataXml: idpMetadata(), ...chosen, ...legacy }, offline);
      expect(before).to.include({ ...chosen, ...legacy });
      const after = await changedSamlSettings(before, { metadataXml: idpMetadata(), legacyCbc: false }, offline);
      expect(after).to.include({ ...chosen, legacyCbc: false, legacyTripleDes: true });
      expect(await changedSamlSettings(after, { forceAuthn: false }, offline)).to.deep.equal({
        ...after,
        forceAuthn: false,
      });
    });

    it("sign requests as the provider's metadata wants it, unless an admin says otherwise", () => {
      const effective = (settings: Partial<SamlSettings>) => samlIdpView({ ...fromXml, ...settings }, NOW).signRequests;
      expect(effective({})).to.equal(false);
      expect(effective({ wantsSignedRequests: true })).to.equal(true);
      expect(effective({ wantsSignedRequests: true, signRequests: false })).to.equal(false);
      expect(effective({ signRequests: true })).to.equal(true);
    });
  });
});
