import type { Dialect } from "../dialect.js";

/** One step of the schema; the same statements for both databases but for the types of columns. */
export interface Migration {
  readonly name: string;
  readonly statements: (dialect: Dialect) => readonly string[];
}
