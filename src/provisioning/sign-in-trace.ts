import type { Connection, Tenant } from "../model/connection.js";
import type { UserId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import type { Refusal, RefusalCode } from "../model/problem.js";
import type { Provisioning } from "./deps.js";
import { GUARDS } from "./sign-in-detail.js";

export interface Trace {
  readonly tenant: Tenant;
  readonly connection: Connection;
  readonly outcome: RefusalCode | "allowed";
  readonly user?: UserId;
  readonly detail: JsonObject;
}

/**
 * Keeps what an admin needs to understand a sign-in, under a reference that the person can be shown. INVARIANT: a trace that
 * cannot be kept decides nobody's sign-in; the log tells of it.
 */
export async function traceSignIn(
  p: Provisioning,
  { tenant, connection, outcome, user, detail }: Trace,
): Promise<string> {
  const reference = p.newId();
  const trace = { reference, connection: connection.id, at: p.now(), outcome, detail };
  await p.store
    .write(tenant.id, (tx) => tx.insertSignInTrace(user === undefined ? trace : { ...trace, user }))
    .catch((fault: unknown) => p.log.fault("sign_in.trace_failed", fault, { tenant: tenant.id }));
  return reference;
}

/** A sign-in that was refused before anybody was recognised: bad state, bad token, an error from the IdP. */
export function traceFailure(
  p: Provisioning,
  failure: {
    readonly tenant: Tenant;
    readonly connection: Connection;
    readonly code: RefusalCode;
    /** Redacted by the caller: no tokens, no library texts. */
    readonly detail: JsonObject;
  },
): Promise<string> {
  return traceSignIn(p, { ...failure, outcome: failure.code });
}

/** The trace of a sign-in that was let in, and refused after all where its session was to open, says so, and what refused. */
export async function traceLateRefusal(
  p: Provisioning,
  { id: tenant }: Pick<Tenant, "id">,
  reference: string,
  { code, message }: Refusal,
): Promise<void> {
  const change = (detail: JsonObject) => ({ ...detail, guard: GUARDS.get(code) ?? code, problem: message });
  await p.store
    .write(tenant, async (tx) => {
      const trace = await tx.signInTrace(reference);
      if (trace) await tx.updateSignInTrace(reference, { outcome: code, detail: change(trace.detail) });
    })
    .catch((fault: unknown) => p.log.fault("sign_in.trace_failed", fault, { tenant }));
}
