/** Finds the present rule of what was granted under an id that was made: a rule that gets an id, or a neighbour, is the same rule. */
import { type Grant, grantKey } from "../model/grant.js";
import type { PersonState } from "../model/person.js";
import type { CompiledMapping, CompiledRule } from "./compile/compiled-mapping.js";

/** `rule-`, twelve digits of what is matched and where, and what tells rules apart that share both. */
const MADE_ID = /^(rule-[0-9a-f]{12})(?:-[0-9a-f]{6}(?:-\d+)?)?$/;

/** A person whose open grants name the rules that they are of now. The very same object where nothing has to be found. */
export function withPresentRules(state: PersonState, mapping: CompiledMapping): PersonState {
  if (state.grants.every((grant) => presentRule(grant, mapping) === grant.rule)) return state;
  const taken = new Set(state.grants.map(grantKey));
  const grants = state.grants.map((grant) => {
    const rule = presentRule(grant, mapping);
    if (rule === undefined || rule === grant.rule) return grant;
    const renamed = { ...grant, rule };
    // Where the rule has given the same under its new id too, the old reason ends.
    if (taken.has(grantKey(renamed))) return grant;
    taken.add(grantKey(renamed));
    return renamed;
  });
  return { ...state, grants };
}

function presentRule({ origin, rule, target }: Grant, mapping: CompiledMapping): string | undefined {
  if (origin !== "rule" || rule === undefined) return rule;
  const named = mapping.ruleById.get(rule);
  if (named && couldGive(named, target.role)) return rule;
  const made = MADE_ID.exec(rule)?.[1];
  const same = made === undefined ? [] : (mapping.rulesByMadeId.get(made) ?? []);
  const [only, another] = same.filter((one) => couldGive(one, target.role));
  return only && !another ? only.id : rule;
}

function couldGive({ give }: CompiledRule, role: string): boolean {
  return give.roles?.has(role) ?? true;
}
