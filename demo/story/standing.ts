/** The end: how some of Acme's people stand, and because of what. */
import type { ExplanationAnswer, UserAnswer } from "../stage/admin-answers.js";
import { leavers } from "./acme-directory.js";
import { type Play, shortName, userNamed, withShortIds } from "./play.js";

export async function showHowPeopleStand(play: Play): Promise<void> {
  const [leaver] = leavers;
  const names = ["olga", "ada", "bob", "gus", "hal", "cy", "dee", shortName(leaver?.userName ?? "")];
  const rows = await Promise.all(names.map((name) => rowsOf(play, name)));
  const { seats, seatsUsed } = await play.admin.ask<{ readonly seats: number; readonly seatsUsed: number }>("");
  play.screen.say();
  play.screen.table(["PERSON", "STATUS", "TEAM", "ROLE", "BECAUSE"], rows.flat());
  play.screen.say(`${seatsUsed} of ${seats} seats are in use, by these and others of Acme.`);
}

async function rowsOf(play: Play, name: string): Promise<string[][]> {
  const user = await userNamed(play, name);
  const { account, assignments } = await play.admin.ask<ExplanationAnswer>(`/users/${user.id}/explain`);
  if (assignments.length === 0) return [row(user, "-", "-", account.reason)];
  return assignments.map(({ target, grants }) => {
    const because = grants.map(({ rule, evidence, kept }) => {
      const reason = `rule ${rule}, ${withShortIds(evidence.map(({ label }) => label).join(" and "))}`;
      return kept === undefined ? reason : `${reason} (kept)`;
    });
    return row(user, target.scope.replace(/^team:/, ""), target.role, because.join("; "));
  });
}

function row({ userName, status }: UserAnswer, team: string, role: string, because: string): string[] {
  return [shortName(userName), status, team, role, because];
}
