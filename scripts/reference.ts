/**
 * Writes docs/reference from the routes and schemas: `npm run docs`. With `--check` it writes nothing and fails where a page
 * is not what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startService } from "../src/compose.js";
import type { JsonObject } from "../src/model/json.js";
import { loadConfig } from "../src/platform/config.js";
import { createLogger } from "../src/platform/log.js";
import { projectRoot } from "../src/platform/root.js";
import { readSchema } from "../src/platform/schemas.js";
import { adminApiPage } from "./reference/admin-api-page.js";
import { configurationPage } from "./reference/configuration-page.js";
import { documentPage } from "./reference/document-page.js";
import { stalePages } from "./reference/stale-pages.js";

const FOLDER = "docs/reference";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
process.exitCode = publish(await pages(), values.check);

async function pages(): Promise<ReadonlyMap<string, string>> {
  const description = await describeService();
  const defaults: JsonObject = JSON.parse(readFileSync(join(projectRoot, "config/default.json"), "utf8"));
  return new Map([
    ["openapi.json", `${JSON.stringify(description, null, 2)}\n`],
    ["admin-api.md", adminApiPage(description)],
    [
      "mapping-schema.md",
      documentPage("Mapping documents", "schemas/mapping.schema.json", readSchema("mapping").schema),
    ],
    [
      "scim-schema-files.md",
      documentPage("SCIM schema files", "schemas/scim-extension.schema.json", readSchema("scim-extension").schema),
    ],
    ["configuration.md", configurationPage(readSchema("config").schema, defaults)],
  ]);
}

/** The description as the service itself serves it, with the default address. */
async function describeService(): Promise<JsonObject> {
  const config = loadConfig({
    ROLECALL_PORT: "0",
    ROLECALL_PUBLIC_URL: "http://127.0.0.1:4180",
    ROLECALL_DATABASE_URL: "sqlite::memory:",
    ROLECALL_OPERATOR_TOKEN: "rco_reference",
    ROLECALL_SECRET_KEY: Buffer.alloc(32).toString("base64"),
  });
  const service = await startService(config, createLogger("silent"));
  try {
    const answer = await fetch(`${service.url}/openapi.json`);
    if (!answer.ok) throw new Error(`/openapi.json answered ${answer.status}`);
    return (await answer.json()) as JsonObject;
  } finally {
    await service.close();
  }
}

function publish(pages: ReadonlyMap<string, string>, check: boolean): number {
  const folder = join(projectRoot, FOLDER);
  const stale = stalePages(folder, pages);
  if (check) {
    for (const name of stale) console.error(`${FOLDER}/${name} is not what its sources say: run \`npm run docs\``);
    if (stale.length === 0) console.log(`${FOLDER} is fresh`);
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(folder, { recursive: true });
  for (const name of stale) writeFileSync(join(folder, name), pages.get(name) ?? "");
  console.log(`${FOLDER}: ${stale.length === 0 ? "nothing to do" : stale.join(", ")}`);
  return 0;
}
