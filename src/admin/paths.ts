export const PREFIX = "/api/v1";
export const TENANTS = `${PREFIX}/tenants`;
export const TENANT = `${TENANTS}/:tenant`;
export const CONNECTIONS = `${TENANT}/connections`;
export const CONNECTION = `${CONNECTIONS}/:connection`;
export const USERS = `${TENANT}/users`;
export const USER = `${USERS}/:user`;
export const SERVICE_ACCOUNTS = `${TENANT}/service-accounts`;
export const SERVICE_ACCOUNT = `${SERVICE_ACCOUNTS}/:account`;
export const RUNS = `${TENANT}/runs`;
export const RUN = `${RUNS}/:run`;

/** The address of something that was just made, for the `Location` header. */
export function pathOf(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}
