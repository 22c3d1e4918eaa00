import type { Connection, OidcSettings, Tenant } from "../model/connection.js";
import type { AdminDeps } from "./deps.js";

/** A connection as the API answers it; the client secret is no part of it anywhere. */
export function connectionView(
  { publicUrl, saml }: Pick<AdminDeps, "publicUrl" | "saml">,
  tenant: Pick<Tenant, "slug">,
  connection: Connection,
) {
  const { slug, protocol, jit, sync, groups, profile, priority, mayGrantOwner } = connection;
  const {
    allowedDomains,
    requireDomains,
    absentGroups,
    groupAttribute = null,
    groupSeparator = null,
    rolesFrom,
    manages,
    adopt,
    linkAcross,
    settleSeconds,
    createdAt,
  } = connection;
  const base = `${publicUrl}/sso/${tenant.slug}/${slug}`;
  return {
    ...{ slug, protocol, jit, sync, groups, profile, priority, mayGrantOwner },
    ...{
      allowedDomains,
      requireDomains,
      absentGroups,
      groupAttribute,
      groupSeparator,
      rolesFrom,
      manages,
      adopt,
      linkAcross,
      settleSeconds,
      createdAt,
    },
    ...(connection.oidc && {
      ...providerView(connection.oidc),
      oidc: clientView(base, publicUrl, tenant.slug, connection.oidc),
    }),
    ...(connection.saml && { saml: serviceProviderView(base), idp: saml.idpView(connection.saml) }),
    ...(protocol === "local" ? {} : { scim: { baseUrl: `${publicUrl}/api/scim/v2` } }),
  };
}

function providerView(settings: OidcSettings) {
  const { issuer, clientId, clientAuthMethod = null, idTokenAlg = null, scopes, singleLogout = true } = settings;
  return { issuer, clientId, clientAuthMethod, idTokenAlg, scopes, singleLogout };
}

/** What an OpenID provider has to be told. */
function clientView(base: string, publicUrl: string, tenant: string, { clientAuthMethod }: OidcSettings) {
  return {
    redirectUri: `${base}/callback`,
    loginUrl: `${base}/login`,
    postLogoutRedirectUri: `${publicUrl}/sso/${tenant}`,
    backchannelLogoutUri: `${base}/backchannel-logout`,
    jwksUri: clientAuthMethod === "private_key_jwt" ? `${base}/jwks` : null,
  };
}

/** What a SAML identity provider has to be told; our name is the address of our metadata. */
function serviceProviderView(base: string) {
  const metadataUrl = `${base}/metadata`;
  return {
    entityId: metadataUrl,
    acsUrl: `${base}/acs`,
    metadataUrl,
    loginUrl: `${base}/login`,
    sloUrl: `${base}/slo`,
  };
}
