/** An object that does some things otherwise, and the rest as `inner` does. */
export function overridden<T extends object>(inner: T, otherwise: Partial<T>): T {
  return Object.create(inner, Object.getOwnPropertyDescriptors(otherwise)) as T;
}
