/** How a hostile logout message is judged: next to a valid one that it was derived from and that is accepted in the same test. */
import { expect } from "chai";
import { SamlFailure } from "../../src/protocols/saml/failure.js";
import { type LogoutMessage, postedLogout, redirectedLogout } from "../../src/protocols/saml/slo-message.js";
import { type ExpectedLogout, verifyLogoutRequest, verifyLogoutResponse } from "../../src/protocols/saml/slo-verify.js";
import { idpKey, idpNextKey } from "../support/saml-keys.js";
import { formOf, type LogoutText, type LogoutWishes, logoutMessage, SLO } from "../support/saml-logout.js";
import { ACME } from "../support/saml-response.js";
import { NOW } from "./corpus.js";

export type Wire = { readonly query: string } | { readonly form: Readonly<Record<string, string>> };

export const EXPECTED_LOGOUT: ExpectedLogout = {
  idp: { entityId: ACME.idp, certificates: [idpKey.certificate, idpNextKey.certificate] },
  sloUrl: SLO,
  now: NOW,
};
export const LOGOUT_ASKED = "_our-logout";

export function logout(wishes: Partial<LogoutWishes> = {}): LogoutText {
  const answers = wishes.kind === "LogoutResponse" ? { inResponseTo: LOGOUT_ASKED } : {};
  return logoutMessage({ now: NOW, ...answers, ...wishes });
}

export function opened(wire: Wire): LogoutMessage {
  return "query" in wire ? redirectedLogout(wire.query) : postedLogout(wire.form);
}

/** What a message comes to, as one text; what refused it, where it is refused. */
export function judgeLogout(wire: Wire, otherwise: Partial<ExpectedLogout> = {}): string {
  try {
    const message = opened(wire);
    const expected = { ...EXPECTED_LOGOUT, ...otherwise };
    if (message.shape.kind === "LogoutRequest") {
      const { nameId, sessions, id } = verifyLogoutRequest(message, expected);
      return `signs out ${nameId.value} by ${id}: ${sessions.join(", ")}`;
    }
    const { code, subCode = "" } = verifyLogoutResponse(message, { ...expected, inResponseTo: LOGOUT_ASKED });
    return `answered ${code} ${subCode}`.trim();
  } catch (error) {
    if (!(error instanceof SamlFailure)) throw error;
    // What a stranger sends must not grow into the trace.
    expect(JSON.stringify(error.detail).length).to.be.below(4000);
    return error.guard;
  }
}

export const ACCEPTED = `signs out ${ACME.nameId} by _logout-1: _session-1`;

export interface HostileLogout {
  readonly name: string;
  readonly base?: Partial<LogoutWishes>;
  readonly otherwise?: Partial<ExpectedLogout>;
  readonly guard: string;
  readonly derive: (valid: LogoutText) => Wire;
}

export function refusesLogouts(cases: readonly HostileLogout[]): void {
  for (const { name, base = {}, otherwise, guard, derive } of cases) {
    it(`W-29: refuses ${name}`, () => {
      const valid = logout(base);
      const accepted = base.kind === "LogoutResponse" ? "answered Success" : ACCEPTED;
      for (const wire of [{ query: valid.query() }, { form: valid.posted() }])
        expect(judgeLogout(wire), "the valid message").to.equal(accepted);
      const hostile = derive(valid);
      expect(JSON.stringify(hostile), "nothing was derived").not.to.be.oneOf([
        JSON.stringify({ query: valid.query() }),
        JSON.stringify({ form: valid.posted() }),
      ]);
      expect(judgeLogout(hostile, otherwise)).to.equal(guard);
    });
  }
}

/** The same content said otherwise and signed anew: once by either binding. */
export function bothWays(
  name: string,
  guard: string,
  wishes: Partial<LogoutWishes>,
  base: Partial<LogoutWishes> = {},
): HostileLogout[] {
  const said = (): LogoutText => logout({ ...base, ...wishes });
  return [
    { name: `${name}, by redirect`, base, guard, derive: () => ({ query: said().query() }) },
    { name: `${name}, by post`, base, guard, derive: () => ({ form: said().posted() }) },
  ];
}

/** Another text in place of the signed one, by post. */
export function posted(xml: string, field = "SAMLRequest"): Wire {
  return { form: formOf(field, xml) };
}
