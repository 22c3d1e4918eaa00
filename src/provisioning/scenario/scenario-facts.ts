/** Made-up people as the documents that a sign-in or a push would leave behind. */
import type { ClaimsDocument, ObserveUser } from "../../model/directory.js";
import { type AttributeValue, USER_ATTRIBUTES, type UserAttribute } from "../../model/facts.js";
import type { ConnectionId, DirectoryUserId, Instant } from "../../model/ids.js";
import { type Known, known, unknown } from "../../model/known.js";
import type { DirectoryGroupRecord, LinkConnection, LinkRecord } from "../../model/person.js";
import { mergeClaims } from "../claims.js";
import type { ScenarioConnection, ScenarioDocument, ScenarioFacts, ScenarioVisit } from "./scenario-document.js";

/** A sign-in in which the identity provider says these facts. */
export function scenarioSignIn(
  userName: string,
  connection: ScenarioConnection,
  facts: ScenarioFacts,
  { groupIds = {} }: Pick<ScenarioDocument, "groupIds">,
): ObserveUser {
  const attributes: Partial<Record<UserAttribute, Known<string>>> = { userName: known(userName) };
  for (const [name, value] of Object.entries(facts.attributes ?? {})) {
    attributes[name as UserAttribute] = known(String(value));
  }
  return {
    kind: "observeUser",
    subject: userName,
    externalIds: [],
    userNames: [userName],
    claimedNames: [],
    attributes,
    groups: claimedGroups(connection, facts, groupIds),
    appRoles: facts.appRoles === undefined ? unknown("absent_claim") : known(facts.appRoles),
    claims: facts.claims ?? {},
  };
}

function claimedGroups(
  { profile }: ScenarioConnection,
  { groups, groupsUnknown }: ScenarioFacts,
  ids: Readonly<Record<string, string>>,
): ObserveUser["groups"] {
  if (groups === undefined) return unknown(groupsUnknown ?? "absent_claim");
  const values = groups.map((name) => (profile === "entra" ? (ids[name] ?? name) : name));
  return groupsUnknown === undefined ? known(values) : { ...known(values), partial: groupsUnknown };
}

/** What a pushed user's document says: what is left out is known to be absent. */
function scenarioAttributes(userName: string, facts: ScenarioFacts): Record<UserAttribute, AttributeValue> {
  const attributes = Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, null])) as Record<
    UserAttribute,
    AttributeValue
  >;
  return { ...attributes, active: true, ...facts.attributes, userName };
}

/** One connection's row of a person, growing with every visit. */
export interface ScenarioRow {
  readonly visit: ScenarioVisit;
  readonly claims?: ClaimsDocument;
  readonly pushed?: ScenarioFacts;
  /** Groups come after their members: the first push of a person knows of none. */
  readonly groupsPushed: boolean;
}

/** The row after the connection said something more. */
export function rowAfter(
  row: ScenarioRow,
  userName: string,
  facts: ScenarioFacts,
  scenario: ScenarioDocument,
  now: Instant,
): ScenarioRow {
  if (row.visit.by === "push") return { ...row, pushed: facts };
  const observed = scenarioSignIn(userName, row.visit.connection, facts, scenario);
  return { ...row, claims: mergeClaims(row.claims, observed, now) };
}

/** The row as evaluation reads it. `groups`: every group that the connection pushes, whoever is in it. */
export function linkRecordOf(
  row: ScenarioRow,
  userName: string,
  groups: readonly DirectoryGroupRecord[],
  now: Instant,
): LinkRecord {
  const { visit, claims, pushed, groupsPushed } = row;
  const present = groupsPushed ? groups : [];
  const member = new Set(groupsPushed ? pushed?.groups : []);
  return {
    directoryUser: `${visit.connection.slug}:${userName}` as DirectoryUserId,
    connection: linkConnection(visit, present, now),
    memberships: present.filter((group) => member.has(group.displayName)).map((group) => ({ group, since: now })),
    ...(claims && { claims }),
    ...(pushed && {
      scim: {
        active: pushed.attributes?.active !== false,
        deleted: false,
        attributes: scenarioAttributes(userName, pushed),
        appRoles: known([...(pushed.appRoles ?? []), ...(pushed.scimRoles ?? []).map(({ value }) => value)]),
        ...(pushed.scimRoles && { roles: pushed.scimRoles }),
        createdAt: now,
      },
    }),
  };
}

function linkConnection({ connection, by }: ScenarioVisit, groups: readonly DirectoryGroupRecord[], now: Instant) {
  const { slug, protocol, mayGrantOwner, groups: authority = "auto", jit } = connection;
  const linked: LinkConnection = {
    id: slug as ConnectionId,
    slug,
    protocol,
    sync: by === "push" ? "live" : "off",
    jit: jit ?? (protocol === "scim" ? "off" : "every_sign_in"),
    groups: authority,
    mayGrantOwner: mayGrantOwner ?? false,
    disabled: false,
    settleSeconds: 0,
    priority: 0,
    directoryGroups: groups,
  };
  return groups.length === 0 ? linked : { ...linked, firstGroupPushAt: now };
}

/** A pushed group as the directory holds it. */
export function scenarioGroup(name: string, externalId: string | undefined, now: Instant): DirectoryGroupRecord {
  return {
    id: `group ${name}`,
    displayName: name,
    ...(externalId === undefined ? {} : { externalId }),
    idpMappingNames: [],
    firstMembershipAt: now,
    deleted: false,
  };
}
