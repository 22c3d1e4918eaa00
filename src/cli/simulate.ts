import { randomInt } from "node:crypto";
import { quote } from "../model/quote.js";
import { suggest } from "../model/suggest.js";
import { VARIANTS, type Variant } from "../simulate/player.js";
import { phasesOf, type Simulation, simulate } from "../simulate/simulate.js";
import { type IdentityProvider, SIMULATED_DOMAIN } from "../simulate/simulated-directory.js";
import type { Arguments } from "./arguments.js";
import { type Command, EXIT, Misuse, type Terminal } from "./command.js";
import { complaintLines, phaseLine, progressLine, totalLine } from "./simulate-report.js";

const USERS = 120;
const GROUPS = 8;
const SECONDS = 60;
const MOST = { users: 100_000, groups: 1000, seconds: 600, seed: 2 ** 31 - 1 };
const TOKEN = "ROLECALL_SIMULATE_TOKEN";
const PHASE_NAMES = [...new Set([...phasesOf("okta"), ...phasesOf("entra")].map(({ name }) => name))];

export const simulatePush: Command = {
  name: "simulate",
  takes: "okta|entra URL",
  summary: "Push to any SCIM server as Okta or Entra ID do, and say what they would complain of",
  details: [
    "URL is where the SCIM endpoints begin, such as https://example.com/scim/v2. The token comes from the environment variable",
    `${TOKEN}, or from --token, where lists of processes show it. The people are invented, each with the run's`,
    "mark in its name, and deleted at the end; nothing else is touched. Point it at a tenant made for tests all the same.",
    "Any complaint makes the exit code 1. docs/simulate.md lists the phases and the complaints.",
    `Phases: connect, ${PHASE_NAMES.join(", ")}.`,
  ],
  options: {
    token: { value: "TOKEN", what: `the bearer token, without the word Bearer; better given as ${TOKEN}` },
    variant: { value: "NAME", what: "okta: oin (default) or aiw; entra: default or aadOptscim062020" },
    users: { value: "N", what: `how many people are pushed (${USERS})` },
    groups: { value: "N", what: `how many groups (${GROUPS}); 0 for a server that takes users only` },
    seed: { value: "N", what: "plays the same people again; chosen by chance when absent, and printed" },
    domain: { value: "DOMAIN", what: `of their addresses, for servers that let only some in (${SIMULATED_DOMAIN})` },
    only: {
      value: "PHASE",
      what: "this phase, and what must go before it: connect, then initial; connect alone writes nothing",
      many: true,
    },
    timeout: { value: "SECONDS", what: `how long an answer may take (${SECONDS})` },
    keep: { what: "leave at the server what was made there" },
  },
  async run(args, terminal) {
    const simulation = simulationOf(args, terminal);
    const { idp, variant, size, baseUrl } = simulation;
    terminal.out(
      `${idp} (${variant}) pushes ${size.users} users and ${size.groups} groups to ${shownUrl(baseUrl)}, seed ${size.seed}`,
    );
    const report = await watched(simulation, terminal);
    terminal.out(totalLine(report));
    for (const line of complaintLines(report)) terminal.out(line);
    if (report.left.length > 0) {
      const shown = report.left.slice(0, 5).map((path) => quote(path));
      terminal.err(`could not delete ${report.left.length} of what was made: ${shown.join(", ")}`);
    }
    const isClean = report.stopped === undefined && report.phases.every(({ complaints }) => complaints.length === 0);
    return isClean ? EXIT.done : EXIT.failed;
  },
};

/** Plays it, with a line for each phase, and on a terminal with a bar for what is under way. */
async function watched(simulation: Simulation, terminal: Terminal) {
  const { status = () => undefined } = terminal;
  const interruption = new AbortController();
  const forget = terminal.onInterrupt?.(() => interruption.abort());
  let current = "";
  try {
    const report = await simulate({
      ...simulation,
      signal: interruption.signal,
      onPhase(name, what) {
        current = name;
        status(`${name}: ${what}`);
      },
      onItem: (verb, done, total) => status(progressLine(current, { verb, done, total })),
      onPhaseEnd(phase) {
        status("");
        terminal.out(phaseLine(phase));
        if (!simulation.keep) status("clean-up: what was made is deleted");
      },
    });
    status("");
    return report;
  } finally {
    forget?.();
  }
}

function simulationOf(args: Arguments, terminal: Terminal): Simulation {
  const [name = "", baseUrl = ""] = args.positionals;
  const idp = identityProvider(name);
  const domain = args.text("domain") ?? SIMULATED_DOMAIN;
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(domain)) throw new Misuse(`--domain takes a domain, is ${quote(domain)}`);
  checkUrl(baseUrl);
  return {
    idp,
    variant: variantOf(idp, args.text("variant")),
    baseUrl,
    token: tokenOf(args, terminal),
    size: {
      users: numberOf(args, "users", USERS, MOST.users),
      groups: numberOf(args, "groups", GROUPS, MOST.groups, 0),
      seed: numberOf(args, "seed", randomInt(1, MOST.seed), MOST.seed),
      domain,
    },
    tuning: { timeoutMs: numberOf(args, "timeout", SECONDS, MOST.seconds) * 1000 },
    keep: args.has("keep"),
    ...(args.has("only") ? { only: args.texts("only").map((phase) => phaseOf(idp, phase)) } : {}),
  };
}

function identityProvider(name: string): IdentityProvider {
  if (name === "okta" || name === "entra") return name;
  throw new Misuse(`${quote(name)} is not simulated: rolecall simulate okta|entra URL`);
}

function variantOf(idp: IdentityProvider, name: string | undefined): Variant {
  const names: readonly Variant[] = VARIANTS[idp];
  const variant = names.find((known) => known === (name ?? names[0]));
  if (variant === undefined) throw new Misuse(`--variant of ${idp} is ${names.join(" or ")}, not ${quote(name ?? "")}`);
  return variant;
}

function phaseOf(idp: IdentityProvider, name: string): string {
  const names = ["connect", ...phasesOf(idp).map((phase) => phase.name)];
  if (names.includes(name)) return name;
  const meant = suggest(name, names);
  const hint = meant === undefined ? `${idp} plays ${names.join(", ")}` : `did you mean ${quote(meant)}?`;
  throw new Misuse(`--only takes a phase, is ${quote(name)}: ${hint}`);
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new Misuse(`URL is where the SCIM endpoints begin, such as https://example.com/scim/v2, not ${quote(text)}`);
  if (url.username !== "" || url.password !== "") throw new Misuse("URL holds a password: give a token instead");
}

/** Without the query, which may hold a key. */
function shownUrl(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}

// INVARIANT: whatever is wrong with the token, no message shows it.
function tokenOf(args: Arguments, terminal: Terminal): string {
  const token = args.text("token") ?? terminal.env[TOKEN] ?? "";
  if (token === "") throw new Misuse(`set the environment variable ${TOKEN} to the bearer token of the server`);
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Misuse("the token holds characters that no header can carry");
  return token;
}

function numberOf(args: Arguments, name: string, otherwise: number, most: number, least = 1): number {
  const written = args.text(name);
  const value = written === undefined ? otherwise : Number(written);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Misuse(`--${name} takes a whole number from ${least} to ${most}, is ${quote(written ?? "")}`);
}
