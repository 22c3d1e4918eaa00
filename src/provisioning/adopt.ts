/**
 * Adopt owns how a connection takes over what admins made by hand: whom a push means, what it may not do in the same breath, and
 * what is left for an admin to decide.
 */
import type { Connection, Tenant } from "../model/connection.js";
import type { ScimGroupDocument, ScimUserDocument, UpsertUser } from "../model/directory.js";
import { addressForm } from "../model/domain-form.js";
import { emailDomain } from "../model/fold.js";
import type { DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { Refusal } from "../model/problem.js";
import type { Adoptable, KeptFrom, LocalNames, LocalPerson } from "./ports/adoption.js";
import type { LinkCandidate } from "./ports/directory-writer.js";
import type { TenantWriter } from "./ports/store.js";
import { provedDomains } from "./proved-domains.js";

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
  tenant: Pick<Tenant, "domains" | "lapsedDomains">,
  { id, adopt, protocol, allowedDomains }: Pick<Connection, "id" | "adopt" | "protocol" | "allowedDomains">,
): Adoptable | undefined {
  if (adopt === "off" || protocol === "local") return undefined;
  const isAllowed = (domain: string) => allowedDomains.length === 0 || allowedDomains.includes(domain);
  return { connection: id, domains: provedDomains(tenant).filter(isAllowed) };
}

/**
 * The person made by hand whom a new document means, by userName or e-mail; `known` are those whom it means besides. Refusal
 * `uniqueness`, with a `review`, where two could be meant, or somebody who is not taken over without an admin's word.
 */
export async function localPersonOf(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  document: ScimUserDocument,
  known: readonly LinkCandidate[] = [],
): Promise<LocalPerson | undefined> {
  const adoptable = adoptableBy(tenant, connection);
  if (adoptable === undefined || adoptable.domains.length === 0) return undefined;
  const { userName } = document;
  const meant = await tx.adoptableUsers(adoptable, namesOf([document]));
  const [one, another] = meant;
  if (one === undefined) return undefined;
  if (another !== undefined) {
    throw refused("uniqueness", meant, `userName \`${userName}\` and its e-mail are those of two people made by hand`);
  }
  if (known.length > 0) {
    const problem = `userName \`${userName}\` is that of somebody made by hand, and of somebody else known to this connection`;
    throw refused("uniqueness", [one, ...known], problem);
  }
  return admitted("uniqueness", one);
}

/** By what people made by hand are meant. */
function namesOf(documents: readonly ScimUserDocument[]): Extract<LocalNames, { readonly userNames: unknown }> {
  const texts = documents.flatMap(({ email, userName }) => [email, userName]);
  return {
    userNames: documents.map(({ userNameFolded }) => userNameFolded),
    emails: texts.flatMap((text) => (text && emailDomain(text) !== undefined ? [addressForm(text)] : [])),
  };
}

/** Whether anybody made by hand could be meant by any of these new documents: nearly always nobody is. */
export async function meanLocalPeople(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  documents: readonly ScimUserDocument[],
): Promise<boolean> {
  const adoptable = adoptableBy(tenant, connection);
  if (adoptable === undefined || adoptable.domains.length === 0 || documents.length === 0) return false;
  return (await tx.adoptableUsers(adoptable, namesOf(documents))).length > 0;
}

/** The same as `localPersonOf` for a write to the row itself; `undefined`: there is no such row. Refusal `conflict` instead. */
export async function localPersonAt(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  id: DirectoryUserId,
): Promise<LocalPerson | undefined> {
  const adoptable = adoptableBy(tenant, connection);
  const [one] = adoptable ? await tx.adoptableUsers(adoptable, { id }) : [];
  return one && admitted("conflict", one);
}

const KEPT: Readonly<Record<KeptFrom, readonly [problem: string, remedy?: string]>> = {
  owner: ["is an owner, made by hand"],
  deactivated: [
    "was made by hand, and is deactivated",
    ": an admin reactivates them by `PATCH .../users/{id}`, or gives them another userName and e-mail",
  ],
  namesake: [
    "was made by hand, and somebody else in this connection has their userName",
    ": an admin gives them another userName and e-mail by `PATCH .../users/{id}`",
  ],
};

/** INVARIANT: nobody is taken over in silence of whom an admin has said more than that they are there. */
function admitted(code: "uniqueness" | "conflict", person: LocalPerson): LocalPerson {
  if (person.kept === undefined) return person;
  const [problem, remedy] = KEPT[person.kept];
  throw refused(code, [person], `user \`${person.userName}\` ${problem}`, remedy);
}

/**
 * The document with which somebody is taken over. INVARIANT: they keep their e-mail in the same request, said or unsaid: otherwise
 * a client that may write one address could make somebody else's account its own. Refusal `conflict`, of a POST `uniqueness`.
 */
export function adoptingDocument(person: LocalPerson, { id, document, withEmails }: UpsertUser): ScimUserDocument {
  const { userName, email, shown } = person;
  const emails = shown["emails"];
  const isCalledSo = [userName, email].map(addressForm).includes(addressForm(document.userName));
  const keeps = document.email === undefined && emails !== undefined && isCalledSo;
  const whole = keeps && withEmails ? withEmails(emails) : document;
  const has = [email, emailIn(shown)].map((text) => text && addressForm(text));
  if (whole.email === undefined ? emails === undefined : has.includes(addressForm(whole.email))) return whole;
  const problem = `user \`${userName}\`, made by hand, would have another e-mail or none: take them over with the one that they have, and change it then`;
  throw refused(id === undefined ? "uniqueness" : "conflict", [person], problem, "");
}

/** A person made by hand has one at most. */
function emailIn({ emails }: JsonObject): string | undefined {
  const [only] = (emails ?? []) as readonly { readonly value?: string }[];
  return only?.value;
}

/**
 * Refuses `uniqueness` where somebody else is to get the userName of a person made by hand whom the connection finds. The caller
 * asks only where a userName changes. INVARIANT: first names of a tenant are given one after the other.
 */
export async function refuseOccupied(
  tx: TenantWriter,
  tenant: Tenant,
  connection: Connection,
  { userName, userNameFolded }: ScimUserDocument,
  but?: DirectoryUserId,
): Promise<void> {
  const adoptable = adoptableBy(tenant, connection);
  if (adoptable === undefined || adoptable.domains.length === 0) return;
  await tx.lockTenant();
  const named = await tx.adoptableUsers(adoptable, { userNames: [userNameFolded], emails: [] });
  const isFound = ({ id, kept }: LocalPerson) => id !== but && (kept === undefined || kept === "owner");
  const holder = named.find(isFound);
  if (holder === undefined) return;
  const remedy = `use another, or write to that user, \`${holder.id}\``;
  throw new Refusal("uniqueness", `userName \`${userName}\` is that of a user made by hand: ${remedy}`);
}

function refused(
  code: "uniqueness" | "conflict",
  people: readonly Pick<LocalPerson, "id" | "user">[],
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
