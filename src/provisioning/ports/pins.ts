import type { ConnectionId, DirectoryGroupId, Instant } from "../../model/ids.js";
import type { PinState } from "../../model/person.js";

/** A name that the active mapping uses at a connection. */
export interface PinnedName {
  readonly connection: ConnectionId;
  readonly name: string;
}

/** A name and what one group has to do with it. */
export interface PinRow extends PinnedName {
  readonly group: DirectoryGroupId;
  readonly state: PinState;
  /** What the group is called now. */
  readonly displayName: string;
  readonly idpMappingNames: readonly string[];
  readonly since: Instant;
}

export interface NewPin extends PinnedName {
  readonly group: string;
  readonly state: PinState;
  readonly knownAs: readonly string[];
}

/**
 * What changes in a tenant's pins at once: names first, then rows taken out, then rows put in, over those that are there.
 * Whoever takes a name next that a row was taken out of waits for an admin.
 */
export interface PinWrites {
  readonly drop: readonly PinnedName[];
  readonly add: readonly PinnedName[];
  readonly remove: readonly (PinnedName & { readonly group: string })[];
  readonly put: readonly NewPin[];
}

/** What became of one name. */
export interface PinOutcome {
  readonly name: string;
  readonly group: DirectoryGroupId;
  readonly state: PinState;
}

/** Names of the mapping, and the groups that hold or bear them. */
export interface PinReader {
  /** Every name that the active mapping uses, at every connection. */
  pinnedNames(): Promise<readonly PinnedName[]>;
  /** Names that some group holds or contends for, with those groups; by connection, name and group. */
  pins(): Promise<readonly PinRow[]>;
}

/**
 * INVARIANT: the pins of a connection are written only by who holds its group counter: whoever makes, renames or deletes a
 * group there, or has called `lockPins`. So two who take one name do so one after the other.
 */
export interface PinWriter {
  /** Holds the group counters of these connections until the transaction ends, and raises their `groupsVersion`. */
  lockPins(connections: readonly ConnectionId[]): Promise<void>;
  writePins(writes: PinWrites, now: Instant): Promise<void>;
  /**
   * The group bears these names now. Of those that the mapping uses, it takes the ones that nobody holds, waiting where the
   * group before it was deleted, unless it holds a name already; for the others it contends. Answers what is new.
   */
  claimNames(
    connection: ConnectionId,
    group: DirectoryGroupId,
    names: readonly string[],
    now: Instant,
  ): Promise<readonly PinOutcome[]>;
  /** It contends for no other names than these any more. The names that it holds are answered. */
  leaveNames(group: DirectoryGroupId, names: readonly string[]): Promise<readonly string[]>;
  /** The group is gone: names that it held alone are free. `remember`: whoever takes one waits for an admin. */
  freeNames(connection: ConnectionId, group: DirectoryGroupId, remember: boolean): Promise<readonly string[]>;
  /** Names among these that nobody holds go to the oldest group that contends for them and holds none. */
  inheritNames(
    connection: ConnectionId,
    names: readonly string[],
    state: Exclude<PinState, "contends">,
    now: Instant,
  ): Promise<readonly PinOutcome[]>;
}
