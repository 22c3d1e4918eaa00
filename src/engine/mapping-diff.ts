/** Mapping diff owns what changed between two mapping documents, in the mapping's own terms: rules, settings, names, tests. */
import type { Json } from "../model/json.js";
import type { MappingDocument, RuleDocument } from "../model/mapping.js";
import { compareText } from "./compare-text.js";
import { ruleId } from "./compile/rule-id.js";
import { documentText } from "./rule-text.js";
import { unmovedOf } from "./unmoved.js";

export interface MappingDiff {
  /** Nothing that means anything differs: not the spacing, nor the order of an object's keys. */
  readonly same: boolean;
  readonly counts: DiffCounts;
  readonly rules: {
    readonly added: readonly RulePlace[];
    readonly removed: readonly RulePlace[];
    readonly changed: readonly ChangedRule[];
    /** The fewest rules that were put elsewhere, so that the others kept their order. */
    readonly moved: readonly MovedRule[];
  };
  /** Keys of the document itself, such as `no_match` or `tenant_owners_groups`. */
  readonly settings: readonly KeyChange[];
  /** The alias book, by name. */
  readonly groups: readonly NamedChange[];
  readonly examples: readonly NamedChange[];
  readonly invariants: readonly NamedChange[];
}

export interface DiffCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly moved: number;
  readonly settings: number;
  readonly groups: number;
  readonly examples: number;
  readonly invariants: number;
}

export interface RulePlace {
  readonly id: string;
  /** What the rule says, in one line. */
  readonly text: string;
  /** Where it stands in the document that has it. */
  readonly pointer: string;
  readonly rule: RuleDocument;
}

export interface ChangedRule {
  readonly id: string;
  readonly text: string;
  readonly pointer: string;
  readonly keys: readonly KeyChange[];
}

export interface MovedRule {
  readonly id: string;
  readonly text: string;
  /** Positions among `mappings`, from 0. */
  readonly from: number;
  readonly to: number;
}

/** `null`: the key was not there, or is not there any more. */
export interface KeyChange {
  readonly key: string;
  readonly before: Json;
  readonly after: Json;
}

export interface NamedChange extends Omit<KeyChange, "key"> {
  readonly name: string;
}

/** What leads from one document to the other. Rules are told apart by id; linear in the documents, but for sorting. */
export function diffMappings(before: MappingDocument, after: MappingDocument): MappingDiff {
  const rules = diffRules(before.mappings ?? [], after.mappings ?? []);
  const settings = diffFields(withoutParts(before), withoutParts(after));
  const groups = named(diffFields(before.groups ?? {}, after.groups ?? {}));
  const examples = named(diffFields(byName(before.examples), byName(after.examples)));
  const invariants = named(diffFields(byName(before.invariants), byName(after.invariants)));
  const counts = {
    added: rules.added.length,
    removed: rules.removed.length,
    changed: rules.changed.length,
    moved: rules.moved.length,
    settings: settings.length,
    groups: groups.length,
    examples: examples.length,
    invariants: invariants.length,
  };
  const same = Object.values(counts).every((count) => count === 0);
  return { same, counts, rules, settings, groups, examples, invariants };
}

interface Placed {
  readonly id: string;
  readonly at: number;
  readonly rule: RuleDocument;
}

function diffRules(before: readonly RuleDocument[], after: readonly RuleDocument[]): MappingDiff["rules"] {
  const [was, is] = [placed(before), placed(after)];
  const common = [...was].flatMap(([key, one]) => {
    const now = is.get(key);
    return now ? [{ from: one, to: now }] : [];
  });
  const unmoved = unmovedOf(common.map(({ to }) => to.at));
  return {
    added: [...is].filter(([key]) => !was.has(key)).map(([, one]) => place(one)),
    removed: [...was].filter(([key]) => !is.has(key)).map(([, one]) => place(one)),
    changed: common
      .flatMap(({ from, to }) => changed(from, to))
      .sort((a, b) => a.at - b.at)
      .map(({ change }) => change),
    moved: common
      .filter((_, index) => !unmoved.has(index))
      .map(({ from, to }) => ({ id: to.id, text: documentText(to.rule), from: from.at, to: to.at }))
      .sort((a, b) => a.to - b.to),
  };
}

/** By id; a document that has an id twice is no valid one, and still has all its rules compared. */
function placed(rules: readonly RuleDocument[]): ReadonlyMap<string, Placed> {
  const found = new Map<string, Placed>();
  rules.forEach((rule, at) => {
    const id = ruleId(rule);
    found.set(found.has(id) ? `${id}\u0000${at}` : id, { id, at, rule });
  });
  return found;
}

function place({ id, at, rule }: Placed): RulePlace {
  return { id, text: documentText(rule), pointer: `/mappings/${at}`, rule };
}

function changed(from: Placed, to: Placed): readonly { readonly at: number; readonly change: ChangedRule }[] {
  const keys = diffFields(from.rule, to.rule);
  if (keys.length === 0) return [];
  const change = { id: to.id, text: documentText(to.rule), pointer: `/mappings/${to.at}`, keys };
  return [{ at: to.at, change }];
}

function withoutParts(document: MappingDocument): object {
  const { mappings: _mappings, groups: _groups, examples: _examples, invariants: _invariants, ...settings } = document;
  return settings;
}

function byName(list: readonly { readonly name: string }[] = []): object {
  const times = new Map<string, number>();
  const entries = list.map((one) => {
    const time = (times.get(one.name) ?? 0) + 1;
    times.set(one.name, time);
    return [time === 1 ? one.name : `${one.name} (${time})`, one] as const;
  });
  return Object.fromEntries(entries);
}

function named(changes: readonly KeyChange[]): readonly NamedChange[] {
  return changes.map(({ key, before, after }) => ({ name: key, before, after }));
}

/** Keys whose values mean something else, sorted. */
function diffFields(before: object, after: object): readonly KeyChange[] {
  const was = new Map<string, Json>(Object.entries(before));
  const is = new Map<string, Json>(Object.entries(after));
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((key) => ({ key, before: was.get(key) ?? null, after: is.get(key) ?? null }))
    .filter((one) => canonical(one.before) !== canonical(one.after))
    .sort((a, b) => compareText(a.key, b.key));
}

/** One text for equal values, in whatever order their keys stand. */
function canonical(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join()}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`).join()}}`;
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
