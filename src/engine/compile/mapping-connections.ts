/** Checks what a document says of connections: their names, and which of them may make owners. */

import { suggest } from "../../model/suggest.js";
import type { CompiledRule, MappingConnection } from "./compiled-mapping.js";
import { type Findings, problem } from "./problems.js";

/** The connections that a document is compiled for. */
export interface MappingContext {
  readonly connections: readonly MappingConnection[];
  readonly version: number;
  /**
   * The document was accepted before, and only its surroundings may have changed: connections that are gone are warnings
   * and match nobody, and owners' rules that have become ambiguous neither give nor take.
   */
  readonly stored?: boolean;
}

/** Reports a slug that no connection has; in a stored document, whose connection may be gone, as a warning. */
export function checkConnection(slug: string, pointer: string, context: MappingContext, findings: Findings): void {
  const slugs = context.connections.map((connection) => connection.slug);
  if (slugs.includes(slug)) return;
  const found = problem(pointer, "unknown_connection", `unknown connection \`${slug}\``, suggest(slug, slugs));
  (context.stored ? findings.warnings : findings.problems).push(found);
}

/**
 * INVARIANT: a rule gives `owner` by the facts of connections that may grant it, and of one that an admin has named when
 * there are several; so a second connection makes no owners by a rule that was written for the first.
 */
export function limitOwners(rule: CompiledRule, context: MappingContext, findings: Findings): CompiledRule {
  if (!rule.give.owner) return rule;
  const able = context.connections.filter((connection) => connection.mayGrantOwner).map(({ slug }) => slug);
  const named = rule.connections;
  if (named) {
    // One that is not there is told of as unknown.
    const unable = context.connections.filter(({ slug, mayGrantOwner }) => named.has(slug) && !mayGrantOwner);
    if (unable.length > 0) warnUnable(rule.pointer, unable.map(({ slug }) => `\`${slug}\``).join(" and "), findings);
    return rule;
  }
  if (able.length === 0) {
    warnUnable(rule.pointer, "no connection", findings);
    return rule;
  }
  if (able.length === 1) return { ...rule, connections: new Set(able) };
  const message =
    `${able.map((slug) => `\`${slug}\``).join(" and ")} may all grant \`owner\`: ` +
    (rule.index < 0
      ? 'write these owners as a rule in `mappings`, with `"scope": "tenant"`, `"role_name": "owner"` and `connections`'
      : "say in `connections` whose facts count");
  (context.stored ? findings.warnings : findings.problems).push(problem(rule.pointer, "ambiguous_connection", message));
  return { ...rule, ambiguous: true };
}

function warnUnable(pointer: string, who: string, findings: Findings): void {
  const able = who === "no connection" ? "no connection may grant `owner`" : `${who} may not grant \`owner\``;
  findings.warnings.push(
    problem(pointer, "owner_connection", `${able}: the rule gives nothing there until \`mayGrantOwner\` is set`),
  );
}
