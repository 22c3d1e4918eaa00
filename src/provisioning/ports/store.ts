/**
 * What provisioning asks of a database, split by reader. `store/` implements all of it, on SQLite and on PostgreSQL,
 * and one conformance suite holds both to it. INVARIANT: a tenant's handle reaches only that tenant's rows.
 */
import type { TenantId } from "../../model/ids.js";
import type { AccessReader, AccessWriter } from "./access.js";
import type { AcrossReader, AcrossWriter } from "./across.js";
import type { AdoptionWriter } from "./adoption.js";
import type { ConnectionKeyReader, ConnectionKeyWriter } from "./connection-keys.js";
import type { ConnectionReader, ConnectionWriter } from "./connections.js";
import type { CustomResourceReader, CustomResourceWriter } from "./custom-resources.js";
import type { DirectoryReader } from "./directory.js";
import type { DirectoryWriter } from "./directory-writer.js";
import type { DomainReader, DomainWriter } from "./domains.js";
import type { ErasureReader, ErasureWriter } from "./erasure.js";
import type { GroupListReader } from "./group-list.js";
import type { InstanceStore } from "./instance.js";
import type { JournalReader, JournalWriter } from "./journal.js";
import type { KeepOutReader, KeepOutWriter } from "./kept-out.js";
import type { LintReader } from "./lint.js";
import type { MappingReader, MappingWriter } from "./mappings.js";
import type { MetadataStateReader, MetadataStateWriter } from "./metadata.js";
import type { NamedPushedWriter } from "./named-pushed.js";
import type { PinReader, PinWriter } from "./pins.js";
import type { RequestLogReader, RequestLogWriter } from "./requests.js";
import type { ReviewItemReader, ReviewItemWriter } from "./review-items.js";
import type { RunReader, RunWriter } from "./runs.js";
import type { ServiceAccountReader, ServiceAccountWriter } from "./service-accounts.js";
import type { SignInReader, SignInWriter } from "./sign-ins.js";
import type { SignedInReader, SignedInWriter } from "./signed-in.js";

/** Everything that can be read of one tenant. INVARIANT: it belongs to that tenant and cannot leave it. */
export interface TenantReader
  extends ConnectionReader,
    DomainReader,
    ConnectionKeyReader,
    MetadataStateReader,
    DirectoryReader,
    SignedInReader,
    KeepOutReader,
    AcrossReader,
    CustomResourceReader,
    AccessReader,
    MappingReader,
    LintReader,
    RunReader,
    SignInReader,
    RequestLogReader,
    PinReader,
    GroupListReader,
    ReviewItemReader,
    JournalReader,
    ErasureReader,
    ServiceAccountReader {
  readonly tenant: TenantId;
}

/** The same inside one transaction, with everything that can be written. */
export interface TenantWriter
  extends TenantReader,
    ConnectionWriter,
    DomainWriter,
    ConnectionKeyWriter,
    MetadataStateWriter,
    DirectoryWriter,
    SignedInWriter,
    KeepOutWriter,
    NamedPushedWriter,
    CustomResourceWriter,
    AccessWriter,
    MappingWriter,
    RunWriter,
    SignInWriter,
    RequestLogWriter,
    PinWriter,
    AdoptionWriter,
    AcrossWriter,
    ReviewItemWriter,
    JournalWriter,
    ErasureWriter,
    ServiceAccountWriter {}

/** The database as use cases see it. */
export interface Store {
  /** Rows above tenants, and look-ups that find the tenant. */
  readonly instance: InstanceStore;
  /** A fresh id: opaque to everybody, and later ids sort behind earlier ones. */
  newId(): string;
  /** Reads outside a transaction; on SQLite files on a connection of their own. */
  read(tenant: TenantId): TenantReader;
  /** The same for walks over everybody: on SQLite files on another connection again, so that nobody waits behind them. */
  walk(tenant: TenantId): TenantReader;
  /**
   * One transaction. INVARIANT: `work` awaits nothing but this writer's calls: on SQLite one connection is the whole pool.
   * Calls that are made without awaiting one another have no order: only those that do not hang on one another may be.
   * The writer is dead when `work` has ended. What `work` throws rolls everything back and is thrown again.
   * Serialization failures and deadlocks of PostgreSQL are retried by calling `work` anew, so it must have no other effects.
   */
  write<T>(tenant: TenantId, work: (tx: TenantWriter) => Promise<T>): Promise<T>;
  /** Throws unless the database answers and is migrated. */
  check(): Promise<void>;
  /** Brings the schema up to date; names of the migrations that ran. */
  migrate(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A page of a keyset-paged list. `next` is the cursor of the following page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** `after` is a cursor from an earlier page; `limit` is 1 to 1000. */
export interface PageQuery {
  readonly after?: string;
  readonly limit: number;
}
