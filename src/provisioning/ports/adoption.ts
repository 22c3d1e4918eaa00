import type { ClaimsDocument, ScimUserDocument } from "../../model/directory.js";
import type { ConnectionId, DirectoryGroupId, DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";

/** What a connection may take over of the people and groups that admins made by hand. */
export interface Adoptable {
  readonly connection: ConnectionId;
  /** E-mail domains of the people, in ASCII; none: nobody. Groups need none. */
  readonly domains: readonly string[];
}

/** Why a connection takes somebody over by no push: a pushed `namesake` has their userName, so that they are not found either. */
export type KeptFrom = "owner" | "deactivated" | "namesake";

/** A person made by hand. */
export interface LocalPerson {
  readonly id: DirectoryUserId;
  readonly user: UserId;
  readonly userName: string;
  readonly email: string;
  /** As the connection's client sees it. */
  readonly shown: JsonObject;
  readonly kept?: KeptFrom;
}

/** Somebody made by hand, and the pushed person who has their userName. */
export interface HiddenNamesake {
  readonly user: UserId;
  readonly userName: string;
  readonly pushed: { readonly id: DirectoryUserId; readonly user: UserId };
}

/** Of which people made by hand: of these, or of those with an e-mail of these domains. */
export type HiddenOf = { readonly users: readonly UserId[] } | { readonly domains: readonly string[] };

export type LocalNames =
  | { readonly id: DirectoryUserId }
  /** All folded, e-mails with their domain in ASCII: one of them is enough. */
  | { readonly userNames: readonly string[]; readonly emails: readonly string[] };

export interface UndescribedUser {
  readonly id: DirectoryUserId;
  readonly user: UserId;
  readonly claims: ClaimsDocument;
}

/** Moving what admins made by hand to a connection. */
export interface AdoptionWriter {
  /** By id only whom the connection finds; by names also people who are deactivated, or hidden by a namesake. */
  adoptableUsers(adoptable: Adoptable, names: LocalNames): Promise<readonly LocalPerson[]>;
  /** Whether somebody pushed there has this folded userName. */
  hasPushed(connection: ConnectionId, userName: string): Promise<boolean>;
  /** Registered people made by hand who are called like somebody else whom the connection keeps. */
  hiddenNamesakes(connection: ConnectionId, of: HiddenOf): Promise<readonly HiddenNamesake[]>;
  /**
   * Moves the row with its id and its version; what was typed of the person, and the groups they were put into, stay behind in a row of
   * their own. The caller writes the document.
   */
  adoptUser(connection: ConnectionId, id: DirectoryUserId, now: Instant): Promise<void>;
  /** A group made by hand, by its id or its folded name; by name another one than `but`. */
  adoptableGroup(
    names: { readonly id: DirectoryGroupId } | { readonly name: string; readonly but?: DirectoryGroupId | undefined },
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
  /** People made by hand who have no such form yet, locked, in id order; not what stayed behind of people who were taken over. */
  undescribedUsers(
    local: ConnectionId,
    page: { readonly after?: DirectoryUserId; readonly limit: number },
  ): Promise<readonly UndescribedUser[]>;
}
