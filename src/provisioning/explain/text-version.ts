/** Text version owns in which saved version of the mapping a rule got the text that it has now. */
import { isDeepStrictEqual } from "node:util";
import { madeId, madeIdWithRole } from "../../engine/compile/rule-id.js";
import { isMadeId } from "../../engine/rule-text.js";
import type { RuleDocument } from "../../model/mapping.js";
import { othersFirst } from "../judge.js";
import { storedDocument } from "../mapping/stored-document.js";
import { pagesOf } from "../pages-of.js";
import type { TenantReader } from "../ports/store.js";

/** Versions that are looked through, backwards: of a rule that is older the first of these is named. */
const LOOKED_THROUGH = 100;
const PAGE = 10;

interface Since {
  readonly text: unknown;
  readonly version: number;
}

/**
 * By the rules' ids. A rule that the mapping has no more is known by the last text that it had; one that is in none of the
 * versions looked through is missing.
 */
export async function textVersions(
  reader: TenantReader,
  rules: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const since = new Map<string, Since>();
  const open = new Set(rules);
  let left = LOOKED_THROUGH;
  if (open.size === 0) return new Map();
  for await (const versions of pagesOf((query) => reader.mappingVersions(query), PAGE)) {
    for (const { version, text } of versions) {
      await othersFirst();
      stepBack(since, open, version, textsIn(text, open));
    }
    left -= versions.length;
    if (open.size === 0 || left <= 0) break;
  }
  return new Map([...since].map(([rule, { version }]) => [rule, version]));
}

/** One version further back: `open` are the rules whose text may be older still. */
function stepBack(
  since: Map<string, Since>,
  open: Set<string>,
  version: number,
  texts: ReadonlyMap<string, unknown>,
): void {
  for (const rule of open) {
    const known = since.get(rule);
    const text = texts.get(rule);
    if (text !== undefined && (!known || isDeepStrictEqual(known.text, text))) since.set(rule, { text, version });
    else if (known) open.delete(rule);
  }
}

/** The owners' rule is a list of groups at the head of the document. */
const OWNERS = "tenant_owners";

function textsIn(document: string, wanted: ReadonlySet<string>): ReadonlyMap<string, unknown> {
  const { mappings = [], tenant_owners_groups: owners } = storedDocument(document);
  const texts = new Map<string, unknown>(owners === undefined ? [] : [[OWNERS, owners]]);
  const asksMade = [...wanted].some(isMadeId);
  for (const rule of mappings) {
    if (rule.enabled === false) continue;
    for (const id of idsOf(rule, asksMade)) texts.set(id, rule);
  }
  return texts;
}

function idsOf(rule: RuleDocument, asksMade: boolean): readonly string[] {
  if (rule.id !== undefined) return [rule.id];
  return asksMade ? [madeId(rule), madeIdWithRole(rule)] : [];
}
