/** Starts the OpenID provider as a process and speaks to its admin address. */
import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { OidcProviderConfig, ProviderClaims } from "./oidc-provider-config.js";

export interface OidcProviderProcess {
  readonly issuer: string;
  /** Replaces a person's claims from the next sign-in on; `null`: the provider refuses the person. */
  setAccount(sub: string, claims: ProviderClaims | null): Promise<void>;
  stop(): Promise<void>;
}

export async function startOidcProvider(config: OidcProviderConfig): Promise<OidcProviderProcess> {
  const program = fileURLToPath(new URL("./oidc-provider.js", import.meta.url));
  const child = fork(program, [JSON.stringify(config)], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const complaints: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => complaints.push(chunk.toString("utf8")));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = await new Promise<{ readonly issuer: string; readonly admin: string }>((resolve, reject) => {
    if (child.stdout === null) return reject(new Error("the provider has no output to read"));
    // The library prints notices of its own; ours is the line of JSON.
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{")) resolve(JSON.parse(line));
    });
    child.once("exit", (code) => reject(new Error(`the provider ended with ${code}: ${complaints.join("")}`)));
  });
  return {
    issuer: ready.issuer,
    async setAccount(sub, claims) {
      const url = `${ready.admin}/accounts/${encodeURIComponent(sub)}`;
      const answer = await fetch(url, { method: "PUT", body: JSON.stringify(claims) });
      if (answer.status !== 204) throw new Error(`the provider answered ${answer.status} to a change of \`${sub}\``);
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
