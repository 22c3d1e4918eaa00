/** Real SAML identity providers as processes of their own, with the people that tests sign in. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newSamlKey } from "../../demo/processes/saml-certificate.js";
import {
  NAME_ID_FORMATS,
  type NameIdFormat,
  type SamlAccount,
  type SamlProviderConfig,
  type SamlServiceProvider,
} from "../../demo/processes/saml-provider-config.js";
import { type SamlProviderProcess, startProgram } from "../../demo/processes/start-saml-provider.js";

export const PASSWORD = "correct horse";

export function samlPerson(name: string, attributes: SamlAccount["attributes"] = {}, nameId?: string): SamlAccount {
  const own = { uid: [name], mail: [`${name}@acme.example`], displayName: [name] };
  return { password: PASSWORD, attributes: { ...own, ...attributes }, ...(nameId === undefined ? {} : { nameId }) };
}

/** The identity provider that Auth0's samlp makes. It has to be told each service's `acsUrl`. */
export function startSamlpProvider(config: SamlProviderConfig): Promise<SamlProviderProcess> {
  return startProgram(new URL("../../demo/processes/samlp-provider.js", import.meta.url), config);
}

/** What saml-idp's form is filled in with; it asks for no password. What is absent, the form has no field for. */
export interface SamlIdpPerson {
  readonly userName: string;
  readonly nameIdFormat?: NameIdFormat;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly displayName?: string;
  readonly email?: string;
  /** One text, which it splits at commas; blanks stay. */
  readonly groups?: string;
}

export interface SamlIdpProcess {
  readonly entityId: string;
  readonly metadataUrl: string;
  readonly metadataXml: string;
  /** Whom the form shows from now on. */
  setPerson(person: SamlIdpPerson): Promise<void>;
  /** Sets whom it answers, and what it signs, on its settings page: it knows one service at a time. */
  answer(serviceProvider: Required<Pick<SamlServiceProvider, "acsUrl" | "entityId" | "signs">>): Promise<void>;
  stop(): Promise<void>;
}

const require = createRequire(import.meta.url);

/** A configuration file of the program: what it exports is read anew at each request, so that people can be replaced. */
const CONFIG_FILE = `
const config = { user: {}, metadata: [] };
process.on("message", ({ user, metadata }) => {
  for (const name of Object.keys(config.user)) delete config.user[name];
  Object.assign(config.user, user);
  config.metadata.splice(0, Infinity, ...metadata);
  process.send("replaced");
});
process.on("disconnect", () => process.exit(0));
module.exports = config;
`;

/** The program saml-idp, as it comes. `host` is what browsers call it. */
export async function startSamlIdp(
  acsUrl: string,
  host: NonNullable<SamlProviderConfig["host"]> = "127.0.0.1",
): Promise<SamlIdpProcess> {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-saml-idp-"));
  const key = await newSamlKey("saml-idp");
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const entityId = "urn:example:saml-idp";
  const options = {
    port: "0",
    host: "127.0.0.1",
    issuer: entityId,
    acsUrl,
    audience: acsUrl,
    key: file("key.pem", key.privateKey),
    cert: file("certificate.pem", key.certificate),
    configFile: file("config.cjs", CONFIG_FILE),
  };
  const child = fork(
    require.resolve("saml-idp/bin/run.js"),
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ["ignore", "pipe", "pipe", "ipc"] },
  );
  const origin = `http://${host}:${await portOf(child)}`;
  const metadataUrl = `${origin}/metadata`;
  return {
    entityId,
    metadataUrl,
    metadataXml: await (await fetch(metadataUrl)).text(),
    async setPerson({ nameIdFormat = "emailAddress", ...person }) {
      const replaced = once(child, "message");
      child.send({
        user: { ...person, nameIdFormat: NAME_ID_FORMATS[nameIdFormat] },
        metadata: Object.keys(person)
          .filter((id) => id !== "userName")
          .map((id) => ({ id, optional: true, displayName: id, description: id, multiValue: id === "groups" })),
      });
      await replaced;
    },
    async answer({ entityId: audience, acsUrl: url, signs }) {
      const settings = {
        audience,
        serviceProviderId: audience,
        acsUrl: url,
        recipient: url,
        destination: url,
        signResponse: String(signs !== "assertion"),
        signAssertion: String(signs !== "response"),
      };
      const body = new URLSearchParams(settings);
      const { status } = await fetch(`${origin}/settings`, { method: "POST", body, redirect: "manual" });
      if (status !== 302) throw new Error(`saml-idp answered ${status} to its settings`);
    },
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** It says where it listens, among much else. What it says later is read and forgotten. */
function portOf(child: ChildProcess): Promise<string> {
  let said = "";
  let port: string | undefined;
  return new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      if (port !== undefined) return;
      said += chunk.toString("utf8");
      port = /IdP server ready at\s+http:\/\/[^:\s]+:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(port);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("exit", (code) => reject(new Error(`saml-idp ended with ${code}: ${said}`)));
  });
}
