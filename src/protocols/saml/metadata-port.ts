/** Owns asking again for metadata that a connection has an address of. */
import type { SamlSettings } from "../../model/connection.js";
import { type Problem, Refusal } from "../../model/problem.js";
import type { FetchedMetadata, MetadataPort, MetadataState } from "../../provisioning/ports/metadata.js";
import { fetchDocument, NOT_MODIFIED, textOf } from "./metadata-fetch.js";
import { choicesOf, metadataFrom, refuseAnother, type SamlSettingsDeps } from "./settings.js";

/** What stands at a connection's address now; a refusal of any kind is told and not thrown. */
export function createMetadataPort(deps: SamlSettingsDeps): MetadataPort {
  return {
    async fetchAgain(before, validators) {
      try {
        return await documentAt(before.metadataUrl ?? "", before, validators, deps);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const [problem = error] = (error.detail["problems"] ?? []) as readonly Problem[];
        return { kind: "failed", code: problem.code, message: problem.message };
      }
    },
  };
}

async function documentAt(
  url: string,
  before: SamlSettings,
  { etag, lastModified }: Pick<MetadataState, "etag" | "lastModified">,
  deps: SamlSettingsDeps,
): Promise<FetchedMetadata> {
  const conditions = {
    ...(etag !== undefined && { "if-none-match": etag }),
    ...(lastModified !== undefined && { "if-modified-since": lastModified }),
  };
  const response = await fetchDocument(url, deps.fetch, conditions);
  if (response.status === NOT_MODIFIED) return { kind: "same" };
  const text = await textOf(response, url);
  const { metadata, cacheSeconds } = metadataFrom(text, "/metadataUrl", before.entityId, deps);
  refuseAnother(before, metadata, "/metadataUrl");
  return {
    kind: "read",
    settings: { ...metadata, ...choicesOf({}, before), metadataUrl: url },
    validators: { ...validator("etag", response), ...validator("lastModified", response) },
    ...(cacheSeconds !== undefined && { cacheSeconds }),
  };
}

const VALIDATORS = { etag: "etag", lastModified: "last-modified" } as const;
const LONGEST_VALIDATOR = 200;

function validator(name: keyof typeof VALIDATORS, { headers }: Response): { readonly [Name in typeof name]?: string } {
  const value = headers.get(VALIDATORS[name]);
  return value === null || value.length > LONGEST_VALIDATOR ? {} : { [name]: value };
}
