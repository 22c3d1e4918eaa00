/** Steps 7 to 10: people sign in, and what the identity provider says of them each time becomes what they may do. */
import { gain, loss, note, warning } from "../screen.js";
import type { ExplanationAnswer, Page, SignInAnswer, UserAnswer } from "../stage/admin-answers.js";
import { must } from "../stage/demo-failure.js";
import {
  AUDITORS,
  ada,
  bob,
  entraClaims,
  FINANCE,
  itAdmins,
  platformEditors,
  SALES,
  userNameOf,
} from "./acme-directory.js";
import { countUsers, type Play, teamTexts, userNamed, withShortIds } from "./play.js";
import { askOkta, refusalOf, type Session, signInAtEntra, signInAtOkta } from "./signing-in.js";

/** Answers Bob's session, which stays open. */
export async function signInPushedPeople(play: Play): Promise<Session> {
  const { admin, screen } = play;
  const pushed = await userNamed(play, "ada");
  const before = await countUsers(play, "registered");
  const held = await askOkta(play, ada);
  const adas = await held.signIn();
  const repeated = await refusalOf(play, await held.post(held.samlResponse));
  const forged = await forgeAdmin(play);
  const bobs = await signInAtOkta(play, bob);
  must(bobs.me.roles.length === 0, "Bob holds nothing that he wrote himself");
  must(adas.me.user.id === pushed.id, "Ada's sign-in is linked to the account that was pushed");
  const made = (await countUsers(play, "registered")) - before;
  must(made === 0, "nobody was made twice", admin.last);
  screen.step(`Ada and Bob sign in by Okta (SAML): linked to the people who were pushed, ${made} new accounts`);
  screen.details(note(`ada  ${teamTexts(adas.me.teams).join()}`, `bob  ${teamTexts(bobs.me.teams).join()}`));
  screen.details(
    warning("Ada's response once more", ...refusalCells(repeated)),
    warning(`Bob's, \`${itAdmins.name}\` added`, ...refusalCells(forged)),
  );
  return bobs;
}

/** Bob changes what Okta says of him, on its way through his browser. */
async function forgeAdmin(play: Play): Promise<SignInAnswer> {
  const { samlResponse, post } = await askOkta(play, bob);
  const said = Buffer.from(samlResponse, "base64").toString();
  const forged = said.replace(`>${platformEditors.name}<`, `>${itAdmins.name}<`);
  must(forged !== said, "Okta says which groups Bob is in");
  return refusalOf(play, await post(Buffer.from(forged).toString("base64")));
}

function refusalCells({ reference, detail }: SignInAnswer): readonly string[] {
  return [`refused, reference ${reference}`, `the admin sees guard \`${detail.guard}\``];
}

export async function createBySigningIn(play: Play): Promise<void> {
  const { admin, screen, stage } = play;
  const { items } = await admin.ask<Page<UserAnswer>>(`/users?userName=${userNameOf("cy")}`);
  must(items.length === 0, "nobody knows Cy yet", admin.last);
  await stage.idps.entra.setAccount("cy", entraClaims("cy", "Cy Coleman", [FINANCE]));
  const { me } = await signInAtEntra(play, "cy");
  screen.step("Cy, whom nobody pushed, signs in by Entra (OIDC): the account is made");
  screen.details(gain("cy", ...teamTexts(me.teams)));
}

export async function signInAgainWithOtherGroups(play: Play): Promise<void> {
  const { screen, stage } = play;
  const before = teamTexts((await userNamed(play, "cy")).teams);
  await stage.idps.entra.setAccount("cy", entraClaims("cy", "Cy Coleman", [SALES]));
  const after = teamTexts((await signInAtEntra(play, "cy")).me.teams);
  screen.step("Cy changes groups in Entra and signs in again");
  screen.details(
    ...before.filter((one) => !after.includes(one)).map((one) => loss("cy", one)),
    ...after.filter((one) => !before.includes(one)).map((one) => gain("cy", one)),
  );
}

export async function signInWithTooManyGroups(play: Play): Promise<void> {
  const { admin, screen, stage } = play;
  await stage.idps.entra.setAccount("dee", entraClaims("dee", "Dee Dorn", [AUDITORS]));
  const before = teamTexts((await signInAtEntra(play, "dee")).me.teams);
  await stage.idps.entra.setAccount("dee", entraClaims("dee", "Dee Dorn", "too many"));
  const { me } = await signInAtEntra(play, "dee");
  const after = teamTexts(me.teams);
  must(after.length > 0 && after.join() === before.join(), "Dee keeps what she had");
  const { assignments } = await admin.ask<ExplanationAnswer>(`/users/${me.user.id}/explain`);
  const kept = assignments.flatMap(({ grants }) => grants.flatMap((grant) => grant.kept ?? []));
  must(kept.length > 0, "the service says that Dee's access is kept, and why", admin.last);
  screen.step("Dee signs in twice; the second time she is in over 200 groups, and Entra lists none of them");
  screen.details(note("dee", ...after, "groups unknown: access kept"), warning(withShortIds(kept.join())));
}
