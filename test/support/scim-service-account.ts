import type { ScimServiceAccountDocument } from "../../src/model/directory.js";
import { fold } from "../../src/model/fold.js";

/** What a client's service account becomes in the directory. */
export function scimServiceAccount(
  userName: string,
  more: Partial<ScimServiceAccountDocument> = {},
): ScimServiceAccountDocument {
  const resource = { userName, displayName: userName, ...(more.owner && { owner: { value: more.owner } }) };
  const search = { userName: fold(userName), displayName: fold(userName) };
  return { ...{ resource, search, userName, displayName: userName, active: true }, ...more };
}
