/** Resources of the operator's own types: kept, found and given back, and nothing is made of them. */
import type { CustomResourceId } from "../model/ids.js";
import type { JsonObject } from "../model/json.js";
import { versionConflict } from "../model/version-conflict.js";
import type {
  CustomResourceReader,
  CustomResourceRow,
  CustomResourceWriter,
} from "../provisioning/ports/custom-resources.js";
import { atVersion, type ResourceColumns, writtenOf } from "./directory-rows.js";
import type { Scope } from "./scope.js";
import { assignments, insertion, one, sql, verbatim } from "./sql.js";
import { claimUnique, freeUnique, replaceUnique } from "./unique-values.js";
import { fromJson, toJson, toMillis } from "./values.js";

/** Columns of `custom_resources x`. */
export const CUSTOM_COLUMNS = verbatim("x.id, x.resource, x.version, x.created_at, x.modified_at");
const WRITTEN = verbatim("id, version, created_at, modified_at");
type WrittenColumns = Parameters<typeof writtenOf>[0];

export function customResourceOf(row: ResourceColumns): CustomResourceRow {
  return { ...writtenOf<CustomResourceId>(row), resource: fromJson<JsonObject>(row.resource) };
}

export function customResourceReader({ tenant, sql: db }: Scope): Pick<CustomResourceReader, "customResource"> {
  return {
    async customResource(connection, type, id) {
      const row = await one<ResourceColumns>(
        db,
        sql`select ${CUSTOM_COLUMNS} from custom_resources x
          where x.tenant_id = ${tenant} and x.id = ${id} and x.connection_id = ${connection} and x.type = ${type}`,
      );
      return row && customResourceOf(row);
    },
  };
}

export function customResourceWriter(scope: Scope): CustomResourceWriter {
  const { tenant, sql: db, newId } = scope;
  return {
    async insertCustomResource(connection, type, { resource, search, unique }, now, id = newId() as CustomResourceId) {
      const at = toMillis(now);
      const columns = {
        ...{ tenant_id: tenant, id, connection_id: connection, type },
        ...{ resource: toJson(resource), search: toJson(search), version: 1, created_at: at, modified_at: at },
      };
      await db.run(insertion("custom_resources", columns));
      if (unique !== undefined) await claimUnique(scope, connection, columns.id, unique);
      return writtenOf(columns);
    },
    async updateCustomResource(connection, type, { id, ifVersion }, { resource, search, unique }, now) {
      const columns = { resource: toJson(resource), search: toJson(search), modified_at: toMillis(now) };
      const written = await one<WrittenColumns>(
        db,
        sql`update custom_resources set ${assignments(columns)}, version = version + 1
          where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection} and type = ${type}
            ${atVersion(ifVersion)} returning ${WRITTEN}`,
      );
      if (written === undefined) {
        throw versionConflict("resource", id);
      }
      if (unique !== undefined) await replaceUnique(scope, connection, id, unique);
      return writtenOf(written);
    },
    async deleteCustomResource(connection, type, { id, ifVersion }) {
      const deleted = await db.run(
        sql`delete from custom_resources where tenant_id = ${tenant} and id = ${id} and connection_id = ${connection}
          and type = ${type} ${atVersion(ifVersion)}`,
      );
      if (deleted > 0) await freeUnique(scope, id);
      return deleted > 0;
    },
  };
}
