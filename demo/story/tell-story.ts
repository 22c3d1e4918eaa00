/** Acme's story from an empty service to the day on which sixty people leave: fourteen steps, and a table of how people stand at the end. */
import type { Screen } from "../screen.js";
import type { Stage } from "../stage/open-stage.js";
import { tryBadEdit } from "./bad-edit.js";
import { pushAsEntra } from "./entra-dialect.js";
import { explainBob } from "./explanation.js";
import { goLive, previewGoingLive, pushInTestMode } from "./go-live.js";
import { deactivateBob, pushSixtyLeavers } from "./leavers.js";
import type { Play } from "./play.js";
import { saveFirstMapping, setUpAcme } from "./set-up.js";
import {
  createBySigningIn,
  signInAgainWithOtherGroups,
  signInPushedPeople,
  signInWithTooManyGroups,
} from "./sign-ins.js";
import { showHowPeopleStand } from "./standing.js";

export async function tellStory(screen: Screen, stage: Stage): Promise<Play> {
  const play = await setUpAcme(screen, stage);
  await saveFirstMapping(play);
  await pushInTestMode(play);
  const digest = await previewGoingLive(play);
  await goLive(play, digest);
  await pushAsEntra(play);
  const bobsSession = await signInPushedPeople(play);
  await createBySigningIn(play);
  await signInAgainWithOtherGroups(play);
  await signInWithTooManyGroups(play);
  await tryBadEdit(play);
  await explainBob(play);
  await deactivateBob(play, bobsSession);
  await pushSixtyLeavers(play);
  await showHowPeopleStand(play);
  return play;
}
