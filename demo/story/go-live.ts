/** Steps 3 to 5: Okta pushes in test mode, what that would change is previewed, and the connection goes live as reviewed. */
import type { ReadBack } from "../../src/simulate/read-back.js";
import { gain, note } from "../screen.js";
import type { Page, PreviewAnswer, StartedAnswer, UserAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import { ada, bob, oktaDirectory } from "./acme-directory.js";
import { exchangesText, type Play, plural, runEnded, shortDigest, shortName, targetCells } from "./play.js";

export async function pushInTestMode({ admin, okta, screen }: Play): Promise<void> {
  const { people, groups } = oktaDirectory;
  screen.step(`Okta pushes ${people.length} people and ${groups.length} groups by SCIM, in test mode`);
  const { exchanges } = await okta.push({ do: "sync", directory: oktaDirectory });
  const { result: read } = await okta.push<ReadBack>({ do: "readBack" });
  const { items } = await admin.ask<Page<UserAnswer>>("/users");
  must(items.length === 0, "nobody has an account before going live", admin.last);
  screen.details(
    note(exchangesText(exchanges)),
    note(
      `nothing is applied: ${plural(items.length, "account")}; ` +
        `read back: ${read.users} users, ${read.groups} groups, ${plural(read.differences, "difference")}`,
    ),
  );
}

/** Of whom more is told. */
const signsIn: readonly string[] = [ada.userName, bob.userName];

/** Answers the digest of what was reviewed. */
export async function previewGoingLive({ admin, screen }: Play): Promise<string> {
  const preview = await admin.ask<PreviewAnswer>("/connections/okta/preview?to=live&limit=1000");
  const { summary, changes, digest } = preview;
  const grants = changes.filter(({ change }) => change === "grant");
  const owners = grants.filter(({ target }) => target?.role === "owner").length;
  const shown = grants.filter(({ privileged, user }) => privileged || signsIn.includes(user.userName));
  screen.step("Preview: what going live would do");
  screen.details(
    ...shown.map((line) => gain(shortName(line.user.userName), ...targetCells(line), line.reason)),
    note(
      `... ${grants.length - shown.length} more; accounts +${summary.created}, owners +${owners}, ` +
        `losses ${summary.revoked + summary.deactivated}, digest ${shortDigest(digest)}`,
    ),
  );
  return digest;
}

export async function goLive(play: Play, digest: string): Promise<void> {
  const { admin, screen } = play;
  const asked = { method: "POST", body: { digest }, expect: 202 } as const;
  const { run } = await admin.ask<StartedAnswer>("/connections/okta/go-live", asked);
  const { counts } = await runEnded(play, run.id);
  const [accounts, grants] = [counts["create_user"] ?? 0, counts["grant"] ?? 0];
  screen.step(
    `Go live with digest ${shortDigest(digest)}: ${accounts} accounts, ${grants} grants; Okta resends nothing`,
  );
}
