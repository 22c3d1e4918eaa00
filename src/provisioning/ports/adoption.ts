import type { ClaimsDocument, ScimUserDocument } from "../../model/directory.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";

/** What a connection may take over of the people and groups that admins made by hand. */
export interface Adoptable {
  /** E-mail domains of the people, ASCII-lowered; none: nobody. Groups need none. */
  readonly domains: readonly string[];
}

/** A registered person made by hand. */
export interface LocalPerson {
  readonly id: DirectoryUserId;
  readonly user: UserId;
  readonly userName: string;
  readonly email: string;
  readonly isOwner: boolean;
}

export type LocalNames =
  | { readonly id: DirectoryUserId }
  /** Both folded: one of the two is enough. */
  | { readonly userName: string; readonly emails: readonly string[] };

/** Moving what admins made by hand to a connection. */
export interface AdoptionWriter {
  adoptableUsers(adoptable: Adoptable, names: LocalNames): Promise<readonly LocalPerson[]>;
  /**
   * Moves the row with its id and its version; what was typed of the person, and the groups they were put into, stay behind in a row of
   * their own. The caller writes the document.
   */
  adoptUser(connection: ConnectionId, id: DirectoryUserId, now: Instant): Promise<void>;
  /** A group made by hand, by its id or its folded name. */
  adoptableGroup(
    names: { readonly id: DirectoryGroupId } | { readonly name: string },
  ): Promise<DirectoryGroupId | undefined>;
  /**
   * Moves the group with its id and its version, without members: those stay behind in a group of their own, for which this one
   * stands. Answers with who they are.
   */
  adoptGroup(connection: ConnectionId, id: DirectoryGroupId, now: Instant): Promise<readonly UserId[]>;
  /** Brings back the group that stayed behind, if it was overwritten after `since`. */
  undoGroupAdoption(id: DirectoryGroupId, since: Instant, now: Instant): Promise<DirectoryGroupId | undefined>;
  /** How a person made by hand is shown to SCIM clients: version + 1, modifiedAt. Somebody else's folded userName: nothing is written. */
  updateShown(id: DirectoryUserId, document: ScimUserDocument, now: Instant): Promise<void>;
  /** People made by hand who have no such form yet; not what stayed behind of people who were taken over. */
  undescribedUsers(
    local: ConnectionId,
  ): Promise<readonly { readonly id: DirectoryUserId; readonly claims: ClaimsDocument }[]>;
}
