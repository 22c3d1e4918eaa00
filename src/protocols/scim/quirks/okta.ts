/** Owns what is read differently because Okta sends it so. */

/** Each deviation by name, with the rows of the wire notes that it answers. */
export const OKTA_QUIRKS = {
  placeholder_password: "OKTA-04: a password is accepted and dropped",
  external_name: "TEC-34: a name in the form of `roles.^[type=='account_type'].value`",
  read_only_in_value: "OKTA-08, OKTA-11: read-only attributes inside a value are ignored",
} as const;
