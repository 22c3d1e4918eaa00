import type { CompiledMapping } from "../../engine/compile/compile.js";
import { draftExample, expectationOf, withMadeUp } from "../../engine/examples/example-of.js";
import { exampleLink } from "../../engine/examples/examples.js";
import type { Tenant } from "../../model/connection.js";
import type { UserId } from "../../model/ids.js";
import type { ExampleDocument } from "../../model/mapping.js";
import { isCurrent, type PersonLink, type PersonState } from "../../model/person.js";
import { Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import { type Target, targetKey, targetLabel } from "../../model/target.js";
import type { ExpressionPort, Provisioning } from "../deps.js";
import { evaluatePeople } from "../reconcile.js";
import { type Tried, tryAlone } from "./examples.js";

const LONGEST_NOTE = 2000;

/**
 * A real person as examples of the active mapping, one for each current row by which a connection knows them, with personal data reduced to
 * what its rules need. Pasted into the document they pass. Refusals `not_found`, `rate_limited`.
 */
export function exampleOfUser(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
): Promise<{ readonly version: number; readonly examples: readonly ExampleDocument[] }> {
  return p.questions.run(tenant.id, () => examplesOf(p, tenant, user));
}

async function examplesOf(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
): Promise<{ readonly version: number; readonly examples: readonly ExampleDocument[] }> {
  const evaluated = await evaluatePeople(p, tenant.id, [user], { door: "sync", whatIf: true });
  const { people, mapping, expressions } = evaluated;
  const person = people.get(user);
  if (!person) throw new Refusal("not_found", `no user \`${user}\``);
  const held = otherGrants(person.state);
  const names = new Set(namesIn(mapping));
  const examples: ExampleDocument[] = [];
  for (const link of person.links.filter(isCurrent)) {
    const example = await exampleOf(expressions, tenant.id, mapping, link, { names, held });
    names.add(example.name);
    examples.push(example);
  }
  return { version: mapping.version, examples };
}

function otherGrants({ grants }: PersonState): readonly string[] {
  const others = grants.filter(({ origin }) => origin === "manual" || origin === "default");
  return others.map(
    ({ origin, target }) =>
      `the person holds ${quote(targetLabel(target))} ${origin === "manual" ? "by hand" : "as a default"}, too`,
  );
}

interface Beside {
  /** Names that the example may not have. */
  readonly names: ReadonlySet<string>;
  /** More notes, of what no rule gives the person. */
  readonly held: readonly string[];
}

/** A link as an example that passes. */
export async function exampleOf(
  expressions: ExpressionPort,
  tenant: number,
  mapping: CompiledMapping,
  link: PersonLink,
  { names, held }: Beside = { names: namesIn(mapping), held: [] },
): Promise<ExampleDocument> {
  const attempt = async (tried: PersonLink): Promise<Tried> =>
    (await tryAlone(expressions, tenant, mapping, [tried]))[0] as Tried;
  const draft = draftExample(mapping, link, freeName(names, `a person of ${link.connection.slug}`));
  const real = await attempt(link);
  let example = draft.example;
  const before = await attempt(exampleLink(example, mapping));
  const kept: string[] = [];
  for (const attribute of draft.personal) {
    const other = withMadeUp(example, attribute);
    if (isSame(await attempt(exampleLink(other, mapping)), before)) example = other;
    else kept.push(attribute);
  }
  const notes = [
    ...draft.notes,
    ...(kept.length > 0 ? [`kept as they are, since another value changes the answer: ${kept.join(", ")}`] : []),
    ...differences(real.given, before.given),
    ...before.broken.map(({ message }) => message),
    ...held,
  ];
  const note = notes.length > 0 ? { note: notes.join("; ").slice(0, LONGEST_NOTE) } : {};
  return { ...example, ...note, expect: expectationOf(before.given) };
}

function namesIn({ examples }: CompiledMapping): ReadonlySet<string> {
  return new Set(examples.map(({ document }) => document.name));
}

function freeName(taken: ReadonlySet<string>, name: string): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} (${number})`;
  return free;
}

/** The same rules come out the same way, and give the same. */
function isSame(a: Tried, b: Tried): boolean {
  return answerOf(a) === answerOf(b);
}

function answerOf({ decision, given, broken }: Tried): string {
  const outcomes = decision.evaluations.flatMap(({ notable }) =>
    notable.map(({ rule, status }) => `${rule} ${status}`),
  );
  return JSON.stringify([outcomes, given.map(targetKey).toSorted(), broken.map(({ pointer }) => pointer)]);
}

function differences(real: readonly Target[], example: readonly Target[]): readonly string[] {
  const only = (some: readonly Target[], others: readonly Target[]) => {
    const keys = new Set(others.map(targetKey));
    return some.filter((target) => !keys.has(targetKey(target))).map((target) => quote(targetLabel(target)));
  };
  const more = only(example, real);
  const less = only(real, example);
  return [
    ...(more.length > 0 ? [`here, where all is known and the day is 2026-01-01, ${more.join(", ")} is given too`] : []),
    ...(less.length > 0 ? [`the person is given ${less.join(", ")} too, which no example can show`] : []),
  ];
}
