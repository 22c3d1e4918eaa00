/**
 * Owns the web of a SAML identity provider process, whatever library makes its messages: login form, metadata, and an admin
 * address by which people are replaced while it runs. Development and tests only.
 *
 * Takes its configuration as JSON, as the first argument or on standard input, and prints one line of JSON with its `entityId`,
 * `metadataUrl` and `admin` address when it can serve. `/logout?user=...&binding=post` signs a person out from here. `PUT <admin>/accounts/<user name>` replaces a person, `DELETE` removes
 * them, and `PUT <admin>/refusal` with a status makes it refuse everybody before they are asked who they are, with `null` nobody.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { text } from "node:stream/consumers";
import { loginPage, refusalPage } from "./saml-pages.js";
import type { SamlAccount, SamlProviderConfig, SamlServiceProvider } from "./saml-provider-config.js";
import type { SamlSent } from "./saml-sessions.js";

/** What a service sent, by the binding it was sent with. */
export interface SamlMessage {
  readonly binding: "post" | "redirect";
  readonly fields: Readonly<Record<string, string>>;
  /** The query as it was sent. */
  readonly queryText: string;
}

/** A service's request to sign somebody in. */
export interface SamlRequest {
  readonly message: SamlMessage;
  readonly id: string;
  readonly serviceProvider: SamlServiceProvider;
  /** Nobody may be asked anything. */
  readonly isPassive: boolean;
}

/** Why nobody is signed in, as the last part of a status code of SAML core section 3.2.2.2. */
export type SamlStatus = "AuthnFailed" | "NoPassive" | "RequestDenied";

export interface SamlLibrary {
  readonly entityId: string;
  readonly metadata: () => Promise<string>;
  /** Throws where the request cannot be meant for this provider. */
  readonly read: (message: SamlMessage) => Promise<SamlRequest>;
  /** A page that takes the answer to the service. */
  readonly respond: (request: SamlRequest, userName: string, account: SamlAccount) => Promise<string>;
  /** The same with an answer that names nobody. */
  readonly refuse: (request: SamlRequest, status: SamlStatus) => Promise<string>;
  /** What a service's message of a logout leads to. Throws where it cannot be meant, or is signed by nobody known. */
  readonly takeLogout: (message: SamlMessage) => Promise<SamlSent>;
  /** Signs a person out here, and asks their service to do the same. */
  readonly beginLogout: (userName: string, binding: SamlMessage["binding"]) => Promise<SamlSent>;
}

export interface SamlAddresses {
  /** Where it runs, as browsers call it. */
  readonly origin: string;
  readonly metadataUrl: string;
  /** Where requests are sent, by either binding. */
  readonly ssoUrl: string;
  /** Where messages of a logout are sent, by either binding. */
  readonly sloUrl: string;
}

/** Listens, has the library made for its address, and serves until the parent is gone. */
export async function serveSamlProvider(
  openLibrary: (config: SamlProviderConfig, addresses: SamlAddresses) => Promise<SamlLibrary>,
): Promise<void> {
  const config: SamlProviderConfig = JSON.parse(process.argv[2] ?? (await text(process.stdin)));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(config.port ?? 0, "127.0.0.1", resolve));
  const origin = `http://${config.host ?? "127.0.0.1"}:${(server.address() as AddressInfo).port}`;
  const addresses = { origin, metadataUrl: `${origin}/metadata`, ssoUrl: `${origin}/sso`, sloUrl: `${origin}/slo` };
  const library = await openLibrary(config, addresses);
  const serve = createWeb(library, config, origin);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void serve(request)
      .catch((error: unknown) => page(400, refusalPage(error instanceof Error ? error.message : String(error))))
      .then(({ status, type, body, location }) =>
        response
          .writeHead(status, { ...(type !== "" && { "content-type": type }), ...(location && { location }) })
          .end(body),
      );
  });
  process.on("disconnect", () => process.exit(0));
  process.on("SIGTERM", () => process.exit(0));
  const { entityId } = library;
  const { metadataUrl } = addresses;
  process.stdout.write(`${JSON.stringify({ entityId, metadataUrl, admin: `${origin}/admin` })}\n`);
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly location?: string;
}

const NO_CONTENT: Answer = { status: 204, type: "", body: "" };

function page(status: number, body: string): Answer {
  return { status, type: "text/html; charset=utf-8", body };
}

function sentOn(sent: SamlSent): Answer {
  return "page" in sent ? page(200, sent.page) : { status: 302, type: "", body: "", location: sent.location };
}

function createWeb(
  library: SamlLibrary,
  config: SamlProviderConfig,
  origin: string,
): (request: IncomingMessage) => Promise<Answer> {
  const accounts = new Map<string, SamlAccount | null>(Object.entries(config.accounts));
  const requests = new Map<string, SamlRequest>();
  let refusal: SamlStatus | null = null;

  async function ask(message: SamlMessage): Promise<Answer> {
    const request = await library.read(message);
    const status = request.isPassive ? "NoPassive" : refusal;
    if (status !== null) return page(200, await library.refuse(request, status));
    const login = randomUUID();
    requests.set(login, request);
    const userName = message.fields["login_hint"] ?? "";
    return page(200, loginPage({ issuer: request.serviceProvider.entityId, login, userName }));
  }

  async function signIn({ login = "", user = "", password }: Readonly<Record<string, string>>): Promise<Answer> {
    const request = requests.get(login);
    if (request === undefined) throw new Error("this login has been finished, or was never begun");
    const account = accounts.get(user);
    if (account === undefined || (account !== null && account.password !== password)) {
      const complaint = "The user name or the password is wrong.";
      return page(401, loginPage({ issuer: request.serviceProvider.entityId, login, userName: user, complaint }));
    }
    requests.delete(login);
    if (account === null) return page(200, await library.refuse(request, "RequestDenied"));
    return page(200, await library.respond(request, user, account));
  }

  async function administer(request: IncomingMessage, path: string): Promise<Answer> {
    const userName = /^accounts\/(.+)$/.exec(path)?.[1];
    if (path === "refusal" && request.method === "PUT") refusal = JSON.parse(await text(request));
    else if (userName === undefined) return page(404, refusalPage("there is nothing at this address"));
    else if (request.method === "PUT") accounts.set(decodeURIComponent(userName), JSON.parse(await text(request)));
    else if (request.method === "DELETE") accounts.delete(decodeURIComponent(userName));
    else return page(405, refusalPage("this address takes PUT and DELETE"));
    return NO_CONTENT;
  }

  return async (request) => {
    const url = new URL(request.url ?? "/", origin);
    const isPost = request.method === "POST";
    const fields = Object.fromEntries(isPost ? new URLSearchParams(await text(request)) : url.searchParams);
    if (url.pathname.startsWith("/admin/")) return administer(request, url.pathname.slice("/admin/".length));
    const message = { binding: isPost ? "post" : "redirect", fields, queryText: url.search.slice(1) } as const;
    if (url.pathname === "/sso") return ask(message);
    if (url.pathname === "/slo") return sentOn(await library.takeLogout(message));
    if (url.pathname === "/logout") {
      const { user = "", binding } = fields;
      return sentOn(await library.beginLogout(user, binding === "post" ? "post" : "redirect"));
    }
    if (url.pathname === "/login" && isPost) return signIn(fields);
    if (url.pathname !== "/metadata") return page(404, refusalPage("there is nothing at this address"));
    return { status: 200, type: "application/samlmetadata+xml", body: await library.metadata() };
  };
}
