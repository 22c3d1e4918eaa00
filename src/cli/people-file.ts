/** Reads who holds what today from CSV files, as other products and this one export them. */
import { type CurrentPerson, targetProblem } from "../engine/infer/infer.js";
import { roleName } from "../engine/role-name.js";
import { parseTarget } from "../engine/target-text.js";
import { asciiLower } from "../model/fold.js";
import { quote } from "../model/quote.js";
import { suggest } from "../model/suggest.js";
import { scopeKind, type Target, targetKey, teamScope } from "../model/target.js";
import { CsvFault, csvRows } from "../platform/csv-rows.js";
import { Misuse } from "./command.js";

/** What a column may be called, letter case, blanks, dashes and underscores aside; the first name that is there counts. */
const COLUMNS = {
  userName: ["userName", "user", "login", "userPrincipalName", "upn", "email", "mail"],
  groups: ["groups", "group", "memberOf"],
  team: ["team", "teamName", "workspace", "project"],
  scope: ["scope"],
  role: ["role", "roleName", "permission"],
  access: ["access", "assignments", "roles"],
} as const;

type Column = keyof typeof COLUMNS;

/** Where each column stands, and what the file calls it. */
type Columns = ReadonlyMap<Column, { readonly index: number; readonly header: string }>;

export interface ReadPeople {
  readonly people: readonly CurrentPerson[];
  /** `file:line: column: what`, as many as are worth reading; with one of them nothing is to be inferred. */
  readonly problems: readonly string[];
}

const MOST_PROBLEMS = 20;
const LONGEST = { group: 512, team: 256, role: 128 } as const;

interface Person {
  readonly userName: string;
  readonly groups: Set<string>;
  readonly holds: Map<string, Target>;
  /** As in the row before: exports with a row per assignment say it again each time. */
  groupsCell: string;
}

interface Reading {
  readonly people: Map<string, Person>;
  readonly problems: string[];
  /** One text and one target for all who share it. */
  readonly names: Map<string, string>;
  readonly targets: Map<string, Target>;
}

/** People with their groups, and what they hold; `targets`: a second file that says so, where the first does not. */
export async function readPeople(current: string, targets: string | undefined): Promise<ReadPeople> {
  const reading: Reading = { people: new Map(), problems: [], names: new Map(), targets: new Map() };
  await readFile(reading, current, targets === undefined ? ["groups", "access"] : ["groups"]);
  if (targets !== undefined) await readFile(reading, targets, ["access"]);
  const people = [...reading.people.values()].map(({ userName, groups, holds }) => ({
    ...{ userName, groups: [...groups], holds: [...holds.values()] },
  }));
  return { people, problems: reading.problems };
}

async function readFile(reading: Reading, path: string, needs: readonly ("groups" | "access")[]): Promise<void> {
  let at: Columns | undefined;
  try {
    for await (const { line, cells } of csvRows(path)) {
      if (at === undefined) at = columnsOf(path, cells, needs);
      else readRow(reading, `${path}:${line}`, cells, at);
      if (reading.problems.length >= MOST_PROBLEMS) break;
    }
  } catch (error) {
    if (error instanceof CsvFault) reading.problems.push(`${path}:${error.line}: ${error.message}`);
    else throw unreadable(path, error);
  }
  if (at === undefined && reading.problems.length === 0)
    reading.problems.push(`${path}:1: the file is empty: its first row names the columns`);
}

function unreadable(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return code === undefined ? error : new Misuse(`cannot read ${path} (${code})`, { cause: error });
}

function columnsOf(path: string, header: readonly string[], needs: readonly string[]): Columns {
  const bare = header.map(bareName);
  const found = new Map<Column, { readonly index: number; readonly header: string }>();
  for (const [column, names] of Object.entries(COLUMNS) as [Column, readonly string[]][]) {
    const index = names.map((name) => bare.indexOf(bareName(name))).find((at) => at >= 0);
    if (index !== undefined) found.set(column, { index, header: (header[index] as string).trim() });
  }
  const hasAccess = found.has("access") || (found.has("role") && (found.has("team") || found.has("scope")));
  const missing = [
    ...(found.has("userName") ? [] : ["userName"]),
    ...(needs.includes("groups") && !found.has("groups") ? ["groups"] : []),
    ...(needs.includes("access") && !hasAccess ? ["team and role (or access)"] : []),
  ];
  if (missing.length === 0) return found;
  const near = suggest(missing[0] as string, header);
  const hint = near === undefined ? "" : `, did you mean ${quote(near)} by it?`;
  throw new Misuse(`${path}:1: a column is missing: ${missing.join(", ")}${hint}; see \`rolecall infer --help\``);
}

