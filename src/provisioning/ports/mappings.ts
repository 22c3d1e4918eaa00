import type { Instant } from "../../model/ids.js";
import type { PlanLine, PlanSummary } from "../../model/plan.js";
import type { Page, PageQuery } from "./store.js";

/** A version of the mapping as it was saved. */
export interface MappingVersion {
  readonly version: number;
  /** The document exactly as it was sent. */
  readonly text: string;
  readonly author: string;
  readonly note?: string;
  readonly createdAt: Instant;
  /** Version that this one brought back, for a rollback. */
  readonly restores?: number;
}

/** A line of a stored plan, with the facts it was made from. */
export interface PlanRow extends PlanLine {
  readonly factsVersion: number;
  /** Today's facts would cause it without the edit or switch, too. */
  readonly drifted?: true;
}

/** Lines for which all of it is so. */
export interface PlanLineFilter {
  readonly change?: PlanLine["change"] | undefined;
  readonly scope?: string | undefined;
  readonly role?: string | undefined;
  /** Id, or userName in any letter case. */
  readonly user?: string | undefined;
}

export type PlanKind = "mapping" | "go_live" | "disable" | "held" | "pins";

/** A plan without its lines, as a digest finds it. */
export interface StoredPlan {
  readonly id: string;
  readonly digest: string;
  readonly kind: PlanKind;
  /** What it is a plan of: digest of the mapping document, connection slug, run number. */
  readonly subject: string;
  readonly summary: PlanSummary;
  readonly createdAt: Instant;
}

/** Versions of the mapping, and stored plans. */
export interface MappingReader {
  /** `undefined` before the first. */
  activeMapping(): Promise<MappingVersion | undefined>;
  mappingVersion(version: number): Promise<MappingVersion | undefined>;
  mappingVersions(query: PageQuery): Promise<Page<MappingVersion>>;
  /** All of them without their documents, latest first. */
  mappingAuthors(): Promise<readonly Omit<MappingVersion, "text">[]>;
  plan(kind: PlanKind, subject: string, digest: string): Promise<StoredPlan | undefined>;
  planById(id: string): Promise<StoredPlan | undefined>;
  /** Lines in the order of their pages; a cursor belongs to one filter. */
  planLines(id: string, query: PageQuery & { readonly where?: PlanLineFilter }): Promise<Page<PlanRow>>;
}

/** Saving versions, and writing plans page by page. */
export interface MappingWriter {
  /** Appends version `expected + 1` and makes it active. The active version being another: Refusal `version_conflict`. */
  saveMapping(
    expected: number,
    mapping: { readonly text: string; readonly author: string; readonly note?: string; readonly restores?: number },
    now: Instant,
  ): Promise<number>;
  /** Begins a plan that is written page by page. Nobody finds it before it is finished, and it is swept like any other. */
  beginPlan(
    plan: { readonly kind: PlanKind; readonly subject: string; readonly expiresAt: Instant },
    now: Instant,
  ): Promise<string>;
  addPlanPages(id: string, pages: readonly PlanPage[]): Promise<void>;
  finishPlan(
    id: string,
    end: { readonly digest: string; readonly summary: PlanSummary; readonly expiresAt: Instant },
  ): Promise<void>;
  dropPlan(id: string): Promise<void>;
}

/** Lines of a plan. Pages come in any order, and are read in that of their places. */
export interface PlanPage {
  readonly place: number;
  readonly lines: readonly PlanRow[];
}
