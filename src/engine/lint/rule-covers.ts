/** Proves that one rule matches whenever another one does. Sound, and not complete: `false` is "not proved". */
import type { AliasBook, CompiledMapping, CompiledRule, GroupMatcher } from "../compile/compiled-mapping.js";
import { matchPattern } from "../pattern.js";
import { patternCovers } from "./pattern-covers.js";

/** Whether `wide` matches everybody, by the same group, whom `narrow` matches, for as long as `narrow` gives anything. */
export function ruleCovers(
  wide: CompiledRule,
  narrow: CompiledRule,
  { aliases, connections }: Pick<CompiledMapping, "aliases" | "connections">,
): boolean {
  return (
    lastsAsLong(wide, narrow) &&
    readsAll(wide, narrow, connections) &&
    (wide.when === undefined || wide.when.source === narrow.when?.source) &&
    holdsAll(wide.appRoles && new Set(wide.appRoles), narrow.appRoles) &&
    groupsCover(wide.groups, narrow.groups, aliases)
  );
}

function lastsAsLong(wide: CompiledRule, narrow: CompiledRule): boolean {
  if (!wide.enabled || wide.ambiguous) return false;
  return wide.expiresAt === undefined || (narrow.expiresAt !== undefined && wide.expiresAt >= narrow.expiresAt);
}

/** A rule that may give `owner` reads no facts of connections that may not grant it, whatever else it gives. */
function readsAll(wide: CompiledRule, narrow: CompiledRule, connections: CompiledMapping["connections"]): boolean {
  if (!holdsAll(wide.connections, narrow.connections)) return false;
  if (!wide.give.owner || narrow.give.owner) return true;
  return connections.every(({ slug, mayGrantOwner }) => mayGrantOwner || narrow.connections?.has(slug) === false);
}

/** `undefined` stands for all there are. */
function holdsAll(wide: ReadonlySet<string> | undefined, narrow: Iterable<string> | undefined): boolean {
  if (wide === undefined) return true;
  return narrow !== undefined && [...narrow].every((one) => wide.has(one));
}

function groupsCover(wide: GroupMatcher | undefined, narrow: GroupMatcher | undefined, aliases: AliasBook): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  const isNamed =
    wide.any === undefined || (wide.any.by === narrow.any?.by && holdsAll(new Set(wide.any.of), narrow.any.of));
  return isNamed && patternsCover(wide, narrow, aliases);
}

function patternsCover({ pattern: wide }: GroupMatcher, narrow: GroupMatcher, aliases: AliasBook): boolean {
  if (wide === undefined) return true;
  if (narrow.pattern && patternCovers(wide, narrow.pattern)) return true;
  // A name of the alias book may stand for something that the pattern does not match.
  const names = narrow.any?.by === "name" ? narrow.any.of : [];
  return names.length > 0 && names.every((name) => !aliases.has(name) && matchPattern(wide, name) !== undefined);
}
