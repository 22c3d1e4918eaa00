/** `npm run bench -- engine`, `-- scim` and `-- saml` measure; `npm run bench -- generate` makes a large tenant to look around in. */
import { parseArgs } from "node:util";
import { PARTS as ENGINE_PARTS, runEngineBench } from "./engine/run.js";
import { makeTenant } from "./population/make-tenant.js";
import { DEFAULT_SHAPE, type Shape } from "./population/shape.js";
import { runSamlBench, PARTS as SAML_PARTS } from "./saml/run.js";
import { runScimBench, PARTS as SCIM_PARTS, USERS as SCIM_USERS } from "./scim/run.js";

const USAGE = `npm run bench -- engine [--users 100000] [--rounds 3] [--only P6,P7,P8,slope]
npm run bench -- scim [--users 10000] [--rounds 3] [--only P1,P2,P3,P4,P5,P11,P12] [--database postgres://...]
npm run bench -- saml [--rounds 3] [--only P9,blocking]
npm run bench -- generate --database sqlite:./data/rolecall.db [--tenant big] [--users 100000] [--groups 1000] [--seed 4]`;

const DEFAULT_ROUNDS = 3;

await main();

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      users: { type: "string" },
      groups: { type: "string" },
      seed: { type: "string" },
      rounds: { type: "string" },
      database: { type: "string" },
      tenant: { type: "string", default: "big" },
      only: { type: "string" },
    },
  });
  const shape: Shape = {
    ...DEFAULT_SHAPE,
    users: number(values.users, positionals[0] === "scim" ? SCIM_USERS : DEFAULT_SHAPE.users),
    groups: number(values.groups, DEFAULT_SHAPE.groups),
    seed: number(values.seed, DEFAULT_SHAPE.seed),
  };
  if (positionals[0] === "engine") {
    await runEngineBench(shape, number(values.rounds, DEFAULT_ROUNDS), parts(values.only, ENGINE_PARTS));
  } else if (positionals[0] === "scim") {
    const only = parts(values.only, SCIM_PARTS);
    await runScimBench(shape, number(values.rounds, DEFAULT_ROUNDS), only, values.database);
  } else if (positionals[0] === "saml") {
    await runSamlBench(number(values.rounds, DEFAULT_ROUNDS), parts(values.only, SAML_PARTS));
  } else if (positionals[0] === "generate" && values.database !== undefined) {
    await generate(values.database, values.tenant, shape);
  } else {
    console.error(USAGE);
    process.exitCode = 2;
  }
}

async function generate(databaseUrl: string, slug: string, shape: Shape): Promise<void> {
  const seconds = await makeTenant({
    databaseUrl,
    slug,
    shape,
    progress: (what, done) => process.stderr.write(`\r${what}: ${done} of ${shape.users}   `),
  });
  process.stderr.write("\n");
  console.log(`tenant \`${slug}\`: ${shape.users} people, ${shape.groups} groups, in ${seconds.toFixed(1)} s`);
}

function parts<Part extends string>(text: string | undefined, all: readonly Part[]): ReadonlySet<Part> {
  if (text === undefined) return new Set(all);
  const names = text.split(",");
  const unknown = names.filter((name) => !all.some((part) => part === name));
  if (unknown.length > 0) throw new Error(`\`${unknown.join("`, `")}\` is no part of the bench: ${all.join(", ")}`);
  return new Set(all.filter((part) => names.includes(part)));
}

function number(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new Error(`\`${text}\` is no whole number above zero`);
  return value;
}
