const SHAPES = [
  // UUID, as Entra's object ids are
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  // ULID, as our own ids are
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
  // Okta's: `00u` and 17 letters and digits
  /^00[a-z][0-9A-Za-z]{17}$/,
  // hexadecimal, as document databases have them
  /^(?=[0-9a-f]*\d)[0-9a-f]{24}$/,
];

/** Whether a text has the shape of an id that a machine made up, and so says by itself nothing of whom it names. */
export function isOpaqueId(text: string): boolean {
  return text.length <= 36 && SHAPES.some((shape) => shape.test(text));
}
