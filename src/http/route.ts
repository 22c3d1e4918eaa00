/** Routes as data: what a path takes, gives and asks for, so that the guard and the OpenAPI document read one source. */

import type { Refusal } from "../model/problem.js";
import type { About, Answer, HttpRequest } from "./exchange.js";

/** A schema by its path below `schemas/`, without `.schema.json` or `.json`, optionally with `#/$defs/name` behind it. */
export type SchemaId = string;

/** Who may call. `authenticate` throws the refusal; what it returns is the handler's `principal`. */
export interface Authenticator<Principal> {
  /** The name of the security scheme in the OpenAPI document; `none` is the absence of one. */
  readonly name: string;
  readonly scheme: "bearer" | "cookie" | "none";
  authenticate(request: HttpRequest): Promise<Principal>;
}

export interface BodyRule {
  /** `text`: the text itself, for documents that are kept as sent. `form`: fields of a form post, each at most once. */
  readonly read: "json" | "text" | "form";
  readonly bytes: number;
  /** Accepted media types; `application/json`, or the form type, when absent. */
  readonly types?: readonly string[];
  /** No body is `undefined` for the handler instead of a refusal. */
  readonly optional?: boolean;
  /** Of the text of a JSON body, once it is known to be one: the text to read instead, so that a parser passes over nothing in silence. */
  readonly respell?: (text: string) => string;
  /** What is answered to a body of more bytes, where that is to be noted down; `body_too_large` when absent. */
  readonly tooLong?: (request: HttpRequest) => Promise<Refusal>;
  readonly schema?: SchemaId;
}

export interface RouteShape {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly principal?: unknown;
}

/** A part without a schema comes as it is: params and query as records of strings, a JSON body as `Json`. */
export interface RouteInput<Shape extends RouteShape> {
  readonly request: HttpRequest;
  readonly params: Shape extends { readonly params: infer Params } ? Params : Readonly<Record<string, string>>;
  readonly query: Shape extends { readonly query: infer Query } ? Query : Readonly<Record<string, string>>;
  readonly body: Shape extends { readonly body: infer Body } ? Body : undefined;
  readonly principal: Shape extends { readonly principal: infer Principal } ? Principal : undefined;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface RouteDefinition<Shape extends RouteShape> {
  readonly method: Method;
  /** With `:name` for parameters: `/api/v1/tenants/:tenant`. Never built from anybody's input. */
  readonly path: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly auth: Authenticator<RouteInput<Shape>["principal"]>;
  readonly params?: SchemaId;
  readonly query?: SchemaId;
  readonly body?: BodyRule;
  /** Every status that the handler itself answers with; `null` for one without a JSON body. */
  readonly responses: Readonly<Record<number, SchemaId | null>>;
  handler(input: RouteInput<Shape>): Promise<Answer>;
}

/** A route whose shape has been forgotten: the guard has checked the parts before `run` sees them. */
export interface Route extends Omit<RouteDefinition<RouteShape>, "auth" | "handler"> {
  readonly auth: Authenticator<unknown>;
  run(input: GuardedInput): Promise<Answer>;
}

export interface GuardedInput {
  readonly request: HttpRequest;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly principal: unknown;
}

export function defineRoute<Shape extends RouteShape>(definition: RouteDefinition<Shape>): Route {
  const { handler, ...rest } = definition;
  return { ...rest, run: (input) => handler(input as RouteInput<Shape>) };
}

/** For routes that anybody may call. */
export const anybody: Authenticator<undefined> = {
  name: "none",
  scheme: "none",
  authenticate: async () => undefined,
};

/** How errors look below a prefix. Gets whatever was thrown, and answers without ever throwing itself. */
export type ErrorRenderer = (error: unknown, request: HttpRequest) => Answer;

/** What one protocol, or the admin API, shows to the outside: the paths below a prefix and the look of their errors. */
export interface Face {
  /** `/api/v1`, or `""` for whatever no other face claims. */
  readonly prefix: string;
  /** A shorter one: what lies below it alone is served as if it lay below the prefix. */
  readonly alias?: string;
  /** The fixed parts of its routes below the prefix are found in any letter case; parameters stay as they are. */
  readonly anyCase?: boolean;
  readonly routes: readonly Route[];
  /** Problem documents (RFC 9457) when absent. */
  readonly renderError?: ErrorRenderer;
  /** Told of every request below the prefix, also where there is no route, once its answer is made. Never throws. */
  readonly answered?: (exchange: Exchange) => void;
}

/** What is known of a request before its handler runs, as far as it got. */
export interface Arrival {
  /** What its authenticator made of it. */
  principal?: unknown;
  /** The body as it was read, before any schema. */
  body?: unknown;
}

/** A request and what it was answered. */
export interface Exchange extends Readonly<Arrival> {
  readonly request: HttpRequest;
  /** The route's pattern; `unmatched` when there is none. */
  readonly route: string;
  readonly about: About;
  readonly answer: Answer;
  readonly milliseconds: number;
}
