/** Step 11: somebody deletes a rule that many live by. An example refuses the save, and a preview names who would lose. */
import { loss, warning } from "../screen.js";
import type { MappingAnswer, PreviewAnswer, ProblemAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import { CONVENTION, mappingWithoutConvention } from "./acme-mapping.js";
import { type Play, plural, shortName, targetCells } from "./play.js";

const LINES_SHOWN = 2;

export async function tryBadEdit({ admin, screen }: Play): Promise<void> {
  const { version } = await admin.ask<MappingAnswer>("/mapping");
  const refused = { method: "PUT", body: mappingWithoutConvention, expect: 422 } as const;
  const { problems } = await admin.ask<ProblemAnswer>("/mapping", refused);
  const { examples: _, ...rulesAlone } = mappingWithoutConvention;
  const preview = { method: "POST", body: rulesAlone } as const;
  const { summary, changes } = await admin.ask<PreviewAnswer>("/mapping/preview?limit=1000", preview);
  const after = await admin.ask<MappingAnswer>("/mapping");
  must(after.version === version, "what was refused or previewed has changed nothing", admin.last);
  const losses = changes.filter(({ change }) => change === "revoke").slice(0, LINES_SHOWN);
  screen.step(`A bad edit: rule \`${CONVENTION}\` deleted`);
  screen.details(
    ...problems.map(({ message }) => warning(`save refused, version ${after.version} stays: ${message}`)),
    warning(
      `preview without the examples: ${plural(summary.changed, "person", "people")} would lose ` +
        `${plural(summary.revoked, "assignment")}, for instance`,
    ),
    ...losses.map((line) => loss(shortName(line.user.userName), ...targetCells(line), line.reason)),
  );
}
