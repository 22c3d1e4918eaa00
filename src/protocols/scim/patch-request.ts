/** Owns the PatchOp message: what must be there before any operation is looked at (RFC 7644 section 3.5.2, RFC-42). */

import type { Json } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { memberOf, refuseKeysTwice } from "./attribute-value.js";
import type { Reading } from "./dialect.js";
import { ScimError } from "./errors.js";
import { isObject } from "./json-value.js";
import { readMessage, readOperations, requireSchema } from "./message.js";

const PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

export type PatchKind = "add" | "replace" | "remove";

export interface PatchOperation {
  readonly kind: PatchKind;
  readonly path?: string;
  /** Absent: the operation brought none. Null is a value, and means absent data. */
  readonly value?: Json;
}

export function readPatchRequest(body: Json | undefined, reading: Reading): readonly PatchOperation[] {
  const message = readMessage(body);
  requireSchema(message, PATCH_URN);
  return readOperations(message, reading.limits.operations).map((operation) => readOperation(operation, reading));
}

function readOperation(operation: Json, reading: Reading): PatchOperation {
  if (!isObject(operation)) throw new ScimError("invalidSyntax", "each of `Operations` must be an object");
  refuseKeysTwice(operation);
  const kind = readKind(memberOf(operation, "op"), reading);
  const path = memberOf(operation, "path") ?? null;
  if (path !== null && typeof path !== "string") throw new ScimError("invalidPath", "`path` must be text");
  const value = memberOf(operation, "value");
  if (value === undefined && kind !== "remove") {
    throw new ScimError("invalidValue", `operation ${quote(kind)} needs a \`value\``);
  }
  return { kind, ...(path === null ? {} : { path }), ...(value === undefined ? {} : { value }) };
}

function readKind(op: Json | undefined, reading: Reading): PatchKind {
  const kind = typeof op === "string" ? op.toLowerCase() : undefined;
  if (kind !== "add" && kind !== "replace" && kind !== "remove") {
    const shown = typeof op === "string" ? quote(op) : "nothing";
    throw new ScimError("invalidSyntax", `\`op\` must be add, replace or remove, not ${shown}`);
  }
  if (kind !== op) reading.quirks.add("capitalised_operation");
  return kind;
}
