import type { ClaimsDocument } from "../../model/directory.js";
import type { DirectoryUserId, Instant, UserId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import type { ShownProfile } from "../../model/person.js";

/** All that the two ledgers say of who somebody is. */
export interface PersonalRecords extends ShownProfile {
  readonly userName: string;
  readonly email: string | null;
  readonly erasedAt?: Instant;
  /** Their rows at each connection, deleted ones too. */
  readonly rows: readonly {
    readonly id: DirectoryUserId;
    /** Its slug. */
    readonly connection: string;
    readonly userName: string;
    readonly externalId?: string;
    readonly subject?: string;
    /** What else pushes and sign-ins there call the person, or called them before. */
    readonly otherNames: readonly string[];
    readonly resource?: JsonObject;
    readonly claims?: ClaimsDocument;
  }[];
}

/**
 * Where journals keep texts that may name somebody. `audit`, `event`, `evidence`, `former_evidence`, `review` and `trace` are
 * JSON; `grant_reason` and `mapping_note` are what people wrote; of `request` ids are all that could name anybody.
 */
export type NotePlace =
  | "audit"
  | "event"
  | "grant_reason"
  | "evidence"
  | "former_evidence"
  | "mapping_note"
  | "request"
  | "review"
  | "trace";

export interface Note {
  /** Of the row, in its place. */
  readonly key: string;
  readonly text: string;
}

export interface ErasureReader {
  /** The person of this id, else everybody whose account or document has this user name, in any letter case; pending too. */
  peopleCalled(called: string): Promise<readonly UserId[]>;
  /** `undefined`: no such person, pending ones included. */
  personalRecords(user: UserId): Promise<PersonalRecords | undefined>;
  /** Every text in this place that is filed under the person. */
  notesOf(user: UserId, place: Exclude<NotePlace, "mapping_note" | "request" | "review">): Promise<readonly Note[]>;
  /**
   * Texts in this place that hold one of these as it is written, in small or in capital letters (A to Z in any case), in the
   * order of their keys from `after` on. Not those filed under the person: of `audit` and `event` those with a reason that
   * somebody wrote, of `trace` those filed under nobody. They may hold it as part of another word: the caller looks again.
   */
  notesNaming(
    names: readonly string[],
    query: {
      readonly place: Exclude<NotePlace, "evidence" | "former_evidence" | "mapping_note">;
      readonly without: UserId;
      readonly after: string;
      readonly limit: number;
    },
  ): Promise<readonly Note[]>;
  /** Names of groups, teams, roles, connections and rules, present and former, that are among these, as `notesNaming`. */
  namesInUse(names: readonly string[]): Promise<readonly string[]>;
  /** Mapping versions whose documents hold one of these, as `notesNaming`. */
  mappingsNaming(names: readonly string[]): Promise<readonly { readonly version: number; readonly text: string }[]>;
}

export interface ErasureWriter {
  rewriteNotes(place: NotePlace, notes: readonly Note[]): Promise<void>;
  removeNotes(place: "review" | "trace", keys: readonly string[]): Promise<void>;
  /**
   * Removes the person's rows at every connection with their links and memberships, sessions, traces of sign-ins and holds,
   * and calls the account, and their lines of stored plans, by the pseudonym. Grants, audit and events stay as they are.
   */
  erasePerson(
    user: UserId,
    names: { readonly pseudonym: string; readonly userNames: readonly string[] },
    now: Instant,
  ): Promise<void>;
}
