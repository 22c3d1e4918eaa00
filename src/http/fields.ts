import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";

export const MOST_FIELDS = 100;
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

type Kind = "query parameter" | "form field";

/** Query parameters or form fields as a record. A name that comes twice is refused: two readers would pick different ones. */
export function fieldsOf(
  pairs: Iterable<readonly [name: string, value: string]>,
  kind: Kind,
): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  let count = 0;
  for (const [name, value] of pairs) {
    count += 1;
    if (count > MOST_FIELDS) throw tooMany(kind);
    if (FORBIDDEN.has(name))
      throw new Refusal("bad_request", `the ${kind} ${quote(name)} is not allowed: leave it out`);
    if (Object.hasOwn(fields, name))
      throw new Refusal("bad_request", `the ${kind} ${quote(name)} comes twice: send it once`);
    fields[name] = value;
  }
  return fields;
}

export function tooMany(kind: Kind): Refusal {
  return new Refusal("bad_request", `there are more than ${MOST_FIELDS} ${kind}s: send fewer`);
}
