import type { Json, JsonObject } from "../../model/json.js";
import type { ClaimPath } from "../sign-in/idp-profile.js";

/** What a verified sign-in said: the ID token's claims, and userinfo's where the provider has such an endpoint. */
export interface SignInClaims {
  readonly idToken: JsonObject;
  readonly userinfo?: JsonObject;
  /** The endpoint exists and did not answer: what the ID token leaves out is unknown, whatever the connection says. */
  readonly userinfoFailed?: true;
}

/** INVARIANT: only own properties count, so that a claim called `constructor` is a claim and nothing more. */
export function own(object: JsonObject | undefined, name: string): Json | undefined {
  const value = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  // OpenID Connect Core section 5.3.2: a claim without a value is left out. Null is read as that.
  return value === null ? undefined : value;
}

/** The value at a path, in the ID token first, then in userinfo. */
export function claimAt(claims: SignInClaims, path: ClaimPath): Json | undefined {
  return valueAt(claims.idToken, path) ?? valueAt(claims.userinfo, path);
}

function valueAt(object: JsonObject | undefined, path: ClaimPath): Json | undefined {
  if (typeof path === "string") return own(object, path);
  let value: Json | undefined = object;
  for (const step of path) {
    value = isObject(value) ? own(value, step) : undefined;
  }
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
