import type { Problem } from "../model/problem.js";
import { type Command, EXIT } from "./command.js";
import { judgeDocument, problemTeller, readDocument } from "./mapping-file.js";
import { withExpressions } from "./offline.js";

export const mappingCheck: Command = {
  name: "mapping check",
  takes: "FILE...",
  summary: "Find every problem in mapping documents, without a database",
  details: [
    "Each problem is a line: file:line:column: pointer code: message. Examples and invariants inside the documents are",
    "tried too. Connections that a document names are taken to exist.",
  ],
  options: {},
  async run({ positionals }, terminal) {
    const bad = await withExpressions(async (expressions) => {
      let count = 0;
      for (const path of positionals) {
        const text = readDocument(path);
        const { checked } = await judgeDocument(expressions, text);
        const problems = checked.ok ? [] : checked.problems;
        const warnings = new Set(checked.warnings);
        const noteOf = (one: Problem) => (warnings.has(one) ? "warning: " : "");
        for (const line of problemTeller(path, text)([...warnings, ...problems], noteOf)) terminal.out(line);
        if (checked.ok) terminal.out(`${path}: ok, ${counted(checked.mapping.rules.length, "rule")}`);
        count += problems.length;
      }
      return count;
    });
    if (bad > 0) terminal.err(counted(bad, "problem"));
    return bad > 0 ? EXIT.failed : EXIT.done;
  },
};

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
