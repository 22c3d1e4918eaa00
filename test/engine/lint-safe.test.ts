import { expect } from "chai";
import fc from "fast-check";
import { applyInMemory } from "../../src/engine/apply-in-memory.js";
import { type CompiledMapping, compileMapping, type MappingContext } from "../../src/engine/compile/compile.js";
import { diff } from "../../src/engine/diff.js";
import type { LintCode, LintFinding } from "../../src/engine/lint/finding.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";
import type { PersonLink, PersonState } from "../../src/model/person.js";
import { targetKey } from "../../src/model/target.js";
import { linted, patched } from "./lint-made-up.js";
import { CONTEXT, compiled, decided, group, known, link, NOW, state, unknown } from "./made-up.js";

/** Findings whose fix makes the document do what it seems to say; all others leave everybody's access as it is. */
const CHANGING: ReadonlySet<string> = new Set([
  "negation_over_absent",
  "open_role_capture",
  "unknown_group",
  "misspelt_team",
  "never_matched",
] satisfies (LintCode | "negation_over_absent")[]);

const RIVALS: ReadonlySet<string> = new Set([
  "shadowed_rule",
  "conflicting_rules",
  "redundant_rule",
] satisfies LintCode[]);

const SLUGS = ["idp", "other"];
const STALE = "2026-11-20T00:00:00.000Z";

interface World {
  readonly document: MappingDocument;
  readonly context: MappingContext;
  readonly disabled: readonly string[];
  /** What was known of the person when they last got something, and what is known now. */
  readonly before: readonly PersonLink[];
  readonly now: readonly PersonLink[];
  readonly isNew: boolean;
}

const matcher: fc.Arbitrary<Partial<RuleDocument>> = fc.oneof(
  { weight: 4, arbitrary: fc.subarray(["A", "Ab", "B"], { minLength: 1 }).map((names) => ({ group_name: names })) },
  fc.constantFrom<Partial<RuleDocument>>({ group_pattern: "A*" }, { group_pattern: "*" }, { group_id: "A" }),
  fc.constant({ everyone: true as const }),
  fc.constantFrom<Partial<RuleDocument>>({ app_role: "r" }, { app_role: ["r", "s"] }),
  fc.constantFrom<Partial<RuleDocument>>({ when: "user.department = 'd0'" }, { when: "'A' in groups" }),
);
const give = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom("owner", "admin", "viewer").map((role_name) => ({ scope: "tenant", role_name })),
  },
  fc.constantFrom("editor", "viewer").map((role_name) => ({ team_name: "Platform", role_name })),
);
const more = fc.record<Partial<RuleDocument>>(
  {
    connections: fc.oneof(
      { weight: 3, arbitrary: fc.subarray(SLUGS, { minLength: 1 }) },
      fc.constantFrom(["gone"], ["gone", "idp"]),
    ),
    expires_at: fc.constantFrom("2026-11-01", "2027-01-01", "2027-02-01"),
    enabled: fc.constantFrom(true, true, false),
  },
  { requiredKeys: [] },
);
const document: fc.Arbitrary<MappingDocument> = fc.record(
  {
    mappings: fc
      .array(fc.tuple(matcher, give, fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, more)), {
        minLength: 1,
        maxLength: 4,
      })
      .map((all) => all.map((parts, index) => Object.assign({ id: `r${index}` }, ...parts) as RuleDocument)),
    conflicts: fc.constantFrom("first" as const, "highest" as const, "all" as const),
    role_order: fc.constant(["viewer", "editor", "admin"]),
    tenant_owners_groups: fc.constantFrom(["A"], ["A", "B"]),
    no_match: fc.constantFrom("deny" as const, "deactivate" as const, "allow" as const),
  },
  { requiredKeys: ["mappings", "conflicts", "role_order"] },
);

