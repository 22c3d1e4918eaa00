/** Lint's look at a document beside what was said of people: texts that nobody has, and claims that nobody brings. */
import type { ClaimsDocument } from "../../model/directory.js";
import type { AttributeValue, UserAttribute } from "../../model/facts.js";
import { pushTo } from "../../model/push-to.js";
import { quote } from "../../model/quote.js";
import type { CompiledRule, MappingConnection } from "../compile/compiled-mapping.js";
import { appliesAt } from "../compile/rule-table.js";
import type { FactPath } from "../expression/facts.js";
import { type LintFinding, lintFinding, type PatchOperation } from "./finding.js";
import { nearNames } from "./near-names.js";
import { respelt } from "./renaming.js";
import { expressionsAt, type LintView } from "./view.js";

/** What one connection says of one person. */
export interface SaidFacts {
  /** The connection's slug. */
  readonly connection: string;
  readonly attributes?: Readonly<Partial<Record<UserAttribute, AttributeValue>>>;
  readonly appRoles?: readonly string[];
  readonly claims?: Pick<ClaimsDocument, "attributes" | "appRoles" | "claims">;
}

export interface SaidBook {
  /** Whether the document asks for anything that facts of people can answer. */
  readonly asks: boolean;
  take(said: SaidFacts): void;
  /** Part by part, so that a caller can pause between them. */
  findings(): Generator<readonly LintFinding[]>;
}

/** A text that a document expects a fact to be. */
interface WantedText {
  readonly pointer: string;
  readonly path: FactPath;
  readonly text: string;
  readonly position?: number;
  /** That nobody has it is what the author wants, or does not mind. */
  readonly negated?: boolean;
  /** Slugs of the connections whose facts are read. */
  readonly at: readonly string[];
  fix?(to: string): readonly PatchOperation[] | undefined;
}

/** `connections`: those that are looked at. */
export function saidBook(view: LintView, connections: readonly MappingConnection[]): SaidBook {
  const wanted = [...comparedValues(view, connections), ...matchedRoles(view, connections)];
  const claims = readClaims(view, connections);
  const byPath = new Map<FactPath, string[]>();
  for (const { path, text } of wanted) pushTo(byPath, path, text);
  const values = new Map([...byPath].map(([path, texts]) => [path, valueBook(texts)]));
  const names = valueBook(claims.map(({ text }) => text));
  const slugs = view.mapping.connections.map(({ slug }) => slug);
  for (const slug of slugs) values.get(SLUG)?.take(slug, slugs);
  return {
    asks: wanted.length + claims.length > 0,
    take(said) {
      for (const [path, book] of values) {
        // Who never signed in says nothing of claims.
        if (path !== SLUG && !(path.startsWith(CLAIM) && !said.claims))
          book.take(said.connection, valuesOf(said, path));
      }
      if (said.claims) names.take(said.connection, Object.keys(said.claims.claims));
    },
    *findings() {
      for (const one of wanted) {
        const { path, at } = one;
        // Of a claim that nobody brings it is said once.
        const isBrought = !path.startsWith(CLAIM) || names.has(at, path.slice(CLAIM.length));
        if (isBrought) yield unsaid(one, values.get(path) as ValueBook);
      }
      for (const one of claims) yield unknownClaim(one, names);
    },
  };
}

const SLUG = "connection.slug";
const ASKED = /^(?:user\.|claims\.|app_roles$|connection\.slug$)/;

function comparedValues(view: LintView, connections: readonly MappingConnection[]): readonly WantedText[] {
  return expressionsAt(view).flatMap((of) =>
    of.expression.compared.flatMap((compared) => {
      const { path, text, position, negated } = compared;
      if (!ASKED.test(path)) return [];
      const fix = (to: string) => respelt(view, of, compared, to);
      return [{ pointer: of.pointer, path, text, position, negated, at: readAt(of.rule, connections), fix }];
    }),
  );
}

