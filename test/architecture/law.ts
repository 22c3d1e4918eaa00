/**
 * Who may import what in src, written down a second time and independently of the lint configuration, which must agree with it
 * import by import. A new room or package is entered here and in biome.json.
 */

export interface Place {
  readonly name: string;
  /** Files, relative to src, that speak for the place: directly in its folder and in a folder below. */
  readonly files: readonly string[];
  /** What it may import of src beside its own room: the beginnings of paths relative to src. */
  readonly inside: readonly string[];
  /** Packages and node modules it may import; `node:*` stands for all of node that starts no process and runs no code. */
  readonly outside: readonly string[];
}

export const places: readonly Place[] = [
  room("model", [], []),
  room("engine", ["model/"], ["node:crypto"]),
  place(
    "engine/expression",
    ["engine/expression/planted.ts"],
    ["model/", "engine/"],
    ["node:crypto", "jsonata", "re2js"],
  ),
  room("expression-host", ["model/", "engine/expression/"], ["node:process"]),
  room("provisioning", ["model/", "engine/"], ["node:crypto", "node:util"]),
  room("protocols/scim", ["model/", "engine/", "provisioning/", "http/", "platform/"], ["node:*"]),
  room("protocols/sign-in", ["model/", "engine/", "provisioning/", "http/", "platform/"], ["node:*"]),
  room(
    "protocols/oidc",
    ["model/", "engine/", "provisioning/", "http/", "platform/", "protocols/sign-in/"],
    ["node:*", "openid-client", "jose"],
  ),
  room(
    "protocols/saml",
    ["model/", "engine/", "provisioning/", "http/", "platform/", "protocols/sign-in/"],
    ["node:*", "@xmldom/xmldom", "samlify", "xml-crypto"],
  ),
  room("admin", ["model/", "engine/", "provisioning/", "http/", "platform/"], ["node:*"]),
  room("http", ["model/", "platform/"], ["node:*", "koa", "@koa/router", "raw-body", "prom-client"]),
  room(
    "store",
    ["model/", "engine/", "platform/", "provisioning/ports.js", "provisioning/ports/"],
    ["node:*", "knex", "sqlite3", "ulid"],
  ),
  room(
    "platform",
    ["model/"],
    [
      "node:*",
      "node:child_process",
      "@peculiar/x509",
      "ajv",
      "ajv/dist/2020.js",
      "ajv-formats",
      "csv-parse",
      "ipaddr.js",
      "jsonc-parser",
      "pino",
    ],
  ),
  room("simulate", ["model/"], ["node:*"]),
  place(
    "compose",
    ["compose.ts"],
    ["admin/", "engine/", "http/", "model/", "platform/", "protocols/", "provisioning/", "store/"],
    ["node:*"],
  ),
  place("main", ["main.ts"], ["compose.js", "model/", "platform/"], ["node:*", "node:child_process"]),
  room("cli", ["compose.js", "engine/", "model/", "platform/", "provisioning/", "simulate/"], ["node:*"]),
  place(
    "cli.ts",
    ["cli.ts"],
    ["cli/", "compose.js", "engine/", "model/", "platform/", "provisioning/"],
    ["node:*", "node:child_process"],
  ),
];

/** Packages that no file imports, because another package loads them by name. */
export const loadedByOthers: readonly string[] = ["pg"];

export const insideTargets: readonly string[] = [
  "admin/target.js",
  "cli.js",
  "cli/target.js",
  "compose.js",
  "engine/expression/target.js",
  "engine/target.js",
  "expression-host/target.js",
  "http/target.js",
  "main.js",
  "model/target.js",
  "platform/target.js",
  "protocols/app/target.js",
  "protocols/oidc/target.js",
  "protocols/saml/target.js",
  "protocols/scim/deep/target.js",
  "protocols/scim/target.js",
  "protocols/sign-in/target.js",
  "provisioning/ports.js",
  "provisioning/ports/target.js",
  "provisioning/target.js",
  "simulate/deep/target.js",
  "simulate/target.js",
  "store/deep/target.js",
  "store/target.js",
  "../node_modules/knex/knex.js",
  "../test/target.js",
];

export const outsideTargets: readonly string[] = [
  "ajv/dist/2020.js",
  "fast-check",
  "fs",
  "knex/lib/client.js",
  "node:child_process",
  "node:crypto",
  "node:fs",
  "node:fs/promises",
  "node:process",
  "node:util",
];

/** Whether the law lets a place import a target of either list, or a package of package.json. */
export function mayImport(place: Place, target: string): boolean {
  if (place.inside.some((beginning) => target.startsWith(beginning))) return true;
  if (place.outside.includes(target)) return true;
  return target.startsWith("node:") && target !== "node:child_process" && place.outside.includes("node:*");
}

function room(folder: string, inside: readonly string[], outside: readonly string[]): Place {
  return place(folder, [`${folder}/planted.ts`, `${folder}/deep/planted.ts`], inside, outside);
}

function place(name: string, files: readonly string[], inside: readonly string[], outside: readonly string[]): Place {
  return { name, files, inside, outside };
}
