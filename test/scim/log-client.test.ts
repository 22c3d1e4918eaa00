import { expect } from "chai";
import type { ScimProfile } from "../../src/model/connection.js";
import { betterProfile, clientOf } from "../../src/protocols/scim/log/client.js";

const CLIENTS: readonly (readonly [userAgent: string | undefined, query: string, client: string])[] = [
  ["Okta SCIM Client 1.0.0", "", "okta"],
  ["Microsoft Azure AD SCIM provisioning 1.2.3", "", "entra"],
  [undefined, "aadOptscim062020&filter=x", "entra"],
  ["Okta SCIM Client 1.0.0", "aadOptscim062020", "okta"],
  ["PingOne/1.0", "", "ping"],
  ["curl/8.5.0", "", "curl"],
  ["Apache-HttpClient/4.5", "", "unknown"],
  ["", "", "unknown"],
];

const PROFILES: readonly (readonly [
  profile: ScimProfile,
  client: string,
  quirks: string,
  better: string | undefined,
])[] = [
  ["rfc", "okta", "", "okta"],
  ["okta", "okta", "", undefined],
  ["entra", "okta", "capitalised_operation", "okta"],
  ["rfc", "entra", "", "entra"],
  ["rfc", "unknown", "lone_value,boolean_as_text", "entra"],
  ["entra", "unknown", "boolean_as_text", undefined],
  ["rfc", "unknown", "dotted_key", undefined],
  ["rfc", "jumpcloud", "capitalised_operation", undefined],
];

describe("SCIM clients in the log", () => {
  for (const [userAgent, query, client] of CLIENTS) {
    it(`that say "${userAgent}" with the query "${query}" are ${client}`, () => {
      expect(clientOf(userAgent, new URLSearchParams(query))).to.equal(client);
    });
  }
  for (const [profile, client, quirks, better] of PROFILES) {
    it(`of ${client} with profile ${profile} and quirks "${quirks}" would be better off with ${better}`, () => {
      expect(betterProfile(profile, client, quirks.split(","))).to.equal(better);
    });
  }
});
