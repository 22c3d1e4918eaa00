import { type Problem, Refusal } from "../model/problem.js";
import { previewMapping } from "../provisioning/mapping/mappings.js";
import { itemsOf } from "../provisioning/pages-of.js";
import { type Command, EXIT } from "./command.js";
import { tenantNamed, withInstallation } from "./installation.js";
import { problemTeller, readDocument } from "./mapping-file.js";
import { changeLine, summaryLines } from "./plan-text.js";

const PAGE = 1000;

export const mappingPreview: Command = {
  name: "mapping preview",
  takes: "FILE",
  summary: "Show what a mapping document would change for everybody of a tenant; nothing is changed",
  details: [
    "Lines that begin with ! are privileged. The digest at the end confirms exactly this plan when the document is saved.",
  ],
  options: {
    tenant: { value: "SLUG", what: "whose people are looked at", required: true },
    "include-frozen": { what: "also people whose only facts are from a first sign-in" },
  },
  run(args, terminal) {
    const path = args.positionals[0] ?? "";
    const text = readDocument(path);
    return withInstallation(terminal, async (opened) => {
      const tenant = await tenantNamed(opened, args.required("tenant"));
      try {
        const { digest, summary, lines, problems } = await previewMapping(opened.p, tenant, text, {
          includeFrozen: args.has("include-frozen"),
        });
        for await (const line of itemsOf(lines, PAGE)) terminal.out(changeLine(line));
        for (const line of summaryLines(summary)) terminal.out(line);
        terminal.out(`digest ${digest}`);
        for (const line of problemTeller(path, text)(problems)) terminal.out(line);
        return problems.length === 0 ? EXIT.done : EXIT.failed;
      } catch (error) {
        const problems = problemsIn(error);
        if (problems === undefined) throw error;
        for (const line of problemTeller(path, text)(problems)) terminal.out(line);
        return EXIT.failed;
      }
    });
  },
};

function problemsIn(error: unknown): readonly Problem[] | undefined {
  if (!(error instanceof Refusal) || error.code !== "invalid_document") return undefined;
  return error.detail["problems"] as readonly Problem[];
}
