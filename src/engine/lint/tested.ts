/** What the examples of a document speak of, collected once: thousands of findings ask whether an example counts on a text. */
import type { MappingDocument } from "../../model/mapping.js";
import { pushTo } from "../../model/push-to.js";
import { type Target, teamOf } from "../../model/target.js";
import { parseTarget } from "../target-text.js";

export interface Tested {
  /** Every text that stands in an example, wherever that is. */
  readonly texts: ReadonlySet<string>;
  /** Slugs of the connections by which the made-up people come. */
  readonly connections: ReadonlySet<string>;
  /** Names of the teams that are expected. */
  readonly teams: ReadonlySet<string>;
  /** By a group's name, or by its id: the pointers at which examples have a person in it. */
  readonly groups: Readonly<Record<"name" | "id", ReadonlyMap<string, readonly string[]>>>;
}

/** `document`: one that compiles, whose targets are therefore written well. */
export function testedBy({ examples = [] }: MappingDocument): Tested {
  const texts = new Set<string>();
  const connections = new Set<string>();
  const teams = new Set<string>();
  const groups = { name: new Map<string, string[]>(), id: new Map<string, string[]>() };
  for (const [index, example] of examples.entries()) {
    takeTexts(example, texts);
    if (example.connection !== undefined) connections.add(example.connection);
    for (const target of example.expect) {
      const team = teamOf((parseTarget(target) as Target).scope);
      if (team !== undefined) teams.add(team);
    }
    for (const [key, places] of [["groups", groups.name] as const, ["group_ids", groups.id] as const])
      for (const [at, group] of (example[key] ?? []).entries())
        pushTo(places, group, `/examples/${index}/${key}/${at}`);
  }
  return { texts, connections, teams, groups };
}

function takeTexts(value: unknown, texts: Set<string>): void {
  if (typeof value === "string") texts.add(value);
  else if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) takeTexts(inner, texts);
}
