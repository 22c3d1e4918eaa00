import type { ObserveUser, ScimGroupDocument, ScimUserDocument } from "../../src/model/directory.js";
import { USER_ATTRIBUTES, type UserAttribute } from "../../src/model/facts.js";
import { fold } from "../../src/model/fold.js";
import { known, unknown } from "../../src/model/known.js";

/** A pushed user as the SCIM room would translate it. */
export function scimUser(
  userName: string,
  more: Partial<Pick<ScimUserDocument, "externalId" | "active" | "appRoles" | "roles">> & {
    readonly attributes?: Partial<Record<UserAttribute, string | boolean | null>>;
    readonly email?: string;
  } = {},
): ScimUserDocument {
  const active = more.active ?? true;
  const attributes = Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, null])) as Record<
    UserAttribute,
    string | boolean | null
  >;
  const resource = { schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], userName, active };
  return {
    resource,
    search: { userName: fold(userName), active },
    userName,
    userNameFolded: fold(userName),
    active,
    ...(more.externalId === undefined ? {} : { externalId: more.externalId }),
    attributes: { ...attributes, userName, email: userName, active, ...more.attributes },
    email: more.email ?? userName,
    appRoles: more.appRoles ?? [],
    ...(more.roles && { roles: more.roles }),
  };
}

export function scimGroup(displayName: string): ScimGroupDocument {
  return {
    resource: { schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], displayName },
    search: { displayName: fold(displayName) },
    displayName,
    displayNameFolded: fold(displayName),
    idpMappingNames: [],
  };
}

/** A verified sign-in; `groups` absent means that the claim was absent. */
export function signInOf(
  subject: string,
  more: {
    readonly userName?: string;
    readonly groups?: readonly string[];
    readonly externalIds?: readonly string[];
    readonly assertedName?: string;
    readonly claimedEmail?: string;
    readonly claimedNames?: readonly string[];
    readonly verifiedEmail?: string;
    readonly attributes?: Partial<Record<UserAttribute, string>>;
  } = {},
): ObserveUser {
  const userName = more.userName ?? subject;
  return {
    kind: "observeUser",
    subject,
    externalIds: more.externalIds ?? [],
    userNames: more.verifiedEmail === undefined ? [userName] : [userName, more.verifiedEmail],
    ...(more.verifiedEmail === undefined
      ? {}
      : { verifiedEmail: more.verifiedEmail, claimedEmail: more.verifiedEmail }),
    ...(more.assertedName === undefined ? {} : { assertedName: more.assertedName }),
    ...(more.claimedEmail === undefined ? {} : { claimedEmail: more.claimedEmail }),
    claimedNames: more.claimedNames ?? [],
    attributes: Object.fromEntries(
      Object.entries({ userName, ...more.attributes }).map(([name, value]) => [name, known(value)]),
    ),
    groups: more.groups === undefined ? unknown("absent_claim") : known(more.groups),
    appRoles: unknown("absent_claim"),
    claims: {},
  };
}
