import type { JsonObject } from "../../src/model/json.js";
import {
  code,
  descriptionOf,
  generated,
  isObject,
  listOf,
  propertyRows,
  type Resolve,
  resolved,
  resolveIn,
  table,
  typeText,
} from "./schema-text.js";

const PREFIX = "/api/v1";

const NEEDS: Readonly<Record<string, string>> = {
  operator: "the operator's token",
  read: "an API key of the tenant with any scope, or the operator's token",
  write: "an API key of the tenant with the scope `write` or `admin`, or the operator's token",
  admin: "an API key of the tenant with the scope `admin`, or the operator's token",
};

const INTRODUCTION = [
  "JSON over HTTP below `/api/v1`, with `Authorization: Bearer <token>`: the operator's token is good for every tenant, a",
  "tenant's API key for that tenant alone; to it the others do not exist. The same, for machines: `GET /openapi.json`, and",
  "[openapi.json](openapi.json) beside this page.",
  "",
  "Lists answer `{items, next}`; `next` is the `cursor` of the following page, `null` on the last. Every error is a problem",
  "document (`application/problem+json`, RFC 9457) with a stable `code`; mistakes in a body are listed in `problems` with",
  "`pointer`, `code`, `message` and, where something was probably meant, `suggestion`. Unknown keys and unknown query",
  "parameters are refused.",
  "",
];

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly said: JsonObject;
}

/** The admin API, call by call, from the service's own description. */
export function adminApiPage(description: JsonObject): string {
  const resolve = resolveIn(description);
  const byTag = new Map<string, Operation[]>();
  for (const operation of operationsOf(description)) {
    const tag = String([operation.said["tags"]].flat()[0]);
    byTag.set(tag, [...(byTag.get(tag) ?? []), operation]);
  }
  return [
    ...generated("Admin API", "`src/admin` and `schemas/admin`"),
    ...INTRODUCTION,
    ...[...byTag].flatMap(([tag, operations]) => [
      `## ${tag}`,
      "",
      ...operations.flatMap((operation) => operationLines(operation, resolve)),
    ]),
  ].join("\n");
}

function operationsOf({ paths }: JsonObject): readonly Operation[] {
  return Object.entries(isObject(paths) ? paths : {})
    .filter(([path]) => path.startsWith(`${PREFIX}/`))
    .flatMap(([path, methods]) =>
      Object.entries(isObject(methods) ? methods : {}).flatMap(([method, said]) =>
        isObject(said) ? [{ method: method.toUpperCase(), path, said }] : [],
      ),
    );
}

function operationLines({ method, path, said }: Operation, resolve: Resolve): readonly string[] {
  const [security] = listOf(said["security"]);
  const [needs] = Object.keys(security ?? {});
  return [
    `### ${method} ${path}`,
    "",
    `${String(said["summary"])}. Needs ${needs === undefined ? "nobody in particular" : (NEEDS[needs] ?? needs)}.`,
    "",
    ...queryLines(listOf(said["parameters"]), resolve),
    ...bodyLines(said["requestBody"], resolve),
    ...answerLines(said["responses"], resolve),
  ];
}

function queryLines(parameters: readonly JsonObject[], resolve: Resolve): readonly string[] {
  const rows = parameters
    .filter((parameter) => parameter["in"] === "query")
    .map(({ name, required, description, schema }) => {
      const shape = isObject(schema) ? schema : {};
      const text = typeof description === "string" ? description : descriptionOf(shape, resolve);
      return [code(name ?? ""), typeText(shape, resolve), required === true ? "yes" : "", text];
    });
  return table(["query", "value", "needed", "what it says"], rows);
}

function bodyLines(body: JsonObject[string] | undefined, resolve: Resolve): readonly string[] {
  const schema = schemaIn(body);
  if (schema === undefined) return [];
  if (String(schema["$ref"]).endsWith("/mapping")) {
    return ["Body: the mapping document itself, kept as it is sent ([mapping-schema.md](mapping-schema.md)).", ""];
  }
  const head = ["body", "value", "needed", "what it says"];
  const branches = listOf(resolved(schema, resolve)["allOf"])
    .map(({ then }) => then)
    .filter(isObject);
  if (branches.length === 0) return table(head, propertyRows(schema, resolve));
  return branches.flatMap((branch) => table(head, propertyRows(branch, resolve)));
}

function answerLines(responses: JsonObject[string] | undefined, resolve: Resolve): readonly string[] {
  return Object.entries(isObject(responses) ? responses : {}).flatMap(([status, response]) => {
    if (status === "default") return [];
    const schema = schemaIn(response);
    if (schema === undefined) return [`Answers ${status}.`, ""];
    return [
      `Answers ${status}:`,
      "",
      ...table(["answer", "value", "always", "what it says"], propertyRows(schema, resolve)),
    ];
  });
}

function schemaIn(part: JsonObject[string] | undefined): JsonObject | undefined {
  const content = isObject(part) ? part["content"] : undefined;
  const json = isObject(content) ? content["application/json"] : undefined;
  const schema = isObject(json) ? json["schema"] : undefined;
  return isObject(schema) ? schema : undefined;
}
