/** Mapping history owns what is said of saved versions: what each changed, and what two of them differ in. */
import { type DiffCounts, diffMappings, type MappingDiff } from "../../engine/mapping-diff.js";
import { boundedMap } from "../../model/bounded-map.js";
import type { Tenant } from "../../model/connection.js";
import { Refusal } from "../../model/problem.js";
import type { Provisioning } from "../deps.js";
import type { MappingVersion } from "../ports/mappings.js";
import { type MappingPreview, type PreviewOptions, previewMapping } from "./mappings.js";
import { storedDocument } from "./stored-document.js";

/** Refusal `not_found`. */
export async function versionNamed(p: Provisioning, tenant: Tenant, version: number): Promise<MappingVersion> {
  const stored = await p.store.read(tenant.id).mappingVersion(version);
  if (!stored) throw new Refusal("not_found", `no mapping version ${version}`);
  return stored;
}

/** What leads from version `against` (0: the empty one that every tenant begins with) to `version`. Refusal `not_found`. */
export async function diffVersions(
  p: Provisioning,
  tenant: Tenant,
  version: number,
  against: number,
): Promise<MappingDiff> {
  const { text } = await versionNamed(p, tenant, version);
  const before = against === 0 ? {} : storedDocument((await versionNamed(p, tenant, against)).text);
  return diffMappings(before, storedDocument(text));
}

/** Previews an earlier version's text as a draft: what bringing it back would do now. Refusals `not_found`, `invalid_document`. */
export async function previewVersion(
  p: Provisioning,
  tenant: Tenant,
  version: number,
  options: PreviewOptions,
): Promise<MappingPreview> {
  const { text } = await versionNamed(p, tenant, version);
  return previewMapping(p, tenant, text, options);
}

/** A version in short: how many rules it has, and what it changed in the one before it. */
export interface VersionSummary {
  readonly rules: number;
  readonly changes: DiffCounts;
}

export interface VersionSummaries {
  /** In the order of `versions`, which stand latest first without gaps. */
  of(tenant: Tenant, versions: readonly MappingVersion[]): Promise<readonly VersionSummary[]>;
}

/** Versions never change, so that what is said of the last `size` of them is remembered. */
export function createVersionSummaries(p: Provisioning, size: number): VersionSummaries {
  const known = boundedMap<string, VersionSummary>(size);
  return {
    async of(tenant, versions) {
      const summaries: VersionSummary[] = [];
      for (const [index, { version, text }] of versions.entries()) {
        const key = `${tenant.id}:${version}`;
        const before = versions[index + 1]?.text;
        const summary = known.get(key) ?? (await summaryOf(p, tenant, version, text, before));
        known.set(key, summary);
        summaries.push(summary);
      }
      return summaries;
    },
  };
}

async function summaryOf(
  p: Provisioning,
  tenant: Tenant,
  version: number,
  text: string,
  before: string | undefined,
): Promise<VersionSummary> {
  // Large documents take some milliseconds each: others get their turn in between.
  await new Promise(setImmediate);
  const stored = before ?? (await p.store.read(tenant.id).mappingVersion(version - 1))?.text;
  const [was, is] = [storedDocument(stored ?? "{}"), storedDocument(text)];
  return { rules: is.mappings?.length ?? 0, changes: diffMappings(was, is).counts };
}
