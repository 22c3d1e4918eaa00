/** What is asked of pushed people whose subject may be somebody else's, by what sign-ins and pushes name. */
import type { ConnectionId, DirectoryUserId } from "../../model/ids.js";
import type { AskedSignIn } from "./kept-out.js";
import type { SignedInRow } from "./signed-in.js";

export interface NamedPushedWriter {
  /**
   * Whether the sign-in of a pushed row may name another pushed person: by the externalId, or by a userName of somebody who is there,
   * or was made later. One statement; who it is, `metBy` tells.
   */
  namesAnother(connection: ConnectionId, signIn: AskedSignIn, known: DirectoryUserId): Promise<boolean>;
  /**
   * Pushed people who have signed in: those whose last sign-in came by one of these externalIds, as subject or as another lasting id,
   * and those of these rows. One statement, and another where there are any.
   */
  pushedSignIns(
    connection: ConnectionId,
    externalIds: readonly string[],
    rows?: readonly DirectoryUserId[],
  ): Promise<readonly SignedInRow[]>;
}
