/** JSON as values. Objects that came from outside are parsed so that they hold no prototype keys (platform/json). */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}
