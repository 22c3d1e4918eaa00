/** Finds rules that speak of one place, by look-ups: which of them can match the same people is asked of a few pairs only. */
import { pushTo } from "../../model/push-to.js";
import type { CompiledRule } from "../compile/compiled-mapping.js";
import { patternIndex } from "../pattern-index.js";
import { sampleName } from "./pattern-covers.js";
import type { LintRule } from "./view.js";

/** Rules that ask for the same group beyond this number are not compared with each other. */
const MOST = 100;

export interface Rivals {
  /** Rules of the place that may match everybody whom this rule matches, in document order, the rule itself left out. */
  coveringMaybe(rule: LintRule): readonly LintRule[];
  /** Rules that one name of a group speaks to, for every name that is written out, in document order; looked up one by one. */
  byName(): Generator<readonly [name: string, rules: readonly LintRule[]]>;
}

/** `rules`: all that give in one place. */
export function rivals(rules: readonly LintRule[]): Rivals {
  const byKey = new Map<string, LintRule[]>();
  const patterns = patternIndex(
    rules.flatMap((owner) => {
      const groups = owner.rule.groups;
      return groups?.pattern && !groups.any ? [{ owner, pattern: groups.pattern }] : [];
    }),
  );
  for (const one of rules) for (const key of wideKeys(one.rule)) pushTo(byKey, key, one);
  const matching = (name: string) => patterns?.hits(name).map(({ owner }) => owner) ?? [];
  return {
    coveringMaybe(one) {
      const found = new Set(narrowKeys(one.rule).flatMap((key) => byKey.get(key)?.slice(0, MOST) ?? []));
      for (const name of samples(one.rule)) for (const owner of matching(name).slice(0, MOST)) found.add(owner);
      found.delete(one);
      return [...found].sort(byIndex);
    },
    *byName() {
      for (const [key, named] of byKey) {
        if (!key.startsWith(NAME)) continue;
        const name = key.slice(NAME.length);
        yield [name, [...new Set([...named, ...matching(name)])].sort(byIndex).slice(0, MOST)];
      }
    },
  };
}

const NAME = "name:";

/** By what a rule can be found that covers others. */
function wideKeys({ groups, appRoles, when }: CompiledRule): readonly string[] {
  if (groups?.any) return groups.any.of.map((key) => `${groups.any?.by}:${key}`);
  if (groups) return [];
  return appRoles ? appRoles.map((role) => `role:${role}`) : [whenKey(when?.source)];
}

/** Where rules are found that may cover this one. */
function narrowKeys({ groups, appRoles, when }: CompiledRule): readonly string[] {
  const group = groups?.any ? [`${groups.any.by}:${groups.any.of[0]}`] : [];
  const role = appRoles ? [`role:${appRoles[0]}`] : [];
  return [...new Set([...group, ...role, whenKey(undefined), whenKey(when?.source)])];
}

function whenKey(source: string | undefined): string {
  return source === undefined ? "everyone" : `when:${source}`;
}

function samples({ groups }: CompiledRule): readonly string[] {
  const name = groups?.any?.by === "name" ? groups.any.of.slice(0, 1) : [];
  return groups?.pattern ? [...name, sampleName(groups.pattern)] : name;
}

function byIndex(a: LintRule, b: LintRule): number {
  return a.rule.index - b.rule.index;
}
