/** Opens the database that a URL names: everything the service remembers is behind the `Store` that this gives. */
import type { TenantId } from "../model/ids.js";
import type { Store, TenantReader } from "../provisioning/ports/store.js";
import { coalesced } from "./coalesced-reads.js";
import type { Database } from "./database.js";
import { createGathering } from "./gathering.js";
import { instanceStore } from "./instance.js";
import { checkMigrated } from "./migrate.js";
import { createIds } from "./new-id.js";
import { openPostgres } from "./postgres.js";
import type { Scope } from "./scope.js";
import type { Sql } from "./sql.js";
import { openSqlite } from "./sqlite.js";
import { tenantReader, tenantWriter } from "./tenant-handle.js";

const SQLITE_URL = /^sqlite:(?<path>.+)$/s;
const POSTGRES_URL = /^postgres(?:ql)?:\/\//;

async function openDatabase(url: string): Promise<Database> {
  const path = SQLITE_URL.exec(url)?.groups?.["path"];
  if (path !== undefined) return openSqlite(path);
  if (POSTGRES_URL.test(url)) return openPostgres(url);
  const scheme = url.includes(":") ? url.slice(0, url.indexOf(":") + 1) : url;
  throw new Error(
    `the database URL begins with \`${scheme}\`: use \`sqlite:./path\`, \`sqlite::memory:\` or \`postgres://...\``,
  );
}

/** `sqlite:./path`, `sqlite::memory:` or `postgres://...`. The schema is brought up to date by `migrate`, not by this. */
export async function openStore(url: string, options: { readonly newId?: () => string } = {}): Promise<Store> {
  const database = await openDatabase(url);
  const newId = options.newId ?? createIds();
  const scope = (tenant: TenantId, sql: Sql) => ({ tenant, sql, dialect: database.dialect, newId });
  const gathering = createGathering();
  const readerOf = (of: Scope) => coalesced(tenantReader(of), of, gathering);
  const readers = new Map<TenantId, TenantReader>();
  return {
    instance: instanceStore(database, newId, gathering),
    newId,
    read(tenant) {
      const known = readers.get(tenant) ?? readerOf(scope(tenant, database.reader));
      readers.set(tenant, known);
      return known;
    },
    walk: (tenant) => tenantReader(scope(tenant, database.walker)),
    write: (tenant, work) => database.transaction((sql) => work(tenantWriter(scope(tenant, sql)))),
    check: () => checkMigrated(database),
    migrate: () => database.migrate(),
    close: () => database.close(),
  };
}
