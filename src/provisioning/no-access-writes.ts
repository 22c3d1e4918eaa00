import type { AccessWrites } from "./ports/access.js";

/** Writes of access that change nothing: what is written is laid over them. */
export const NO_ACCESS_WRITES: AccessWrites = {
  statuses: [],
  profiles: [],
  open: [],
  close: [],
  refresh: [],
  reconciled: [],
  version: 0,
};
