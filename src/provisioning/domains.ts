/** Domains owns which e-mail domains are a tenant's: proved by a record in the DNS, looked at again every day, or the operator's word. */
import type { Tenant } from "../model/connection.js";
import { domainForm } from "../model/domain-form.js";
import type { Instant, TenantId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { type Context, type Provisioning, WORKER } from "./deps.js";
import { adoptableByEach, reviewWidened } from "./namesakes.js";
import { recordNotices } from "./notices.js";
import type { DomainClaim, TenantDomain } from "./ports/domains.js";
import type { TenantReader, TenantWriter } from "./ports/store.js";
import { PUBLIC_MAIL_DOMAINS } from "./public-mail-domains.js";
import { secondsFrom } from "./runs/back-off.js";

const HOUR = 3_600;
const CHECK_SECONDS = 24 * HOUR;
/** For so long a record must be gone before it counts: an edit of a zone that went wrong is mended by then. */
const LAPSE_SECONDS = 72 * HOUR;
const MOST_CLAIMS = 500;
/** Checks of one visit at the same time. */
const AT_ONCE = 10;
const DOMAIN = /^(?=.{1,240}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A claim with the domain that it is of. */
interface ClaimedDomain extends TenantDomain {
  readonly claim: DomainClaim;
}

/** The record that proves a domain. */
export function recordOf({ domain, claim }: ClaimedDomain): { readonly name: string; readonly value: string } {
  return { name: `_rolecall.${domain}`, value: `rolecall-domain-verification=${claim.token}` };
}

/** One of the tenant's domains, in any spelling. Refusal `not_found`. */
export async function domainNamed(reader: TenantReader, name: string): Promise<TenantDomain> {
  const domain = domainForm(name);
  const found = (await reader.tenantDomains()).find((one) => one.domain === domain);
  if (!found) throw new Refusal("not_found", `the tenant has no domain ${quote(name)}`);
  return found;
}

/** Notes that the tenant wants to prove a domain; what its record must say stays the same when asked again. Refusals `bad_request`, `public_domain`, `conflict`. */
export async function claimDomain(
  p: Provisioning,
  tenant: Tenant,
  name: string,
  context: Context,
): Promise<TenantDomain> {
  const domain = domainForm(name);
  if (!DOMAIN.test(domain)) throw new Refusal("bad_request", `${quote(name)} is no e-mail domain`);
  if (PUBLIC_MAIL_DOMAINS.has(domain)) {
    throw new Refusal("public_domain", `at ${quote(domain)} anybody may have an address: it is nobody's own`);
  }
  const now = p.now();
  return p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const domains = await tx.tenantDomains();
    const before = domains.find((one) => one.domain === domain);
    if (before) return before;
    if (domains.length >= MOST_CLAIMS) throw new Refusal("conflict", "too many domains: remove one first");
    await tx.insertDomainClaim(domain, p.secrets.newToken(""), now);
    await recordNotices(tx, [{ type: "domain.claimed", data: { domain } }], context, now);
    return domainNamed(tx, domain);
  });
}

type Finding = { readonly kind: "found" } | { readonly kind: "missing" | "unanswered"; readonly problem: string };

async function look(p: Provisioning, claimed: ClaimedDomain): Promise<Finding> {
  const { name, value } = recordOf(claimed);
  const answer = await p.dns.texts(name);
  if (answer.kind === "unanswered") return { kind: "unanswered", problem: answer.problem };
  if (answer.texts.some((text) => text.trim() === value)) return { kind: "found" };
  const there = answer.texts.length;
  const problem = there === 0 ? `no TXT record at ${name}` : `none of ${there} TXT records at ${name} is the one`;
  return { kind: "missing", problem };
}

/** Looks for the record now. Refusals `not_found`, `domain_not_proved`, `domain_taken` (another tenant has it: only the operator moves it). */
export async function verifyDomain(
  p: Provisioning,
  tenant: Tenant,
  name: string,
  context: Context,
): Promise<TenantDomain> {
  const before = await domainNamed(p.store.read(tenant.id), name);
  if (!isClaimed(before)) return before;
  const finding = await look(p, before);
  if (!(await take(p, tenant.id, before, finding, context))) {
    throw new Refusal(
      "domain_taken",
      `another tenant has the domain ${quote(before.domain)}: ask the operator to move it`,
    );
  }
  if (finding.kind !== "found")
    throw new Refusal("domain_not_proved", `${finding.problem}: add it, wait, and try again`);
  return domainNamed(p.store.read(tenant.id), before.domain);
}

function isClaimed(domain: TenantDomain): domain is ClaimedDomain {
  return domain.claim !== undefined;
}

