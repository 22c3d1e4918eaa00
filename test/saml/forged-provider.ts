/** An identity provider that answers whatever a test wants it to, in front of the whole service. */
import { inflateRawSync } from "node:zlib";
import type { Browser, Visit, VisitOptions } from "../../demo/clients/browser.js";
import type { Config } from "../../src/platform/config.js";
import { ACME, type ResponseWishes, type SamlMessage, samlResponse } from "../support/saml-response.js";
import { idpMetadata, ssoService } from "./idp-metadata.js";
import { openSamlHouse, type SamlHouse } from "./saml-house.js";

export type Door = readonly [tenant: string, connection: string];

const IDP = "https://idp.acme.example/sso";
export const FORGED_METADATA = idpMetadata({ entityId: ACME.idp, services: ssoService(IDP) });
/** Everybody of the provider is an editor. */
export const EDITORS = { mappings: [{ group_name: ACME.groups[0], team_name: "Platform", role_name: "editor" }] };

export interface ForgedHouse extends SamlHouse {
  /** Begins a sign-in; the ID of our request. */
  begin(browser: Browser, door: Door): Promise<string>;
  /** An answer to this request (`null`: to none) for this connection, with IDs of its own. */
  wishes(request: string | null, door: Door, more?: Partial<ResponseWishes>): Partial<ResponseWishes>;
  answer(request: string | null, door: Door, more?: Partial<ResponseWishes>): SamlMessage;
  /** Posts it where the connection takes responses. */
  post(browser: Browser, message: Pick<SamlMessage, "base64">, door: Door, more?: VisitOptions): Promise<Visit>;
  /** The check that refused, by the reference on the page. */
  guardOf(page: Visit, tenant?: string): Promise<unknown>;
}

export async function openForgedHouse(settings: Partial<Config> = {}): Promise<ForgedHouse> {
  const house = await openSamlHouse(settings);
  let count = 0;
  const wishes: ForgedHouse["wishes"] = (inResponseTo, door, more = {}) => {
    const { entityId, acsUrl } = house.partner(...door);
    count += 1;
    const ids = { responseId: `_r${count}`, assertionId: `_a${count}`, inResponseTo };
    return { ...ids, destination: acsUrl, recipient: acsUrl, audiences: [[entityId]], ...more };
  };
  return {
    ...house,
    wishes,
    answer: (...asked) => samlResponse(wishes(...asked)),
    async begin(browser, door) {
      const { url } = await browser.visit(house.loginUrl(...door), { stopBefore: IDP });
      const request = Buffer.from(new URL(url).searchParams.get("SAMLRequest") ?? "", "base64");
      const id = / ID="([^"]+)"/.exec(inflateRawSync(request).toString("utf8"))?.[1];
      if (id === undefined) throw new Error(`no request was sent: ${url}`);
      return id;
    },
    post(browser, { base64 }, door, more = {}) {
      const body = new URLSearchParams({ SAMLResponse: base64, RelayState: "https://evil.example/" });
      return browser.visit(house.partner(...door).acsUrl, { method: "POST", body, ...more });
    },
    async guardOf({ text }, tenant = "acme") {
      return JSON.stringify(await house.traceOf(tenant, text)).match(/"guard":"(\w+)"/)?.[1];
    },
  };
}
