/** Owns the BulkRequest message: what it must hold, and what each of its operations asks for (RFC 7644 section 3.7). */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { memberOf, refuseKeysTwice } from "./attribute-value.js";
import type { QuirkName } from "./dialect.js";
import { ScimError } from "./errors.js";
import { isLongerThan } from "./json-size.js";
import { isObject } from "./json-value.js";
import { readMessage, readOperations, requireSchema } from "./message.js";
import type { Operation, ResourceHandler } from "./resource-handler.js";
import { SEARCH } from "./resource-routes.js";

const BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

export interface BulkOperation {
  readonly handler: ResourceHandler;
  /** An id, or `bulkId:x`; empty where something is made. */
  readonly id: string;
  /** The version that the resource must have. */
  readonly version?: string;
  readonly operation: Operation;
  /** It refers to what is not there: nothing of it is done but switching somebody off. */
  readonly refused?: ScimError;
}

/** What the answer repeats of an operation, and what it asks for or why that cannot be read. */
export interface BulkLine {
  readonly method: string;
  readonly bulkId?: string;
  readonly asked: BulkOperation | ScimError;
}

export interface BulkRequest {
  /** So many errors end the request. */
  readonly failOnErrors: number;
  readonly lines: readonly BulkLine[];
}

/** Throws for a message that is none; an operation that cannot be read is a line that fails. `quirks` collects what was needed. */
export function readBulkRequest(
  body: Json,
  handlers: readonly ResourceHandler[],
  mostOperations: number,
  quirks = new Set<QuirkName>(),
): BulkRequest {
  const message = readMessage(body);
  requireSchema(message, BULK_REQUEST);
  const operations = readOperations(message, mostOperations);
  const lines = operations.map((operation) => readLine(operation, handlers));
  for (const operation of operations) if (isObject(operation)) noteForm(operation, quirks);
  return { failOnErrors: readFailOnErrors(memberOf(message, "failOnErrors")), lines: refuseRepeatedIds(lines) };
}

function noteForm(operation: JsonObject, quirks: Set<QuirkName>): void {
  const [method, path] = [memberOf(operation, "method"), memberOf(operation, "path")];
  if (typeof method === "string" && method !== method.toUpperCase()) quirks.add("bulk_method_case");
  if (typeof path === "string" && !path.startsWith("/")) quirks.add("bulk_path_without_slash");
}

function readFailOnErrors(value: Json | undefined): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
  throw new ScimError("invalidValue", "`failOnErrors` must be an integer of 1 or more");
}

function readLine(line: Json, handlers: readonly ResourceHandler[]): BulkLine {
  if (!isObject(line)) return { method: "", asked: new ScimError("invalidSyntax", "an operation must be an object") };
  const method = memberOf(line, "method");
  const bulkId = memberOf(line, "bulkId");
  const echoed = {
    method: typeof method === "string" ? method.toUpperCase() : "",
    ...(typeof bulkId === "string" && bulkId !== "" && { bulkId }),
  };
  try {
    return { ...echoed, asked: readOperation(line, echoed, handlers) };
  } catch (error) {
    if (error instanceof ScimError) return { ...echoed, asked: error };
    throw error;
  }
}

const KINDS = { POST: "create", PUT: "replace", PATCH: "patch", DELETE: "remove" } as const;

function readOperation(
  line: JsonObject,
  { method, bulkId }: Pick<BulkLine, "method" | "bulkId">,
  handlers: readonly ResourceHandler[],
): BulkOperation {
  refuseKeysTwice(line);
  if (!Object.hasOwn(KINDS, method)) {
    throw new ScimError("invalidValue", "`method` must be POST, PUT, PATCH or DELETE");
  }
  const kind = KINDS[method as keyof typeof KINDS];
  const { handler, id } = readPath(memberOf(line, "path"), handlers);
  if (kind !== "create" && id.toLowerCase() === SEARCH) {
    throw new ScimError("methodNotAllowed", `${method} is not possible here, only POST`);
  }
  if (kind === "create" && id !== "") {
    throw new ScimError("invalidSyntax", `POST makes resources at ${quote(handler.type.endpoint)}: leave the id out`);
  }
  if (kind !== "create" && id === "") {
    throw new ScimError("invalidSyntax", `\`path\` must name one resource, as in \`${handler.type.endpoint}/{id}\``);
  }
  if (kind === "create" && bulkId === undefined) {
    throw new ScimError("invalidSyntax", "POST needs a `bulkId`");
  }
  const version = readVersion(memberOf(line, "version") ?? "");
  const versioned = version !== "" && { version };
  if (kind === "remove") return { handler, id, ...versioned, operation: { kind } };
  const data = memberOf(line, "data");
  if (!isObject(data)) throw new ScimError("invalidSyntax", `${method} needs an object in \`data\``);
  if (isLongerThan(data, handler.bodyBytes)) {
    const most = `at most ${handler.bodyBytes} bytes below ${handler.type.endpoint}`;
    throw new ScimError("tooLarge", `\`data\` may have ${most}, as the body of a request alone: send less at a time`);
  }
  return { handler, id, ...versioned, operation: { kind, body: data } };
}

/** Empty where there is none. INVARIANT: what cannot be read is refused, as the operation must not go on without its precondition. */
function readVersion(version: Json): string {
  if (typeof version === "string") return version;
  throw new ScimError(
    "invalidValue",
    '`version` must be the text of an entity tag, as `W/"3"` is in JSON: "W/\\"3\\""',
  );
}

function readPath(
  path: Json | undefined,
  handlers: readonly ResourceHandler[],
): { readonly handler: ResourceHandler; readonly id: string } {
  if (typeof path !== "string" || path === "") {
    throw new ScimError("invalidPath", "an operation needs a `path`, as in `/Users` or `/Users/{id}`");
  }
  if (/[?#]/.test(path)) {
    throw new ScimError(
      "invalidPath",
      "the `path` of an operation has no query: name the resource alone, as `/Users/{id}`",
    );
  }
  const [endpoint = "", id = "", ...rest] = path.replace(/^\//, "").split("/");
  const handler = handlers.find(({ type }) => type.endpoint.toLowerCase() === `/${endpoint.toLowerCase()}`);
  if (handler === undefined || rest.length > 0) {
    throw new ScimError("invalidPath", `${quote(path)} is no resource: /ResourceTypes lists their endpoints`);
  }
  return { handler, id };
}

function refuseRepeatedIds(lines: readonly BulkLine[]): readonly BulkLine[] {
  const seen = new Set<string>();
  return lines.map((line) => {
    if (line.method !== "POST" || line.bulkId === undefined) return line;
    if (seen.has(line.bulkId)) {
      const problem = `the bulkId ${quote(line.bulkId)} stands for another operation already: give each its own`;
      return { ...line, asked: new ScimError("invalidValue", problem) };
    }
    seen.add(line.bulkId);
    return line;
  });
}
