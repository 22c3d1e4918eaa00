import type { ScimGroupDocument, ScimUserDocument } from "../../model/directory.js";
import type { UserAttribute } from "../../model/facts.js";

/** What an admin types of a person; `null`: known to be empty. */
export type LocalProfile = Readonly<Partial<Record<Exclude<UserAttribute, "active">, string | null>>>;

/** How what admins make by hand looks to a directory's clients. */
export interface DocumentPort {
  person(profile: LocalProfile): ScimUserDocument;
  group(group: { readonly displayName: string; readonly description?: string }): ScimGroupDocument;
}
