/** Owns the description of the service for machines: an OpenAPI 3.1 document made of the routes and their schemas. */

import type { Json, JsonObject } from "../model/json.js";
import { readSchema, schemaIds } from "../platform/schemas.js";
import { sessionCookie } from "./cookies.js";
import type { BodyRule, Route, SchemaId } from "./route.js";

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** What all paths are relative to: the public URL. */
  readonly server: string;
  /** The schema of every refusal. */
  readonly problem: SchemaId;
}

export function openApi(routes: readonly Route[], info: ApiInfo): JsonObject {
  const components = createComponents();
  const paths: Record<string, Record<string, Json>> = {};
  const securitySchemes: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, info.problem, components) };
    const { name, scheme } = route.auth;
    if (scheme === "bearer") securitySchemes[name] = { type: "http", scheme: "bearer" };
    if (scheme === "cookie")
      securitySchemes[name] = { type: "apiKey", in: "cookie", name: sessionCookie(info.server).name };
  }
  return {
    openapi: "3.1.0",
    info: { title: info.title, version: info.version, description: info.description },
    servers: [{ url: info.server }],
    paths,
    components: { schemas: components.build(), securitySchemes },
  };
}

/** The schema files that are referred to, directly or by one another, each as one component. */
interface Components {
  reference(id: SchemaId): JsonObject;
  /** A piece of a file with its references pointed at components. */
  adopt(piece: Json, file: SchemaId): Json;
  build(): JsonObject;
}

function operationOf(route: Route, problem: SchemaId, components: Components): JsonObject {
  const { auth, body, responses } = route;
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: route.tags,
    security: auth.scheme === "none" ? [] : [{ [auth.name]: [] }],
    parameters: [...parametersIn("path", route, components), ...parametersIn("query", route, components)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.optional !== true, content: contentOf(body, components) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, id]) => [status, responseOf(Number(status), id, components)]),
      ),
      default: {
        description: "Refused",
        content: { "application/problem+json": { schema: components.reference(problem) } },
      },
    },
  };
}

/** `GET /api/v1/tenants/:tenant/mapping` is `get_tenants_tenant_mapping`. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/api\/\w+\/?/, "")
    .split(/[^\w]+/)
    .filter((word) => word !== "");
  return [method.toLowerCase(), ...words].join("_");
}

function parametersIn(place: "path" | "query", route: Route, components: Components): readonly JsonObject[] {
  const id = place === "path" ? route.params : route.query;
  const { properties = {}, required = [] } = id === undefined ? {} : partOf(id);
  const described = properties as JsonObject;
  const names =
    place === "path" ? [...route.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name) : Object.keys(described);
  return names.map((name) => {
    const { description, ...schema } = (described[name] ?? { type: "string" }) as JsonObject;
    return {
      name,
      in: place,
      required: place === "path" || (required as readonly Json[]).includes(name),
      schema: id === undefined ? schema : components.adopt(schema, id),
      ...(description === undefined ? {} : { description }),
    };
  });
}

function contentOf(body: BodyRule, components: Components): JsonObject {
  const types = body.types ?? [body.read === "form" ? "application/x-www-form-urlencoded" : "application/json"];
  const schema = body.schema === undefined ? {} : { schema: components.reference(body.schema) };
  return Object.fromEntries(types.map((type) => [type, schema]));
}

function responseOf(status: number, id: SchemaId | null, components: Components): JsonObject {
  if (id === null) return { description: wordFor(status) };
  return { description: wordFor(status), content: { "application/json": { schema: components.reference(id) } } };
}

function wordFor(status: number): string {
  return (
    { 200: "Done", 201: "Made", 202: "Begun", 204: "Done, nothing to tell", 303: "See elsewhere" }[status] ?? "Answered"
  );
}

function createComponents(): Components {
  const idOfAddress = new Map(schemaIds().map((id) => [readSchema(id).address, id]));
  const built = new Map<string, Json>();

  const include = (file: SchemaId): void => {
    const name = componentName(file);
    if (built.has(name)) return;
    const { $schema: _dialect, $id: _id, ...rest } = readSchema(file).schema;
    // Taken before its references are followed: schemas may refer to each other in a circle.
    built.set(name, null);
    built.set(name, components.adopt(rest, file));
  };
  const components: Components = {
    reference(id) {
      const [file = "", fragment = ""] = id.split("#");
      include(file);
      return { $ref: `#/components/schemas/${componentName(file)}${fragment}` };
    },
    adopt(piece, id) {
      if (Array.isArray(piece)) return piece.map((item) => components.adopt(item, id));
      if (typeof piece !== "object" || piece === null) return piece;
      const copy = Object.fromEntries(
        Object.entries(piece).map(([key, item]): [string, Json] => [key, components.adopt(item, id)]),
      );
      if (typeof copy["$ref"] !== "string") return copy;
      const target = new URL(copy["$ref"], readSchema(id.replace(/#.*/, "")).address);
      const file = idOfAddress.get(`${target.origin}${target.pathname}`);
      if (file === undefined) throw new Error(`a schema refers to \`${copy["$ref"]}\`, which does not exist`);
      return { ...copy, ...components.reference(`${file}${target.hash}`) };
    },
    build: () => Object.fromEntries([...built].sort(([left], [right]) => (left < right ? -1 : 1))),
  };
  return components;
}

/** Component names have no slashes. */
function componentName(file: SchemaId): string {
  return file.replaceAll("/", ".");
}

/** The schema that an id names. */
function partOf(id: SchemaId): JsonObject {
  const [file = "", fragment = ""] = id.split("#");
  let part: Json | undefined = readSchema(file).schema;
  for (const step of fragment.split("/").slice(1)) {
    part = (part as JsonObject)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return (part ?? {}) as JsonObject;
}
