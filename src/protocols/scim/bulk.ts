/**
 * Owns the carrying out of a bulk request: its operations one after another, each behind those that it refers to, each wholly or
 * not at all; those that refer to one another in a circle together, all or none (RFC 7644 section 3.7).
 */

import { quote } from "../../model/quote.js";
import { blaming, type Circle, CircleError, type Post } from "./bulk-circle.js";
import { bulkIdOf, type Referring, referencesIn, resolveReferences } from "./bulk-references.js";
import type { BulkLine, BulkOperation, BulkRequest } from "./bulk-request.js";
import { inOrderOfReference } from "./circles.js";
import { ScimError } from "./errors.js";
import type { Outcome } from "./resource-handler.js";

/** What became of an operation. */
export interface BulkResult {
  readonly line: BulkLine;
  /** Of the resource that is meant, as far as it is known. */
  readonly id?: string;
  readonly outcome?: Outcome;
  readonly error?: unknown;
}

/** Carries out operations whose references to others are resolved. */
export interface Carrier {
  one(asked: BulkOperation): Promise<Outcome>;
  /** All or none; outcomes by bulkId. Throws a `CircleError` where one is to blame. */
  circle(circle: Circle): Promise<ReadonlyMap<string, Outcome>>;
}

/** Results in the order of the request; operations that were not tried after `failOnErrors` errors are left out. */
export async function carryOutBulk(request: BulkRequest, carrier: Carrier): Promise<readonly BulkResult[]> {
  return new BulkRun(request, carrier).results();
}

class BulkRun {
  readonly #request: BulkRequest;
  readonly #carrier: Carrier;
  readonly #results = new Map<BulkLine, BulkResult>();
  /** By bulkId: the line that makes it, and the id of what was made. */
  readonly #makers = new Map<string, BulkLine>();
  readonly #ids = new Map<string, string>();
  /** The bulkIds that a line refers to. */
  readonly #wanted = new Map<BulkLine, readonly string[]>();
  #errors = 0;

  constructor(request: BulkRequest, carrier: Carrier) {
    this.#request = request;
    this.#carrier = carrier;
    for (const line of request.lines) {
      const { method, bulkId } = line;
      if (method === "POST" && bulkId !== undefined && !this.#makers.has(bulkId)) this.#makers.set(bulkId, line);
      this.#wanted.set(line, wantedBy(line));
    }
  }

  async results(): Promise<readonly BulkResult[]> {
    const { lines, failOnErrors } = this.#request;
    for (const together of await inOrderOfReference(lines, (line) => this.#madeFor(line))) {
      if (this.#errors >= failOnErrors) break;
      const [line, ...others] = together;
      if (line === undefined) continue;
      const isAlone = others.length === 0 && !this.#madeFor(line).includes(line);
      await (isAlone ? this.#carryOut(line) : this.#carryOutCircle(together));
    }
    return lines.flatMap((line) => this.#results.get(line) ?? []);
  }

  /** The lines that make what this one refers to. */
  #madeFor(line: BulkLine): readonly BulkLine[] {
    return (this.#wanted.get(line) ?? []).flatMap((bulkId) => this.#makers.get(bulkId) ?? []);
  }

  async #carryOut(line: BulkLine): Promise<void> {
    try {
      const asked = this.#ready(line);
      this.#note(line, await this.#carrier.one(asked), asked.id);
    } catch (error) {
      this.#fail(line, error);
    }
  }

  async #carryOutCircle(lines: readonly BulkLine[]): Promise<void> {
    try {
      const circle = new Map<string, Post>();
      for (const line of lines) {
        const { bulkId = "" } = line;
        const { handler, operation, refused } = await blaming(bulkId, () => this.#ready(line));
        if (refused) throw new CircleError(bulkId, { cause: refused });
        // Nothing else is referred to.
        if (operation.kind === "create") circle.set(bulkId, { handler, body: operation.body });
      }
      const outcomes = await this.#carrier.circle(circle);
      for (const line of lines) this.#note(line, outcomes.get(line.bulkId ?? ""));
    } catch (error) {
      for (const line of lines) this.#fail(line, shareOf(error, line));
    }
  }

  /** What a line asks for, with the ids of what was made before it. */
  #ready(line: BulkLine): BulkOperation {
    const { asked } = line;
    if (asked instanceof ScimError) throw asked;
    const { id, operation } = asked;
    const refused = (this.#wanted.get(line) ?? []).flatMap((bulkId) => this.#refusalOf(bulkId) ?? [])[0];
    // Without a body there is nothing to switch off by, and without its id nobody is meant.
    if (refused && (!("body" in operation) || bulkIdOf(this.#resolvedId(id)) !== undefined)) throw refused;
    const body = "body" in operation && { body: resolveReferences(referringOf(asked, operation), this.#ids) };
    return { ...asked, id: this.#resolvedId(id), operation: { ...operation, ...body }, ...(refused && { refused }) };
  }

  /** Why a reference means nothing. */
  #refusalOf(bulkId: string): ScimError | undefined {
    const maker = this.#makers.get(bulkId);
    if (maker === undefined) return new ScimError("invalidValue", `no operation has the bulkId ${quote(bulkId)}`);
    return this.#results.get(maker)?.error === undefined ? undefined : referredToFailed(bulkId);
  }

  #resolvedId(id: string): string {
    return this.#ids.get(bulkIdOf(id) ?? "") ?? id;
  }

  #note(line: BulkLine, outcome: Outcome | undefined, meant?: string): void {
    const id = (outcome && idIn(outcome)) ?? meant;
    this.#results.set(line, { line, ...(id !== undefined && { id }), ...(outcome && { outcome }) });
    if (line.bulkId !== undefined && id !== undefined && outcome?.status === 201) this.#ids.set(line.bulkId, id);
  }

  /** The resource that an operation on a known one means is told also where it failed. */
  #fail(line: BulkLine, error: unknown): void {
    const id = line.asked instanceof ScimError ? "" : this.#resolvedId(line.asked.id);
    const isKnown = id !== "" && bulkIdOf(id) === undefined;
    this.#errors += 1;
    this.#results.set(line, { line, error, ...(isKnown && { id }) });
  }
}

function wantedBy({ asked }: BulkLine): readonly string[] {
  if (asked instanceof ScimError) return [];
  const { id, operation } = asked;
  const inPath = bulkIdOf(id);
  const wanted = new Set("body" in operation ? referencesIn(referringOf(asked, operation)) : []);
  return [...(inPath === undefined ? wanted : wanted.add(inPath))];
}

function referringOf({ handler }: BulkOperation, operation: Pick<Referring, "kind" | "body">): Referring {
  return { type: handler.type, kind: operation.kind, body: operation.body };
}

/** Who is to blame for a circle is told the reason, all others that they refer to it. */
function shareOf(error: unknown, { bulkId }: BulkLine): unknown {
  if (!(error instanceof CircleError)) return error;
  return error.bulkId === bulkId ? error.cause : referredToFailed(error.bulkId);
}

/** The last step of the location. */
function idIn({ location }: Outcome): string | undefined {
  return location?.slice(location.lastIndexOf("/") + 1);
}

function referredToFailed(bulkId: string): ScimError {
  return new ScimError("conflict", `the operation with the bulkId ${quote(bulkId)} failed, and this one refers to it`);
}
