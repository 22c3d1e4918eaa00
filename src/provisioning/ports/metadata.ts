import type { SamlSettings } from "../../model/connection.js";
import type { ConnectionId, Instant } from "../../model/ids.js";

/** How refreshing a connection's metadata has gone so far. */
export interface MetadataState {
  /** When it was last asked for, and when that last succeeded. */
  readonly checkedAt: Instant;
  readonly succeededAt?: Instant;
  /** How often in a row it did not succeed, and why not the last time. */
  readonly failures: number;
  readonly problem?: { readonly code: string; readonly message: string };
  /** Keys of the document that may not sign yet, as the certificates of the settings. */
  readonly waiting: readonly string[];
  /** What the server called the document that was read last. */
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface MetadataStateReader {
  /** `undefined`: not refreshed since the metadata was given. */
  metadataState(connection: ConnectionId): Promise<MetadataState | undefined>;
}

export interface MetadataStateWriter {
  keepMetadataState(connection: ConnectionId, state: MetadataState | undefined): Promise<void>;
}

export type FetchedMetadata =
  | { readonly kind: "same" }
  | {
      readonly kind: "read";
      readonly settings: SamlSettings;
      readonly validators: Pick<MetadataState, "etag" | "lastModified">;
      /** For how long the document asks to be kept (`cacheDuration`). */
      readonly cacheSeconds?: number;
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };

/** The protocol's own fetching and reading of what stands at `metadataUrl` now. */
export interface MetadataPort {
  /** Never another provider's. Validators: `same` where the server says that nothing has changed since. */
  fetchAgain(
    settings: SamlSettings,
    validators: Pick<MetadataState, "etag" | "lastModified">,
  ): Promise<FetchedMetadata>;
}
