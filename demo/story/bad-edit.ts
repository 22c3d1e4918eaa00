/** Step 11: somebody deletes what many live by. Examples refuse the save, and a preview names who would lose, and who would not. */
import { loss, warning } from "../screen.js";
import type { MappingAnswer, PlanLineAnswer, PreviewAnswer, ProblemAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import { bob } from "./acme-directory.js";
import { badMapping, CONVENTION } from "./acme-mapping.js";
import { type Play, plural, shortName, targetCells } from "./play.js";

export async function tryBadEdit({ admin, screen }: Play): Promise<void> {
  const { version } = await admin.ask<MappingAnswer>("/mapping");
  const refused = { method: "PUT", body: badMapping, expect: 422 } as const;
  const { problems } = await admin.ask<ProblemAnswer>("/mapping", refused);
  const [first, ...more] = problems;
  must(first !== undefined, "the refusal says why", admin.last);
  const { examples: _, ...rulesAlone } = badMapping;
  const preview = { method: "POST", body: rulesAlone } as const;
  const { summary, changes } = await admin.ask<PreviewAnswer>("/mapping/preview?limit=1000", preview);
  const after = await admin.ask<MappingAnswer>("/mapping");
  must(after.version === version, "what was refused or previewed has changed nothing", admin.last);
  const named = changes.filter(({ user, privileged }) => privileged || user.userName === bob.userName);
  const losses = named.filter(({ change }) => change === "revoke");
  const held = named.filter(({ change }) => change === "hold");
  must(held.length > 0, "the last owner is held", admin.last);
  screen.step(`A bad edit: rule \`${CONVENTION}\` deleted, and who owns the tenant`);
  screen.details(
    warning(
      `save refused, version ${after.version} stays: ${first.message}${more.length === 0 ? "" : `; ${more.length} more`}`,
    ),
    warning(
      `preview without the examples: ${plural(summary.changed, "person", "people")} would lose ` +
        `${plural(summary.revoked, "assignment")}, among them`,
    ),
    ...losses.map((line) => loss(...cells(line))),
    ...held.map((line) => warning(...cells(line))),
  );
}

function cells(line: PlanLineAnswer): readonly string[] {
  return [shortName(line.user.userName), ...targetCells(line), line.reason];
}
