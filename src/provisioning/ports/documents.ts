import type { ScimGroupDocument, ScimServiceAccountDocument, ScimUserDocument } from "../../model/directory.js";
import type { UserAttribute } from "../../model/facts.js";
import type { DirectoryUserId, Instant } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";

/** What an admin types of a person; `null`: known to be empty. */
export type LocalProfile = Readonly<Partial<Record<Exclude<UserAttribute, "active">, string | null>>>;

/** What an admin changes of a service account that was pushed; `null` empties, and what is absent stays. */
export interface AccountEdit {
  readonly displayName?: string;
  readonly description?: string | null;
  readonly owner?: DirectoryUserId | null;
  readonly expiresAt?: Instant | null;
  readonly active?: boolean;
}

/** How what admins make by hand looks to a directory's clients. */
export interface DocumentPort {
  person(profile: LocalProfile): ScimUserDocument;
  /** The resource with the change in it, and what is kept beside it. */
  account(resource: JsonObject, edit: AccountEdit): Pick<ScimServiceAccountDocument, "resource" | "search" | "unique">;
  group(group: { readonly displayName: string; readonly description?: string }): ScimGroupDocument;
}
