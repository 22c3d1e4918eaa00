/** Owns everything that runs beside the story: the service, two identity providers, and the clients that push, each a process of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OidcProviderConfig } from "../processes/oidc-provider-config.js";
import type { SamlProviderConfig } from "../processes/saml-provider-config.js";
import { type OidcProviderProcess, startOidcProvider } from "../processes/start-oidc-provider.js";
import { type SamlProviderProcess, startSamlProvider } from "../processes/start-saml-provider.js";
import { type PushClient, startPushClient } from "./start-push-client.js";
import { type ServiceProcess, startService } from "./start-service.js";

export type IdpName = "entra" | "okta";

export interface IdpConfigs {
  readonly okta: SamlProviderConfig;
  readonly entra: OidcProviderConfig;
}

export interface Stage {
  readonly service: ServiceProcess;
  readonly idps: { readonly okta: SamlProviderProcess; readonly entra: OidcProviderProcess };
  startPushClient(name: IdpName, baseUrl: string, token: string): PushClient;
  /** Stops every process and removes every file. */
  close(): Promise<void>;
}

/** `idpConfigs` is asked once the service's address is known: identity providers want to know where people come from. */
export async function openStage(idpConfigs: (service: string) => IdpConfigs): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "rolecall-demo-"));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", removeFolder);
  const running: { stop(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    // The service last, so that nobody asks it while it stops.
    await Promise.all(running.splice(1).map((one) => one.stop()));
    await Promise.all(running.splice(0).map((one) => one.stop()));
    removeFolder();
    process.off("exit", removeFolder);
  };
  const keep = async <Process extends { stop(): Promise<void> }>(starting: Promise<Process>): Promise<Process> => {
    const one = await starting;
    running.push(one);
    return one;
  };
  try {
    const service = await keep(startService(folder));
    const configs = idpConfigs(service.url);
    const [okta, entra] = await Promise.all([
      keep(startSamlProvider(configs.okta)),
      keep(startOidcProvider(configs.entra)),
    ]);
    return {
      service,
      idps: { okta, entra },
      startPushClient(name, baseUrl, token) {
        const client = startPushClient(name, baseUrl, token);
        running.push(client);
        return client;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
