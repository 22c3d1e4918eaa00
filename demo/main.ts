/**
 * The demo: real processes that speak SAML, OIDC and SCIM over HTTP on loopback tell a story, and whatever is told comes from the service's
 * own answers. Afterwards the service keeps running for a look around; with `--once` the demo ends by itself.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { createScreen, type Screen } from "./screen.js";
import { DemoFailure } from "./stage/demo-failure.js";
import type { Stage } from "./stage/open-stage.js";
import { inviteToLookAround } from "./story/look-around.js";
import { openAcmeStage } from "./story/set-up.js";
import { tellStory } from "./story/tell-story.js";

const BAD_USAGE = 2;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const MOST_SHOWN = 2_000;

const once = askedForOnce();
if (once === undefined) process.exitCode = BAD_USAGE;
else process.exitCode = await perform(createScreen(process.stdout, process.env), once);

function askedForOnce(): boolean | undefined {
  try {
    return parseArgs({ options: { once: { type: "boolean", default: false } } }).values.once;
  } catch (error) {
    console.error(
      `${error instanceof Error ? error.message : String(error)}; the demo knows \`--once\` alone: npm run demo -- --once`,
    );
    return undefined;
  }
}

async function perform(screen: Screen, endsByItself: boolean): Promise<number> {
  let leave: (() => void) | undefined;
  const onSignal = (signal: keyof typeof SIGNALS): void => {
    // Whoever looks around leaves in peace. Anybody else, and who asks twice, is let out at once: children are tied to this process.
    if (leave === undefined) process.exit(SIGNALS[signal]);
    leave();
    leave = undefined;
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  const started = performance.now();
  screen.say(
    "Rolecall demo: the service, a SAML and an OIDC provider and two SCIM clients, each a process, over HTTP on loopback\n",
  );
  let stage: Stage | undefined;
  try {
    stage = await openAcmeStage();
    const { lost } = stage.service;
    const play = await Promise.race([tellStory(screen, stage), lost]);
    screen.say(`Told in ${((performance.now() - started) / 1000).toFixed(1)} s, by the service's own answers.`);
    if (endsByItself) return 0;
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    await inviteToLookAround(play);
    await Promise.race([left, lost]);
    return 0;
  } catch (error) {
    tellFailure(error, screen, stage);
    return 1;
  } finally {
    await stage?.close();
  }
}

function tellFailure(error: unknown, screen: Screen, stage: Stage | undefined): void {
  console.error(`\nthe demo failed ${screen.place}: ${messageOf(error)}`);
  if (error instanceof DemoFailure && error.exchanged !== undefined) {
    const { request, answer } = error.exchanged;
    console.error(`  asked     ${request.slice(0, MOST_SHOWN)}\n  answered  ${answer.slice(0, MOST_SHOWN)}`);
  }
  for (const line of stage?.service.log ?? []) console.error(`  service   ${line}`);
}

function messageOf(error: unknown): string {
  if (error instanceof DemoFailure) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
