/** What grants were given by at an instant, as far as it was kept. */
import type { Evidence } from "../../model/grant.js";
import type { GrantId, Instant } from "../../model/ids.js";
import type { EvidenceAt } from "../ports/access.js";
import type { TenantReader } from "../ports/store.js";

export interface PastEvidence {
  /** Nothing where it was not kept: what stands now may be of a later day. */
  readonly evidence: readonly Evidence[];
  readonly evidenceKept: boolean;
}

const NOT_KEPT: PastEvidence = { evidence: [], evidenceKept: false };

/** The same grants, each with its evidence of that instant, which is within its time. One statement. */
export async function withPastEvidence<Held extends { readonly id: GrantId }>(
  reader: TenantReader,
  grants: readonly Held[],
  at: Instant,
): Promise<readonly (Omit<Held, "evidence"> & PastEvidence)[]> {
  const stood = await reader.evidenceAt(
    grants.map(({ id }) => id),
    at,
  );
  return grants.map((grant) => ({ ...grant, ...evidenceThen(stood.get(grant.id), at) }));
}

function evidenceThen(stood: EvidenceAt | undefined, at: Instant): PastEvidence {
  if (stood === undefined) return NOT_KEPT;
  const { evidence, from } = stood;
  const isKept = from === undefined ? evidence.every((one) => isAsOld(one, at)) : from <= at;
  return isKept ? { evidence: evidence.map((one) => known(one, at)), evidenceKept: true } : NOT_KEPT;
}

/** It says itself that it was so by then. */
function isAsOld({ kind, since }: Evidence, at: Instant): boolean {
  return kind === "everyone" || (since !== undefined && since <= at);
}

/** A claim tells when it was last made, and stale facts since when they are: neither was known of a later instant. */
function known({ since, staleSince, ...said }: Evidence, at: Instant): Evidence {
  return {
    ...said,
    ...(since !== undefined && since <= at ? { since } : {}),
    ...(staleSince !== undefined && staleSince <= at ? { staleSince } : {}),
  };
}
