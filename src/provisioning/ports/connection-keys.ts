import type { ConnectionId, Instant } from "../../model/ids.js";

/** `signing`: what we sign requests with; `encryption`: what assertions are encrypted for. */
export type KeyUse = "signing" | "encryption";
/** `next` is published and not used yet; `retiring` is not used any more, and what was made for it is still read. */
export type KeyState = "next" | "active" | "retiring";

/** The public half of a connection's key pair, and where it is in its life. */
export interface ConnectionKey {
  readonly id: string;
  readonly use: KeyUse;
  /** As people call it: `RSA 2048`. */
  readonly algorithm: string;
  /** DER in base64, without line breaks. */
  readonly certificate: string;
  readonly state: KeyState;
  readonly createdAt: Instant;
  readonly activatedAt?: Instant;
  readonly retiringSince?: Instant;
}

/** With its private half, sealed by the caller; the store never sees the clear key. */
export interface SealedConnectionKey extends ConnectionKey {
  readonly sealed: string;
}

export interface ConnectionKeyReader {
  /** All of a connection's, oldest first. */
  connectionKeys(connection: ConnectionId): Promise<readonly SealedConnectionKey[]>;
}

/** INVARIANT: of each use a connection has at most one `active` and one `next` key; the database refuses another. */
export interface ConnectionKeyWriter {
  insertConnectionKey(connection: ConnectionId, key: SealedConnectionKey): Promise<void>;
  /** Notes when: a key that becomes active is retiring no more. */
  setKeyState(connection: ConnectionId, id: string, state: "active" | "retiring", now: Instant): Promise<void>;
  /** The private half is gone with it. */
  deleteConnectionKey(connection: ConnectionId, id: string): Promise<void>;
}
