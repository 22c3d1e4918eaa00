import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ScimProfile } from "../../src/model/connection.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { projectRoot } from "../../src/platform/root.js";

/** The form of the files in test/wire; its README says what the parts mean. */
export interface WireFixture {
  readonly file: string;
  readonly id: string;
  readonly title: string;
  readonly profile: ScimProfile;
  /** A document in `rules/` that is the active mapping. */
  readonly mapping?: string;
  readonly given: readonly WireStep[];
  readonly exchanges: readonly WireExchange[];
  /** What these people hold in the end, with sync live and nobody signing in. */
  readonly holds?: Readonly<Record<string, readonly string[]>>;
}

export interface WireStep {
  readonly request: WireRequest;
  readonly capture?: Readonly<Record<string, string>>;
}

export interface WireExchange extends WireStep {
  readonly expect: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly json?: Json;
  };
}

export interface WireRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: JsonObject;
}

const folder = join(projectRoot, "test", "wire");

export const wireClients: readonly string[] = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

export function wireFixtures(client: string): readonly WireFixture[] {
  const files = readdirSync(join(folder, client)).filter((file) => file !== "client.json");
  return files.sort().map((file) => ({ file, ...read<Omit<WireFixture, "file">>(client, file) }));
}

/** Headers that the client sends with every request. */
export function clientHeaders(client: string): Readonly<Record<string, string>> {
  return read<{ readonly headers: Readonly<Record<string, string>> }>(client, "client.json").headers;
}

function read<T>(client: string, file: string): T {
  return JSON.parse(readFileSync(join(folder, client, file), "utf8")) as T;
}
