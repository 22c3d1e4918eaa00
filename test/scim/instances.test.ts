import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { DirectoryGroupId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { expectChange } from "../../src/provisioning/expect.js";
import { saveMapping } from "../../src/provisioning/mapping/mappings.js";
import type { FeedEvent } from "../../src/provisioning/ports/journal.js";
import { waitForRun } from "../../src/provisioning/runs/held-runs.js";
import { postgresUrl } from "../store/postgres-server.js";
import { ADMIN } from "../support/tenant.js";
import {
  groupBody,
  type ScimDirectory,
  type ScimReply,
  type ScimService,
  startScimService,
  userBody,
} from "./scim-service.js";

const MAPPING = JSON.stringify({ mappings: [{ group_name: "Everybody", team_name: "T", role_name: "editor" }] });

const adding = (...ids: readonly string[]) => [{ op: "add", path: "members", value: ids.map((value) => ({ value })) }];
const removing = (id: string) => [{ op: "remove", path: `members[value eq "${id}"]` }];

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function statuses(replies: readonly ScimReply[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, json } of replies) {
    const outcome = [status, json["scimType"]].filter((part) => part !== undefined).join(" ");
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

describe("two instances of the service over one PostgreSQL", function () {
  this.timeout(120_000);
  let first: ScimService;
  let second: ScimService;
  let left: ScimDirectory;
  let right: ScimDirectory;
  before(async () => {
    const databaseUrl = await postgresUrl();
    first = await startScimService({ databaseUrl });
    second = await startScimService({ databaseUrl });
  });
  after(async () => {
    await first.close();
    await second.close();
  });
  beforeEach(async () => {
    left = await first.connect();
    right = await second.join(left);
  });

  /** The first request to one instance, the second to the other, and so on; all at once. */
  const sides = (requests: readonly ((side: ScimDirectory) => Promise<ScimReply>)[]) =>
    Promise.all(requests.map((send, at) => send(at % 2 === 0 ? left : right)));

  /** Who holds what the mapping gives, in order. */
  const holders = async () => {
    const reader = second.p.store.read(left.tenant.id);
    const { items } = await reader.assignments({ limit: 1000 });
    return items.map(({ user }) => user.userName).sort();
  };

  /** Answers wait a second for access; what takes longer is the workers'. */
  const settled = async () => {
    const reader = first.p.store.read(left.tenant.id);
    for (;;) {
      const people = await reader.people(await reader.peopleIds({ limit: 1000 }));
      if (people.every(({ dirty }) => !dirty) && (await reader.openRuns()).length === 0) return;
      await sleep(50);
    }
  };

  const eventsOf = async (type: string): Promise<readonly FeedEvent[]> => {
    await first.p.store.write(left.tenant.id, (tx) => tx.publishEvents(new Date().toISOString(), 10_000));
    const events = await first.p.store.read(left.tenant.id).events({ after: 0, limit: 1000 });
    return events.filter((event) => event.type === type);
  };

  it("P11, BUG-19: additions and removals of members lose nothing and double nothing, in the group, in access and in events", async () => {
    await saveMapping(first.p, left.tenant, MAPPING, {}, ADMIN);
    const [staying, leaving] = [await left.crowd(40), await left.crowd(10, "leaver")];
    const group = await left.group("Everybody", leaving);
    const path = `/Groups/${group}`;
    const replies = await sides([
      ...staying.flatMap((id) => times(2, () => (side: ScimDirectory) => side.patch(path, adding(id)))),
      ...leaving.flatMap((id) => times(2, () => (side: ScimDirectory) => side.patch(path, removing(id)))),
    ]);
    expect(statuses(replies)).to.deep.equal({ 200: 100 });
    expect(await right.members(group)).to.have.members(staying);
    const row = await first.p.store.read(left.tenant.id).directoryGroup(left.connection.id, group as DirectoryGroupId);
    expect(row, "one version for each change, none for repetitions").to.include({ memberCount: 40, version: 51 });
    await settled();
    expect(await holders()).to.deep.equal(times(40, (at) => `crowd${at}`).sort());
    const [added, removed] = [await eventsOf("grant.added"), await eventsOf("grant.removed")];
    expect([added.length, removed.length]).to.deep.equal([50, 10]);
    expect(new Set([...added, ...removed].map(({ position }) => position)).size).to.equal(60);
    expect(new Set(added.map(({ user }) => user)).size, "one for each person").to.equal(50);
  });

  it("P11: changes of one user lose nothing, and each gives a version", async () => {
    const ada = await left.user("ada");
    const phones = times(30, (at) => (side: ScimDirectory) => {
      const value = [{ value: `+${at}`, type: "work" }];
      return side.patch(`/Users/${ada}`, [{ op: "add", path: "phoneNumbers", value }]);
    });
    expect(statuses(await sides(phones))).to.deep.equal({ 200: 30 });
    const { json } = await right.get(`/Users/${ada}`);
    const values = (json["phoneNumbers"] as readonly JsonObject[]).map(({ value }) => value);
    expect(values).to.have.members(times(30, (at) => `+${at}`));
    expect(json["meta"]).to.include({ version: 'W/"31"' });
  });

  it("RFC-12: of many creations of one userName, in any letter case, one wins", async () => {
    const replies = await sides(
      times(30, (at) => (side) => side.post("/Users", userBody(at % 3 === 0 ? "Ada" : "aDA", { title: `${at}` }))),
    );
    expect(statuses(replies)).to.deep.equal({ 201: 1, "409 uniqueness": 29 });
    expect((await left.get("/Users")).json).to.include({ totalResults: 1 });
  });

  it("of two whole sets of members that are put at once one stays, and access is that of the one", async () => {
    await saveMapping(first.p, left.tenant, MAPPING, {}, ADMIN);
    const people = await left.crowd(12);
    const group = await left.group("Everybody");
    const halves = [people.slice(0, 6), people.slice(6)];
    // Where each of the two is seen for itself, more people lose access than the brake lets through unannounced.
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await expectChange(first.p, left.tenant, left.connection.slug, { max: 1_000, until }, ADMIN);
    for (let round = 0; round < 4; round++) {
      const put = (half: readonly string[]) => (side: ScimDirectory) =>
        side.put(`/Groups/${group}`, groupBody("Everybody", half));
      expect(statuses(await sides(halves.map(put)))).to.deep.equal({ 200: 2 });
      const members = await right.members(group);
      expect(halves).to.deep.include(members);
      await settled();
      expect(await holders()).to.deep.equal(members.map((id) => `crowd${people.indexOf(id)}`).sort());
    }
  });

  it("of many deletions one deletes, and groups that are put into one another by both are all there", async () => {
    const people = await left.crowd(4);
    const groups: string[] = [];
    for (let at = 0; at < 8; at++) groups.push(await left.group(`G${at}`));
    const joined = await sides(
      groups.flatMap((group) =>
        [...groups, ...people].map((id) => (side) => side.patch(`/Groups/${group}`, adding(id))),
      ),
    );
    expect(statuses(joined)).to.deep.equal({ 200: 96 });
    for (const group of groups) expect(await left.members(group)).to.have.members([...people, ...groups]);
    const [gone = ""] = groups;
    expect(statuses(await sides(times(6, () => (side) => side.delete(`/Groups/${gone}`))))).to.deep.equal({
      204: 1,
      404: 5,
    });
    for (const group of groups.slice(1)) expect(await right.members(group)).not.to.include(gone);
  });

  it("P11: a push of more people than an answer waits for is one run, whose people are each done once", async () => {
    await saveMapping(first.p, left.tenant, MAPPING, {}, ADMIN);
    const people = await left.crowd(260);
    await settled();
    const { status, headers } = await left.post("/Groups", groupBody("Everybody", people));
    expect(status).to.equal(201);
    const number = Number(headers["rolecall-run"]);
    const run = await waitForRun(second.p, left.tenant, number as Parameters<typeof waitForRun>[2], 60);
    expect(run).to.include({ status: "done", total: 260 });
    expect(run?.counts).to.include({ grant: 260 });
    expect(await holders()).to.have.length(260);
    expect(await eventsOf("grant.added")).to.have.length(260);
  });
});
