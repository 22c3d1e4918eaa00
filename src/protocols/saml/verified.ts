/** What the verifier takes and gives. Nothing in a `VerifiedAssertion` was read from anywhere but signed octets. */
import type { SamlSettings } from "../../model/connection.js";
import type { Instant } from "../../model/ids.js";
import type { Decryption } from "./decrypt.js";

/** What a response must be an answer to. */
export interface Expected {
  readonly idp: Pick<SamlSettings, "entityId" | "certificates" | "requireSigned">;
  /** Our own entityID for this connection, and the address that the response was posted to. */
  readonly sp: { readonly entityId: string; readonly acsUrl: string };
  /** ID of the AuthnRequest that this browser was sent away with; absent: nobody asked, and nothing may say so. */
  readonly inResponseTo?: string;
  readonly now: Instant;
  /** Absent: nothing that is encrypted is read. */
  readonly decryption?: Decryption;
  /** The person had to show anew who they are (`ForceAuthn`): what they did before this is no answer. */
  readonly authenticatedSince?: Instant;
}

/** SAML core section 2.2.3; the format is `unspecified` where none is given. */
export interface NameId {
  readonly value: string;
  readonly format: string;
  readonly nameQualifier?: string;
  readonly spNameQualifier?: string;
  /** What a service once told the provider to call the person: says nothing of who it is, and belongs to the name where it is told back. */
  readonly spProvidedId?: string;
}

/** One `Attribute` by its name, with its values as text: an empty or nil value is the empty text. */
export interface SamlAttribute {
  readonly name: string;
  readonly friendlyName?: string;
  readonly values: readonly string[];
}

export interface VerifiedAssertion {
  /** Taken once: a second response with it is a replay. */
  readonly id: string;
  /** Until when the id must be remembered: the assertion cannot be accepted after this, skew included. */
  readonly rememberUntil: Instant;
  /** By the provider's clock. */
  readonly issuedAt: Instant;
  readonly nameId: NameId;
  /** Each name at most once. */
  readonly attributes: readonly SamlAttribute[];
  /** The provider's name for the session, for its logout calls. */
  readonly sessionIndex?: string;
  /** When the provider wants our session to end (`SessionNotOnOrAfter`). */
  readonly sessionEndsAt?: Instant;
  readonly authnContext?: string;
}
