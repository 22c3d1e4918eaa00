/** The part of ingest that stores service accounts: rows of their own, which no sign-in and no pushed user is ever linked to. */
import type { ScimServiceAccountDocument, UpsertServiceAccount } from "../model/directory.js";
import type { DirectoryUserId, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { versionConflict } from "../model/version-conflict.js";
import type { IngestState, Written } from "./ingest-state.js";
import type { AccountDocument, AccountRow } from "./ports/service-accounts.js";

type Storing = Pick<IngestState, "tx" | "connection" | "now" | "touched">;

/** A deleted account stays deleted: the same name or externalId makes a new one, and no token comes back to life. */
export async function createAccount(state: Storing, { document, newId }: UpsertServiceAccount): Promise<Written> {
  const { tx, connection, now, touched } = state;
  const { userName, displayName } = document;
  const stored = await storedDocument(state, document);
  const user = await tx.insertPendingUser({ userName, displayName }, now, "service_account");
  const row = await tx.insertServiceAccount(
    { connection: connection.id, user, document: stored, ...(newId !== undefined && { id: newId }) },
    now,
  );
  touched.add(user);
  await wakeAtItsEnd(state, user, document);
  return row;
}

export async function replaceAccount(
  state: Storing,
  id: DirectoryUserId,
  { document, ifVersion }: UpsertServiceAccount,
): Promise<Written> {
  const { tx, connection, now, touched } = state;
  const before = await liveAccount(state, id);
  const stored = await storedDocument(state, document, before);
  const row = await tx.updateServiceAccount(connection.id, id, stored, ifVersion, now);
  touched.add(before.user);
  await wakeAtItsEnd(state, before.user, document);
  return row;
}

export async function deleteAccount(
  state: Storing,
  id: DirectoryUserId,
  ifVersion: number | undefined,
): Promise<undefined> {
  const { tx, connection, now, touched } = state;
  const { user } = await liveAccount(state, id);
  if (!(await tx.deleteServiceAccount(connection.id, id, now, ifVersion))) {
    throw versionConflict("service account", id);
  }
  touched.add(user);
  return undefined;
}

async function liveAccount({ tx, connection }: Storing, id: DirectoryUserId): Promise<AccountRow> {
  const row = await tx.accountRow({ connection: connection.id, id });
  if (row?.document.resource === undefined) throw new Refusal("not_found", `no service account \`${id}\``);
  return row;
}

/**
 * The owner as an account. One that was there before stays, also when the directory has forgotten the user since, or never knew the
 * one whom an admin named.
 */
async function storedDocument(
  { tx, connection }: Storing,
  { owner, ...document }: ScimServiceAccountDocument,
  before?: AccountRow,
): Promise<AccountDocument> {
  if (before?.document.owner !== undefined && ownerIn(before) === owner) {
    return { ...document, owner: before.document.owner };
  }
  if (owner === undefined) return document;
  const row = await tx.rowById(connection.id, owner);
  if (row?.hasScim && !row.deleted) return { ...document, owner: row.user };
  throw new Refusal("unknown_owner", `no user \`${owner}\`: the owner must be a user of this directory`);
}

function ownerIn({ document: { resource } }: AccountRow): unknown {
  const owner = resource?.["owner"] as { readonly value?: unknown } | undefined;
  return owner?.value;
}

async function wakeAtItsEnd(
  { tx }: Storing,
  user: UserId,
  { expiresAt }: Pick<ScimServiceAccountDocument, "expiresAt">,
): Promise<void> {
  if (expiresAt !== undefined) await tx.wakeAt(expiresAt, "account_expiry", user);
}
