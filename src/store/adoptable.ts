/** What connections may take over of the people and groups that were made by hand, as conditions. */
import type { Adoptable } from "../provisioning/ports/adoption.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";

/** The tenant's built-in connection. */
export function localConnection({ tenant }: Pick<Scope, "tenant">): Fragment {
  return sql`(select id from connections where tenant_id = ${tenant} and protocol = 'local')`;
}

/** Of `directory_users u`: what the connection may take over of the people made by hand. */
export function adoptableUser({ tenant, dialect }: Scope, { domains }: Adoptable): Fragment {
  const email = verbatim("a.email_folded");
  const ofDomain = domains.map((domain) => dialect.test(email, "ew", `@${domain}`));
  return sql`u.tenant_id = ${tenant} and u.connection_id = ${localConnection({ tenant })}
    and u.deleted_at is null and u.scim_resource is not null and exists (select 1 from identity_links l
      join users a on a.tenant_id = l.tenant_id and a.id = l.user_id and a.status = 'registered'
      where l.tenant_id = u.tenant_id and l.directory_user_id = u.id and l.ended_at is null
        and (${join(ofDomain, " or ")}))`;
}

/** Of `directory_groups g`: groups made by hand that no connection has taken over. */
export function adoptableGroup({ tenant }: Pick<Scope, "tenant">): Fragment {
  return sql`g.tenant_id = ${tenant} and g.connection_id = ${localConnection({ tenant })}
    and g.deleted_at is null and g.overwritten_by is null`;
}
