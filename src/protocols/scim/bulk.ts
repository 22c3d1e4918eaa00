/**
 * Owns the carrying out of a bulk request: its operations one after another, each before those that refer to what it
 * makes, each wholly or not at all (RFC 7644 section 3.7).
 */

import type { Json, JsonObject } from "../../model/json.js";
import { quote } from "../../model/quote.js";
import { bulkIdOf, referencesIn, resolveReferences, type Split, splitReferences } from "./bulk-references.js";
import type { BulkLine, BulkOperation, BulkRequest } from "./bulk-request.js";
import { ScimError } from "./errors.js";
import { etagOf } from "./render.js";
import type { Outcome } from "./resource-handler.js";

/** What became of an operation. An error beside an outcome: it was made and stays, but not with all that it refers to. */
export interface BulkResult {
  readonly line: BulkLine;
  /** Of the resource that is meant, as far as it is known. */
  readonly id?: string;
  readonly outcome?: Outcome;
  readonly error?: unknown;
}

/** Carries out one operation; its references are resolved. */
export type Carrier = (asked: BulkOperation) => Promise<Outcome>;

/** Results in the order of the request; operations that were not tried after `failOnErrors` errors are left out. */
export async function carryOutBulk(request: BulkRequest, carry: Carrier): Promise<readonly BulkResult[]> {
  return new BulkRun(request, carry).results();
}

/** What is made already but refers to something that is not, and the operations that add those references. */
interface Incomplete {
  readonly at: number;
  readonly made: BulkOperation;
  readonly outcome: Outcome;
  readonly later: Split["later"];
  readonly awaited: ReadonlySet<string>;
}

const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

class BulkRun {
  readonly #lines: readonly BulkLine[];
  readonly #failOnErrors: number;
  readonly #carry: Carrier;
  readonly #started = new Set<number>();
  readonly #results = new Map<number, BulkResult>();
  /** By bulkId: the line that makes it, and the id of what was made. */
  readonly #makers = new Map<string, number>();
  readonly #ids = new Map<string, string>();
  readonly #incomplete = new Set<Incomplete>();
  #errors = 0;

