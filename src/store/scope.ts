import type { TenantId } from "../model/ids.js";
import type { Dialect } from "./dialect.js";
import type { Sql } from "./sql.js";

/** What each part of a tenant's handle works with. INVARIANT: every statement made from it names `tenant`. */
export interface Scope {
  readonly tenant: TenantId;
  readonly sql: Sql;
  readonly dialect: Dialect;
  /** A new id; ids sort in the order of their making. */
  readonly newId: () => string;
}
