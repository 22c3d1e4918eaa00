import { type CompiledMapping, compileMapping } from "../../engine/compile/compile.js";
import { boundedMap } from "../../model/bounded-map.js";
import type { Connection } from "../../model/connection.js";
import type { TenantId } from "../../model/ids.js";
import type { MappingDocument } from "../../model/mapping.js";
import type { Problem } from "../../model/problem.js";
import type { TenantReader } from "../ports/store.js";
import type { SoundPart } from "./sound-part.js";

/** Judges a document against `schemas/mapping.schema.json`, all problems at once. */
export type ParseMapping = (text: string) =>
  | {
      readonly ok: true;
      readonly document: MappingDocument;
      /** Keys that stand twice: no version is saved with them, and stored ones that have them go on meaning what they meant. */
      readonly repeated: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly sound?: SoundPart };

/** Compiled mappings by tenant and version, compiled once; anew when a connection's settings moved. */
export interface MappingCache {
  active(reader: TenantReader, version: number, connections: readonly Connection[]): Promise<CompiledMapping>;
}

/** What compiling needs to know of a tenant's connections. */
export function mappingContext(connections: readonly Pick<Connection, "slug" | "protocol" | "mayGrantOwner">[]) {
  return connections.map(({ slug, protocol, mayGrantOwner }) => ({ slug, protocol, mayGrantOwner }));
}

const EMPTY: MappingDocument = {};

/** The mapping that is active now; `connections` of the tenant, where they were read already. */
export async function activeMapping(
  { mappings }: { readonly mappings: MappingCache },
  reader: TenantReader,
  connections?: readonly Connection[],
): Promise<CompiledMapping> {
  const { activeVersion } = await reader.tenantNow();
  return mappings.active(reader, activeVersion, connections ?? (await reader.connections()));
}

/** `size` tenants are remembered. A stored version that is no valid document any more, or no longer compiles, throws. */
export function createMappingCache(parse: ParseMapping, size: number): MappingCache {
  const cache = boundedMap<TenantId, { readonly key: string; readonly mapping: CompiledMapping }>(size);
  return {
    async active(reader, version, connections) {
      const key = `${version}|${connections.map((one) => `${one.slug}:${one.mayGrantOwner}`).join(",")}`;
      const remembered = cache.get(reader.tenant);
      if (remembered?.key === key) return remembered.mapping;
      const mapping = compileStored(parse, await storedText(reader, version), version, connections);
      cache.set(reader.tenant, { key, mapping });
      return mapping;
    },
  };
}

async function storedText(reader: TenantReader, version: number): Promise<string | undefined> {
  return version === 0 ? undefined : (await reader.mappingVersion(version))?.text;
}

function compileStored(
  parse: ParseMapping,
  text: string | undefined,
  version: number,
  connections: readonly Connection[],
): CompiledMapping {
  const parsed = text === undefined ? { ok: true as const, document: EMPTY } : parse(text);
  if (!parsed.ok) throw new Error(`stored mapping version ${version} is no longer a valid document`);
  const compiled = compileMapping(parsed.document, { connections: mappingContext(connections), version, stored: true });
  if (!compiled.ok) throw new Error(`stored mapping version ${version} no longer compiles`);
  return compiled.mapping;
}
