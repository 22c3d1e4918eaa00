import type { CompiledMapping } from "../../engine/compile/compile.js";
import { expressionsOf } from "../../engine/compile/compiled-mapping.js";
import type { TenantId } from "../../model/ids.js";
import type { JsonObject } from "../../model/json.js";
import { auditEntry, type Provisioning, WORKER } from "../deps.js";
import { activeMapping } from "./compiled-mappings.js";

/** An expression of the active mapping that is not run any more, at all or on one input, until a mapping is activated. */
export interface Suspension {
  readonly source: string;
  /** Of the mapping. */
  readonly version: number;
  /** Whom it concerns: everybody, or the people with the facts on which it ended badly again and again. */
  readonly reach: "everybody" | "one_input";
  /** How it ended last. */
  readonly code: "timeout" | "memory" | "error";
}

/**
 * Tells the tenant's admins that an expression of the active mapping was suspended: an entry of the audit and an event, with
 * the rules and profile attributes concerned. Nothing is written once another mapping is active.
 */
export async function noteSuspension(p: Provisioning, tenant: TenantId, suspension: Suspension): Promise<void> {
  const reader = p.store.read(tenant);
  const mapping = await activeMapping(p, reader);
  if (mapping.version !== suspension.version) return;
  const places = placesOf(mapping, suspension.source);
  const { version, code, reach } = suspension;
  const detail = { version, code, reach, places };
  const now = p.now();
  await p.store.write(tenant, async (tx) => {
    await tx.appendAudit([auditEntry(WORKER, now, "expression.suspended", detail)]);
    await tx.appendEvents([{ type: "expression.suspended", data: detail }], now);
  });
  p.wake();
}

function placesOf({ rules, profile }: CompiledMapping, source: string): readonly JsonObject[] {
  return [
    ...rules
      .filter((rule) => expressionsOf(rule).some((one) => one.source === source))
      .map(({ id, pointer }) => ({ pointer, rule: id })),
    ...[...profile]
      .filter(([, one]) => one.source === source)
      .map(([attribute]) => ({ pointer: `/profile/${attribute}`, attribute })),
  ];
}
