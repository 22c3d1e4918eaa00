/** Just enough of PATCH for the two dialects of the clients. */
import type { Json, JsonObject } from "../../src/model/json.js";

export type Row = Readonly<Record<string, Json>>;

export function applyPatch(row: Row, body: JsonObject): Row {
  const operations = body["Operations"] as readonly JsonObject[];
  return operations.reduce(applyOperation, row);
}

function applyOperation(row: Row, { op, path, value }: JsonObject): Row {
  const verb = String(op).toLowerCase();
  if (path === undefined) {
    const entries = Object.entries(value as JsonObject).filter(([key]) => key !== "id");
    return entries.reduce<Row>((patched, [key, part]) => setAt(patched, key, part), row);
  }
  const text = String(path);
  if (text.startsWith("members")) return { ...row, members: changedMembers(row, verb, text, value ?? []) };
  if (verb === "remove") return setAt(row, text, null);
  if (text.endsWith(":manager")) return setAt(row, text, { value: String(value) });
  return setAt(row, text, text === "active" ? /^true$/i.test(String(value)) : (value ?? null));
}

function changedMembers(row: Row, verb: string, path: string, value: Json): Json {
  const current = (row["members"] ?? []) as JsonObject[];
  const named = (value as JsonObject[]).map((member) => String(member["value"]));
  const filtered = /^members\[value eq "(?<id>.*)"\]$/.exec(path)?.groups?.["id"];
  const gone = filtered === undefined ? named : [filtered];
  const kept = verb === "replace" ? [] : current.filter((member) => !gone.includes(String(member["value"])));
  return verb === "remove" ? kept : [...kept, ...named.map((id) => ({ value: id }))];
}

function setAt(row: Row, path: string, value: Json): Row {
  const typed = /^(?<list>\w+)\[type eq "(?<type>\w+)"\]\.(?<sub>\w+)$/.exec(path)?.groups;
  if (typed !== undefined) {
    const { list = "", type = "", sub = "" } = typed;
    const elements = (row[list] ?? []) as JsonObject[];
    const element = elements.find((candidate) => candidate["type"] === type) ?? { type };
    return { ...row, [list]: [...elements.filter((other) => other !== element), { ...element, [sub]: value }] };
  }
  const nested =
    /^(?<outer>urn:.*):(?<inner>\w+)$/.exec(path)?.groups ?? /^(?<outer>\w+)\.(?<inner>\w+)$/.exec(path)?.groups;
  if (nested === undefined) return { ...row, [path]: value };
  const { outer = "", inner = "" } = nested;
  return { ...row, [outer]: { ...((row[outer] ?? {}) as JsonObject), [inner]: value } };
}
