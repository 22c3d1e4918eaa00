import type { Protocol } from "./facts.js";
import type { ConnectionId, Instant, TenantId } from "./ids.js";

/** What a sign-in may do: create nobody, take facts once, or take them each time. */
export type JitMode = "off" | "first_sign_in" | "every_sign_in";
/** What pushed facts do: nothing, be previewed, or change access. */
export type SyncMode = "off" | "test" | "live";
/** Who is believed about membership in groups that are both pushed and claimed. */
export type GroupAuthority = "auto" | "claims" | "scim";
/** Whose dialect of SCIM the connection speaks. */
export type ScimProfile = "rfc" | "okta" | "entra";
/** Kinds of resources that a SCIM client may keep. */
export type ManagedResource = "users" | "groups" | "serviceAccounts";
/** Which of the people and groups that admins made by hand a SCIM client finds and may take over. */
export type AdoptMode = "off" | "verified_domain";
/** Whether people of other connections are recognised by their verified e-mail, and its own people there. */
export type LinkAcross = "off" | "verified_email";
export type GroupSeparator = "," | ";";
/** What becomes of synced people when SCIM is switched off: they go on by hand, or are deactivated. */
export type OnDisable = "convert" | "deactivate";

/** A tenant's trust in one source. Secrets are not part of it; the protocol that needs one asks the store for it. */
export interface Connection {
  readonly id: ConnectionId;
  readonly slug: string;
  readonly protocol: Protocol;
  readonly jit: JitMode;
  readonly sync: SyncMode;
  /** `sync` was set or moved at least once; the first token moves a never-set `off` to `test`. */
  readonly syncChosen: boolean;
  readonly groups: GroupAuthority;
  readonly profile: ScimProfile;
  /** Lower is stronger: profile attributes come from the strongest connection of a person. */
  readonly priority: number;
  readonly mayGrantOwner: boolean;
  readonly allowedDomains: readonly string[];
  readonly requireDomains: boolean;
  readonly absentGroups: "unknown" | "empty";
  readonly groupAttribute?: string;
  /** What stands between the names where the groups of a sign-in come as one text; absent: that is one name. */
  readonly groupSeparator?: GroupSeparator;
  /** Of which resources SCIM's `roles` are taken; elsewhere they are ignored, and what is assigned stays. */
  readonly rolesFrom: readonly ManagedResource[];
  /** What the SCIM client may read and write at all; what it does not manage is refused, and what is stored stays. */
  readonly manages: readonly ManagedResource[];
  /** Since when the connection does not manage groups: what it last said of them is stale from then on. */
  readonly groupsUnmanagedSince?: Instant;
  readonly adopt: AdoptMode;
  readonly linkAcross: LinkAcross;
  /** When it last ceased to be live: what admins had made by hand of what it kept by then is evidence no more. */
  readonly liveUntil?: Instant;
  /** Seconds after a group's first membership write until SCIM alone answers for it. */
  readonly settleSeconds: number;
  /** Present for OIDC connections. */
  readonly oidc?: OidcSettings;
  /** Present for SAML connections. */
  readonly saml?: SamlSettings;
  /** When the first group was pushed; `no_match` waits for it. */
  readonly firstGroupPushAt?: Instant;
  readonly disabledAt?: Instant;
  readonly createdAt: Instant;
  /** Raised by each change of settings: links are evaluated anew. */
  readonly version: number;
}

/** `private_key_jwt`: by a JWT that the connection's own key signs. */
type ClientAuthMethod = "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none";

/** How ID tokens may be signed: asymmetric algorithms alone, because a shared secret proves nothing about who signed. */
export type IdTokenAlg = "RS256" | "PS256" | "ES256" | "EdDSA";

/** What an OpenID Connect connection was told of its provider; the client secret is stored apart. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: what the provider's metadata offers, `client_secret_post` before Basic. */
  readonly clientAuthMethod?: ClientAuthMethod;
  /** The one algorithm that ID tokens may be signed with; absent: those that the provider's metadata lists and we verify. */
  readonly idTokenAlg?: IdTokenAlg;
  /** Who signs out here is sent on to sign out at the provider too, if it has an address for that; absent: yes. */
  readonly singleLogout?: boolean;
  /** Empty: `openid profile email groups`, as far as the provider's metadata offers them. */
  readonly scopes: readonly string[];
}

