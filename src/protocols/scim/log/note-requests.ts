/** Owns what the log is told of each request below the SCIM base, whoever sent it and however it was answered. */

import { bearerToken } from "../../../http/bearer.js";
import type { HttpRequest } from "../../../http/exchange.js";
import type { Exchange } from "../../../http/route.js";
import { cutText } from "../../../model/cut-text.js";
import type { Json, JsonObject } from "../../../model/json.js";
import { Refusal } from "../../../model/problem.js";
import type { Provisioning } from "../../../provisioning/deps.js";
import type { RequestNote } from "../../../provisioning/request-batch.js";
import type { RequestLog } from "../../../provisioning/request-log.js";
import { isList, isObject } from "../json-value.js";
import { SCIM_PREFIX, SCIM_UNVERSIONED, type ScimCaller, type ScimRoom } from "../scim-request.js";
import { betterProfile, clientOf } from "./client.js";
import type { Redacting } from "./masked-text.js";
import { redactMessage, textsOf } from "./redacted-message.js";
import { redactAddress, redactBody, redactQuery } from "./redacted-request.js";
import { createVocabulary, type Vocabulary } from "./vocabulary.js";

const LONGEST_AGENT = 120;
const MOST_FAILURES = 20;

/**
 * Told of each request once it is answered; what it makes of it costs little unless the request is kept. INVARIANT: never
 * throws: what cannot be noted is answered all the same.
 */
export function requestNotes(
  { p, schemas }: Pick<ScimRoom, "p" | "schemas">,
  log: RequestLog,
): (exchange: Exchange) => void {
  const words = createVocabulary(schemas.types);
  const note = (exchange: Exchange): void => {
    // The routes' own authenticator made it.
    const caller = exchange.principal as ScimCaller | undefined;
    if (caller !== undefined) {
      const { tenant, connection, context } = caller;
      const { id } = context.actor;
      const owner = { tenant: tenant.id, connection: connection.id, ...(id === undefined ? {} : { token: id }) };
      log.note(owner, noteOf(p, exchange, words, caller));
      return;
    }
    const hash = shownToken(p, exchange.request);
    if (hash !== undefined) log.noteToken(hash, noteOf(p, exchange, words));
  };
  return (exchange) => {
    try {
      note(exchange);
    } catch (fault) {
      p.log.fault("request_log.note_failed", fault);
    }
  };
}

/** The digest of what was shown as a token, where no route asked for it or it was refused. */
function shownToken(p: Provisioning, request: HttpRequest): string | undefined {
  try {
    return p.secrets.hashToken(bearerToken(request));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function noteOf(p: Provisioning, exchange: Exchange, words: Vocabulary, caller?: ScimCaller): RequestNote {
  const { request, route, about, answer } = exchange;
  const { method, id: requestId } = request;
  const { status } = answer;
  const quirks = about.quirks === undefined ? [] : about.quirks.split(",");
  const client = clientOf(request.header("user-agent"), request.query);
  const profile = caller && betterProfile(caller.connection.profile, client, quirks);
  const told = isObject(answer.body as Json) ? (answer.body as JsonObject) : {};
  const resource = resourceOf(request, told);
  const partlyFailed = refusedOperations(told).length > 0;
  return {
    kind: [method, route, status, told["scimType"] ?? "", client, ...quirks, partlyFailed].join(" "),
    ...{ at: p.now(), method, status, quirks, client, requestId, partlyFailed },
    ...(resource === undefined ? {} : { resource }),
    ...(profile === undefined ? {} : { profile }),
    detail: () => detailOf(exchange, told, { words, domains: domainsOf(caller) }, caller, profile),
  };
}

/** By which the tenant is known: they tell nobody of it apart. */
function domainsOf(caller: ScimCaller | undefined): ReadonlySet<string> {
  return new Set(caller && [...caller.tenant.domains, ...caller.connection.allowedDomains]);
}

/** What is read or changed: named in the path, or made now. */
function resourceOf({ params, method }: HttpRequest, told: JsonObject): string | undefined {
  const id = params["id"] ?? (method === "POST" ? told["id"] : undefined);
  return typeof id === "string" && /^[0-9A-Z]{26}$/.test(id) ? id : undefined;
}

/** The document of `schemas/admin/scim-request.schema.json` behind what is stored in columns. */
function detailOf(
  { request, answer, milliseconds, body }: Exchange,
  told: JsonObject,
  redacting: Redacting,
  caller: ScimCaller | undefined,
  better: string | undefined,
): JsonObject {
  const { scimType, detail } = told;
  const run = answer.headers?.["rolecall-run"];
  const bytes = Number(request.header("content-length") ?? 0);
  const refused = answer.status >= 400;
  const sent = () => textsOf(body as Json | undefined, request.query, request.path);
  return {
    path: redactAddress(belowBase(request.path), redacting),
    query: redactQuery(request.query, redacting),
    ...(body === undefined ? {} : { body: redactBody(body as Json, redacting) }),
    ...(bytes > 0 ? { bytes } : {}),
    userAgent: cutText((request.header("user-agent") ?? "").replace(/[^ -~]|\S*@\S*/g, "?"), LONGEST_AGENT),
    from: request.address,
    ...(caller && { profile: caller.connection.profile, token: "live" }),
    ...(better === undefined ? {} : { suggestedProfile: better }),
    ...(refused && typeof scimType === "string" ? { scimType } : {}),
    ...(refused && typeof detail === "string" ? { detail: redactMessage(detail, sent(), redacting) } : {}),
    ...failuresOf(refusedOperations(told), sent, redacting),
    milliseconds,
    ...(run === undefined ? {} : { runs: run.split(", ").map(Number) }),
  };
}

/** By whichever of the two addresses of the base it came. */
function belowBase(path: string): string {
  const isVersioned = path === SCIM_PREFIX || path.startsWith(`${SCIM_PREFIX}/`);
  return path.slice((isVersioned ? SCIM_PREFIX : SCIM_UNVERSIONED).length);
}

interface RefusedOperation {
  readonly at: number;
  readonly response: JsonObject;
}

/** Operations of a bulk request that were refused, by their place in it. */
function refusedOperations({ Operations: operations = null }: JsonObject): readonly RefusedOperation[] {
  if (!isList(operations)) return [];
  return operations.flatMap((operation, at) => {
    const response = isObject(operation) ? (operation["response"] ?? null) : null;
    return isObject(response) && typeof response["detail"] === "string" ? [{ at, response }] : [];
  });
}

function failuresOf(
  refused: readonly RefusedOperation[],
  sent: () => readonly string[],
  redacting: Redacting,
): JsonObject {
  if (refused.length === 0) return {};
  const texts = sent();
  const failures = refused.slice(0, MOST_FAILURES).map(({ at, response: { status = null, scimType, detail } }) => ({
    operation: at,
    status: Number(status),
    ...(typeof scimType === "string" ? { scimType } : {}),
    detail: redactMessage(String(detail), texts, redacting),
  }));
  return { failures, failedOperations: refused.length };
}
