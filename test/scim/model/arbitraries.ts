/** Random bodies, PATCH operations and filters over the same few names and values, so that they meet one another. */
import fc, { type Arbitrary } from "fast-check";
import type { Json, JsonObject } from "../../../src/model/json.js";
import type { Comparison, ModelFilter } from "./rfc-filter.js";
import { CORE, type Element, EXTENSION, type ModelOperation, type Target } from "./rfc-resource.js";

const USER_NAMES = ["ada", "Ada", "bob", "çelik", "ÇELİK", 'O\'Brien "x"'] as const;
const TEXTS = ["Lead", "lead", "Straße", "é", "e\u0301", "", "a\\b", "100%", "x y"] as const;
const TYPES = ["work", "WORK", "home", "spare"] as const;
const VALUES = ["a@x.test", "A@X.test", "b@x.test", "c"] as const;

const text = fc.constantFrom(...TEXTS);
const singles = fc.constantFrom("title", "nickName", "displayName");
const lists = fc.constantFrom("emails", "phoneNumbers");

const element: Arbitrary<Element> = fc.record(
  { value: fc.constantFrom(...VALUES), type: fc.constantFrom(...TYPES), display: text, primary: fc.boolean() },
  { requiredKeys: ["value"] },
);

const elements = fc.array(element, { maxLength: 3 }) as Arbitrary<readonly Json[]>;

export const body: Arbitrary<JsonObject> = fc
  .record(
    {
      userName: fc.constantFrom(...USER_NAMES),
      title: fc.option(text),
      nickName: text,
      externalId: fc.constantFrom("x1", "X1"),
      active: fc.boolean(),
      name: fc.record({ givenName: text, familyName: text }, { requiredKeys: [] }),
      emails: elements,
      phoneNumbers: elements,
      [EXTENSION]: fc.record({ department: text, employeeNumber: text }, { requiredKeys: [] }),
    },
    { requiredKeys: ["userName"] },
  )
  .map((fields) => ({ schemas: EXTENSION in fields ? [CORE, EXTENSION] : [CORE], ...fields }) as JsonObject);

const where = fc.record(
  { type: fc.constantFrom(...TYPES), value: fc.constantFrom(...VALUES) },
  { requiredKeys: ["type"] },
);

const single: Arbitrary<ModelOperation> = fc.oneof(
  fc.record({ op: verb(), target: singles.map((name): Target => ({ on: "single", name })), value: text }),
  fc.record({
    op: verb(),
    target: fc.constantFrom<Target>({ on: "part", sub: "givenName" }, { on: "part", sub: "familyName" }),
    value: text,
  }),
  fc.record({
    op: verb(),
    target: fc.constantFrom<Target>(
      { on: "extension", name: "department" },
      { on: "extension", name: "employeeNumber" },
    ),
    value: text,
  }),
  fc.record({
    op: verb("replace"),
    target: fc.constant<Target>({ on: "single", name: "active" }),
    value: fc.boolean(),
  }),
  fc.record({
    op: verb(),
    target: fc.constant<Target>({ on: "single", name: "userName" }),
    value: fc.constantFrom(...USER_NAMES),
  }),
  fc.record({ op: verb(), target: fc.constant<Target>({ on: "nothing" }), value: text }),
);

const listed: Arbitrary<ModelOperation> = fc.oneof(
  fc.record({
    op: verb("add", "replace"),
    target: lists.map((name): Target => ({ on: "list", name })),
    value: elements,
  }),
  fc.record({
    op: verb("remove"),
    target: lists.map((name): Target => ({ on: "list", name })),
    value: fc.option(fc.array(fc.record({ value: fc.constantFrom(...VALUES) }), { minLength: 1, maxLength: 2 }), {
      nil: undefined,
    }) as Arbitrary<Json | undefined>,
  }) as Arbitrary<ModelOperation>,
  fc.record({
    op: verb("remove"),
    target: fc.record(
      {
        on: fc.constant("some" as const),
        name: lists,
        where,
        sub: fc.constantFrom("value" as const, "display" as const),
      },
      { requiredKeys: ["on", "name", "where"] },
    ) as Arbitrary<Target>,
  }),
  ...(["value", "display", "primary"] as const).map((sub) =>
    fc.record({
      op: verb("add", "replace"),
      target: fc.record({ on: fc.constant("some" as const), name: lists, where, sub: fc.constant(sub) }),
      value: sub === "primary" ? fc.boolean() : sub === "value" ? fc.constantFrom(...VALUES) : text,
    }),
  ),
  fc.record({
    op: verb("add", "replace"),
    target: fc.record({ on: fc.constant("some" as const), name: lists, where }),
    value: element as Arbitrary<Json>,
  }),
);

const whole: Arbitrary<ModelOperation> = fc.record({
  op: verb("add", "replace"),
  target: fc.constant<Target>({ on: "resource" }),
  value: fc
    .record(
      {
        title: fc.option(text),
        active: fc.boolean(),
        emails: elements,
        "name.givenName": text,
        [`${EXTENSION}:department`]: text,
      },
      { requiredKeys: [] },
    )
    .filter((value) => Object.keys(value).length > 0) as Arbitrary<Json>,
});

export const operations = fc.array(fc.oneof(single, listed, listed, whole), { minLength: 1, maxLength: 4 });

function verb(...some: readonly ModelOperation["op"][]): Arbitrary<ModelOperation["op"]> {
  return fc.constantFrom(...(some.length === 0 ? (["add", "replace", "remove"] as const) : some));
}

const BY: readonly Comparison[] = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
const operand = fc.constantFrom(...TEXTS, ...VALUES, ...USER_NAMES, "A", "work");

const compare = (paths: readonly string[]): Arbitrary<ModelFilter> =>
  fc.oneof(
    fc.record({
      is: fc.constant("compare" as const),
      path: fc.constantFrom(...paths),
      by: fc.constantFrom(...BY),
      value: operand,
    }),
    fc.record({
      is: fc.constant("compare" as const),
      path: fc.constantFrom(...paths),
      by: fc.constantFrom<Comparison>("eq", "ne"),
      value: fc.constant(null),
    }),
    fc.record({ is: fc.constant("present" as const), path: fc.constantFrom(...paths) }),
  );

const leaf: Arbitrary<ModelFilter> = fc.oneof(
  compare([
    "userName",
    "title",
    "nickName",
    "externalId",
    "name.givenName",
    "emails.value",
    "emails.type",
    "phoneNumbers.display",
    `${EXTENSION}:department`,
  ]),
  fc.record({
    is: fc.constant("compare" as const),
    path: fc.constantFrom("active", "emails.primary"),
    by: fc.constantFrom<Comparison>("eq", "ne"),
    value: fc.boolean(),
  }),
  fc.record({
    is: fc.constant("element" as const),
    list: lists,
    where: fc.oneof(
      compare(["value", "type", "display"]),
      fc.record({
        is: fc.constantFrom("and" as const, "or" as const),
        both: fc.tuple(compare(["value"]), compare(["type", "display"])),
      }),
      fc.record({ is: fc.constant("not" as const), item: compare(["value", "display"]) }),
    ),
  }),
);

export const filter: Arbitrary<ModelFilter> = fc.letrec<{ filter: ModelFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaf,
    fc.record({ is: fc.constantFrom("and" as const, "or" as const), both: fc.tuple(tie("filter"), tie("filter")) }),
    fc.record({ is: fc.constant("not" as const), item: tie("filter") }),
  ),
})).filter;
