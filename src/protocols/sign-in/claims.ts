import type { Json, JsonObject } from "../../model/json.js";
import type { ClaimPath, IdpProfile } from "./idp-profile.js";

/** What a verified sign-in said of a person, in the words of its identity provider. */
export interface SignInClaims {
  /** The most trusted first: what one of them says, no later one replaces. */
  readonly sources: readonly JsonObject[];
  /** A source did not answer: what the others leave out is unknown, whatever the connection says. */
  readonly incomplete?: true;
}

/** INVARIANT: only own properties count, so that a claim called `constructor` is a claim and nothing more. */
export function own(object: JsonObject | undefined, name: string): Json | undefined {
  const value = object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
  // OpenID Connect Core section 5.3.2: a claim without a value is left out. Null is read as that.
  return value === null ? undefined : value;
}

/** The value at a path, in the first source that has one. */
export function claimAt({ sources }: SignInClaims, path: ClaimPath): Json | undefined {
  for (const source of sources) {
    const value = valueAt(source, path);
    if (value !== undefined) return value;
  }
  return undefined;
}

function valueAt(object: JsonObject | undefined, path: ClaimPath): Json | undefined {
  if (typeof path === "string") return own(object, path);
  let value: Json | undefined = object;
  for (const step of path) {
    value = isObject(value) ? own(value, step) : undefined;
  }
  return value;
}

/** SAML knows nothing but lists: there a list of one is its value. In OpenID Connect a list is a list. */
export function bareValue(value: Json | undefined, { protocol }: IdpProfile): Json | undefined {
  return protocol === "saml" && Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
