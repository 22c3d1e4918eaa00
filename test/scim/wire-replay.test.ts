import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { SyncMode } from "../../src/model/connection.js";
import type { Json, JsonObject } from "../../src/model/json.js";
import { targetLabel } from "../../src/model/target.js";
import { projectRoot } from "../../src/platform/root.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { ADMIN } from "../support/tenant.js";
import { onEachDatabase, type ScimDirectory, type ScimReply } from "./scim-service.js";
import { clientHeaders, type WireFixture, type WireRequest, wireClients, wireFixtures } from "./wire-fixtures.js";
import { mismatches } from "./wire-match.js";

/** One run of a fixture, on a connection of its own. */
interface Replay {
  readonly directory: ScimDirectory;
  readonly headers: Readonly<Record<string, string>>;
  /** What was captured so far, by name. */
  readonly captured: Map<string, string>;
  /** Every PUT and PATCH is sent again, as clients do that heard no answer: the answer must be the same. */
  readonly twice?: boolean;
}

/** `{{name}}` becomes what was captured under the name, escaped as text inside JSON; an unknown name stays. */
function filledIn<T>(value: T, captured: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value).replace(/\{\{(\w+)\}\}/g, (mark, name: string) => {
    const found = captured.get(name);
    return found === undefined ? mark : JSON.stringify(found).slice(1, -1);
  });
  return JSON.parse(text) as T;
}

function placed(json: Json | undefined, place: string): string {
  const found = place.split(".").reduce<Json | undefined>((value, step) => (value as JsonObject)?.[step], json);
  if (typeof found !== "string") throw new Error(`nothing to capture at ${place}`);
  return found;
}

async function sendStep(replay: Replay, request: WireRequest, capture: Readonly<Record<string, string>> = {}) {
  const { headers = {}, ...rest } = filledIn(request, replay.captured);
  const reply = await replay.directory.send({ ...rest, headers: { ...replay.headers, ...headers } });
  for (const [name, place] of Object.entries(capture)) replay.captured.set(name, placed(reply.json, place));
  if (replay.twice && (request.method === "PUT" || request.method === "PATCH")) {
    const again = await replay.directory.send({ ...rest, headers: { ...replay.headers, ...headers } });
    const said = ({ status, text, headers: { etag } }: ScimReply) => [status, text, etag];
    expect(said(again), `${request.method} ${request.path}, sent again`).to.deep.equal(said(reply));
  }
  return reply;
}

/** Plays a fixture and holds each answer against it; the answers. */
async function replayFixture(replay: Replay, fixture: WireFixture): Promise<readonly ScimReply[]> {
  for (const { request, capture } of fixture.given) {
    const { status, text } = await sendStep(replay, request, capture);
    expect(status, `given ${request.method} ${request.path}: ${text}`).to.be.within(200, 204);
  }
  const replies: ScimReply[] = [];
  for (const [index, { request, capture, expect: wanted }] of fixture.exchanges.entries()) {
    const reply = await sendStep(replay, request, capture);
    const { json = {}, headers = {} } = filledIn(wanted, replay.captured);
    const differences = [
      ...(reply.status === wanted.status ? [] : [`status: expected ${wanted.status}, found ${reply.status}`]),
      ...mismatches(headers, reply.headers, "headers"),
      ...mismatches(json, reply.text === "" ? undefined : reply.json),
    ];
    expect(differences, `exchange ${index + 1}, ${request.method} ${request.path}: ${reply.text}`).to.deep.equal([]);
    replies.push(reply);
  }
  return replies;
}

const VARYING = new Set(["date", "x-request-id", "content-length"]);

/** What of the answers must not depend on the run: ids by the order in which they first come, times, and what tags say of others, by a word. */
function transcript(replies: readonly ScimReply[]): string {
  const order = new Map<string, number>();
  const text = JSON.stringify(
    replies.map(({ status, headers, json }) => [
      status,
      Object.entries(headers).filter(([name]) => !VARYING.has(name)),
      json,
    ]),
  );
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/127\.0\.0\.1:\d+/g, "<host>")
    .replace(/(W\/\\+"\d+)-[0-9a-z]+/g, "$1-<others>")
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, (id) => {
      if (!order.has(id)) order.set(id, order.size + 1);
      return `<id ${order.get(id)}>`;
    });
}

describe("exchanges of real clients over HTTP", () => {
  onEachDatabase((service) => {
    const play = async (client: string, fixture: WireFixture, sync: SyncMode, twice = false) => {
      const directory = await service().connect({ profile: fixture.profile, sync });
      if (fixture.mapping !== undefined) {
        const text = readFileSync(join(projectRoot, "rules", fixture.mapping), "utf8");
        const { run } = await saveMapping(service().p, directory.tenant, text, {}, ADMIN);
        await waitForRun(service().p, directory.tenant, run, 30);
      }
      const replay = { directory, headers: clientHeaders(client), captured: new Map<string, string>(), twice };
      const replies = await replayFixture(replay, fixture);
      for (const [userName, held] of Object.entries(sync === "live" ? (fixture.holds ?? {}) : {})) {
        const { items } = await service().p.store.read(directory.tenant.id).users({ userName, limit: 1 });
        expect(items[0]?.assignments.map(targetLabel).sort(), userName).to.deep.equal(held);
      }
      return transcript(replies);
    };

    for (const client of wireClients) {
      for (const fixture of wireFixtures(client)) {
        it(`${fixture.id}: ${fixture.title}`, async () => {
          const live = await play(client, fixture, "live");
          // The answers never depend on what becomes of access, nor on how often a change is sent.
          expect(await play(client, fixture, "test", true)).to.equal(live);
        });
      }
    }
  });
});
