import { type Command, EXIT } from "./command.js";
import { judgeDocument, problemLines, readDocument } from "./mapping-file.js";
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
        for (const line of problemLines(path, text, checked.warnings, "warning: ")) terminal.out(line);
        if (checked.ok) terminal.out(`${path}: ok, ${counted(checked.mapping.rules.length, "rule")}`);
        else for (const line of problemLines(path, text, checked.problems)) terminal.out(line);
        count += checked.ok ? 0 : checked.problems.length;
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