/** What an identity provider's SAML metadata says, as far as we act on it, and what the connection asks of its answers. */
export interface SamlSettings extends SamlChoices {
  /** The identity provider's own name (SAML metadata section 2.3.2): compared exactly, and never another for this connection. */
  readonly entityId: string;
  /** Where sign-ins are sent by the HTTP-Redirect binding; at least one of the two is there. */
  readonly ssoRedirectUrl?: string;
  /** The same by the HTTP-POST binding. */
  readonly ssoPostUrl?: string;
  /** Where messages of a logout are sent by either binding; absent: the provider does not take them so. */
  readonly sloRedirectUrl?: string;
  readonly sloPostUrl?: string;
  /** Where our answers to its logout requests go (`ResponseLocation`); absent: where the requests go. */
  readonly sloRedirectResponseUrl?: string;
  readonly sloPostResponseUrl?: string;
  /** The provider refuses sign-in requests that are not signed (`WantAuthnRequestsSigned`). */
  readonly wantsSignedRequests?: boolean;
  /** The keys that may sign, as DER certificates in base64 without line breaks. Any of them may; nothing else may. */
  readonly certificates: readonly string[];
  /** Where the metadata was fetched from. */
  readonly metadataUrl?: string;
  /** Until when the provider stands by this metadata, if it says so. */
  readonly validUntil?: Instant;
}

/** What an admin chooses about a SAML connection, whatever the provider's metadata says. */
export interface SamlChoices {
  /** What must be signed at the least. Whatever it says, the assertion must be covered and every signature must hold. */
  readonly requireSigned: RequireSigned;
  /** What becomes of keys that are new at `metadataUrl` when nobody gave them; absent: `confirm`. */
  readonly newKeys?: NewKeys;
  /** Whether sign-in requests are signed; absent: as the provider's metadata wants them. */
  readonly signRequests?: boolean;
  /** The form of names that is asked for; absent: any, which every provider has. */
  readonly nameIdFormat?: NameIdFormat;
  /** People show the provider anew who they are at each sign-in (`ForceAuthn`), and its answer is held to that. */
  readonly forceAuthn?: boolean;
  /** Who signs out here is sent on to sign out at the provider too, if it has an address for that; absent: yes. */
  readonly singleLogout?: boolean;
  /** Responses count that answer no request of ours: the person is asked before a session opens. */
  readonly allowIdpInitiated?: boolean;
  /** Whose keys sign its calls that end all sessions of a person (Okta's Universal Logout); absent or `null`: nobody's. */
  readonly universalLogoutIssuer?: string | null;
  /** Reads CBC also where no signature covers the ciphertext: whoever may try changed ones often enough may read it. */
  readonly legacyCbc?: boolean;
  /** Reads 3DES, whose keys are too short for today. */
  readonly legacyTripleDes?: boolean;
}

export type NameIdFormat = "any" | "persistent" | "emailAddress" | "unspecified";

/** Keys that a refresh finds wait until an admin confirms them, or may sign at once. */
export type NewKeys = "accept" | "confirm";

export type RequireSigned = "either" | "assertion" | "response" | "both";

/** Who gives in a team: `idp_only` leaves it to identity providers as long as one of them does. */
export type TeamPolicy = "idp_only" | "idp_plus_manual";

/** In minutes: without a request, and at all. */
export interface SessionLimits {
  readonly idleMinutes?: number;
  readonly absoluteMinutes?: number;
}

/** A customer: everything but the operator's own belongs to one, and no query leaves it. */
export interface Tenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  /** Domains that are the tenant's, ASCII-lowered. */
  readonly domains: readonly string[];
  /** Those of them whose proof is gone: nobody is matched by them. */
  readonly lapsedDomains: readonly string[];
  /** `null`: no limit. */
  readonly seats: number | null;
  readonly seatsUsed: number;
  /** The operator's switch: `false` answers SCIM with 403. */
  readonly scim: boolean;
  /** How long sessions last at most, where that is less than the service lets them. */
  readonly sessionLimits?: SessionLimits;
  /** Of teams that have none of their own. */
  readonly teamPolicy: TeamPolicy;
  /** The active mapping version; 0 before the first. */
  readonly activeVersion: number;
  readonly createdAt: Instant;
}
