/**
 * Own refusal: what a person who was refused, or given nothing, is told of it. INVARIANT: of rules only which kinds of thing they ask for; the
 * names that would let somebody in are an admin's to see, by the reference.
 */
import type { CompiledMapping } from "../engine/compile/compile.js";
import { cutText } from "../model/cut-text.js";
import type { ObserveUser } from "../model/directory.js";
import type { RefusalCode } from "../model/problem.js";

export interface OwnRefusal {
  /** The groups that the identity provider told of; null when it said nothing of groups. */
  readonly groups: readonly string[] | null;
  readonly groupsLeftOut: number;
  readonly asksFor: readonly ("groups" | "app_roles" | "attributes")[];
}

const MOST_GROUPS = 50;
const LONGEST_GROUP = 200;

/** `undefined` for a refusal that groups and rules have no part in. */
export function ownRefusal(
  code: RefusalCode,
  { groups }: Pick<ObserveUser, "groups">,
  mapping: CompiledMapping | undefined,
): OwnRefusal | undefined {
  if (!mapping || (code !== "not_assigned" && code !== "groups_unknown")) return undefined;
  return ownFacts(groups.known ? groups.value : undefined, mapping);
}

/** `received`: names of the person's groups; `undefined` when nothing was said of them. */
export function ownFacts(received: readonly string[] | undefined, mapping: CompiledMapping): OwnRefusal {
  return {
    groups: received?.slice(0, MOST_GROUPS).map((name) => cutText(name, LONGEST_GROUP)) ?? null,
    groupsLeftOut: Math.max(0, (received?.length ?? 0) - MOST_GROUPS),
    asksFor: kindsOf(mapping),
  };
}

function kindsOf({ rules, readsGroups, reads }: CompiledMapping): OwnRefusal["asksFor"] {
  const enabled = rules.filter((rule) => rule.enabled);
  const asksRoles = reads.has("app_roles") || enabled.some(({ appRoles }) => appRoles !== undefined);
  const asksMore = [...reads].some((path) => path.startsWith("user.") || path.startsWith("claims."));
  return [
    ...(readsGroups ? (["groups"] as const) : []),
    ...(asksRoles ? (["app_roles"] as const) : []),
    ...(asksMore ? (["attributes"] as const) : []),
  ];
}
