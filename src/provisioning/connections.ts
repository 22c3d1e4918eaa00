/** Connections: making, changing and ending a tenant's trust in a source. */
import { compileMapping } from "../engine/compile/compile.js";
import type { Connection, JitMode, OnDisable, SyncMode, Tenant } from "../model/connection.js";
import { domainForm } from "../model/domain-form.js";
import type { Instant, RunId } from "../model/ids.js";
import { type Problem, Refusal } from "../model/problem.js";
import { auditEntry, type Context, type Provisioning } from "./deps.js";
import { mappingContext } from "./mapping/compiled-mappings.js";
import { forgetRefresh } from "./metadata-refresh.js";
import { adoptableByEach, reviewWidened } from "./namesakes.js";
import { refuseAnotherIssuer } from "./oidc-provider.js";
import type { ConnectionChange, NewConnection } from "./ports/connections.js";
import type { TenantReader } from "./ports/store.js";
import { refuseAnotherProvider, trustChange } from "./saml-trust.js";
import { wakeWhenSettled } from "./settle.js";
import { goLive, turnSyncOff } from "./sync-mode.js";

export type ConnectionInput = Pick<NewConnection, "slug" | "protocol"> &
  Partial<Omit<NewConnection, "slug" | "protocol" | "secret" | "syncChosen" | "groupsUnmanagedSince">> & {
    /** In clear; encrypted here, never stored or answered as it is. */
    readonly clientSecret?: string;
  };

const SETTLE_SECONDS = 3600;

/**
 * Makes a connection. The first one besides `local` may grant ownership unless the input says otherwise; any other must be
 * told so. Refusals: `slug_taken`, `bad_request` (`jit` where nobody signs in), `invalid_document` (the active mapping would not fit any more).
 */
export async function createConnection(
  p: Provisioning,
  tenant: Tenant,
  input: ConnectionInput,
  context: Context,
): Promise<Connection> {
  const now = p.now();
  refuseJitAlone(input.protocol, input.jit);
  return p.store.write(tenant.id, async (tx) => {
    // INVARIANT: two first connections made at once are not both the first.
    await tx.lockTenant();
    const existing = await tx.connections();
    const row = newConnection(p, tenant, input, existing);
    await refuseUnfitMapping(p, tx, [...existing, row]);
    const connection = await tx.insertConnection(row, now);
    // What the active mapping names is pinned here too.
    await tx.wakeAt(now, "pins", "mapping");
    const detail = {
      slug: connection.slug,
      protocol: connection.protocol,
      sync: connection.sync,
      mayGrantOwner: connection.mayGrantOwner,
      ...(connection.saml && { saml: trustChange(undefined, connection.saml) }),
    };
    await tx.appendAudit([auditEntry(context, now, "connection.created", detail)]);
    await forgetRefresh(p, tx, undefined, connection, now);
    return connection;
  });
}

/** Provisioning at sign-in needs a door to sign in by. */
function refuseJitAlone(protocol: Connection["protocol"], jit: JitMode | undefined): void {
  if (protocol !== "scim" || jit === undefined || jit === "off") return;
  throw new Refusal(
    "bad_request",
    "nobody signs in by a connection of the protocol `scim`: leave `jit` out, or make the connection `saml` or `oidc`",
  );
}

function newConnection(
  p: Provisioning,
  tenant: Tenant,
  { clientSecret, ...input }: ConnectionInput,
  existing: readonly Connection[],
): NewConnection {
  const manages = input.manages ?? ["users", "groups", "serviceAccounts"];
  return {
    ...input,
    jit: input.jit ?? (input.protocol === "scim" ? "off" : "every_sign_in"),
    sync: input.sync ?? "off",
    syncChosen: input.sync !== undefined,
    groups: input.groups ?? "auto",
    profile: input.profile ?? "rfc",
    mayGrantOwner: input.mayGrantOwner ?? existing.every((connection) => connection.protocol === "local"),
    allowedDomains: (input.allowedDomains ?? []).map(domainForm),
    requireDomains: input.requireDomains ?? false,
    absentGroups: input.absentGroups ?? "unknown",
    rolesFrom: input.rolesFrom ?? ["users", "groups", "serviceAccounts"],
    manages,
    ...(manages.includes("groups") ? {} : { groupsUnmanagedSince: p.now() }),
    adopt: input.adopt ?? "verified_domain",
    linkAcross: input.linkAcross ?? "verified_email",
    settleSeconds: input.settleSeconds ?? SETTLE_SECONDS,
    ...(clientSecret === undefined ? {} : { secret: p.secrets.encrypt(clientSecret, secretContext(tenant)) }),
  };
}

