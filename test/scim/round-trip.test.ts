import { expect } from "chai";
import fc from "fast-check";
import type { ScimProfile } from "../../src/model/connection.js";
import { readUser } from "../../src/protocols/scim/document.js";
import { applyPatch } from "../../src/protocols/scim/patch.js";
import { readPatchRequest } from "../../src/protocols/scim/patch-request.js";
import { DEFAULT_PROJECTION } from "../../src/protocols/scim/project.js";
import { renderUser, shownUser } from "../../src/protocols/scim/render.js";
import { textOf, writtenText } from "../../src/protocols/scim/written.js";
import { ENTERPRISE, PATCH_OP, schemas, USER, userReading } from "./tables.js";

const text = fc.string({ unit: "grapheme-ascii", maxLength: 6 });
const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null, freq: 5 });
const flag = fc.constantFrom<boolean | string>(true, false, "True", "False");
const element = fc.record(
  { value: text, type: fc.constantFrom("work", "Work", "home"), display: nullable(text), primary: fc.constant(false) },
  { requiredKeys: [] },
);
const user = fc.record(
  {
    schemas: fc.constant([USER, ENTERPRISE]),
    userName: text.filter((name) => name.trim() !== ""),
    active: nullable(flag),
    title: nullable(text),
    name: nullable(fc.record({ givenName: nullable(text), familyName: text }, { requiredKeys: [] })),
    emails: nullable(fc.array(element, { maxLength: 4 })),
    roles: fc.array(element, { maxLength: 3 }),
    [ENTERPRISE]: nullable(fc.record({ department: nullable(text), manager: nullable(text) }, { requiredKeys: [] })),
  },
  { requiredKeys: ["schemas", "userName"] },
);

const operation = fc.oneof(
  fc.record({ op: fc.constantFrom("add", "Replace"), path: fc.constantFrom("title", "displayName"), value: text }),
  fc.record({ op: fc.constantFrom("Add", "replace"), path: fc.constant("active"), value: flag }),
  fc.record({
    op: fc.constantFrom("add", "replace", "remove"),
    path: fc.constant("emails"),
    value: fc.array(
      element.filter((item) => item.value !== undefined),
      { maxLength: 2 },
    ),
  }),
  fc.record({
    op: fc.constantFrom("Add", "Replace"),
    path: fc.constantFrom('emails[type eq "work"].value', 'phoneNumbers[type eq "home"].display'),
    value: text,
  }),
  fc.record({
    op: fc.constant("remove"),
    path: fc.constantFrom("title", 'emails[type eq "home"]', "name.givenName", ENTERPRISE),
  }),
  fc.record({
    op: fc.constantFrom("add", "replace"),
    value: fc.record({ "name.givenName": text, [`${ENTERPRISE}:department`]: text }),
  }),
);
const profile = fc.constantFrom<ScimProfile>("rfc", "okta", "entra");

describe("SCIM users there and back", () => {
  it("PUT(GET) is a no-op for every user", () => {
    fc.assert(
      fc.property(user, (body) => {
        const { resource } = readUser(body, userReading());
        const row = {
          id: "u1",
          resource,
          version: 1,
          createdAt: "2026-01-01T00:00:00.000Z",
          modifiedAt: "2026-01-01T00:00:00.000Z",
        };
        const relations = { groups: [{ id: "g", displayName: "G" }], manager: { displayName: "M" } };
        const { resource: answer } = renderUser(row, relations, {
          type: schemas.user,
          baseUrl: "https://x",
          projection: DEFAULT_PROJECTION,
        });
        expect(readUser(answer, userReading(), resource).resource).to.deep.equal(resource);
      }),
    );
  });

  const odd = fc.dictionary(
    fc.constantFrom("id", "schemas", "groups", "meta", "Groups", "title", "strange", "nickName", ENTERPRISE, "name"),
    fc.oneof(
      text,
      fc.constant([]),
      fc.constant([{ value: "other" }]),
      fc.record({ strange: text }, { requiredKeys: [] }),
      fc.record({ department: text, manager: fc.record({ value: text }) }, { requiredKeys: [] }),
    ),
    { maxKeys: 2 },
  );
  const name = fc.oneof(text, fc.string({ unit: "binary", maxLength: 6 }), fc.constantFrom('"', "\\", "\u007f", "\n"));
  const groups = fc.array(fc.record({ id: name, displayName: name }), { maxLength: 4 });
  const related = fc.record({ groups, manager: fc.record({ displayName: text }) }, { requiredKeys: [] });

  it("P2: the text of an answer is that of the document, whatever is stored, and whatever the groups are called", () => {
    let texts = 0;
    fc.assert(
      fc.property(
        user,
        odd,
        related,
        fc.constantFrom("https://x", 'https://x/"\u00e9'),
        (body, more, relations, baseUrl) => {
          const resource = { ...readUser(body, userReading()).resource, ...more };
          const times = { createdAt: "2026-01-01T00:00:00.000Z", modifiedAt: "2026-01-02T00:00:00.000Z" } as const;
          const row = { id: "u1", resource, version: 3, ...times };
          const rendering = { type: schemas.user, baseUrl, projection: DEFAULT_PROJECTION };
          const shown = shownUser(row, relations, rendering);
          const rendered = renderUser(row, relations, rendering);
          texts += writtenText(shown.resource) === undefined ? 0 : 1;
          expect(textOf(shown.resource)).to.equal(JSON.stringify(rendered.resource));
          expect(shown.etag).to.equal(rendered.etag);
        },
      ),
      { numRuns: 300 },
    );
    expect(texts, "some were texts").to.be.above(0);
  });

  it("what a PATCH leaves is a document that a PUT of it leaves alone, whatever the operations and the profile", () => {
    fc.assert(
      fc.property(user, fc.array(operation, { minLength: 1, maxLength: 4 }), profile, (body, operations, name) => {
        const reading = userReading(name);
        const { resource } = readUser(body, reading);
        const patched = applyPatch(
          resource,
          readPatchRequest({ schemas: [PATCH_OP], Operations: operations }, reading),
          reading,
        );
        expect(readUser({ schemas: [USER], ...patched.resource }, userReading()).resource).to.deep.equal(
          patched.resource,
        );
      }),
    );
  });
});
