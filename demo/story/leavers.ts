/** Steps 13 and 14: one leaver loses everything at once; sixty at once are more than the brake lets through. */
import { setTimeout as sleep } from "node:timers/promises";
import { note, warning } from "../screen.js";
import type { EventAnswer, Page, PreviewAnswer, RunAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import { runCommandLine } from "../stage/run-command-line.js";
import { bob, leavers } from "./acme-directory.js";
import { countUsers, exchangesText, type Play, plural, runEnded, userNamed } from "./play.js";
import type { Session } from "./signing-in.js";

export async function deactivateBob(play: Play, session: Session): Promise<void> {
  const { okta, screen } = play;
  const before = await session.ask();
  must(before === 200, "Bob's session is alive before he leaves");
  const { exchanges } = await okta.push({ do: "deactivate", users: [bob.id] });
  const after = await session.ask();
  must(after === 401, "Bob's session is dead as soon as Okta has its answer");
  const { id } = await userNamed(play, "bob");
  screen.step("Okta deactivates Bob, who is signed in");
  screen.details(
    note(`${exchangesText(exchanges)}; his session is dead with the answer: /me ${before} -> ${after}`),
    note(`in the event feed: ${(await eventsOf(play, id, "user.deactivated")).join(", ")}`),
  );
}

/** The types of what the feed tells of a user. Events come into the feed in an order of their own, shortly after what they tell of. */
async function eventsOf({ admin }: Play, user: string, awaited: string): Promise<string[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { items } = await admin.ask<Page<EventAnswer>>("/events?limit=1000");
    const types = items.filter((event) => event.user === user).map(({ type }) => type);
    if (types.includes(awaited)) return types;
    await sleep(50);
  }
  must(false, `the feed tells of \`${awaited}\``, admin.last);
}

export async function pushSixtyLeavers(play: Play): Promise<void> {
  const { admin, okta, screen, stage } = play;
  const before = await countUsers(play, "registered");
  const { exchanges } = await okta.push({ do: "deactivate", users: leavers.map(({ id }) => id) });
  const applied = before - (await countUsers(play, "registered"));
  const { items } = await admin.ask<Page<RunAnswer>>("/runs?status=held");
  const [held] = items;
  must(held !== undefined && items.length === 1, "what the brake holds waits in one run", admin.last);
  const { summary } = await admin.ask<PreviewAnswer>(`/runs/${held.id}/preview`);
  must(applied + held.total === leavers.length, "every leaver is either applied or held", admin.last);
  screen.step(`Okta sends ${leavers.length} leavers within a minute: a broken push, or true?`);
  screen.details(
    note(`${exchangesText(exchanges)}; ${applied} applied, ${held.total} held, who go on as before`),
    warning(
      `run ${held.id} waits for an owner; preview: ${plural(summary.deactivated, "deactivation")}, ` +
        plural(summary.revoked, "loss", "losses"),
    ),
  );
  const release = ["runs", "release", String(held.id), "--tenant", "acme", "--yes"];
  const said = await runCommandLine(release, stage.service.environment);
  must((await runEnded(play, held.id)).counts["deactivate_user"] === summary.deactivated, "what was shown is done");
  const remaining = await countUsers(play, "registered");
  screen.details(note(`released by \`rolecall ${release.join(" ")}\`: ${said.at(-1)}; ${remaining} people remain`));
}
