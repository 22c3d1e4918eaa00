/** Set-up warnings own what an admin is told of a connection that works, and works otherwise than they may think. */
import type { Connection, Tenant } from "../model/connection.js";
import type { Problem } from "../model/problem.js";
import { quote } from "../model/quote.js";
import type { Provisioning } from "./deps.js";
import type { PushedName } from "./ports/directory.js";

/** So many of the people who were pushed last are looked at. */
const SAMPLE = 200;
const OBJECT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What the connection's settings, and the names of those whom it was pushed last, give reason to say; nothing of it is an error. */
export async function setUpWarnings(
  p: Provisioning,
  tenant: Tenant,
  connection: Connection,
): Promise<readonly Problem[]> {
  const { id, profile, protocol, jit, sync } = connection;
  const warnings: Problem[] = [];
  const signsIn = protocol === "oidc" || protocol === "saml";
  if (signsIn && jit !== "off" && sync === "off") warnings.push(JIT_ALONE);
  if (profile !== "entra") return warnings;
  const pushed = await p.store.read(tenant.id).lastPushed(id, SAMPLE);
  const other = pushed.find(({ externalId }) => externalId === undefined || !OBJECT_ID.test(externalId));
  return other === undefined ? warnings : [...warnings, notObjectId(other, signsIn)];
}

const JIT_ALONE: Problem = {
  pointer: "/sync",
  code: "jit_alone",
  message:
    "sign-ins alone end nobody's account: who leaves keeps theirs, and a session at most until it ends; turn on SCIM (`sync`), or deactivate people by hand",
};

function notObjectId({ userName, externalId }: PushedName, signsIn: boolean): Problem {
  const sent = externalId === undefined ? "no externalId" : `the externalId ${quote(externalId)}`;
  const found = `${quote(userName)} was pushed with ${sent}, which is no object id`;
  const effect = signsIn
    ? "sign-ins find people by their names alone"
    : "a connection for sign-ins could not tell who they are";
  return {
    pointer: "/profile",
    code: "external_id_not_object_id",
    message: `${found}: ${effect}; in Entra's attribute mappings, map \`objectId\` to externalId`,
  };
}
