/** Plays made-up histories on a tenant, by its use cases. */
import type { DirectoryGroupId, DirectoryUserId, GrantId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { OWNER } from "../../src/model/target.js";
import { updateConnection } from "../../src/provisioning/connections.js";
import { createLocalUser, updateLocalUser } from "../../src/provisioning/local-users.js";
import { addManualGrant, removeManualGrant } from "../../src/provisioning/manual-grants.js";
import { previewRun, releaseRun } from "../../src/provisioning/runs/held-runs.js";
import { previewSync } from "../../src/provisioning/sync-mode.js";
import type { TestClock } from "../support/clock.js";
import { ADMIN, type TenantInTest } from "../support/tenant.js";
import { MAPPINGS, type Step, TARGETS } from "./history.js";

/** A tenant with what its sources remember. */
export interface Played {
  readonly t: TenantInTest;
  readonly clock: TestClock;
  readonly users: Map<string, DirectoryUserId>;
  readonly groups: Map<string, DirectoryGroupId>;
}

export async function begin(t: TenantInTest, clock: TestClock): Promise<Played> {
  await t.connect({ slug: "main", protocol: "oidc", sync: "live" });
  await t.connect({ slug: "other", protocol: "oidc", mayGrantOwner: false });
  return { t, clock, users: new Map(), groups: new Map() };
}

/** Takes one step. What the tenant refuses with a code is a step too; anything else that is thrown is a fault. */
export async function play(played: Played, step: Step): Promise<void> {
  try {
    await take(played, step);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

async function take(played: Played, step: Step): Promise<void> {
  const { t, clock, users, groups } = played;
  switch (step.do) {
    case "push": {
      const { who, active, department } = step;
      const id = users.get(who);
      const known = id === undefined ? {} : { id };
      const attributes = department === "" ? {} : { department };
      users.set(who, await t.pushUser("main", who, { ...known, externalId: who, active, attributes }));
      return;
    }
    case "remove": {
      const id = users.get(step.who);
      if (id === undefined) return;
      await t.change("main", { kind: "deleteUser", id });
      users.delete(step.who);
      return;
    }
    case "member": {
      const group = await groupNamed(played, step.group);
      const id = users.get(step.who);
      const kind = step.isMember ? "addMembers" : "removeMembers";
      if (id !== undefined) await t.change("main", { kind, group, members: [id] });
      return;
    }
    case "empty":
      await t.change("main", { kind: "setMembers", group: await groupNamed(played, step.group), members: [] });
      return;
    case "drop": {
      const id = groups.get(step.group);
      if (id === undefined) return;
      await t.change("main", { kind: "deleteGroup", id });
      groups.delete(step.group);
      return;
    }
    case "signIn": {
      const said = step.groups === null ? {} : { groups: step.groups };
      await t.signIn(step.who === "j1" ? "other" : "main", step.who, said);
      return;
    }
    case "map":
      await t.mapping(MAPPINGS[step.mapping]);
      return;
    case "wait":
      clock.forward({ minutes: step.minutes });
      return;
    default:
      await actByHand(played, step);
  }
}

async function actByHand({ t, clock }: Played, step: Step): Promise<void> {
  const tenant = await t.tenant();
  const reader = t.p.store.read(tenant.id);
  switch (step.do) {
    case "give": {
      const expiresAt = new Date(Date.parse(clock.now()) + (step.minutes ?? 0) * 60_000).toISOString();
      const until = step.minutes === null ? {} : { expiresAt };
      const grant = { target: TARGETS[step.target] ?? OWNER, reason: "by hand", ...until };
      const user = await find(t, step.who);
      if (user) await addManualGrant(t.p, tenant, user, grant, ADMIN);
      return;
    }
    case "take": {
      const user = await find(t, step.who);
      const [state] = user ? await reader.people([user]) : [];
      const grant = state?.grants.find(({ origin }) => origin === "manual");
      if (state && grant) await removeManualGrant(t.p, tenant, state.id, grant.id as GrantId, ADMIN);
      return;
    }
    case "local": {
      const user = await find(t, step.who);
      if (user) await updateLocalUser(t.p, tenant, user, { active: step.active }, ADMIN);
      else if (step.active) await createLocalUser(t.p, tenant, { userName: step.who }, ADMIN);
      return;
    }
    case "owners":
      await updateConnection(t.p, tenant, "main", { mayGrantOwner: step.allowed }, ADMIN);
      return;
    case "off": {
      const { onDisable } = step;
      const { digest } = await previewSync(t.p, tenant, "main", { to: "off", onDisable });
      await updateConnection(t.p, tenant, "main", { sync: "off", onDisable, digest }, ADMIN);
      return;
    }
    case "release": {
      const { items } = await reader.runs({ limit: 10, status: "held" });
      for (const { id } of items) {
        const { digest } = await previewRun(t.p, tenant, id);
        await releaseRun(t.p, tenant, id, digest, ADMIN);
      }
    }
  }
}

async function groupNamed({ t, groups }: Played, name: string): Promise<DirectoryGroupId> {
  const group = groups.get(name) ?? (await t.pushGroup("main", name));
  groups.set(name, group);
  return group;
}

async function find(t: TenantInTest, userName: string) {
  const { items } = await t.p.store.read((await t.tenant()).id).users({ userName, limit: 5 });
  return items.find((user) => user.userName === userName)?.id;
}
