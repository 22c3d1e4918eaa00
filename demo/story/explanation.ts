/** Step 12: why does somebody hold what they hold, and what would change it? */
import { note } from "../screen.js";
import type { ExplanationAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import { type Play, userNamed } from "./play.js";

export async function explainBob(play: Play): Promise<void> {
  const { admin, screen } = play;
  const { id } = await userNamed(play, "bob");
  const { assignments, notGiven } = await admin.ask<ExplanationAnswer>(`/users/${id}/explain`);
  const [assignment] = assignments;
  const [grant] = assignment?.grants ?? [];
  const [evidence] = grant?.evidence ?? [];
  must(assignment !== undefined && grant !== undefined, "Bob holds something", admin.last);
  must(evidence?.since !== undefined, "it is known because of what, and since when", admin.last);
  const team = `${assignment.label.split("/")[0]}/`;
  const seconds = Math.round((Date.now() - Date.parse(evidence.since)) / 1000);
  screen.step(`Why is Bob ${assignment.label}?`);
  screen.details(
    note(
      `group ${evidence.label} (${grant.connection}, ${evidence.source}, ${seconds} s ago)` +
        ` -> rule ${grant.rule} of mapping version ${grant.mappingVersion}`,
    ),
    note(assignment.sentence),
    ...notGiven.filter(({ label }) => label.startsWith(team)).map(({ sentence }) => note(sentence)),
  );
}
