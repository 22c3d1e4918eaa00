/** What connections may take over of the people and groups that were made by hand, as conditions. */
import type { Adoptable } from "../provisioning/ports/adoption.js";
import type { Scope } from "./scope.js";
import { domainSpellings } from "./spellings.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";

/** The tenant's built-in connection. */
export function localConnection({ tenant }: Pick<Scope, "tenant">): Fragment {
  return sql`(select id from connections where tenant_id = ${tenant} and protocol = 'local')`;
}

/**
 * Of `directory_users u`: what the connection may take over of the people made by hand. INVARIANT: nobody whose userName is a
 * pushed person's: a look-up by userName finds one at most.
 */
export function adoptableUser(scope: Scope, adoptable: Adoptable): Fragment {
  return sql`${localUser(scope, adoptable, sql`a.status = 'registered'`)} and not ${hasNamesake(adoptable)}`;
}

/** Of `directory_users u`: whether somebody pushed has the userName. */
export function hasNamesake({ connection }: Adoptable): Fragment {
  return sql`exists (select 1 from directory_users o where o.tenant_id = u.tenant_id and o.connection_id = ${connection}
    and o.user_name_folded = u.user_name_folded and o.deleted_at is null and o.scim_resource is not null)`;
}

/** Of `directory_users u`: people made by hand whose e-mail is of the domains, by a condition on their account `a`. */
export function localUser(scope: Scope, { domains }: Pick<Adoptable, "domains">, condition: Fragment): Fragment {
  const email = verbatim("a.email_folded");
  const ofDomain = domains.flatMap(domainSpellings).map((domain) => scope.dialect.test(email, "ew", `@${domain}`));
  return shownUser(scope, sql`${condition} and (${join(ofDomain, " or ")})`);
}

/** The same whatever their e-mail. */
export function shownUser({ tenant }: Pick<Scope, "tenant">, condition: Fragment): Fragment {
  return sql`u.tenant_id = ${tenant} and u.connection_id = ${localConnection({ tenant })}
    and u.deleted_at is null and u.scim_resource is not null and exists (select 1 from identity_links l
      join users a on a.tenant_id = l.tenant_id and a.id = l.user_id and ${condition}
      where l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null)`;
}

/** Of `directory_groups g`: groups made by hand that no connection has taken over. */
export function adoptableGroup({ tenant }: Pick<Scope, "tenant">): Fragment {
  return sql`g.tenant_id = ${tenant} and g.connection_id = ${localConnection({ tenant })}
    and g.deleted_at is null and g.overwritten_by is null`;
}
