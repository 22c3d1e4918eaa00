import { diffMappings, type MappingDiff } from "../../engine/mapping-diff.js";
import type { Tenant } from "../../model/connection.js";
import type { Json } from "../../model/json.js";
import { Refusal } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { Provisioning } from "../deps.js";
import type { MappingVersion } from "../ports/mappings.js";
import { storedDocument } from "./stored-document.js";

/** With all that a merge needs: what is active and who saved it, what was sent, and what happened since the version it builds on. */
export async function versionConflict(
  p: Provisioning,
  tenant: Tenant,
  expected: number,
  active: MappingVersion | undefined,
  text: string,
): Promise<Refusal> {
  const version = active?.version ?? 0;
  const since = await changesSince(p, tenant, expected, active);
  const by = active === undefined ? "" : `, saved by ${quote(active.author)}`;
  return new Refusal(
    "version_conflict",
    `version ${version} is active${by}, not ${expected}: merge your edit into it`,
    {
      expected,
      active: {
        version,
        document: active === undefined ? {} : JSON.parse(active.text),
        ...(active && { author: active.author, note: active.note ?? null, createdAt: active.createdAt }),
      },
      yours: parsedOrNull(text),
      ...(since && { since }),
    },
  );
}

/** `undefined` when the edit builds on a version that never was. */
async function changesSince(
  p: Provisioning,
  tenant: Tenant,
  expected: number,
  active: MappingVersion | undefined,
): Promise<MappingDiff | undefined> {
  const base = expected === 0 ? { text: "{}" } : await p.store.read(tenant.id).mappingVersion(expected);
  return base && diffMappings(storedDocument(base.text), storedDocument(active?.text ?? "{}"));
}

/** What was sent is looked at before it is judged. */
function parsedOrNull(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
