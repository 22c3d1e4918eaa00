import type { Instant } from "../../model/ids.js";
import type { MappingVersion } from "../ports/mappings.js";
import type { TenantReader } from "../ports/store.js";

/** A saved version as explanations speak of it. */
export interface VersionNote {
  readonly version: number;
  readonly author: string;
  readonly note: string | null;
  readonly savedAt: Instant;
}

/** Versions without their documents, by instant and number. */
export interface MappingAuthors {
  /** The version that was active at an instant; `undefined` before the first. */
  at(instant: Instant): VersionNote | undefined;
  of(version: number): VersionNote | undefined;
  active(): VersionNote | undefined;
}

/** Who saved which version of the mapping, and when: in one statement. */
export async function mappingAuthors(reader: TenantReader): Promise<MappingAuthors> {
  const latestFirst = (await reader.mappingAuthors()).map(noteOf);
  return {
    at: (instant) => latestFirst.find(({ savedAt }) => savedAt <= instant),
    of: (version) => latestFirst.find((one) => one.version === version),
    active: () => latestFirst[0],
  };
}

function noteOf({ version, author, note, createdAt }: Omit<MappingVersion, "text">): VersionNote {
  return { version, author, note: note ?? null, savedAt: createdAt };
}
