/** `npm run bench -- saml`: P9, what verifying a response costs beside two libraries, and how long a hostile one keeps others waiting. */
import { cpus } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { formFields } from "../../src/http/form.js";
import {
  createResponseReader,
  openResponsePool,
  type ResponseReader,
} from "../../src/protocols/saml/response-reader.js";
import { idpKey } from "../../test/support/saml-keys.js";
import { ACME, samlResponse } from "../../test/support/saml-response.js";
import { median } from "../measure/figures.js";
import { hostileBodies, hostileForms } from "./hostile-bodies.js";
import { type Verifier, verifiers } from "./verifiers.js";

export const PARTS = ["P9", "blocking"] as const;
export type Part = (typeof PARTS)[number];

const GROUPS = [20, 500];
const ROUND_MILLISECONDS = 400;
const PAUSE_MILLISECONDS = 30;

export async function runSamlBench(rounds: number, parts: ReadonlySet<Part>): Promise<void> {
  const tell = (text: string): void => console.log(text);
  tell(
    `node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}); medians of ${rounds} rounds`,
  );
  if (parts.has("P9")) {
    tell("\nP9: responses verified a second, by processor time; the assertion is signed, RSA-SHA256");
    for (const groups of GROUPS) await measureVerifying(groups, rounds, tell);
  }
  if (parts.has("blocking")) await measureBlocking(rounds, tell);
}

async function measureVerifying(groups: number, rounds: number, tell: (text: string) => void): Promise<void> {
  const now = new Date().toISOString();
  const values = Array.from({ length: groups }, (_, number) => `Group number ${number} of the company`);
  const { base64 } = samlResponse({ now, signed: "assertion", attributes: [{ name: "groups", values }] });
  const all = verifiers(now);
  for (const { name, verify } of all) {
    const nameId = await verify(base64);
    if (nameId !== ACME.nameId) throw new Error(`${name} took the response for ${nameId}`);
  }
  const figures = new Map<Verifier, number[]>(all.map((one) => [one, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const one of all) figures.get(one)?.push(await perSecond(() => one.verify(base64)));
  const [ours, ...others] = all;
  const mine = figures.get(ours) ?? [];
  tell(`  ${groups} groups, ${Math.round((base64.length * 3) / 4 / 1024)} KiB`);
  tell(`    ${ours.name.padEnd(10)} ${median(mine).toFixed(0).padStart(6)}`);
  for (const other of others) {
    const theirs = figures.get(other) ?? [];
    const ratio = median(mine.map((figure, round) => figure / (theirs[round] ?? Number.NaN)));
    tell(`    ${other.name.padEnd(10)} ${median(theirs).toFixed(0).padStart(6)}   Rolecall: ${ratio.toFixed(2)} times`);
  }
}

/** By this process's own processor time, so that a busy machine changes little. */
async function perSecond(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  const started = performance.now();
  let done = 0;
  for (; performance.now() - started < ROUND_MILLISECONDS; done += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (done * 1e6) / (user + system);
}

/** The shortest of the rounds: what another program took the processor for is no fault of the body's. */
async function measureBlocking(rounds: number, tell: (text: string) => void): Promise<void> {
  const now = new Date().toISOString();
  const pool = openResponsePool();
  const reader = createResponseReader(pool);
  const figures: { readonly name: string; readonly blocked: number }[] = [];
  for (const { name, samlResponse: body } of hostileBodies(now)) {
    await attempt(reader, body, now);
    const blocked: number[] = [];
    for (let round = 0; round < rounds; round += 1) blocked.push(await blockedBy(() => attempt(reader, body, now)));
    figures.push({ name, blocked: Math.min(...blocked) });
  }
  await pool.close();
  for (const { name, form } of hostileForms(1024 * 1024)) {
    const blocked: number[] = [];
    for (let round = 0; round < rounds; round += 1)
      blocked.push(await blockedBy(async () => readForm(Buffer.from(form))));
    figures.push({ name, blocked: Math.min(...blocked) });
  }
  figures.sort((one, other) => other.blocked - one.blocked);
  tell(`\nblocking: the longest that the event loop stood still, of ${figures.length} hostile bodies, in milliseconds`);
  for (const { name, blocked } of figures.slice(0, 10)) tell(`  ${blocked.toFixed(1).padStart(6)}  ${name}`);
}

function readForm(form: Buffer): void {
  try {
    formFields(form, (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // as below
  }
}

async function attempt(reader: ResponseReader, body: string, now: string): Promise<void> {
  try {
    const read = await reader.read(body, ["acme", "192.0.2.1"]);
    await read.verify({
      idp: { entityId: ACME.idp, certificates: [idpKey.certificate], requireSigned: "either" },
      ...{ sp: { entityId: ACME.sp, acsUrl: ACME.acs }, inResponseTo: ACME.request, now },
    });
  } catch {
    // That it is refused is what is wanted of it.
  }
}

async function blockedBy(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await setTimeout(PAUSE_MILLISECONDS);
  delay.reset();
  // What stands still before the monitor's next tick is compared with nothing.
  await setTimeout(PAUSE_MILLISECONDS);
  await work();
  await setTimeout(PAUSE_MILLISECONDS);
  delay.disable();
  return delay.max / 1e6;
}
