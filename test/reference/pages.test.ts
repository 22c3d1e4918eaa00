import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { configurationPage } from "../../scripts/reference/configuration-page.js";
import { propertyRows, resolveIn, typeText } from "../../scripts/reference/schema-text.js";
import { stalePages } from "../../scripts/reference/stale-pages.js";
import type { JsonObject } from "../../src/model/json.js";
import { projectRoot } from "../../src/platform/root.js";
import { readSchema } from "../../src/platform/schemas.js";

describe("the reference pages", () => {
  it("are stale when they are missing or differ by a character", () => {
    const folder = mkdtempSync(join(tmpdir(), "rolecall-pages-"));
    try {
      writeFileSync(join(folder, "fresh.md"), "same\n");
      writeFileSync(join(folder, "old.md"), "same");
      const pages = new Map(["fresh.md", "old.md", "missing.md"].map((name) => [name, "same\n"]));
      expect(stalePages(folder, pages)).to.deep.equal(["old.md", "missing.md"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("name every key of the configuration with its default", () => {
    const defaults: JsonObject = JSON.parse(readFileSync(join(projectRoot, "config/default.json"), "utf8"));
    const page = configurationPage(readSchema("config").schema, defaults);
    expect(page).to.contain("| `port` | integer; at least 0, at most 65535 | `4180` |");
    for (const [key, value] of Object.entries(defaults)) {
      expect(page).to.contain(`| \`${key}\` |`);
      if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
      for (const inside of Object.keys(value)) expect(page).to.contain(`| \`${key}.${inside}\` |`);
    }
  });

  const schema: JsonObject = {
    $defs: {
      text: { type: "string", maxLength: 5, description: "a word" },
      when: { type: "string", format: "date-time" },
    },
  };
  const cases: readonly (readonly [what: JsonObject, words: string])[] = [
    [{ type: "string" }, "text"],
    [{ type: ["integer", "null"] }, "integer or null"],
    [{ enum: ["a", 1] }, "`a`, `1`"],
    [{ const: true }, "`true`"],
    [{ $ref: "#/$defs/when" }, "instant"],
    [{ type: "array", items: { $ref: "#/$defs/text" } }, "list of text"],
    [
      { anyOf: [{ $ref: "#/$defs/text" }, { type: "array", items: { type: "boolean" } }] },
      "text or list of true or false",
    ],
    [{ type: "object", properties: { a: {}, b: {} } }, "{a, b}"],
    [{ allOf: [{ $ref: "#/$defs/text" }] }, "text"],
    [{}, "anything"],
  ];
  for (const [what, words] of cases) {
    it(`calls ${JSON.stringify(what)} ${words}`, () => {
      expect(typeText(what, resolveIn(schema))).to.equal(words);
    });
  }

  it("say of each key what it takes, whether it is needed, and what for; what stands beside a reference wins", () => {
    const object = {
      required: ["a"],
      properties: { a: { $ref: "#/$defs/text" }, b: { $ref: "#/$defs/text", description: "mine" } },
    };
    expect(propertyRows(object, resolveIn(schema))).to.deep.equal([
      ["`a`", "text; at most 5 characters", "yes", "a word"],
      ["`b`", "text; at most 5 characters", "", "mine"],
    ]);
  });

  it("cannot be written from a reference to nothing", () => {
    expect(() => typeText({ $ref: "#/$defs/no" }, resolveIn(schema))).to.throw("`#/$defs/no`, which does not exist");
  });
});
