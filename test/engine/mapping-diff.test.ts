import { expect } from "chai";
import fc from "fast-check";
import { diffMappings } from "../../src/engine/mapping-diff.js";
import { unmovedOf } from "../../src/engine/unmoved.js";
import type { MappingDocument, RuleDocument } from "../../src/model/mapping.js";

const rule = (id: string, more: Partial<RuleDocument> = {}): RuleDocument => ({
  id,
  group_name: id,
  team_name: "A",
  role_name: "editor",
  ...more,
});
const rules = (...ids: readonly string[]): MappingDocument => ({ mappings: ids.map((id) => rule(id)) });

describe("the difference of two mappings", () => {
  it("shows rules that came, went and changed, key by key, by their ids", () => {
    const before = { mappings: [rule("a"), rule("b"), rule("c", { note: "old" })] };
    const after = { mappings: [rule("a"), rule("c", { note: "new", role_name: "viewer", enabled: false }), rule("d")] };
    const { same, rules: found, counts } = diffMappings(before, after);
    expect(same).to.equal(false);
    expect(counts).to.deep.include({ added: 1, removed: 1, changed: 1, moved: 0 });
    expect(found.added).to.deep.equal([
      { id: "d", text: "group d -> A/editor", pointer: "/mappings/2", rule: rule("d") },
    ]);
    expect(found.removed.map(({ id, pointer }) => [id, pointer])).to.deep.equal([["b", "/mappings/1"]]);
    expect(found.changed).to.deep.equal([
      {
        id: "c",
        text: "group c -> A/viewer",
        pointer: "/mappings/1",
        keys: [
          { key: "enabled", before: null, after: false },
          { key: "note", before: "old", after: "new" },
          { key: "role_name", before: "editor", after: "viewer" },
        ],
      },
    ]);
  });

  it("lists changed rules in the order of the later document", () => {
    const before = rules("a", "b", "c");
    const after = { mappings: ["c", "b", "a"].map((id) => rule(id, { note: "x" })) };
    expect(diffMappings(before, after).rules.changed.map(({ id }) => id)).to.deep.equal(["c", "b", "a"]);
  });

  it("tells rules without an id apart by what they match and where they give", () => {
    const plain = { group_name: "Eng", team_name: "A", role_name: "editor" };
    const { rules: found } = diffMappings({ mappings: [plain] }, { mappings: [{ ...plain, role_name: "viewer" }] });
    expect(found.changed[0]?.keys).to.deep.equal([{ key: "role_name", before: "editor", after: "viewer" }]);
    const moved = diffMappings({ mappings: [plain] }, { mappings: [{ ...plain, group_name: "Ops" }] });
    expect(moved.counts).to.deep.include({ added: 1, removed: 1, changed: 0 });
  });

  it("names the fewest rules that moved", () => {
    const { rules: found, same } = diffMappings(rules("a", "b", "c", "d"), rules("d", "a", "b", "c"));
    expect(same).to.equal(false);
    expect(found.moved).to.deep.equal([{ id: "d", text: "group d -> A/editor", from: 3, to: 0 }]);
    const both = diffMappings(rules("a", "b", "c", "d"), rules("b", "a", "d", "c"));
    expect(both.rules.moved.map(({ id, from, to }) => [id, from, to])).to.have.length(2);
    const shifted = diffMappings(rules("a", "b"), rules("new", "a", "b"));
    expect(shifted.rules.moved).to.deep.equal([]);
  });

  it("shows settings, the alias book, examples and invariants by their names", () => {
    const before: MappingDocument = {
      no_match: "deny",
      groups: { Fin: { okta: "fin" }, Old: {} },
      examples: [{ name: "bob", expect: [] }],
      invariants: [{ name: "i", never: "false" }],
    };
    const after: MappingDocument = {
      tenant_owners_groups: ["IT"],
      groups: { Fin: { okta: "finance" }, Old: {} },
      examples: [
        { name: "bob", expect: ["A/x"] },
        { name: "bob", expect: [] },
      ],
      invariants: [],
    };
    const { settings, groups, examples, invariants, counts } = diffMappings(before, after);
    expect(settings).to.deep.equal([
      { key: "no_match", before: "deny", after: null },
      { key: "tenant_owners_groups", before: null, after: ["IT"] },
    ]);
    expect(groups).to.deep.equal([{ name: "Fin", before: { okta: "fin" }, after: { okta: "finance" } }]);
    expect(examples.map(({ name }) => name)).to.deep.equal(["bob", "bob (2)"]);
    expect(invariants).to.deep.equal([{ name: "i", before: { name: "i", never: "false" }, after: null }]);
    expect(counts).to.deep.include({ settings: 2, groups: 1, examples: 2, invariants: 1 });
  });

  it("does not take the order of keys for a change", () => {
    const [a, b] = ['{"okta":"x","entra":["y"]}', '{"entra":["y"],"okta":"x"}'].map((text) => JSON.parse(text));
    expect(diffMappings({ groups: { Fin: a } }, { groups: { Fin: b } }).same).to.equal(true);
  });

  it("compares all rules of a document in which an id stands twice", () => {
    expect(diffMappings(rules("a", "a"), rules("a")).counts).to.deep.include({ removed: 1, moved: 0 });
  });

  const documents = fc.record({
    ids: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 12 }),
    noMatch: fc.constantFrom("deny" as const, "allow" as const),
  });
  const documentOf = ({ ids, noMatch }: { readonly ids: readonly string[]; readonly noMatch: "deny" | "allow" }) => ({
    ...rules(...ids),
    no_match: noMatch,
  });

  it("is empty for equal documents, and never empty for rules in another order", () => {
    fc.assert(
      fc.property(documents, fc.func(fc.integer()), (made, weight) => {
        const document = documentOf(made);
        expect(diffMappings(document, JSON.parse(JSON.stringify(document))).same).to.equal(true);
        const shuffled = [...made.ids].sort((a, b) => weight(a) - weight(b));
        const { same, rules: found } = diffMappings(document, documentOf({ ...made, ids: shuffled }));
        expect(same).to.equal(shuffled.every((id, index) => id === made.ids[index]));
        expect([found.added, found.removed]).to.deep.equal([[], []]);
      }),
    );
  });

  it("turns the one into the other: what came and went, and nothing else, is told of any two documents", () => {
    fc.assert(
      fc.property(documents, documents, (a, b) => {
        const { rules: found, settings } = diffMappings(documentOf(a), documentOf(b));
        expect(found.added.map(({ id }) => id)).to.deep.equal(b.ids.filter((id) => !a.ids.includes(id)));
        expect(found.removed.map(({ id }) => id)).to.deep.equal(a.ids.filter((id) => !b.ids.includes(id)));
        expect(settings.length).to.equal(a.noMatch === b.noMatch ? 0 : 1);
      }),
    );
  });

  it("leaves a longest rising run where it was", () => {
    const longest = (order: readonly number[]): number => {
      const best = order.map(() => 1);
      order.forEach((value, at) => {
        for (let i = 0; i < at; i++)
          if ((order[i] as number) < value) best[at] = Math.max(best[at] as number, (best[i] as number) + 1);
      });
      return Math.max(0, ...best);
    };
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40), { maxLength: 15 }), (order) => {
        const unmoved = [...unmovedOf(order)].sort((a, b) => a - b).map((index) => order[index] as number);
        expect(unmoved).to.deep.equal([...unmoved].sort((a, b) => a - b));
        expect(unmoved.length).to.equal(longest(order));
      }),
    );
  });
});
