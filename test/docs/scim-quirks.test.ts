import { expect } from "chai";
import { ENTRA_QUIRKS } from "../../src/protocols/scim/quirks/entra.js";
import { GENERIC_QUIRKS } from "../../src/protocols/scim/quirks/generic.js";
import { OKTA_QUIRKS } from "../../src/protocols/scim/quirks/okta.js";
import { readDocument } from "./markdown.js";

describe("docs/scim.md", () => {
  it("has a row for each quirk that the request log may name, and for no other", () => {
    const text = readDocument("docs/scim.md");
    const [table = ""] = text.slice(text.indexOf("| quirk |")).split("\n\n");
    const rows = [...table.matchAll(/^\| `(\w+)` \| /gm)].map(([, name]) => name);
    const quirks = Object.keys({ ...ENTRA_QUIRKS, ...GENERIC_QUIRKS, ...OKTA_QUIRKS });
    expect(rows.sort()).to.deep.equal(quirks.sort());
  });
});
