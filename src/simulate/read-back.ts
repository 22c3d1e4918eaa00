/** Reads everything back and compares it with what was pushed. No identity provider does that: it is the simulator's own proof. */
import type { JsonObject } from "../model/json.js";
import { quote } from "../model/quote.js";
import { type Answer, complainer, isObject, memberIds, resourceFaults, sameText, valueAt } from "./answer.js";
import { type Complaint, shown } from "./complaint.js";
import type { LinkedGroup, LinkedPerson, Memory } from "./cycle.js";
import { emailOf } from "./directory.js";
import { managerOf } from "./entra/mapping.js";
import { inParallel } from "./in-parallel.js";
import { list } from "./lookup.js";
import { note, type ScimHttp, send } from "./scim-http.js";
import { ENTERPRISE_USER } from "./scim-urns.js";

export interface ReadBack {
  readonly users: number;
  readonly groups: number;
  readonly differences: number;
}

const AT_ONCE = 4;

/**
 * Compares what the memory holds; what the server holds beside it is not looked at. Each difference becomes a complaint. Where some people
 * could not be pushed, members whom nobody knows may be they.
 */
export async function readBack(http: ScimHttp, memory: Memory, { knowsEverybody = true } = {}): Promise<ReadBack> {
  const people = [...memory.people.values()];
  const groups = [...memory.groups.values()];
  const byScimId = new Map(people.map((linked) => [linked.scimId, linked]));
  const ofPeople = await inParallel(people, AT_ONCE, (linked) => {
    return differences(http, `/Users/${encodeURIComponent(linked.scimId)}`, linked.sent.userName, (answer, user) =>
      personDifferences(answer, user, linked, memory),
    );
  });
  const ofGroups = await inParallel(groups, AT_ONCE, (linked) => {
    return differences(http, `/Groups/${encodeURIComponent(linked.scimId)}`, linked.name, (answer, group) =>
      groupDifferences(answer, group, linked, { memory, byScimId, knowsEverybody }),
    );
  });
  const complaints = [...ofPeople, ...ofGroups].flat();
  note(http, complaints);
  return { users: people.length, groups: groups.length, differences: complaints.length };
}

/** Reads what the server said to have deleted; complains of what is still there. Answers whether it is gone. */
export async function readDeleted(http: ScimHttp, path: string, row?: string): Promise<boolean> {
  const named = row === undefined ? {} : { row };
  const answer = await send(http, { method: "GET", path, expect: [200, 404], ...named });
  if (answer.status === 200) note(http, [complainer(answer)("deleted_still_there", `200: ${shown(answer.body)}`)]);
  return answer.status === 404;
}

/** Asks for a page of one: where more were pushed, its total must count them, however few there are for a client's own pages. */
export async function readTotals(http: ScimHttp, { people, groups }: Memory): Promise<void> {
  const pushed = [
    ["/Users", [...people.values()].filter(({ active }) => active).length],
    ["/Groups", groups.size],
  ] as const;
  for (const [endpoint, least] of pushed) {
    if (least < 2) continue;
    const answer = await list(http, endpoint, "startIndex=1&count=1", { count: 1 });
    const total = answer.body?.["totalResults"];
    if (!answer.accepted || typeof total !== "number" || total >= least) continue;
    note(http, [complainer(answer)("total_wrong", `\`totalResults\` ${total}, where ${least} were pushed`)]);
  }
}

async function differences(
  http: ScimHttp,
  path: string,
  name: string,
  compare: (answer: Answer, resource: JsonObject) => readonly Complaint[],
): Promise<readonly Complaint[]> {
  const answer = await send(http, { method: "GET", path, expect: [200, 404] });
  if (answer.status === 404) return [complainer(answer)("resource_missing", `${quote(name)} is not there`)];
  if (!answer.accepted || answer.body === undefined) return [];
  return [...resourceFaults(answer, answer.body), ...compare(answer, answer.body)];
}

function personDifferences(answer: Answer, user: JsonObject, linked: LinkedPerson, memory: Memory): Complaint[] {
  const { sent, active } = linked;
  const about = complainer(answer);
  const name = isObject(user["name"]) ? user["name"] : {};
  const extension = user[ENTERPRISE_USER];
  const enterprise = isObject(extension) ? extension : {};
  const differing = [
    ["userName", user["userName"], sent.userName],
    ["externalId", user["externalId"], sent.id],
    ["name.givenName", name["givenName"], sent.givenName],
    ["name.familyName", name["familyName"], sent.familyName],
    ["emails", valueAt(user, 'emails[type eq "work"].value'), emailOf(sent)],
    ["title", user["title"], sent.title],
    ["department", enterprise["department"], sent.department],
    ["manager.value", managerOf(user), linked.manager && memory.people.get(linked.manager)?.scimId],
  ] as const;
  const faults = differing.flatMap(([attribute, there, wanted]) =>
    wanted === undefined || sameText(there, wanted)
      ? []
      : [
          about(
            "attribute_differs",
            `\`${attribute}\` of ${quote(sent.userName)} is ${shown(there)}, not ${quote(wanted)}`,
          ),
        ],
  );
  if (user["active"] === active) return faults;
  return [...faults, about("attribute_differs", `\`active\` of ${quote(sent.userName)} is ${shown(user["active"])}`)];
}

interface Population {
  readonly memory: Memory;
  readonly byScimId: ReadonlyMap<string, LinkedPerson>;
  readonly knowsEverybody: boolean;
}

// Whether somebody inactive still counts as a member is the server's own affair.
function groupDifferences(
  answer: Answer,
  group: JsonObject,
  linked: LinkedGroup,
  { memory, byScimId, knowsEverybody }: Population,
): Complaint[] {
  const about = complainer(answer);
  const there = new Set(memberIds(group));
  const wanted = new Set(
    [...linked.members].flatMap((id) => {
      const person = memory.people.get(id);
      return person?.active === true ? [person.scimId] : [];
    }),
  );
  const missing = [...wanted].filter((id) => !there.has(id));
  const remaining = [...there].filter((id) => !wanted.has(id) && (byScimId.get(id)?.active ?? knowsEverybody));
  const { displayName } = group;
  const renamed = displayName === linked.name ? [] : [`its name is ${shown(displayName)}, not ${quote(linked.name)}`];
  return [
    ...renamed.map((detail) => about("attribute_differs", detail)),
    ...missing.map((id) => about("member_missing", `${quote(id)} is not in ${quote(linked.name)}`)),
    ...remaining.map((id) => about("member_still_there", `${quote(id)} is in ${quote(linked.name)}`)),
  ];
}