/** `app_role` is a text that somebody should have, too. */
function matchedRoles({ alive }: LintView, connections: readonly MappingConnection[]): readonly WantedText[] {
  return alive.flatMap(({ rule, document }) => {
    const { app_role: written } = document ?? {};
    const pointer = `${rule.pointer}/app_role`;
    const at = readAt(rule, connections);
    const path = "app_roles";
    if (typeof written === "string") return [{ pointer, path, text: written, at }];
    return (written ?? []).map((text, index) => ({ pointer: `${pointer}/${index}`, path, text, at }));
  });
}

const CLAIM = "claims.";

function readClaims(view: LintView, connections: readonly MappingConnection[]): readonly WantedText[] {
  return expressionsAt(view).flatMap(({ pointer, rule, expression }) =>
    expression.reads.flatMap((path) => {
      if (!path.startsWith(CLAIM)) return [];
      const text = path.slice(CLAIM.length);
      return [{ pointer, path, text, position: expression.source.indexOf(text), at: readAt(rule, connections) }];
    }),
  );
}

function readAt(rule: CompiledRule | undefined, connections: readonly MappingConnection[]): readonly string[] {
  const reading = rule
    ? connections.filter(({ slug, mayGrantOwner }) => appliesAt(rule, slug, mayGrantOwner))
    : connections;
  return reading.map(({ slug }) => slug);
}

/** Everything that a fact could be read from, be it evidence yet or not. */
function valuesOf({ attributes, appRoles, claims }: SaidFacts, path: FactPath): readonly unknown[] {
  if (path === "app_roles") return [...(appRoles ?? []), ...(claims?.appRoles?.value ?? [])];
  const name = path.slice(path.indexOf(".") + 1);
  if (path.startsWith(CLAIM)) return claims?.claims[name] ?? [];
  return [attributes?.[name as UserAttribute], claims?.attributes[name as UserAttribute]?.value];
}

interface ValueBook {
  take(connection: string, values: readonly unknown[]): void;
  /** Connections that said something of anybody. */
  heard(slugs: readonly string[]): readonly string[];
  has(slugs: readonly string[], text: string): boolean;
  nearest(slugs: readonly string[], text: string): string | undefined;
}

function valueBook(words: readonly string[]): ValueBook {
  const near = nearNames(new Set(words));
  const said = new Map<string, Set<string>>();
  return {
    take(connection, values) {
      const known = said.get(connection) ?? new Set();
      said.set(connection, known);
      for (const value of values) {
        if (typeof value !== "string" || known.has(value)) continue;
        known.add(value);
        near.take(value, connection);
      }
    },
    heard: (slugs) => slugs.filter((slug) => said.has(slug)),
    has: (slugs, text) => slugs.some((slug) => said.get(slug)?.has(text)),
    nearest: (slugs, text) => slugs.flatMap((slug) => near.nearest(text, slug) ?? [])[0],
  };
}

function unsaid(
  { pointer, path, text, position, negated, at, fix }: WantedText,
  book: ValueBook,
): readonly LintFinding[] {
  if (book.heard(at).length === 0 || book.has(at, text)) return [];
  const near = book.nearest(at, text);
  const place = position === undefined ? {} : { position };
  const what = `nobody has ${quote(text)} as ${quote(path)}`;
  if (near === undefined) {
    return negated ? [] : [{ ...lintFinding("unknown_value", pointer, `${what} now`), ...place }];
  }
  const more = { suggestion: near, fix: fix?.(near) };
  return [{ ...lintFinding("misspelt_value", pointer, `${what}, did you mean ${quote(near)}?`, more), ...place }];
}

/** INVARIANT: connections whose people never signed in bring no claims at all, and are not asked. */
function unknownClaim({ pointer, text, position, at }: WantedText, names: ValueBook): readonly LintFinding[] {
  if (names.heard(at).length === 0 || names.has(at, text)) return [];
  const near = names.nearest(at, text);
  const what = `nobody's last sign-in brought the claim ${quote(text)}`;
  const finding =
    near === undefined
      ? lintFinding("unknown_claim", pointer, `${what}: the expression is undecided for everybody`)
      : lintFinding("unknown_claim", pointer, `${what}, did you mean ${quote(near)}?`, { suggestion: near });
  return [{ ...finding, position: position as number }];
}