  constructor({ lines, failOnErrors }: BulkRequest, carry: Carrier) {
    this.#lines = lines;
    this.#failOnErrors = failOnErrors;
    this.#carry = carry;
    for (const [at, { method, bulkId }] of lines.entries()) {
      if (method === "POST" && bulkId !== undefined && !this.#makers.has(bulkId)) this.#makers.set(bulkId, at);
    }
  }

  async results(): Promise<readonly BulkResult[]> {
    for (const at of this.#lines.keys()) await this.#settle(at);
    for (const one of this.#incomplete) await this.#complete(one);
    return [...this.#lines.keys()].flatMap((at) => this.#results.get(at) ?? []);
  }

  get #hasEnded(): boolean {
    return this.#errors >= this.#failOnErrors;
  }

  async #settle(at: number): Promise<void> {
    // Chains of references may be as long as the request: nothing of the caller stays on the stack.
    await undefined;
    const line = this.#lines[at];
    if (line === undefined || this.#started.has(at) || this.#hasEnded) return;
    this.#started.add(at);
    try {
      if (line.asked instanceof ScimError) throw line.asked;
      const unmade = await this.#settleReferences(line.asked);
      if (this.#hasEnded) return;
      await this.#make(at, line, line.asked, unmade);
    } catch (error) {
      this.#fail(at, { line, error, ...this.#meant(line) });
    }
    for (const one of this.#incomplete) if (this.#isDecided(one)) await this.#complete(one);
  }

  #fail(at: number, result: BulkResult): void {
    this.#errors += 1;
    this.#results.set(at, result);
  }

  /** The resource that an operation on a known one means. */
  #meant({ asked }: BulkLine): Pick<BulkResult, "id"> {
    const id = asked instanceof ScimError ? "" : this.#resolved(asked.id);
    return id === "" || bulkIdOf(id) !== undefined ? {} : { id };
  }

  /** Carries out first what an operation refers to; answers with what refers back to it and so cannot be made yet. */
  async #settleReferences({ id, operation }: BulkOperation): Promise<ReadonlySet<string>> {
    const meant = bulkIdOf(id);
    const wanted = new Set("body" in operation ? referencesIn(operation.body) : []);
    if (meant !== undefined) wanted.add(meant);
    const unmade = new Set<string>();
    for (const bulkId of wanted) {
      const maker = this.#makers.get(bulkId);
      if (maker === undefined) throw new ScimError("invalidValue", `no operation has the bulkId ${quote(bulkId)}`);
      await this.#settle(maker);
      if (this.#hasFailed(bulkId)) throw referredToFailed(bulkId);
      if (!this.#ids.has(bulkId)) unmade.add(bulkId);
    }
    return unmade;
  }

  async #make(at: number, line: BulkLine, asked: BulkOperation, unmade: ReadonlySet<string>): Promise<void> {
    const { handler, operation } = asked;
    const id = this.#resolved(asked.id);
    const whole = "body" in operation ? { ...operation, body: this.#resolved(operation.body) } : operation;
    if (unmade.size === 0 || !("body" in whole)) {
      const outcome = await this.#carry({ ...asked, id, operation: whole });
      this.#note(at, { line, id: idOf(outcome) ?? id, outcome });
      return;
    }
    // Only what is being made itself is referred to by what it refers to.
    const { now, later } = splitReferences(whole.body as JsonObject, unmade, handler.type);
    const outcome = await this.#carry({ ...asked, id, operation: { ...whole, body: now } });
    this.#note(at, { line, id: idOf(outcome) ?? id, outcome });
    this.#incomplete.add({ at, made: { ...asked, id: idOf(outcome) ?? id }, outcome, later, awaited: unmade });
  }

  #note(at: number, result: BulkResult): void {
    this.#results.set(at, result);
    const { line, id, outcome } = result;
    if (line.bulkId !== undefined && id !== undefined && outcome?.status === 201) this.#ids.set(line.bulkId, id);
  }

  #resolved<T extends Json>(value: T): T {
    return resolveReferences(value, this.#ids) as T;
  }

  #hasFailed(bulkId: string): boolean {
    return this.#results.get(this.#makers.get(bulkId) ?? -1)?.error !== undefined;
  }

  #isDecided({ awaited }: Incomplete): boolean {
    const all = [...awaited];
    return all.some((bulkId) => this.#hasFailed(bulkId)) || all.every((bulkId) => this.#ids.has(bulkId));
  }

  /** Adds the references to what has been made meanwhile; or takes it back when that failed or was not tried. */
  async #complete(one: Incomplete): Promise<void> {
    this.#incomplete.delete(one);
    const { at, made, outcome, later, awaited } = one;
    const line = this.#lines[at] as BulkLine;
    try {
      const missing = [...awaited].find((bulkId) => this.#hasFailed(bulkId) || !this.#ids.has(bulkId));
      if (missing !== undefined) throw referredToFailed(missing);
      const body = { schemas: [PATCH_OP], Operations: this.#resolved(later) };
      const { etag = "" } = await this.#carry({
        handler: made.handler,
        id: made.id,
        operation: { kind: "patch", body },
      });
      this.#results.set(at, { line, id: made.id, outcome: { ...outcome, etag } });
    } catch (error) {
      const isGone = await this.#takeBack(made, outcome);
      this.#fail(at, isGone ? { line, error } : { line, error, id: made.id, outcome });
    }
  }

  /**
   * Only what this request alone made is removed again, as long as nobody has changed it since: a POST that found somebody known must
   * not end their account.
   */
  async #takeBack({ handler, id }: BulkOperation, { etag }: Outcome): Promise<boolean> {
    if (etag !== etagOf(1)) return false;
    try {
      await this.#carry({ handler, id, version: etag, operation: { kind: "remove" } });
      return true;
    } catch {
      return false;
    }
  }
}

/** The last step of the location. */
function idOf({ location }: Outcome): string | undefined {
  return location?.slice(location.lastIndexOf("/") + 1);
}

function referredToFailed(bulkId: string): ScimError {
  return new ScimError("conflict", `the operation with the bulkId ${quote(bulkId)} failed, and this one refers to it`);
}
