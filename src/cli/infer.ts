import { writeFileSync } from "node:fs";
import { type Inference, inferMapping } from "../engine/infer/infer.js";
import { counted } from "../model/counted.js";
import { quote } from "../model/quote.js";
import { targetLabel } from "../model/target.js";
import { now } from "../platform/clock.js";
import type { Arguments } from "./arguments.js";
import { type Command, EXIT, Misuse, type Terminal } from "./command.js";
import { judgeDocument, problemTeller } from "./mapping-file.js";
import { withExpressions } from "./offline.js";
import { readPeople } from "./people-file.js";

const LEAST_PEOPLE = 2;
const DAYS = 90;
/** What the service takes at most. */
const LONGEST = 512 * 1024;

export const infer: Command = {
  name: "infer",
  takes: "",
  summary: "Make the smallest mapping that gives people what they hold today, from a CSV file, without a database",
  details: [
    "The file's first row names its columns: userName (or login, email ...), groups (separated by ; or |), and team and role,",
    "or scope and role, or access (a list of `Team/role`, `*/role`, `tenant/role`). One row per person or per assignment, as",
    "the export has it; rows of one person add up, and a row without access tells of somebody who has none. With --targets",
    "the access is read from a second file, such as `GET .../assignments?format=csv`, and joined by userName.",
    "A rule is proposed only if everybody whom it matches holds its target. What no rule explains is listed as exceptions",
    "with an end, for grants by hand. docs/migrating.md leads through it.",
  ],
  options: {
    current: { value: "FILE", what: "people with their groups, and what they hold", required: true },
    targets: { value: "FILE", what: "what they hold, when the first file does not say it" },
    out: { value: "FILE", what: "where the mapping goes; printed when absent. An existing file is left alone" },
    exceptions: { value: "FILE", what: "where the exceptions go, as JSON; printed when absent" },
    "allow-gains": { value: "N", what: "let up to N people gain each target, and list them (0)" },
    "min-people": { value: "N", what: `fewer holders in a group are no reason for a rule (${LEAST_PEOPLE})` },
    "role-order": { value: "A,B,C", what: "roles from lowest to highest; guessed from their names when absent" },
    "expires-in-days": { value: "N", what: `when exceptions end (${DAYS})` },
  },
  async run(args, terminal) {
    const options = {
      allowedGains: numberOf(args, "allow-gains", 0, 0),
      leastPeople: numberOf(args, "min-people", LEAST_PEOPLE, 1),
      roleOrder: (args.text("role-order") ?? "")
        .split(",")
        .map((role) => role.trim())
        .filter((role) => role !== ""),
    };
    const days = numberOf(args, "expires-in-days", DAYS, 1);
    const { people, problems } = await readPeople(args.required("current"), args.text("targets"));
    if (problems.length > 0) {
      for (const problem of problems) terminal.err(problem);
      return EXIT.failed;
    }
    const inference = inferMapping(people, options);
    const text = `${JSON.stringify(inference.document, null, 2)}\n`;
    const isSound = await isSaveable(text, terminal);
    write(args.text("out"), text, (line) => terminal.out(line));
    const expiresAt = new Date(Date.parse(now()) + days * 86_400_000).toISOString();
    writeExceptions(args.text("exceptions"), inference, expiresAt, terminal);
    for (const line of summary(people, inference)) terminal.err(line);
    return isSound ? EXIT.done : EXIT.failed;
  },
};

function numberOf(args: Arguments, name: string, otherwise: number, least: number): number {
  const written = args.text(name);
  const value = written === undefined ? otherwise : Number(written);
  if (Number.isInteger(value) && value >= least && value <= 1_000_000) return value;
  throw new Misuse(`--${name} takes a whole number, at least ${least}, is ${quote(written ?? "")}`);
}

/** The same judgement as `mapping check`; what is too large to be saved can still be looked at and cut. */
async function isSaveable(text: string, terminal: Terminal): Promise<boolean> {
  const { checked } = await withExpressions((expressions) => judgeDocument(expressions, text));
  if (!checked.ok) for (const line of problemTeller("inferred mapping", text)(checked.problems)) terminal.err(line);
  if (Buffer.byteLength(text) > LONGEST)
    terminal.err(`the mapping is longer than ${LONGEST / 1024} kB: a save refuses it`);
  return checked.ok && Buffer.byteLength(text) <= LONGEST;
}

function write(path: string | undefined, text: string, print: (line: string) => void): void {
  if (path === undefined) {
    print(text.trimEnd());
    return;
  }
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
    const hint = code === "EEXIST" ? "there is such a file already: name another, or remove it" : code;
    throw new Misuse(`cannot write ${path}: ${hint}`, { cause: error });
  }
}

function writeExceptions(
  path: string | undefined,
  { exceptions }: Inference,
  expiresAt: string,
  terminal: Terminal,
): void {
  if (path === undefined) {
    for (const { userName, target, reason } of exceptions) {
      terminal.err(`exception: ${userName} ${targetLabel(target)} until ${expiresAt.slice(0, 10)}: ${reason}`);
    }
    return;
  }
  const rows = exceptions.map(({ userName, target: { scope, role }, reason }) => ({
    userName,
    scope,
    role,
    reason,
    expiresAt,
  }));
  write(path, `${JSON.stringify(rows, null, 2)}\n`, () => undefined);
}

function summary(
  people: readonly { readonly holds: readonly unknown[] }[],
  { document: { mappings = [] }, exceptions, gains }: Inference,
): readonly string[] {
  const held = people.reduce((sum, { holds }) => sum + holds.length, 0);
  const size = `${counted(people.length, "person holds", "people hold")} ${counted(held, "target", "targets")}`;
  const rules = `${counted(mappings.length, "rule gives", "rules give")} ${held - exceptions.length} of them`;
  const rest = `${counted(exceptions.length, "is an exception", "are exceptions")}, ${counted(gains.length, "gain", "gains")}`;
  return [
    ...gains.map(({ userName, target }) => `gain: ${userName} would have ${targetLabel(target)}`),
    `${size}: ${rules}, ${rest}`,
  ];
}
