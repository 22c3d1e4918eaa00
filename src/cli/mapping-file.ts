/** Mapping documents as files: judged without a database, with the place of every problem. */
import { readFileSync } from "node:fs";
import { parseMapping } from "../compose.js";
import { unwrapMapping } from "../engine/compile/compile.js";
import { roleName } from "../engine/role-name.js";
import type { Json } from "../model/json.js";
import type { MappingDocument, RuleDocument } from "../model/mapping.js";
import type { Problem } from "../model/problem.js";
import { isOwner } from "../model/target.js";
import { parseJsonWithPositions } from "../platform/json.js";
import type { ExpressionPort } from "../provisioning/deps.js";
import { type CheckedMapping, checkMapping } from "../provisioning/mapping/mappings.js";
import { Misuse } from "./command.js";

/** What the service takes at most. */
const LONGEST = 512 * 1024;

export function readDocument(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown fault";
    throw new Misuse(`cannot read ${path} (${code})`, { cause: error });
  }
  if (Buffer.byteLength(text) > LONGEST) throw new Misuse(`${path} is longer than ${LONGEST / 1024} kB`);
  return text.replace(/^\uFEFF/, "");
}

export interface JudgedDocument {
  readonly checked: CheckedMapping;
  /** Examples and invariants that the document carries. */
  readonly ownTests: number;
}

/** Parses, compiles and tries a document, as a save does, for connections of the names that stand in it. */
export async function judgeDocument(expressions: ExpressionPort, text: string): Promise<JudgedDocument> {
  const parsed = parseMapping(text);
  const document = parsed.ok ? parsed.document : (parsed.sound?.document ?? {});
  const { examples = [], invariants = [] } = document;
  const context = { tenant: 0, connections: connectionsIn(document), version: 1 };
  const checked = await checkMapping({ parseMapping, expressions }, text, context);
  return { checked, ownTests: examples.length + invariants.length };
}

/** The connections that stand in a document; none for a text that is no document. */
export function connectionsNamedIn(text: string): ReturnType<typeof connectionsIn> {
  const parsed = parseMapping(text);
  return parsed.ok ? connectionsIn(parsed.document) : [];
}

/** What to say of problems of one file, in the order of their places. `noteOf`: what stands before the pointer. */
export type TellProblems = <Told extends Problem>(
  problems: readonly Told[],
  noteOf?: (problem: Told) => string,
) => readonly string[];

/**
 * `file:line:column: pointer code: message`, as editors and CI jobs read it; what more there is to say is indented below.
 * The text is parsed once, however many problems are told of.
 */
export function problemTeller(path: string, text: string): TellProblems {
  const parsed = parseJsonWithPositions(text);
  const wrapper = parsed.ok ? wrapperOf(parsed.value) : "";
  const placeOf = ({ pointer, position }: Problem) =>
    parsed.ok ? parsed.positionOf(wrapper + pointer, position) : parsed.position;
  return (problems, noteOf = () => "") =>
    problems
      .map((told) => ({ told, ...placeOf(told) }))
      .sort((a, b) => a.line - b.line || a.column - b.column)
      .flatMap(({ told, line, column }) => {
        const { pointer, code, message, suggestion, difference = [] } = told;
        const meant = suggestion === undefined || message.includes(suggestion) ? "" : `; suggestion: ${suggestion}`;
        const place = `${path}:${line}:${column}: ${noteOf(told)}${pointer === "" ? "/" : pointer}`;
        return [`${place} ${code}: ${message}${meant}`, ...difference.map((one) => `    ${one}`)];
      });
}

/** The pointer of the document inside the wrapper of Tines' live pages. */
function wrapperOf(value: Json): string {
  return unwrapMapping(value) === value ? "" : "/user_group_mapping";
}

/**
 * Offline there is no tenant to ask which connections it has: those that the document names are taken to exist. Who may
 * grant `owner` is taken from the rules that give it; where they do not say, it is the first.
 */
function connectionsIn(document: MappingDocument) {
  const rules = document.mappings ?? [];
  const slugs = new Set([
    ...Object.values(document.groups ?? {}).flatMap((bySlug) => Object.keys(bySlug)),
    ...rules.flatMap((rule) => rule.connections ?? []),
    ...(document.examples ?? []).flatMap(({ connection }) => (connection === undefined ? [] : [connection])),
  ]);
  if (slugs.size === 0) slugs.add("example");
  const named = rules.filter(givesOwner).flatMap((rule) => rule.connections ?? []);
  const able = new Set(named.length > 0 ? named : [...slugs].slice(0, 1));
  return [...slugs].map((slug) => ({ slug, protocol: "oidc" as const, mayGrantOwner: able.has(slug) }));
}

function givesOwner({ scope = "", role_name: role = "" }: RuleDocument): boolean {
  return isOwner({ scope, role: roleName(role) });
}
