/** The one importer of knex: connections, pools and the migrator come from here. */
import knexModule, { type Knex } from "knex";

export type { Knex };

/** knex is CommonJS: its named export is found at run time only through the default one. */
export const knex = knexModule.knex;

/** knex says on the console what it throws as well; the service's log hears of it from whoever catches it. */
export const SILENT: Knex.Logger = {
  warn: () => undefined,
  error: () => undefined,
  deprecate: () => undefined,
  debug: () => undefined,
};
