import { expect } from "chai";
import { parseMapping } from "../../src/compose.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import { createExpressionRunner, type ExpressionRunner } from "../../src/platform/expression-runner.js";
import { checkMapping } from "../../src/provisioning/mapping/mappings.js";
import { fencedBlocks, readDocument } from "./markdown.js";

const GUIDE = "docs/mapping-guide.md";

describe("the mapping guide", () => {
  const blocks = fencedBlocks(readDocument(GUIDE), "json");
  let expressions: ExpressionRunner;

  before(() => {
    expressions = createExpressionRunner();
  });

  after(() => expressions.close());

  it("shows documents", () => {
    expect(blocks).to.have.length.above(5);
  });

  for (const { line, text } of blocks) {
    it(`shows a whole document on line ${line} that saves as it stands, with examples that hold`, async () => {
      const parsed = parseMapping(text);
      const document = parsed.ok ? parsed.document : {};
      const context = { tenant: 0, connections: connectionsOf(document), version: 1 };
      const checked = await checkMapping({ parseMapping, expressions }, text, context);
      expect(checked.ok ? [] : checked.problems).to.deep.equal([]);
      expect(checked.warnings).to.deep.equal([]);
      expect(document.examples ?? []).to.have.length.above(0);
    });
  }
});

/** The connections that a document speaks of; the first of them may grant owner. */
function connectionsOf({ groups = {}, mappings = [], examples = [] }: MappingDocument) {
  const slugs = new Set([
    ...Object.values(groups).flatMap((bySlug) => Object.keys(bySlug)),
    ...mappings.flatMap((rule) => rule.connections ?? []),
    ...examples.flatMap(({ connection }) => connection ?? []),
    "sso",
  ]);
  return [...slugs].map((slug, at) => ({ slug, protocol: "oidc" as const, mayGrantOwner: at === 0 }));
}