function bareName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
}

type Report = (column: Column, what: string) => unknown;

function readRow(reading: Reading, row: string, cells: readonly string[], at: Columns): void {
  const cell = (column: Column) => withoutGuard((cells[at.get(column)?.index ?? cells.length] ?? "").trim());
  const report: Report = (column, what) =>
    reading.problems.push(`${row}: column ${quote(at.get(column)?.header ?? column)}: ${what}`);
  const userName = cell("userName");
  if (userName === "") return void report("userName", "nobody is named");
  const key = asciiLower(userName);
  const person = reading.people.get(key) ?? { userName, groups: new Set(), holds: new Map(), groupsCell: "" };
  reading.people.set(key, person);
  const groups = cell("groups");
  const isNew = groups !== person.groupsCell;
  person.groupsCell = groups;
  for (const name of isNew ? listed(groups) : []) {
    if (name.length > LONGEST.group) report("groups", `a group's name is longer than ${LONGEST.group} characters`);
    else person.groups.add(remembered(reading.names, name, name));
  }
  for (const { target, place, role } of targetsOf(cell, report)) {
    const wrong = wrongPlace(target);
    const wrongRole = wrong === undefined ? (targetProblem(target) ?? tooLongRole(target)) : undefined;
    if (wrong !== undefined) report(place, wrong);
    else if (wrongRole !== undefined) report(role, wrongRole);
    else person.holds.set(targetKey(target), remembered(reading.targets, targetKey(target), target));
  }
}

/** A target, and the columns that say where it holds and which role it is. */
interface FoundTarget {
  readonly target: Target;
  readonly place: Column;
  readonly role: Column;
}

function targetsOf(cell: (column: Column) => string, report: Report): readonly FoundTarget[] {
  const [team, scope, role] = [cell("team"), cell("scope"), cell("role")];
  const place = team === "" ? "scope" : "team";
  const found: FoundTarget[] = [];
  if (team !== "" && scope !== "")
    report("scope", "the row has a team and a scope: one of the two says where the role holds");
  else if (role !== "" && team + scope !== "")
    found.push({
      ...{ place, role: "role" },
      target: { scope: team === "" ? scope : teamScope(team), role: roleName(role) },
    });
  else if (role !== "") report("role", `the role ${quote(role)} has neither a team nor a scope`);
  else if (team + scope !== "") report(place, `${quote(team + scope)} stands without a role`);
  for (const text of listed(cell("access"))) {
    const target = parseTarget(text);
    if (target) found.push({ target, place: "access", role: "access" });
    else report("access", `${quote(text)} is no target: write \`Team/role\`, \`*/role\` or \`tenant/role\``);
  }
  return found;
}

function wrongPlace(target: Target): string | undefined {
  if (scopeKind(target.scope) === undefined) return targetProblem(target);
  if (target.scope.length <= LONGEST.team) return undefined;
  return `a team's or scope's name is longer than ${LONGEST.team} characters`;
}

function tooLongRole({ role }: Target): string | undefined {
  return role.length > LONGEST.role ? `a role's name is longer than ${LONGEST.role} characters` : undefined;
}

function listed(cell: string): readonly string[] {
  return cell
    .split(/[;|\r\n]+/)
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** Exports put an apostrophe before what a spreadsheet would run as a formula. */
function withoutGuard(cell: string): string {
  return /^'\s*[=+\-@]/.test(cell) ? cell.slice(1) : cell;
}

function remembered<Thing>(all: Map<string, Thing>, key: string, thing: Thing): Thing {
  const known = all.get(key);
  if (known !== undefined) return known;
  all.set(key, thing);
  return thing;
}
