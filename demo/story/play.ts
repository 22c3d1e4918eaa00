/** What every scene works with, and the words in which scenes speak of people, targets and exchanges. */
import { countExchanges, type Exchange } from "../../src/simulate/scim-http.js";
import type { Screen } from "../screen.js";
import type { Page, PlanLineAnswer, RunAnswer, TeamRole, UserAnswer } from "../stage/admin-answers.js";
import type { AdminClient } from "../stage/admin-client.js";
import { must } from "../stage/demo-failure.js";
import type { IdpName, Stage } from "../stage/open-stage.js";
import type { PushClient } from "../stage/start-push-client.js";
import { DOMAIN, userNameOf } from "./acme-directory.js";

/** Acme is set up, and both identity providers have their clients ready. */
export interface Play {
  readonly screen: Screen;
  readonly stage: Stage;
  readonly admin: AdminClient;
  readonly okta: PushClient;
  readonly entra: PushClient;
  readonly loginUrls: Readonly<Record<IdpName, string>>;
  /** Where browsers post what Okta says. */
  readonly acsUrl: string;
}

export async function userNamed({ admin }: Play, name: string): Promise<UserAnswer> {
  const { items } = await admin.ask<Page<UserAnswer>>(`/users?userName=${encodeURIComponent(userNameOf(name))}`);
  const [user] = items;
  must(user !== undefined && items.length === 1, `there is one user ${name}`, admin.last);
  return user;
}

export async function countUsers({ admin }: Play, status: UserAnswer["status"]): Promise<number> {
  const { items, next } = await admin.ask<Page<UserAnswer>>(`/users?status=${status}&limit=1000`);
  must(next === null, "all users fit on one page", admin.last);
  return items.length;
}

export async function runEnded({ admin }: Play, run: number): Promise<RunAnswer> {
  const ended = await admin.ask<RunAnswer>(`/runs/${run}?wait=30`);
  must(ended.status === "done", `run ${run} is done`, admin.last);
  return ended;
}

/** `ada@acme.example` is `ada` to those who know her. */
export function shortName(userName: string): string {
  return userName.endsWith(`@${DOMAIN}`) ? userName.slice(0, -DOMAIN.length - 1) : userName;
}

/** A scope and a role as two cells. */
export function targetCells({ target }: Pick<PlanLineAnswer, "target">): readonly [scope: string, role: string] {
  if (target === null) return ["account", ""];
  return [target.scope.replace(/^team:/, ""), target.role];
}

export function teamTexts(teams: readonly TeamRole[]): string[] {
  return teams.map(({ team, role }) => `${team} ${role}`);
}

/** Kinds of exchanges with their statuses and counts, for instance `POST /Users 201 x80`. */
export function exchangesText(exchanges: readonly Exchange[]): string {
  return countExchanges(exchanges)
    .map(({ method, endpoint, status, count }) => `${method} ${endpoint} ${status} x${count}`)
    .join("   ");
}

/** Entra's object ids are as long as they are dull. */
export function withShortIds(text: string): string {
  return text.replace(/\b([0-9a-f]{8})-[0-9a-f-]{27}\b/g, "$1...");
}

/** Enough of a digest to recognise it. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 8);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
