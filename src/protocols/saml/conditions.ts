/** Owns for whom and for how long an assertion counts (SAML core section 2.5). */
import { refusal } from "./failure.js";
import { CLOCK_SKEW, instantOf, LONGEST_LIFETIME } from "./instants.js";
import { SAML } from "./namespaces.js";
import type { Expected } from "./verified.js";
import { attributeOf, childrenOf, textOf, type XmlElement } from "./xml.js";

/** Every assertion is taken once and handed on to nobody, which is what these two ask for. */
const KEPT_ANYWAY: ReadonlySet<string> = new Set(["OneTimeUse", "ProxyRestriction"]);

/** When the assertion ends, in milliseconds, without skew. */
export function checkConditions(assertion: XmlElement, issuedAt: number, expected: Expected): number {
  const [conditions, another] = childrenOf(assertion, SAML, "Conditions");
  if (conditions === undefined || another !== undefined)
    throw refusal("conditions", "the assertion needs exactly one Conditions");
  const until = checkTimes(conditions, issuedAt, Date.parse(expected.now));
  checkAudiences(conditions, expected.sp.entityId);
  return until;
}

function checkTimes(conditions: XmlElement, issuedAt: number, now: number): number {
  const from = instantOf(attributeOf(conditions, "NotBefore"), "conditions", "NotBefore of Conditions");
  const until = instantOf(attributeOf(conditions, "NotOnOrAfter"), "conditions", "NotOnOrAfter of Conditions");
  if (until === undefined)
    throw refusal("conditions", "Conditions have no NotOnOrAfter: the assertion would count for ever");
  const wanted = new Date(now).toISOString();
  if (now >= until + CLOCK_SKEW)
    throw refusal("expired", "the assertion has expired: compare the clocks of both sides", {
      wanted,
      got: attributeOf(conditions, "NotOnOrAfter"),
    });
  if (from !== undefined && now < from - CLOCK_SKEW)
    throw refusal("not_yet_valid", "the assertion is not valid yet: compare the clocks of both sides", {
      wanted,
      got: attributeOf(conditions, "NotBefore"),
    });
  if (from !== undefined && from >= until)
    throw refusal("conditions", "Conditions end before they begin", { got: attributeOf(conditions, "NotOnOrAfter") });
  if (until - (from ?? issuedAt) > LONGEST_LIFETIME)
    throw refusal(
      "lifetime",
      "the assertion is valid for more than 24 hours: shorten its lifetime at the identity provider",
      {
        got: attributeOf(conditions, "NotOnOrAfter"),
      },
    );
  return until;
}

function checkAudiences(conditions: XmlElement, entityId: string): void {
  const restrictions = childrenOf(conditions, SAML, "AudienceRestriction");
  for (const { namespace, name } of conditions.children) {
    if (namespace !== SAML || (name !== "AudienceRestriction" && !KEPT_ANYWAY.has(name)))
      throw refusal("conditions", "the assertion has a condition that is not known here", {
        got: `${namespace} ${name}`,
      });
  }
  const problem = "the assertion is for another audience: give the identity provider this connection's entityID";
  if (restrictions.length === 0)
    throw refusal("audience", "the assertion has no AudienceRestriction: it would count for every service", {
      wanted: entityId,
    });
  for (const restriction of restrictions) {
    const audiences = childrenOf(restriction, SAML, "Audience").map((audience) => textOf(audience) ?? "");
    if (!audiences.includes(entityId)) throw refusal("audience", problem, { wanted: entityId, got: audiences });
  }
}
