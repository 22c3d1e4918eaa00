/** Step 6: Entra pushes in its own dialect of SCIM, and what it means is what happens. */
import { note } from "../screen.js";
import type { Page, UserAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import { entraDirectory, FINANCE, fay, hal } from "./acme-directory.js";
import { exchangesText, type Play, plural, shortName, userNamed } from "./play.js";

export async function pushAsEntra(play: Play): Promise<void> {
  const { admin, entra, screen } = play;
  const { people, groups } = entraDirectory;
  screen.step(
    `Entra pushes ${people.length} people and ${plural(groups.length, "group")} in its dialect, live at once`,
  );
  const { exchanges } = await entra.push({ do: "sync", directory: entraDirectory });
  screen.details(note(exchangesText(exchanges)));
  const before = await inFinance(play);
  await entra.push({ do: "changeMembers", group: FINANCE, add: [], remove: [hal.id] });
  const after = await inFinance(play);
  must(!after.includes("hal") && after.length === before.length - 1, "hal alone has left Finance", admin.last);
  await entra.push({ do: "disable", users: [fay.id] });
  const { status } = await userNamed(play, "fay");
  must(status === "deactivated", "fay is deactivated", admin.last);
  screen.details(
    note("Remove members, value: [hal]", `one member, not all: Finance ${before.join(" ")} -> ${after.join(" ")}`),
    note('Replace active, value: "False"', `a text, read as false: fay ${status}`),
  );
}

async function inFinance({ admin }: Play): Promise<string[]> {
  const { items } = await admin.ask<Page<UserAnswer>>("/users?team=Finance");
  return items.map(({ userName }) => shortName(userName)).sort();
}