/** What a secret of the tenant is bound to when it is encrypted. */
export function secretContext(tenant: Pick<Tenant, "id">): string {
  return `${tenant.id}:connection-secret`;
}

export type ConnectionPatch = Omit<
  ConnectionChange,
  "sync" | "syncChosen" | "secret" | "disabledAt" | "firstGroupPushAt" | "groupsUnmanagedSince"
> & {
  readonly sync?: SyncMode;
  readonly clientSecret?: string;
  readonly onDisable?: OnDisable;
  readonly digest?: string;
  /** The connection's version that the change was worked out from: nothing is put back that somebody changed meanwhile. */
  readonly ifVersion?: number;
};

/**
 * Changes a connection; everybody linked there is looked at again. Moving `sync` to live or off goes by its plan, alone.
 * Refusals: `not_found`, `read_only` (local), `digest_required`, `plan_changed`, `on_disable_required`, `invalid_document`,
 * `bad_request` (a move of `sync` together with other settings; `jit` where nobody signs in), `conflict` (another version; another identity provider).
 */
export async function updateConnection(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  patch: ConnectionPatch,
  context: Context,
): Promise<{ readonly connection: Connection; readonly run?: RunId }> {
  const reader = p.store.read(tenant.id);
  const before = await editable(reader, slug);
  const { sync, clientSecret, onDisable, digest, ifVersion, ...settings } = patch;
  refuseJitAlone(before.protocol, settings.jit);
  const change: ConnectionChange = {
    ...settings,
    ...(settings.allowedDomains && { allowedDomains: settings.allowedDomains.map(domainForm) }),
    ...(clientSecret === undefined ? {} : { secret: p.secrets.encrypt(clientSecret, secretContext(tenant)) }),
    ...(sync === "test" && before.sync === "off" && { sync, syncChosen: true }),
  };
  if (sync === "test" && before.sync === "live") {
    throw new Refusal("conflict", "sync is live: switch it off first (`onDisable`), then to test");
  }
  // INVARIANT: all or nothing. A move by a plan can be refused, and must not leave half of a change behind.
  const byPlan = sync !== undefined && sync !== "test" && sync !== before.sync;
  if (byPlan && Object.keys(change).length > 0) {
    throw new Refusal("bad_request", "`sync` moves by a plan: change it in a request of its own");
  }
  if (Object.keys(change).length > 0) await applyChange(p, tenant, slug, { change, ifVersion }, context);
  const run = await switchSync(p, tenant, before, { sync, onDisable, digest }, context);
  const connection = await editable(reader, slug);
  return run === undefined ? { connection } : { connection, run };
}

async function applyChange(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  { change, ifVersion }: { readonly change: ConnectionChange; readonly ifVersion: number | undefined },
  context: Context,
): Promise<void> {
  const now = p.now();
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const before = await editable(tx, slug);
    if (ifVersion !== undefined && ifVersion !== before.version) {
      throw new Refusal("conflict", `connection \`${slug}\` was changed meanwhile: look at it, then say it again`);
    }
    if (change.saml) refuseAnotherProvider(before.saml, change.saml);
    if (change.oidc) await refuseAnotherIssuer(tx, before, change.oidc);
    const all = (await tx.connections()).map((one) =>
      one.id === before.id ? { ...one, mayGrantOwner: change.mayGrantOwner ?? one.mayGrantOwner } : one,
    );
    await refuseUnfitMapping(p, tx, all);
    const connection = await tx.updateConnection(before.id, { ...change, ...managedGroups(before, change, now) }, now);
    if (change.adopt || change.allowedDomains) await reviewWidened(tx, adoptableByEach(tenant, all), now);
    const { groupsUnmanagedSince: since } = before;
    if (since !== undefined && connection.groupsUnmanagedSince === undefined)
      await tx.unconfirmGroups(before.id, since);
    for (const { id } of all.filter((one) => one.id === before.id || isAnotherOwners(one, before, connection))) {
      await tx.markConnection(id, "connection", now);
    }
    // Whatever is settling has settled by then, by the new time.
    if (change.settleSeconds !== undefined) await wakeWhenSettled(tx, connection, now);
    const saml = change.saml && { saml: trustChange(before.saml, change.saml) };
    const detail = { slug, keys: Object.keys(change), ...saml };
    await tx.appendAudit([auditEntry(context, now, "connection.updated", detail)]);
    if (isOfTrust(change)) await tx.appendEvents([{ type: "connection.trust_changed", data: detail }], now);
    await forgetRefresh(p, tx, before, connection, now);
  });
  p.wake();
}

