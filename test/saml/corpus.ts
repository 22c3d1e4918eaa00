/** How a hostile response is judged: next to a valid one that it was derived from and that is accepted in the same test. */
import { expect } from "chai";
import { type Guard, SamlFailure } from "../../src/protocols/saml/failure.js";
import { openResponse } from "../../src/protocols/saml/response.js";
import type { Expected, VerifiedAssertion } from "../../src/protocols/saml/verified.js";
import { verifyResponse } from "../../src/protocols/saml/verify.js";
import { idpKey, idpNextKey } from "../support/saml-keys.js";
import { ACME, type ResponseWishes, SamlMessage, samlResponse } from "../support/saml-response.js";

export const NOW = "2026-11-22T09:00:00.000Z";

/** Seconds from the moment at which responses are judged. */
export function at(seconds: number): string {
  return new Date(Date.parse(NOW) + seconds * 1000).toISOString();
}

export const EXPECTED: Expected = {
  idp: { entityId: ACME.idp, certificates: [idpKey.certificate, idpNextKey.certificate], requireSigned: "either" },
  sp: { entityId: ACME.sp, acsUrl: ACME.acs },
  inResponseTo: ACME.request,
  now: NOW,
};

/** Laid over what is expected of every response. */
export interface Otherwise extends Partial<Omit<Expected, "idp" | "sp">> {
  readonly idp?: Partial<Expected["idp"]>;
  readonly sp?: Partial<Expected["sp"]>;
}

export interface Derived {
  readonly name: string;
  /** How the valid response differs from the usual one. */
  readonly base?: Partial<ResponseWishes>;
  readonly otherwise?: Otherwise;
  /** What is posted instead: a message, or the form's text itself. */
  readonly derive: (valid: SamlMessage) => SamlMessage | string;
}

export interface Hostile extends Derived {
  /** The guard that must refuse it. */
  readonly guard: Guard;
}

export function consume(base64: string, otherwise: Otherwise = {}): VerifiedAssertion {
  const { idp, sp, ...rest } = otherwise;
  const expected = { ...EXPECTED, ...rest, idp: { ...EXPECTED.idp, ...idp }, sp: { ...EXPECTED.sp, ...sp } };
  return verifyResponse(openResponse(base64), expected);
}

/** The guard that refused, or whom the response was taken for. Errors of any other kind come through. */
export function judge(base64: string, otherwise?: Otherwise): string {
  try {
    return `nobody: accepted as \`${consume(base64, otherwise).nameId.value}\``;
  } catch (error) {
    if (!(error instanceof SamlFailure)) throw error;
    // What a stranger sends must not grow into the trace.
    expect(JSON.stringify(error.detail).length).to.be.below(4000);
    return error.guard;
  }
}

/** The valid response that a case starts from, once it was accepted as what it says. */
export function acceptedBase({ base, otherwise }: Pick<Derived, "base" | "otherwise">): SamlMessage {
  const valid = samlResponse({ now: NOW, ...base });
  const { nameId } = consume(valid.base64, otherwise);
  expect(nameId.value).to.equal(base?.nameId ?? ACME.nameId);
  return valid;
}

export function derived({ base, otherwise, derive }: Derived): string {
  const valid = acceptedBase({ ...(base && { base }), ...(otherwise && { otherwise }) });
  const hostile = derive(valid);
  const posted = hostile instanceof SamlMessage ? hostile.base64 : hostile;
  expect(posted, "nothing was derived").not.to.equal(valid.base64);
  return posted;
}

export function refuses(cases: readonly Hostile[]): void {
  for (const hostile of cases) {
    it(`refuses ${hostile.name}`, () => {
      const posted = derived(hostile);
      expect(judge(posted, hostile.otherwise)).to.equal(hostile.guard);
    });
  }
}

/** The three ways in which providers sign; each case once for each of them. */
export function forEachSigning<Case extends Derived>(cases: readonly Case[]): Case[] {
  return (["both", "assertion", "response"] as const).flatMap((signed) => cases.map((each) => signedAs(each, signed)));
}

export function signedAs<Case extends Derived>(each: Case, signed: "both" | "assertion" | "response"): Case {
  return { ...each, name: `${each.name} (signed: ${signed})`, base: { ...each.base, signed } };
}
