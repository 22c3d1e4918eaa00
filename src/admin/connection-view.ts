import type { Connection, OidcSettings, Tenant } from "../model/connection.js";

/** A connection as the API answers it; the client secret is no part of it anywhere. */
export function connectionView(publicUrl: string, tenant: Pick<Tenant, "slug">, connection: Connection) {
  const { slug, protocol, jit, sync, groups, profile, priority, mayGrantOwner } = connection;
  const { allowedDomains, requireDomains, absentGroups, groupAttribute = null, settleSeconds, createdAt } = connection;
  return {
    ...{ slug, protocol, jit, sync, groups, profile, priority, mayGrantOwner },
    ...{ allowedDomains, requireDomains, absentGroups, groupAttribute, settleSeconds, createdAt },
    ...(connection.oidc && oidcView(publicUrl, tenant.slug, slug, connection.oidc)),
    ...(protocol === "local" ? {} : { scim: { baseUrl: `${publicUrl}/api/scim/v2` } }),
  };
}

function oidcView(publicUrl: string, tenant: string, slug: string, settings: OidcSettings) {
  const { issuer, clientId, clientAuthMethod = null, scopes } = settings;
  const base = `${publicUrl}/sso/${tenant}/${slug}`;
  return {
    ...{ issuer, clientId, clientAuthMethod, scopes },
    oidc: {
      redirectUri: `${base}/callback`,
      loginUrl: `${base}/login`,
      postLogoutRedirectUri: `${publicUrl}/sso/${tenant}`,
      backchannelLogoutUri: `${base}/backchannel-logout`,
    },
  };
}