const names = ["A", "Ab", "B", "C"];
const facts =
  (slug: string, mayGrantOwner: boolean) =>
  (
    made: {
      readonly groups: readonly string[];
      readonly department: string;
      readonly appRoles: readonly string[];
    },
    doubt: { readonly stale: readonly string[]; readonly partial: boolean; readonly blind: boolean },
  ): PersonLink =>
    link({
      connection: { slug, mayGrantOwner },
      groups: made.groups.map((name) => group(name, doubt.stale.includes(name) ? { staleSince: STALE } : {})),
      unlisted: doubt.partial ? "overage" : "not_member",
      user: { department: doubt.blind ? unknown("never_asserted") : made.department },
      appRoles: doubt.blind ? unknown("never_asserted") : known(made.appRoles),
    });

const CERTAIN = { stale: [], partial: false, blind: false };
const person = (slug: string, mayGrantOwner: boolean) =>
  fc
    .record({
      made: fc.record({
        groups: fc.subarray(names),
        department: fc.constantFrom("d0", "d1"),
        appRoles: fc.subarray(["r", "s"]),
      }),
      doubt: fc.record({
        stale: fc.oneof({ weight: 2, arbitrary: fc.constant<string[]>([]) }, fc.subarray(names)),
        partial: fc.constantFrom(false, false, true),
        blind: fc.constantFrom(false, false, true),
      }),
    })
    .map(({ made, doubt }) => ({
      before: facts(slug, mayGrantOwner)(made, CERTAIN),
      now: facts(slug, mayGrantOwner)(made, doubt),
    }));

const world: fc.Arbitrary<World> = fc
  .record({
    document,
    able: fc.subarray(SLUGS),
    disabled: fc.constantFrom([], [], ["other"]),
    at: fc.subarray(SLUGS, { minLength: 1 }),
    isNew: fc.boolean(),
  })
  .chain(({ able, at, ...rest }) =>
    fc.tuple(...at.map((slug) => person(slug, able.includes(slug)))).map((links): World => {
      const present = links.filter(({ now }) => !rest.disabled.some((slug) => slug === now.connection.slug));
      return {
        ...rest,
        context: {
          ...CONTEXT,
          stored: true,
          connections: CONTEXT.connections.map((one) => ({ ...one, mayGrantOwner: able.includes(one.slug) })),
        },
        before: present.map((one) => one.before),
        now: present.map((one) => one.now),
      };
    }),
  );

async function after(mapping: CompiledMapping, held: PersonState, links: readonly PersonLink[]): Promise<PersonState> {
  const plan = diff(held, await decided(mapping, links, held), mapping);
  return applyInMemory(held, plan, { version: mapping.version, now: NOW });
}

/** Status, verdict of a sign-in, and every target that is held. */
async function outcome(mapping: CompiledMapping, one: World, held: PersonState): Promise<readonly string[]> {
  const { status, grants } = await after(mapping, held, one.now);
  const { verdict } = await decided(mapping, one.now, held, "sign_in");
  const targets = new Set(grants.map(({ target }) => targetKey(target)));
  return [status, JSON.stringify(verdict), ...[...targets].sort()];
}

describe("lint: fixes", () => {
  it("change nobody's access, unless the finding is that too much or too little is given", async function () {
    this.timeout(60_000);
    let rivals = 0;
    await fc.assert(
      fc.asyncProperty(world, async (one) => {
        const mapping = compiled(one.document, one.context);
        const around = { disabled: new Set(one.disabled) };
        const findings = await linted(one.document, { context: one.context, around });
        const nobody = one.isNew ? state([], { status: "pending", everRegistered: false }) : state();
        const held = one.isNew ? nobody : await after(mapping, nobody, one.before);
        const expected = await outcome(mapping, one, held);
        for (const finding of findings.filter(isSafe)) {
          const fixed = compileMapping(patched(one.document, finding.fix ?? []), one.context);
          expect(fixed.ok, finding.code).to.equal(true);
          if (fixed.ok) expect(await outcome(fixed.mapping, one, held), finding.code).to.deep.equal(expected);
          if (RIVALS.has(finding.code)) rivals += 1;
        }
      }),
      { numRuns: 600 },
    );
    expect(rivals).to.be.greaterThan(10);
  });
});

function isSafe({ code, fix }: LintFinding): boolean {
  return fix !== undefined && !CHANGING.has(code);
}
