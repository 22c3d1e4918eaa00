/** Owns what a trace keeps of an identity provider's message, verified or not: enough for an admin, nothing about the person. */
import type { Json, JsonObject } from "../../model/json.js";
import { isObject } from "../sign-in/claims.js";
import type { ClaimPath } from "../sign-in/idp-profile.js";
import { claimNames, redactClaims, redactValue, type TraceBudget, traceBudget } from "../sign-in/redact.js";
import type { VerifiedAssertion } from "./verified.js";

/** A verified assertion in the shape of `OpenedResponse.seen`, with the FriendlyName of each attribute that has one. */
export function seenOf({ nameId, attributes, ...said }: VerifiedAssertion): JsonObject {
  const { sessionIndex, sessionEndsAt, authnContext } = said;
  const friendlyNames = attributes.flatMap(({ name, friendlyName }): [string, Json][] =>
    friendlyName === undefined ? [] : [[name, friendlyName]],
  );
  return {
    nameId: { ...nameId },
    attributes: Object.fromEntries<Json>(attributes.map(({ name, values }) => [name, values])),
    ...(friendlyNames.length === 0 ? {} : { friendlyNames: Object.fromEntries(friendlyNames) }),
    ...(sessionIndex === undefined ? {} : { sessionIndex }),
    ...(sessionEndsAt === undefined ? {} : { sessionEndsAt }),
    ...(authnContext === undefined ? {} : { authnContext }),
  };
}

/**
 * A message without what it says about the person. Of the NameID all stays but what names the person, of attributes their names, and
 * the values of groups under whichever of their names is read; everything else is about the protocol, and is cut only.
 * All of it together stays within one budget.
 */
export function redactSeen(seen: JsonObject, groupPaths: readonly ClaimPath[]): JsonObject {
  const { nameId, attributes, ...said } = seen;
  const budget = traceBudget();
  const names = groupNames(said, groupPaths);
  return {
    ...(redactValue(said, true, budget) as JsonObject),
    ...(isObject(nameId) ? { nameId: redactedName(nameId, budget) } : {}),
    ...(isObject(attributes) ? { attributes: redactClaims(attributes, names, budget) } : {}),
  };
}

function redactedName({ value, spProvidedId, ...said }: JsonObject, budget: TraceBudget): Json {
  const ofPerson = { ...(value !== undefined && { value }), ...(spProvidedId !== undefined && { spProvidedId }) };
  const shown = Object.entries(ofPerson).map(([name, text]): [string, Json] => [
    name,
    redactValue(text, false, budget),
  ]);
  return { ...(redactValue(said, true, budget) as JsonObject), ...Object.fromEntries(shown) };
}

/** Group attributes by Name, also where they are read by FriendlyName. */
function groupNames({ friendlyNames }: JsonObject, groupPaths: readonly ClaimPath[]): readonly string[] {
  const read = claimNames(groupPaths);
  const byFriendlyName = Object.entries(isObject(friendlyNames) ? friendlyNames : {})
    .filter(([, friendlyName]) => typeof friendlyName === "string" && read.includes(friendlyName))
    .map(([name]) => name);
  return [...read, ...byFriendlyName];
}
