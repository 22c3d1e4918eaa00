import { type Opened, openProvisioning } from "../compose.js";
import type { Tenant } from "../model/connection.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { loadConfig } from "../platform/config.js";
import { createLogger } from "../platform/log.js";
import type { Context } from "../provisioning/deps.js";
import type { Terminal } from "./command.js";

/** Opens the database of the configuration for one piece of work, and closes it whatever comes of that. */
export async function withInstallation<Result>(
  terminal: Terminal,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  const config = loadConfig(terminal.env);
  const level = config.logLevel === "info" ? "warn" : config.logLevel;
  const logger = createLogger(level, { write: (line) => terminal.err(line.trimEnd()) });
  const opened = await openProvisioning(config, logger);
  try {
    for (const { what, path } of opened.secrets.made) terminal.err(`rolecall made its ${what}: ${path}`);
    return await work(opened);
  } finally {
    await opened.close();
  }
}

export async function tenantNamed({ p }: Opened, slug: string): Promise<Tenant> {
  const tenant = await p.store.instance.tenantBySlug(slug);
  if (tenant === undefined) throw new Refusal("not_found", `no tenant ${quote(slug)}`);
  return tenant;
}

/** Who did it, for the audit: whoever has a shell beside the database. */
export function commandLineContext({ env }: Terminal): Context {
  const label = env["USER"] ?? env["LOGNAME"] ?? "command line";
  return { actor: { kind: "command_line", label }, door: "command_line" };
}
