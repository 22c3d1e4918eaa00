/** The SAML door: sends people to their identity provider and takes in what comes back (SAML profiles section 4.1). */
import { randomBytes } from "node:crypto";
import { anybody, defineRoute, type Route } from "../../http/route.js";
import type { SamlSettings } from "../../model/connection.js";
import type { GuardedFetch } from "../../platform/network.js";
import { keysOf, signingKey } from "../../provisioning/connection-keys.js";
import { beginLogin } from "../../provisioning/sessions.js";
import { findConnection, type SignInProtocol, type SignInWeb } from "../sign-in/sign-in-web.js";
import { acsRoutes } from "./acs.js";
import { createResponseReader, openResponsePool } from "./response-reader.js";
import { idpOf, serviceProviderOf } from "./saml-visit.js";
import { authnRequest, spMetadata } from "./service-provider.js";
import {
  changedSamlSettings,
  readSamlSettings,
  type SamlIdpView,
  type SamlInput,
  samlIdpView,
  signsRequests,
} from "./settings.js";
import { leaveProvider, logoutRoutes } from "./slo-routes.js";

export interface SamlDoorOptions {
  readonly web: SignInWeb;
  readonly fetch: GuardedFetch;
  /** Metadata and providers over plain http: development and tests only. */
  readonly allowHttp: boolean;
  /** The longest form that an identity provider may let a browser post. */
  readonly bodyBytes: number;
}

export interface OpenedSamlDoor {
  readonly protocol: SignInProtocol;
  readonly routes: readonly Route[];
  /** What the admin API knows of identity providers: settings out of their metadata, and back. */
  readonly metadata: {
    read(input: SamlInput): Promise<SamlSettings>;
    change(before: SamlSettings, input: SamlInput): Promise<SamlSettings>;
    idpView(settings: SamlSettings): SamlIdpView;
  };
  /** Ends the threads that read large responses. */
  close(): Promise<void>;
}

export function openSamlDoor({ web, fetch, allowHttp, bodyBytes }: SamlDoorOptions): OpenedSamlDoor {
  const { p } = web;
  const deps = { fetch, allowHttp, now: p.now };
  const pool = openResponsePool();
  return {
    protocol: samlSignIn(web),
    routes: [...acsRoutes(web, createResponseReader(pool), bodyBytes), metadataRoute(web), ...logoutRoutes(web)],
    metadata: {
      read: (input) => readSamlSettings(input, deps),
      change: (before, input) => changedSamlSettings(before, input, deps),
      idpView: (settings) => samlIdpView(settings, p.now()),
    },
    close: () => pool.close(),
  };
}

function samlSignIn(web: SignInWeb): SignInProtocol {
  return {
    protocol: "saml",
    async begin({ browser, returnTo, loginHint, ...visit }) {
      const { p } = web;
      const idp = idpOf(visit);
      // All that the identity provider gets to know of this login, and an NCName, as IDs must be.
      const id = `_${randomBytes(32).toString("base64url")}`;
      const connection = visit.connection.id;
      await beginLogin(p, visit.tenant, { connection, state: id, browser, ...(returnTo && { returnTo }) });
      const key = signsRequests(idp) ? await signingKey(p, visit.tenant, visit.connection) : undefined;
      const request = { id, relayState: id, now: p.now(), ...(loginHint && { loginHint }), ...(key && { key }) };
      return authnRequest(serviceProviderOf(web, visit), idp, request);
    },
    leave: (session) => leaveProvider(web, session),
  };
}

function metadataRoute(web: SignInWeb): Route {
  return defineRoute({
    method: "GET",
    path: "/sso/:tenant/:connection/metadata",
    summary: "What a SAML identity provider wants to know of this connection",
    tags: ["sign-in"],
    auth: anybody,
    responses: { 200: null },
    async handler({ request }) {
      const visit = await findConnection(web, request);
      const idp = idpOf(visit);
      const keys = await keysOf(web.p, visit.tenant, visit.connection);
      const headers = { "content-type": "application/samlmetadata+xml; charset=utf-8" };
      return { status: 200, headers, body: spMetadata(serviceProviderOf(web, visit), idp, keys) };
    },
  });
}