/** Keys, issuer and domains decide who can come in as whom: owners hear of each change. */
function isOfTrust({
  saml,
  oidc,
  allowedDomains,
  requireDomains,
  mayGrantOwner,
  linkAcross,
}: ConnectionChange): boolean {
  return [saml, oidc, allowedDomains, requireDomains, mayGrantOwner, linkAcross].some((one) => one !== undefined);
}

/** What was said of groups goes on from when they stopped being managed; once they are again, each by itself, until it is confirmed. */
function managedGroups(
  { groupsUnmanagedSince }: Connection,
  { manages }: ConnectionChange,
  now: Instant,
): Pick<ConnectionChange, "groupsUnmanagedSince"> {
  if (manages === undefined) return {};
  return { groupsUnmanagedSince: manages.includes("groups") ? null : (groupsUnmanagedSince ?? now) };
}

/** Where rules for owners may mean something else now: which connections there are beside one decides whether it is meant. */
function isAnotherOwners(one: Connection, before: Connection, after: Connection): boolean {
  return before.mayGrantOwner !== after.mayGrantOwner && one.mayGrantOwner;
}

async function switchSync(
  p: Provisioning,
  tenant: Tenant,
  before: Connection,
  {
    sync,
    onDisable,
    digest,
  }: { sync: SyncMode | undefined; onDisable: OnDisable | undefined; digest: string | undefined },
  context: Context,
): Promise<RunId | undefined> {
  if (sync === "live" && before.sync !== "live") return (await goLive(p, tenant, before.slug, digest, context)).run;
  if (sync !== "off" || before.sync === "off") return undefined;
  const options = { ...(onDisable && { onDisable }), ...(digest !== undefined && { digest }) };
  return (await turnSyncOff(p, tenant, before, options, context)).run;
}

/** Ends a connection: its links count no more. Refusals as for switching sync off. */
export async function deleteConnection(
  p: Provisioning,
  tenant: Tenant,
  slug: string,
  options: { readonly onDisable?: OnDisable; readonly digest?: string },
  context: Context,
): Promise<{ readonly run?: RunId }> {
  const connection = await editable(p.store.read(tenant.id), slug);
  return turnSyncOff(p, tenant, connection, { ...options, disable: true }, context);
}

async function editable(reader: TenantReader, slug: string): Promise<Connection> {
  const connection = await reader.connectionBySlug(slug);
  if (!connection || connection.disabledAt !== undefined) throw new Refusal("not_found", `no connection \`${slug}\``);
  if (connection.protocol === "local")
    throw new Refusal("read_only", "the built-in connection `local` has no settings");
  return connection;
}

const OF_OWNERS: ReadonlySet<string> = new Set(["ambiguous_connection", "owner_connection"]);

/**
 * What the active mapping says of owners that counts for nobody, by the present settings of connections. Rules that became
 * ambiguous so neither give nor take, and the next save is refused until they name their connections.
 */
export async function ownerWarnings(p: Provisioning, tenant: Tenant): Promise<readonly Problem[]> {
  const reader = p.store.read(tenant.id);
  const active = await reader.activeMapping();
  const parsed = active && p.parseMapping(active.text);
  if (!active || !parsed?.ok) return [];
  const connections = mappingContext(await reader.connections());
  const { warnings } = compileMapping(parsed.document, { connections, version: active.version, stored: true });
  return warnings.filter(({ code }) => OF_OWNERS.has(code));
}

/** The active mapping must go on being one that compiles. */
async function refuseUnfitMapping(
  p: Provisioning,
  reader: TenantReader,
  connections: readonly Pick<Connection, "slug" | "protocol" | "mayGrantOwner">[],
): Promise<void> {
  const active = await reader.activeMapping();
  const parsed = active && p.parseMapping(active.text);
  if (!active || !parsed?.ok) return;
  const compiled = compileMapping(parsed.document, {
    connections: mappingContext(connections),
    version: active.version,
    stored: true,
  });
  if (!compiled.ok) {
    throw new Refusal(
      "invalid_document",
      "with this the active mapping would be ambiguous: name `connections` in its rules first",
      {
        problems: compiled.problems,
      },
    );
  }
}
