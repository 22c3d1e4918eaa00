/** People who come by both doors of a connection: pushed over SCIM, and signing in. */
import { expect } from "chai";
import type { UserId } from "../../src/model/ids.js";
import type { JsonObject } from "../../src/model/json.js";
import { OWNER } from "../../src/model/target.js";
import { addManualGrant } from "../../src/provisioning/manual-grants.js";
import { currentSession, openSession } from "../../src/provisioning/sessions.js";
import { signIn } from "../../src/provisioning/sign-in.js";
import { signInOf } from "../support/people.js";
import { ADMIN } from "../support/tenant.js";
import {
  type DirectoryOptions,
  type ScimDirectory,
  type ScimReply,
  type ScimService,
  userBody,
} from "./scim-service.js";

export const OFF = [{ op: "replace", path: "active", value: false }];
export const ON = [{ op: "replace", path: "active", value: true }];

export type Claimed = NonNullable<Parameters<typeof signInOf>[1]>;

/** What a test does at both doors of connections of this service. */
export function bothDoors(service: () => ScimService) {
  const oidc = { issuer: "https://idp.example", clientId: "c", scopes: [] };
  const connect = (options: DirectoryOptions = {}) =>
    service().connect({ protocol: "oidc", jit: "every_sign_in", oidc, ...options });
  /** Signs in: as whom, or why not. */
  const arrive = async ({ tenant, connection }: ScimDirectory, subject: string, claimed: Claimed = {}) => {
    const outcome = await signIn(service().p, { tenant, connection, observed: signInOf(subject, claimed) });
    return outcome.allowed ? outcome.user : outcome.code;
  };
  /** Signs in with a session, where that is allowed. */
  const entering = async ({ tenant, connection }: ScimDirectory, subject: string, claimed: Claimed) => {
    const { p } = service();
    const outcome = await signIn(p, { tenant, connection, observed: signInOf(subject, claimed) });
    if (!outcome.allowed) return { came: outcome.code, isIn: async () => false };
    const { user, epoch } = outcome;
    const { token } = await openSession(p, tenant, { user, epoch, connection, subject });
    return { came: user, user, isIn: async () => (await currentSession(p, token)) !== undefined };
  };
  /** Signs in with a session. */
  const enter = async (directory: ScimDirectory, subject: string, claimed: Claimed) => {
    const { came, user, isIn } = await entering(directory, subject, claimed);
    if (user === undefined) throw new Error(came);
    return { user, isIn };
  };
  const reader = ({ tenant }: ScimDirectory) => service().p.store.read(tenant.id);
  const waiting = async (directory: ScimDirectory) => (await reader(directory).reviewItems({ limit: 50 })).items;
  /** Makes an owner by hand. */
  const give = ({ tenant }: ScimDirectory, user: string) =>
    addManualGrant(service().p, tenant, user as UserId, { target: OWNER, reason: "by hand" }, ADMIN);
  const posted = async (directory: ScimDirectory, userName: string, more: JsonObject = {}) => {
    const { status, json } = await directory.post("/Users", userBody(userName, more));
    expect(status).to.equal(201);
    return String(json["id"]);
  };
  const done = async (reply: Promise<ScimReply>) => expect((await reply).status).to.be.within(200, 204);
  return { connect, arrive, entering, enter, reader, waiting, give, posted, done };
}
