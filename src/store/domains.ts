/** A tenant's domains: those that are its own, and those that it says are. */
import type { DomainReader, DomainWriter, TenantDomain } from "../provisioning/ports/domains.js";
import type { Scope } from "./scope.js";
import { insertion, one, sql } from "./sql.js";
import { given, toInstant, toInstantOrNull, toMillis, toMillisOrNull } from "./values.js";

interface DomainColumns {
  readonly domain: string;
  readonly held: number;
  readonly lapsed_at: number | null;
  readonly token: string | null;
  readonly created_at: number | null;
  readonly proved_at: number | null;
  readonly checked_at: number | null;
  readonly missing_since: number | null;
  readonly problem: string | null;
}

function domainOf(row: DomainColumns): TenantDomain {
  const { token, created_at: createdAt } = row;
  const claim =
    token === null || createdAt === null
      ? undefined
      : {
          token,
          createdAt: toInstant(createdAt),
          ...given("provedAt", toInstantOrNull(row.proved_at)),
          ...given("checkedAt", toInstantOrNull(row.checked_at)),
          ...given("missingSince", toInstantOrNull(row.missing_since)),
          ...given("problem", row.problem),
        };
  return {
    domain: row.domain,
    held: row.held === 1,
    ...given("lapsedAt", toInstantOrNull(row.lapsed_at)),
    ...(claim && { claim }),
  };
}

export function domainReader({ tenant, sql: db }: Scope): DomainReader {
  return {
    async tenantDomains() {
      const rows = await db.all<DomainColumns>(
        sql`select d.domain, 1 as held, d.lapsed_at, c.token, c.created_at, c.proved_at, c.checked_at, c.missing_since,
            c.problem
          from tenant_domains d left join domain_claims c on c.tenant_id = d.tenant_id and c.domain = d.domain
          where d.tenant_id = ${tenant}
          union all
          select c.domain, 0, null, c.token, c.created_at, c.proved_at, c.checked_at, c.missing_since, c.problem
          from domain_claims c where c.tenant_id = ${tenant} and not exists (select 1 from tenant_domains d
            where d.tenant_id = c.tenant_id and d.domain = c.domain)
          order by domain`,
      );
      return rows.map(domainOf);
    },
  };
}

export function domainWriter({ tenant, sql: db }: Scope): DomainWriter {
  return {
    async insertDomainClaim(domain, token, now) {
      const columns = { tenant_id: tenant, domain, token, created_at: toMillis(now) };
      await db.run(sql`${insertion("domain_claims", columns)} on conflict do nothing`);
    },
    async noteDomainCheck(domain, { at, missingSince, problem }) {
      await db.run(
        sql`update domain_claims set checked_at = ${toMillis(at)}, missing_since = ${toMillisOrNull(missingSince)},
            problem = ${problem ?? null} where tenant_id = ${tenant} and domain = ${domain}`,
      );
    },
    async holdDomain(domain, now) {
      await db.run(sql`${insertion("tenant_domains", { tenant_id: tenant, domain })} on conflict do nothing`);
      const held = await one<{ readonly domain: string }>(
        db,
        sql`update tenant_domains set lapsed_at = null where tenant_id = ${tenant} and domain = ${domain}
          returning domain`,
      );
      if (held === undefined) return false;
      await db.run(
        sql`update domain_claims set proved_at = coalesce(proved_at, ${toMillis(now)})
          where tenant_id = ${tenant} and domain = ${domain}`,
      );
      return true;
    },
    async lapseDomain(domain, now) {
      await db.run(
        sql`update tenant_domains set lapsed_at = ${toMillis(now)} where tenant_id = ${tenant} and domain = ${domain}`,
      );
    },
    async removeDomain(domain) {
      await db.run(sql`delete from domain_claims where tenant_id = ${tenant} and domain = ${domain}`);
      await db.run(sql`delete from tenant_domains where tenant_id = ${tenant} and domain = ${domain}`);
    },
  };
}
