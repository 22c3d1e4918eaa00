/** Starts a SAML identity provider as a process and speaks to its admin address. */
import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { SamlStatus } from "./saml-identity-provider.js";
import type { SamlAccount, SamlProviderConfig } from "./saml-provider-config.js";

export interface SamlProviderProcess {
  readonly entityId: string;
  readonly metadataUrl: string;
  /** As it was when the process started. */
  readonly metadataXml: string;
  /** Replaces a person from the next sign-in on; `null`: the provider lets the person into nothing. */
  setAccount(userName: string, account: SamlAccount | null): Promise<void>;
  /** From now on everybody is refused without being asked who they are, or, with `null`, nobody. */
  refuse(status: SamlStatus | null): Promise<void>;
  stop(): Promise<void>;
}

/** The identity provider that samlify makes. */
export function startSamlProvider(config: SamlProviderConfig): Promise<SamlProviderProcess> {
  return startProgram(new URL("./saml-provider.js", import.meta.url), config);
}

/** A program that serves by `serveSamlProvider`. */
export async function startProgram(program: URL, config: SamlProviderConfig): Promise<SamlProviderProcess> {
  const child = fork(fileURLToPath(program), [JSON.stringify(config)], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const complaints: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => complaints.push(chunk.toString("utf8")));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await new Promise<Ready>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("the provider has no output to read"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) resolve(JSON.parse(line));
    });
    child.once("exit", (code) => reject(new Error(`the provider ended with ${code}: ${complaints.join("")}`)));
  });
  const put = async (path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`${ready.admin}/${path}`, { method: "PUT", body: JSON.stringify(body) });
    if (answer.status !== 204) throw new Error(`the provider answered ${answer.status} to a change of \`${path}\``);
  };
  return {
    entityId: ready.entityId,
    metadataUrl: ready.metadataUrl,
    metadataXml: await (await fetch(ready.metadataUrl)).text(),
    setAccount: (userName, account) => put(`accounts/${encodeURIComponent(userName)}`, account),
    refuse: (status) => put("refusal", status),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

interface Ready {
  readonly entityId: string;
  readonly metadataUrl: string;
  readonly admin: string;
}
