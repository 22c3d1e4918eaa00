import type { Shape } from "../population/shape.js";

/** What all contestants begin with: the same people in the same groups. */
export interface Contest {
  readonly shape: Shape;
  /** A database that holds them, for contestants that have one. */
  readonly database: string;
}