/** Stores what was found. False: the record is there, and the domain is another tenant's. */
function take(
  p: Provisioning,
  tenant: TenantId,
  { domain, claim }: ClaimedDomain,
  finding: Finding,
  context: Context,
): Promise<boolean> {
  const now = p.now();
  return p.store.write(tenant, async (tx) => {
    await tx.lockTenant();
    const state = (await tx.tenantDomains()).find((one) => one.domain === domain);
    // Taken back meanwhile, or begun anew: what was found was another claim's.
    if (state?.claim?.token !== claim.token) return true;
    if (finding.kind === "found") return prove(tx, state, context, now);
    const missingSince = finding.kind === "missing" ? (state.claim.missingSince ?? now) : state.claim.missingSince;
    await tx.noteDomainCheck(domain, { at: now, problem: finding.problem, ...(missingSince && { missingSince }) });
    if (finding.kind === "missing" && missingSince) await lapse(tx, state, missingSince, context, now);
    return true;
  });
}

async function prove(tx: TenantWriter, state: TenantDomain, context: Context, now: Instant): Promise<boolean> {
  const { domain } = state;
  const adoptable = adoptableByEach(await tx.tenantNow(), await tx.connections());
  const isNew = !state.held || state.lapsedAt !== undefined;
  if (!(await tx.holdDomain(domain, now))) return false;
  await tx.noteDomainCheck(domain, { at: now });
  await tx.wakeAt(secondsFrom(now, CHECK_SECONDS), "domains", domain);
  if (!isNew) return true;
  await reviewWidened(tx, adoptable, now);
  await recordNotices(tx, [{ type: "domain.proved", data: { domain } }], context, now);
  return true;
}

/** INVARIANT: who vouches is not asked twice: what the operator listed before it was ever proved by a record lapses by none. */
async function lapse(
  tx: TenantWriter,
  { domain, held, lapsedAt, claim }: TenantDomain,
  missingSince: Instant,
  context: Context,
  now: Instant,
): Promise<void> {
  if (!held || lapsedAt !== undefined || claim?.provedAt === undefined) return;
  if (secondsFrom(missingSince, LAPSE_SECONDS) > now) return;
  await tx.lapseDomain(domain, now);
  await recordNotices(tx, [{ type: "domain.lapsed", data: { domain, missingSince } }], context, now);
}

/** Puts off until tomorrow what is due of these, in the transaction that took it; who is still to be looked at. */
export async function putOffDomains(
  tx: TenantWriter,
  due: readonly string[],
  now: Instant,
): Promise<readonly string[]> {
  if (due.length === 0) return [];
  const known = new Set(
    (await tx.tenantDomains()).flatMap(({ domain, held, claim }) => (held && claim?.provedAt ? [domain] : [])),
  );
  const checked = due.filter((domain) => known.has(domain));
  for (const domain of checked) await tx.wakeAt(secondsFrom(now, CHECK_SECONDS), "domains", domain);
  return checked;
}

/** Looks again at domains that were proved. No transaction is open while the DNS is asked. */
export async function recheckDomains(p: Provisioning, tenant: TenantId, due: readonly string[]): Promise<void> {
  if (due.length === 0) return;
  const wanted = new Set(due);
  const domains = (await p.store.read(tenant).tenantDomains()).filter(({ domain, held }) => held && wanted.has(domain));
  const claimed = domains.filter(isClaimed);
  for (let from = 0; from < claimed.length; from += AT_ONCE) {
    const some = claimed.slice(from, from + AT_ONCE);
    await Promise.all(some.map(async (one) => take(p, tenant, one, await look(p, one), WORKER)));
  }
}

/**
 * Gives a domain up: whoever was linked by it stays. Refusals `not_found`, `forbidden` (what the operator vouches for is the operator's),
 * `conflict`: without its last domain, connections that name none of their own would take people of any.
 */
export async function removeDomain(
  p: Provisioning,
  tenant: Tenant,
  name: string,
  { operator, context }: { readonly operator: boolean; readonly context: Context },
): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const { domain, held, claim } = await domainNamed(tx, name);
    if (held && claim?.provedAt === undefined && !operator) {
      throw new Refusal("forbidden", `the operator vouches for ${quote(domain)}: only the operator takes it away`);
    }
    if (held) await requireBounds(tx, domain);
    await tx.removeDomain(domain);
    await recordNotices(tx, [{ type: "domain.removed", data: { domain } }], context, now);
  });
}

async function requireBounds(tx: TenantWriter, domain: string): Promise<void> {
  const { domains } = await tx.tenantNow();
  if (domains.some((one) => one !== domain)) return;
  const open = (await tx.connections()).filter(
    ({ protocol, allowedDomains, requireDomains }) =>
      protocol !== "local" && allowedDomains.length === 0 && !requireDomains,
  );
  if (open.length === 0) return;
  const named = open.map(({ slug }) => quote(slug)).join(", ");
  throw new Refusal(
    "conflict",
    `${quote(domain)} is the tenant's last domain, and ${named} would take people of any: set allowedDomains or requireDomains there first`,
  );
}
