/**
 * Adopt owns how a connection takes over what admins made by hand: whom a push means, what it may not do in the same breath, and
 * what is left for an admin to decide.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { ScimGroupDocument, ScimUserDocument } from "../model/directory.js";
import { emailDomain, fold } from "../model/fold.js";
import type { DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import type { Adoptable, LocalPerson } from "./ports/adoption.js";
import type { TenantWriter } from "./ports/store.js";

/** What a connection took over, for the audit and the feed. */
export interface AdoptionNotice {
  readonly type: "user.adopted" | "group.adopted";
  readonly user?: UserId;
  readonly data: JsonObject;
}

/** A refusal that an admin is to look at: its `detail` holds one of these as `review`. */
export interface Review {
  readonly kind: "adoption";
  readonly detail: JsonObject;
}

/**
 * What the connection finds and may take over of what admins made by hand; `undefined`: nothing. INVARIANT: one rule for what
 * is found and what is taken over, so that a client never hears "there is none" and "it exists" of the same person.
 */
export function adoptableBy(
  tenant: Pick<Tenant, "domains">,
  { adopt, protocol, allowedDomains }: Pick<Connection, "adopt" | "protocol" | "allowedDomains">,
): Adoptable | undefined {
  if (adopt === "off" || protocol === "local") return undefined;
  const isAllowed = (domain: string) => allowedDomains.length === 0 || allowedDomains.includes(domain);
  return { domains: tenant.domains.filter(isAllowed) };
}

/**
 * The person made by hand whom a new document means, by userName or e-mail. Refusal `uniqueness`, with a `review`, where two could
 * be meant, or somebody who is not taken over without an admin's word.
 */
export async function localPersonOf(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  document: ScimUserDocument,
): Promise<LocalPerson | undefined> {
  const adoptable = adoptableBy(tenant, connection);
  if (adoptable === undefined || adoptable.domains.length === 0) return undefined;
  const { userName, userNameFolded, email } = document;
  const emails = [email, userName].flatMap((text) => (text && emailDomain(text) !== undefined ? [fold(text)] : []));
  const meant = await tx.adoptableUsers(adoptable, { userName: userNameFolded, emails });
  const [one, another] = meant;
  if (one === undefined) return undefined;
  if (another !== undefined) {
    throw refused("uniqueness", meant, `userName \`${userName}\` and its e-mail are those of two people made by hand`);
  }
  return admitted("uniqueness", one, document);
}

/** The same for a write to the row itself; `undefined`: there is no such row. Refusal `conflict` instead. */
export async function localPersonAt(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  id: DirectoryUserId,
  document?: ScimUserDocument,
): Promise<LocalPerson | undefined> {
  const adoptable = adoptableBy(tenant, connection);
  const [one] = adoptable ? await tx.adoptableUsers(adoptable, { id }) : [];
  return one && admitted("conflict", one, document);
}

/**
 * INVARIANT: whoever is taken over by their e-mail keeps it in the same request: otherwise a client that may write one address could
 * make somebody else's account its own. Owners are never taken over without a word.
 */
function admitted(
  code: "uniqueness" | "conflict",
  person: LocalPerson,
  document: ScimUserDocument | undefined,
): LocalPerson {
  const { userName, email, isOwner } = person;
  if (isOwner) throw refused(code, [person], `user \`${userName}\` is an owner, made by hand`);
  if (document?.email === undefined || fold(document.email) === fold(email)) return person;
  const problem = `user \`${userName}\`, made by hand, has another e-mail: take them over with the one that they have, and change it then`;
  throw refused(code, [person], problem, "");
}

function refused(
  code: "uniqueness" | "conflict",
  people: readonly LocalPerson[],
  problem: string,
  remedy = ": an admin decides by `POST .../users/{id}/adoption`",
): Refusal {
  const review: Review = {
    kind: "adoption",
    detail: { problem, users: people.map(({ user }) => user), candidates: people.map(({ id }) => id) },
  };
  return new Refusal(code, problem + remedy, { review });
}

/** What a refusal leaves for an admin to decide, if anything. */
export function reviewOf({ detail }: Refusal): Review | undefined {
  return detail["review"] as Review | undefined;
}

/** Moves the person to the connection; the caller writes the document. */
export async function adoptPerson(
  tx: TenantWriter,
  connection: Connection,
  person: Pick<LocalPerson, "id" | "user" | "userName">,
  now: Instant,
): Promise<AdoptionNotice> {
  const { id, user, userName } = person;
  await tx.lockPeople([user]);
  await tx.adoptUser(connection.id, id, now);
  return { type: "user.adopted", user, data: { connection: connection.slug, scimId: id, userName } };
}

/** Whether the connection could take over the person whose row this is. */
export async function isAdoptable(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  id: string,
): Promise<boolean> {
  const adoptable = adoptableBy(tenant, connection);
  return adoptable !== undefined && (await tx.adoptableUsers(adoptable, { id: id as DirectoryUserId })).length > 0;
}

/** The group made by hand that a new group is called like. */
export function localGroupOf(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  { displayNameFolded }: ScimGroupDocument,
): Promise<DirectoryGroupId | undefined> {
  if (adoptableBy(tenant, connection) === undefined) return Promise.resolve(undefined);
  return tx.adoptableGroup({ name: displayNameFolded });
}

/** Moves the group to the connection without its members, if it is one made by hand; the people who were in it. */
export async function adoptGroupAt(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  id: DirectoryGroupId,
  now: Instant,
): Promise<{ readonly members: readonly UserId[]; readonly notice: AdoptionNotice } | undefined> {
  if (adoptableBy(tenant, connection) === undefined) return undefined;
  if ((await tx.adoptableGroup({ id })) === undefined) return undefined;
  const members = await tx.adoptGroup(connection.id, id, now);
  const group = await tx.lockGroup(connection.id, id);
  const data = { connection: connection.slug, group: id, displayName: group?.displayName ?? "" };
  return { members, notice: { type: "group.adopted", data: { ...data, overwrittenMembers: members.length } } };
}
