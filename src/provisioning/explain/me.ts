import { shownName } from "../../engine/match.js";
import { isCurrent, type PersonState, type ShownProfile } from "../../model/person.js";
import { teamOf } from "../../model/target.js";
import type { Provisioning } from "../deps.js";
import { gather } from "../gather.js";
import { activeMapping } from "../mapping/compiled-mappings.js";
import { type OwnRefusal, ownFacts } from "../own-refusal.js";
import type { SessionOwner } from "../ports/instance.js";
import type { TenantReader } from "../ports/store.js";
import { type OwnAssignment, ownReasons } from "./own-reasons.js";

/** What a signed-in person holds: `teams` are roles in a team, `roles` are roles in every other scope. */
export interface Me {
  readonly tenant: string;
  readonly user: ShownProfile & {
    readonly id: string;
    readonly userName: string;
    readonly email: string | null;
  };
  readonly teams: readonly { readonly team: string; readonly role: string }[];
  readonly roles: readonly { readonly scope: string; readonly role: string }[];
  /** Why, for each of them, in words for the person; the first of very many. */
  readonly why: readonly OwnAssignment[];
  /** How many more there are. */
  readonly whyLeftOut: number;
  /** Why the connection's last sign-in listed not all of the person's groups: what it listed before counts on. */
  readonly groupsIncomplete?: "overage" | "truncated_at_100";
  /** Only of somebody who holds nothing: their own part in it. */
  readonly received?: OwnRefusal;
}

const MOST_REASONS = 500;

/** What somebody who is signed in may know of themselves: who they are, what they hold, and why. */
export async function me(p: Provisioning, session: SessionOwner): Promise<Me> {
  const reader = p.store.read(session.tenant.id);
  const user = await reader.user(session.userId);
  const [state] = await reader.people([session.userId]);
  if (!user || !state) throw new Error("a live session without its user");
  const why = ownReasons(state.grants);
  const groupsIncomplete = await incompleteGroups(reader, session);
  const { id, userName, email, displayName, givenName, familyName, photo, assignments } = user;
  return {
    tenant: session.tenant.slug,
    user: { id, userName, email, displayName, givenName, familyName, photo },
    ...splitTargets(assignments),
    why: why.slice(0, MOST_REASONS),
    whyLeftOut: Math.max(0, why.length - MOST_REASONS),
    ...(groupsIncomplete && { groupsIncomplete }),
    ...(why.length === 0 && { received: await receivedOf(p, reader, session, state) }),
  };
}

async function incompleteGroups(
  reader: TenantReader,
  { connection, userId }: SessionOwner,
): Promise<Me["groupsIncomplete"]> {
  const links = await reader.links([userId]);
  const reason = links.find((link) => link.connection === connection.id && !link.deleted)?.claims?.groupsUnknown;
  return reason === "overage" || reason === "truncated_at_100" ? reason : undefined;
}

/** By what the connection says that the person came by. */
async function receivedOf(
  p: Provisioning,
  reader: TenantReader,
  { connection }: SessionOwner,
  state: PersonState,
): Promise<OwnRefusal> {
  const connections = await reader.connections();
  const mapping = await activeMapping(p, reader, connections);
  const [person] = await gather(p, reader, connections, [state], { now: p.now(), mapping });
  const groups = person?.links.find((link) => link.connection.id === connection.id && isCurrent(link))?.facts.groups;
  const isSaid = groups && (groups.unlisted === "not_member" || groups.members.length > 0);
  return ownFacts(isSaid ? groups.members.map(shownName) : undefined, mapping);
}

/** Assignments as the API shows them: roles in teams, and roles in other scopes. */
export function splitTargets(
  targets: readonly { readonly scope: string; readonly role: string }[],
): Pick<Me, "teams" | "roles"> {
  const teams: { team: string; role: string }[] = [];
  const roles: { scope: string; role: string }[] = [];
  for (const { scope, role } of targets) {
    const team = teamOf(scope);
    if (team === undefined) roles.push({ scope, role });
    else teams.push({ team, role });
  }
  return { teams, roles };
}
