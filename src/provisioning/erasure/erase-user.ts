/** Erasure owns the end of personal data: who somebody was goes for good, and what they held stays under an id that names nobody. */
import type { Tenant } from "../../model/connection.js";
import type { Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { isOpaqueId } from "../../model/opaque-id.js";
import { Refusal } from "../../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "../deps.js";
import type { Note, PersonalRecords } from "../ports/erasure.js";
import type { TenantReader, TenantWriter } from "../ports/store.js";
import { type PersonalNames, personalNames } from "./personal-names.js";
import {
  isNoMereWord,
  isTraceOf,
  namesOneOf,
  redactEntry,
  redactEvidence,
  redactHandWritten,
  signInNames,
} from "./redacted-records.js";
import { redaction } from "./redaction.js";
import { tenantNames } from "./tenant-names.js";

export interface Erased {
  readonly user: UserId;
  readonly erasedAt: Instant;
  /** Mapping versions that name the person: documents are never changed. Absent when the data was removed before. */
  readonly namedInMappings?: readonly number[];
}

/** Rows of a journal that are looked at, and rewritten, at once. */
const PAGE = 200;

/** Ids that a refusal shows. */
const SHOWN = 10;

/**
 * Who is meant: an id, else a user name of the account or of a document, whatever its letter case; pending people, whom no
 * list shows, too. Refusals: `not_found`; `conflict` where several are called so.
 */
async function personCalled(reader: TenantReader, called: string): Promise<UserId> {
  const [user, ...more] = await reader.peopleCalled(called);
  if (user === undefined) throw new Refusal("not_found", `no user \`${called}\``);
  if (more.length === 0) return user;
  const some = await reader.people([user, ...more].slice(0, SHOWN));
  const ids = some.map(({ id, status }) => `\`${id}\`, ${status}`).join("; ");
  throw new Refusal("conflict", `${more.length + 1} people are called \`${called}\`: name one by the id (${ids})`);
}

/**
 * Removes a person's personal data for good: names, addresses, both documents, links, sessions, traces of sign-ins, and what
 * journals call them by. `called`: their id or user name. Done before, it removes what came since, and says when it was first done. Refusals: `not_found`;
 * `conflict` while the person is registered, or a source still has them as active, as they would come back.
 */
export async function eraseUser(
  p: Provisioning,
  tenant: Tenant,
  called: string,
  reason: string,
  context: Context,
): Promise<Erased> {
  const reader = p.store.read(tenant.id);
  const user = await personCalled(reader, called);
  const [records, names] = await mayBeErased(reader, user);
  const isTenants = await tenantNames(reader, [...names.unmistakable, ...names.identifying.filter(isNoMereWord)]);
  const sure = names.unmistakable.filter((name) => !isTenants(name));
  await redactElsewhere(p, tenant, { user, sure, all: names.all, rows: records.rows });
  const mappings = records.erasedAt ? undefined : await mappingsNaming(reader, sure);
  const erasedAt = await p.store.write(tenant.id, (tx) =>
    erase(tx, { user, reason, mappings, isTenants, context, now: p.now() }),
  );
  return { user, erasedAt, ...(mappings && { namedInMappings: mappings }) };
}

interface Erasing {
  readonly user: UserId;
  readonly reason: string;
  readonly mappings: readonly number[] | undefined;
  /** Whether something of the tenant is called so, too. */
  readonly isTenants: (name: string) => boolean;
  readonly context: Context;
  readonly now: Instant;
}

async function erase(tx: TenantWriter, erasing: Erasing): Promise<Instant> {
  const { user, reason, mappings, context, now } = erasing;
  // First links are decided under the same lock: nobody is linked to the person meanwhile.
  await tx.lockTenant();
  await tx.lockPeople([user]);
  const [records, names] = await mayBeErased(tx, user);
  const pseudonym = `erased-${user}`;
  await redactOwn(tx, erasing, names, pseudonym);
  await tx.unseatPeople([user], now);
  await tx.erasePerson(user, { pseudonym, userNames: names.userNames }, now);
  if (records.erasedAt !== undefined) return records.erasedAt;
  const written = redaction(names.all)(reason) ?? reason;
  const detail = { reason: written, namedInMappings: [...(mappings ?? [])] };
  await tx.appendAudit([{ ...auditEntry(context, now, "user.erased", detail), user }]);
  await tx.appendEvents([{ type: "user.erased", user, data: {} }], now);
  return now;
}

async function mayBeErased(reader: TenantReader, user: UserId): Promise<readonly [PersonalRecords, PersonalNames]> {
  const records = await reader.personalRecords(user);
  const [person] = await reader.people([user]);
  if (!records || !person || person.serviceAccount) throw new Refusal("not_found", `no user \`${user}\``);
  if (person.status === "registered") {
    throw new Refusal("conflict", "the user is registered: deactivate them before their personal data is removed");
  }
  await refuseAsserted(reader, user);
  const own = [...(await reader.notesOf(user, "audit")), ...(await reader.notesOf(user, "event"))];
  return [
    records,
    personalNames(
      [records],
      own.map(({ text }) => JSON.parse(text) as JsonObject),
    ),
  ];
}

/** INVARIANT: whom a source goes on calling active is not erased: its next push would bring the data back as somebody new. */
async function refuseAsserted(reader: TenantReader, user: UserId): Promise<void> {
  const asserted = (await reader.links([user])).filter((link) => link.scim?.active === true && !link.deleted);
  const connections = await reader.connections();
  const source = connections.find(
    ({ id, sync, disabledAt }) =>
      sync !== "off" && disabledAt === undefined && asserted.some((link) => link.connection === id),
  );
  if (source) {
    throw new Refusal(
      "conflict",
      `connection \`${source.slug}\` still has this user as active, and would bring them back: take them out in the identity provider first`,
    );
  }
}

/** What is filed under the person. */
async function redactOwn(
  tx: TenantWriter,
  { user, isTenants }: Erasing,
  names: PersonalNames,
  pseudonym: string,
): Promise<void> {
  const redact = redaction(names.all);
  const rewrite = (text: string) => redactEntry(text, redact, pseudonym);
  for (const place of ["audit", "event"] as const) {
    await tx.rewriteNotes(place, changed(await tx.notesOf(user, place), rewrite));
  }
  await tx.rewriteNotes("grant_reason", changed(await tx.notesOf(user, "grant_reason"), redact));
  for (const place of ["evidence", "former_evidence"] as const) {
    const rewritten = changed(await tx.notesOf(user, place), (text) => redactEvidence(text, names, isTenants));
    await tx.rewriteNotes(place, rewritten);
  }
}

function changed(notes: readonly Note[], rewrite: (text: string) => string | undefined): readonly Note[] {
  return notes.flatMap(({ key, text }) => {
    const without = rewrite(text);
    return without === undefined ? [] : [{ key, text: without }];
  });
}

interface Elsewhere {
  readonly user: UserId;
  /** What can mean them alone. */
  readonly sure: readonly string[];
  readonly all: readonly string[];
  /** Theirs in the directory. */
  readonly rows: PersonalRecords["rows"];
}

/**
 * What names the person elsewhere, page by page, each in a transaction of its own: journals are long. If it ends halfway, the
 * person is there as before, and the call is made again.
 */
async function redactElsewhere(p: Provisioning, tenant: Tenant, { user, sure, all, rows }: Elsewhere): Promise<void> {
  const redact = redaction(sure);
  const ids = [user, ...rows.map(({ id }) => id)];
  const reviewed = [...sure, ...ids];
  for (const place of ["audit", "event", "grant_reason"] as const) {
    const rewrite = place === "grant_reason" ? redact : (text: string) => redactHandWritten(text, redact, { ids, all });
    const naming = { place, without: user, names: place === "audit" ? reviewed : sure };
    await eachPage(p, tenant, naming, (tx, notes) => tx.rewriteNotes(place, changed(notes, rewrite)));
  }
  await removePages(p, tenant, { place: "review", without: user, names: reviewed }, (text) =>
    namesOneOf(text, reviewed),
  );
  const traced = { place: "trace", without: user, names: [...sure, ...rows.flatMap(signInNames)] } as const;
  await removePages(p, tenant, traced, (text) => isTraceOf(text, rows, sure));
  // Of names the log of SCIM requests keeps none but such as machines make up.
  const made = rows.flatMap(signInNames).filter(isOpaqueId);
  await eachPage(p, tenant, { place: "request", without: user, names: made }, (tx, notes) =>
    tx.rewriteNotes("request", changed(notes, redaction(made))),
  );
  const authors = await p.store.read(tenant.id).mappingAuthors();
  const notes = authors.flatMap(({ version, note }) => (note === undefined ? [] : [{ key: `${version}`, text: note }]));
  const rewritten = changed(notes, redact);
  if (rewritten.length > 0) await p.store.write(tenant.id, (tx) => tx.rewriteNotes("mapping_note", rewritten));
}

type Naming = Pick<Parameters<TenantReader["notesNaming"]>[1], "place" | "without"> & {
  readonly names: readonly string[];
};

async function removePages(
  p: Provisioning,
  tenant: Tenant,
  naming: Naming & { readonly place: "review" | "trace" },
  isTheirs: (text: string) => boolean,
): Promise<void> {
  await eachPage(p, tenant, naming, (tx, notes) => {
    const keys = notes.flatMap(({ key, text }) => (isTheirs(text) ? [key] : []));
    return tx.removeNotes(naming.place, keys);
  });
}

async function eachPage(
  p: Provisioning,
  tenant: Tenant,
  query: Naming,
  work: (tx: TenantWriter, notes: readonly Note[]) => Promise<void>,
): Promise<void> {
  const { names, place, without } = query;
  let after = "";
  for (;;) {
    const notes = await p.store.walk(tenant.id).notesNaming(names, { place, without, after, limit: PAGE });
    if (notes.length > 0) await p.store.write(tenant.id, (tx) => work(tx, notes));
    if (notes.length < PAGE) return;
    after = notes.at(-1)?.key ?? "";
  }
}

async function mappingsNaming(reader: TenantReader, sure: readonly string[]): Promise<readonly number[]> {
  const redact = redaction(sure);
  const found = await reader.mappingsNaming(sure);
  return found.filter(({ text }) => redact(text) !== undefined).map(({ version }) => version);
}
