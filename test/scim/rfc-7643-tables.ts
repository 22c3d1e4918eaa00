/** The schemas of RFC 7643 section 8.7.1, written from its text: names in its order, and of each what is not the default. */

/** What section 8.7.1 says where a row is silent: the defaults of section 2.2. */
export const DEFAULTS = {
  type: "string",
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: "readWrite",
  returned: "default",
  uniqueness: "none",
} as const;

export interface RfcRow {
  readonly name: string;
  readonly type?: string;
  readonly multiValued?: true;
  readonly required?: true;
  readonly mutability?: string;
  readonly returned?: string;
  readonly uniqueness?: string;
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly RfcRow[];
}

const texts = (names: string): readonly RfcRow[] => names.split(" ").map((name) => ({ name }));

/** `value`, `display`, `type` and `primary` of a multi-valued attribute (section 2.4). */
function elements(name: string, types?: readonly string[], value: Omit<RfcRow, "name"> = {}): RfcRow {
  const type = { name: "type", ...(types && { canonicalValues: types }) };
  const subAttributes = [{ name: "value", ...value }, { name: "display" }, type, { name: "primary", type: "boolean" }];
  return { name, type: "complex", multiValued: true, subAttributes };
}

export const RFC_USER: readonly RfcRow[] = [
  { name: "userName", required: true, uniqueness: "server" },
  {
    name: "name",
    type: "complex",
    subAttributes: texts("formatted familyName givenName middleName honorificPrefix honorificSuffix"),
  },
  ...texts("displayName nickName"),
  { name: "profileUrl", type: "reference", referenceTypes: ["external"] },
  ...texts("title userType preferredLanguage locale timezone"),
  { name: "active", type: "boolean" },
  { name: "password", mutability: "writeOnly", returned: "never" },
  elements("emails", ["work", "home", "other"]),
  elements("phoneNumbers", ["work", "home", "mobile", "fax", "pager", "other"]),
  elements("ims", ["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
  elements("photos", ["photo", "thumbnail"], { type: "reference", referenceTypes: ["external"] }),
  {
    name: "addresses",
    type: "complex",
    multiValued: true,
    subAttributes: [
      ...texts("formatted streetAddress locality region postalCode country"),
      { name: "type", canonicalValues: ["work", "home", "other"] },
    ],
  },
  {
    name: "groups",
    type: "complex",
    multiValued: true,
    mutability: "readOnly",
    subAttributes: [
      { name: "value", mutability: "readOnly" },
      { name: "$ref", type: "reference", referenceTypes: ["User", "Group"], mutability: "readOnly" },
      { name: "display", mutability: "readOnly" },
      { name: "type", canonicalValues: ["direct", "indirect"], mutability: "readOnly" },
    ],
  },
  elements("entitlements"),
  elements("roles"),
  elements("x509Certificates", undefined, { type: "binary" }),
];

export const RFC_GROUP: readonly RfcRow[] = [
  { name: "displayName" },
  {
    name: "members",
    type: "complex",
    multiValued: true,
    subAttributes: [
      { name: "value", mutability: "immutable" },
      { name: "$ref", type: "reference", referenceTypes: ["User", "Group"], mutability: "immutable" },
      { name: "type", canonicalValues: ["User", "Group"], mutability: "immutable" },
    ],
  },
];

export const RFC_ENTERPRISE: readonly RfcRow[] = [
  ...texts("employeeNumber costCenter organization division department"),
  {
    name: "manager",
    type: "complex",
    subAttributes: [
      { name: "value" },
      { name: "$ref", type: "reference", referenceTypes: ["User"] },
      { name: "displayName", mutability: "readOnly" },
    ],
  },
];
