/** One person, one set of literal rules, and everybody who can judge them: Rolecall's engine, a plain Map and other rule engines. */

import { compile, type JSONValue, TreeInterpreter } from "@jmespath-community/jmespath";
import { Engine } from "json-rules-engine";
import jsonata from "jsonata";
import { compileMapping } from "../../src/engine/compile/compile.js";
import { evaluate } from "../../src/engine/evaluate.js";
import { linkFacts } from "../../src/engine/facts.js";
import { USER_ATTRIBUTES } from "../../src/model/facts.js";
import { grouped } from "../../src/model/grouped.js";
import type { ConnectionId, DirectoryUserId } from "../../src/model/ids.js";
import { known } from "../../src/model/known.js";
import type { RuleDocument } from "../../src/model/mapping.js";
import type { LinkRecord, PersonLink } from "../../src/model/person.js";
import { literalRules } from "../population/mapping.js";
import { DEFAULT_SHAPE, groupName, shapedUser } from "../population/shape.js";

export interface Subject {
  readonly name: string;
  /** Judges the person so many times; how many rules matched in the last round. */
  run(times: number): Promise<number> | number;
}

const DAYS_AGO = "2026-01-01T00:00:00.000Z";
const MATCHED = 5;
const NOW = "2026-06-01T00:00:00.000Z";

export function subjects(rules: number): readonly Subject[] {
  const documents = literalRules({ ...DEFAULT_SHAPE, groups: Math.max(DEFAULT_SHAPE.groups, rules * 2) }, rules);
  // whoever has twenty groups and matches nothing would flatter everybody
  const matched = documents.slice(0, MATCHED).map((rule) => String(rule.group_name));
  const others = shapedUser(DEFAULT_SHAPE, 1).groups.map(groupName);
  const groups = [...new Set([...matched, ...others])].slice(0, DEFAULT_SHAPE.groupsPerUser);
  return [
    bareMap(documents, groups),
    ...rolecall(documents, groups),
    jmespathChain(documents, groups),
    jsonRulesEngine(documents, groups),
    jsonataPerRule(documents, groups),
  ];
}

function bareMap(documents: readonly RuleDocument[], groups: readonly string[]): Subject {
  const byName = grouped(documents, (rule) => String(rule.group_name));
  return {
    name: "a plain Map",
    run(times) {
      let matched = 0;
      for (let time = 0; time < times; time++) {
        const found: RuleDocument[] = [];
        for (const group of groups) for (const rule of byName.get(group) ?? []) found.push(rule);
        matched = found.length;
      }
      return matched;
    },
  };
}

/** Twice: the look-ups, which are all that a plain Map does, and with every outcome and its evidence written out. */
function rolecall(documents: readonly RuleDocument[], groups: readonly string[]): readonly Subject[] {
  const connections = [{ slug: "okta", protocol: "saml" as const, mayGrantOwner: true }];
  const compiled = compileMapping({ version: 1, mappings: documents }, { connections, version: 1 });
  if (!compiled.ok) throw new Error("the bench's own mapping does not compile");
  const { mapping } = compiled;
  const link = personLink(groups);
  const none = new Map();
  return [
    {
      name: "Rolecall, look-ups",
      run(times) {
        let evaluation = evaluate(mapping, link, none);
        for (let time = 1; time < times; time++) evaluation = evaluate(mapping, link, none);
        return evaluation.notable.length;
      },
    },
    {
      name: "Rolecall, outcomes with evidence",
      run(times) {
        let matched = 0;
        for (let time = 0; time < times; time++) matched = evaluate(mapping, link, none).notable.length;
        return matched;
      },
    },
  ];
}

function personLink(groups: readonly string[]): PersonLink {
  const directory = groups.map((displayName, at) => {
    return { id: `g${at}`, displayName, idpMappingNames: [], firstMembershipAt: DAYS_AGO, deleted: false };
  });
  const record: LinkRecord = {
    directoryUser: "d1" as DirectoryUserId,
    connection: {
      ...{
        id: "c1" as ConnectionId,
        slug: "okta",
        protocol: "saml",
        sync: "live",
        jit: "every_sign_in",
        groups: "auto",
      },
      ...{ mayGrantOwner: true, disabled: false, settleSeconds: 3600, priority: 1, firstGroupPushAt: DAYS_AGO },
      directoryGroups: directory,
    },
    scim: {
      ...{ active: true, deleted: false, appRoles: known([]), createdAt: DAYS_AGO },
      attributes: Object.fromEntries(USER_ATTRIBUTES.map((name) => [name, null])) as NonNullable<
        LinkRecord["scim"]
      >["attributes"],
    },
    memberships: directory.map((group) => ({ group, since: DAYS_AGO })),
  };
  const link = linkFacts(record, NOW);
  if (!link) throw new Error("the bench's own person is no evidence");
  return link;
}

function jmespathChain(documents: readonly RuleDocument[], groups: readonly string[]): Subject {
  const terms = documents.map((rule) => `contains(groups, '${String(rule.group_name)}') && '${rule.role_name}'`);
  const expression = compile(`[${terms.join(", ")}]`);
  const facts: JSONValue = { groups: [...groups] };
  return {
    name: "jmespath, one expression of all rules",
    run(times) {
      let matched = 0;
      for (let time = 0; time < times; time++) {
        const found = TreeInterpreter.search(expression, facts) as readonly (string | boolean)[];
        matched = found.filter((one) => one !== false).length;
      }
      return matched;
    },
  };
}

function jsonRulesEngine(documents: readonly RuleDocument[], groups: readonly string[]): Subject {
  const engine = new Engine(
    documents.map((rule) => ({
      conditions: { all: [{ fact: "groups", operator: "contains", value: String(rule.group_name) }] },
      event: { type: String(rule.role_name) },
    })),
  );
  return {
    name: "json-rules-engine",
    async run(times) {
      let matched = 0;
      for (let time = 0; time < times; time++) matched = (await engine.run({ groups: [...groups] })).events.length;
      return matched;
    },
  };
}

function jsonataPerRule(documents: readonly RuleDocument[], groups: readonly string[]): Subject {
  const expressions = documents.map((rule) => jsonata(`'${String(rule.group_name)}' in groups`));
  return {
    name: "JSONata, one expression per rule",
    async run(times) {
      let matched = 0;
      for (let time = 0; time < times; time++) {
        matched = 0;
        for (const expression of expressions) if (await expression.evaluate({ groups })) matched++;
      }
      return matched;
    },
  };
}
