import type { Connection, Tenant } from "../model/connection.js";
import type { Instant, UserId } from "../model/ids.js";
import { Refusal } from "../model/problem.js";
import { quote } from "../model/quote.js";
import { foreignDomain } from "./admit.js";
import { type AdoptionNotice, adoptPerson } from "./adopt.js";
import type { Context, Provisioning } from "./deps.js";
import { type JoinNotice, joinSignedIn } from "./join-signed-in.js";
import { localConnection, profileOf } from "./local-users.js";
import { recordNotices } from "./notices.js";
import type { LinkRow } from "./ports/access.js";
import type { TenantWriter } from "./ports/store.js";
import { reconcilePeople } from "./reconcile.js";
import { isGoodToken } from "./tokens.js";

/**
 * Hands a person made by hand to a connection, by an admin's word: owners too, and without a proved domain. Refusals: `not_found`,
 * `conflict` (nobody keeps the person by hand any more, or the connection has no SCIM client that could let them go again),
 * `foreign_domain`, `uniqueness`.
 */
export async function adoptByHand(
  p: Provisioning,
  tenant: Tenant,
  user: UserId,
  slug: string,
  context: Context,
): Promise<void> {
  const now = p.now();
  const touched = new Set([user]);
  await p.store.write(tenant.id, async (tx) => {
    await tx.lockTenant();
    const [state] = await tx.lockPeople([user]);
    if (!state || state.status === "pending") throw new Refusal("not_found", `no user \`${user}\``);
    const connection = await tx.connectionBySlug(slug);
    if (!connection || connection.disabledAt !== undefined || connection.protocol === "local") {
      throw new Refusal("not_found", `no connection \`${slug}\` that could keep people`);
    }
    await admitClient(tx, tenant, connection, now);
    const local = await localConnection(tx);
    const links = await tx.links([user]);
    const link = links.find((one) => one.connection === local.id);
    const row = link && (await tx.rowById(local.id, link.directoryUser));
    const isKept = keepsAlready(await tx.connections(), connection);
    if (!row?.claims || state.status !== "registered" || links.some(isKept)) {
      throw new Refusal("conflict", `user \`${state.userName}\` is not a registered person kept by hand alone`);
    }
    const document = p.documents.person(profileOf(row.claims));
    admitByHand(connection, [document.email, document.userName]);
    const notices: (AdoptionNotice | JoinNotice)[] = [await adoptPerson(tx, connection, row, now)];
    // every name is new to this connection
    await joinSignedIn({ tx, connection, now, touched, notices }, { ...row, userName: "", scimActive: true }, document);
    await tx.updateScim(connection.id, row.id, document, undefined, now);
    await recordNotices(tx, notices, context, now);
    await tx.markDirty([...touched], "facts", now);
  });
  await reconcilePeople(p, tenant.id, [...touched], { context });
}

/** The admin's word stands for a proved domain, and not for one that the connection itself is kept from. */
function admitByHand({ slug, allowedDomains }: Connection, addresses: readonly (string | undefined)[]): void {
  if (allowedDomains.length === 0) return;
  const foreign = foreignDomain(allowedDomains, addresses);
  if (foreign === undefined) return;
  const problem = `connection \`${slug}\` allows no addresses of ${quote(foreign)}`;
  throw new Refusal("foreign_domain", `${problem}: add the domain to its \`allowedDomains\` first`);
}

/** INVARIANT: nobody is handed to a connection whose client cannot write to them: nobody but that client could let them go again. */
async function admitClient(tx: TenantWriter, tenant: Tenant, connection: Connection, now: Instant): Promise<void> {
  const { id, slug, manages, sync } = connection;
  if (sync === "off") {
    throw new Refusal(
      "conflict",
      `no client writes to connection \`${slug}\` while its sync is off: switch it on first`,
    );
  }
  if (!tenant.scim) throw new Refusal("conflict", "SCIM is not part of this tenant's plan: no client keeps anybody");
  if (!manages.includes("users")) {
    throw new Refusal("conflict", `connection \`${slug}\` keeps no users: add \`users\` to its \`manages\` first`);
  }
  for (const token of await tx.tokens(id)) if (await isGoodToken(tx, token, now)) return;
  throw new Refusal("conflict", `connection \`${slug}\` has no SCIM client: make a token for it first`);
}

/** Whether a link is one that pushes keep: at a live connection, or at the one that shall take the person over, whatever its state. */
function keepsAlready(connections: readonly Connection[], taking: Connection): (link: LinkRow) => boolean {
  const live = connections.filter(({ sync, disabledAt }) => sync === "live" && disabledAt === undefined);
  const keepers = new Set([...live, taking].map(({ id }) => id));
  return ({ connection, scim, deleted }) => keepers.has(connection) && scim !== undefined && !deleted;
}
