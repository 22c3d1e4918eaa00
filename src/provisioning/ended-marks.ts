/**
 * What identity providers have ended by their own word, as marks that stand for a time: a login under way opens no session under one that
 * stood later than the login is from.
 */
import type { Connection } from "../model/connection.js";
import type { Instant } from "../model/ids.js";
import type { Provisioning } from "./deps.js";
import { later } from "./later.js";
import type { StandingMarks } from "./ports/sign-ins.js";
import type { TenantWriter } from "./ports/store.js";

export interface EndedNames {
  readonly subject?: string;
  readonly idpSession?: string;
}

/** When a sign-in is from. */
export interface SignInTimes {
  /** By the identity provider's clock where it says so, else when it began here. */
  readonly since: Instant;
  /** When it began here. */
  readonly begun: Instant;
}

/** No sign-in counts for longer after it was said. */
const MARK_MINUTES = 25 * 60;
/** Stands for the name of a session that the identity provider never named: any that it ends may be this one. */
const UNNAMED = "";
/** How long a session under the very name of one that ended may still begin here and be that one. */
const SAME_NAME_MINUTES = 10;

/**
 * No session that the identity provider has ended is opened by a login that is under way. `at`: when it ended them by its own
 * clock, where sign-ins say by that clock when they are from: later ones are others, whatever they are called. Where they do
 * not, sign-ins are held against it that began here before it came; and, as the provider calls no other session so, those too
 * that bring the name of the ended one and begin shortly after. Clocks of providers count whole seconds, so that of what is of one
 * second nobody can say which came first: there it decides what began here first.
 */
export async function markEnded(
  p: Provisioning,
  tx: TenantWriter,
  { id }: Pick<Connection, "id">,
  { at, ...names }: EndedNames & { readonly at?: Instant },
): Promise<void> {
  const { subject, idpSession } = names;
  const [now, ended] = [p.now(), at ?? p.now()];
  const isNamed = at === undefined && idpSession !== undefined;
  const mark = async (of: EndedNames, moreMinutes: number): Promise<void> => {
    await tx.markUntil(id, markOf(p, of), later(secondOf(ended), MARK_MINUTES + moreMinutes));
    await tx.markUntil(id, markOf(p, of, secondOf(ended)), later(now, MARK_MINUTES));
  };
  await mark(names, isNamed ? SAME_NAME_MINUTES : 0);
  if (subject !== undefined && idpSession !== undefined) await mark({ subject, idpSession: UNNAMED }, 0);
}

/** The marks under which this session is not opened. */
export function marksAgainst(
  p: Provisioning,
  names: EndedNames & { readonly subject: string },
  { since, begun }: SignInTimes,
): readonly StandingMarks[] {
  const second = secondOf(since);
  const possible = possibleNames(names);
  return [
    { marks: possible.map((one) => markOf(p, one)), after: later(second, MARK_MINUTES) },
    { marks: possible.map((one) => markOf(p, one, second)), after: later(begun, MARK_MINUTES) },
  ];
}

/** All that a provider may have called this session when it ended it. */
function possibleNames({ subject, idpSession }: EndedNames & { readonly subject: string }): readonly EndedNames[] {
  if (idpSession === undefined) return [{ subject }, { subject, idpSession: UNNAMED }];
  return [{ subject }, { idpSession }, { subject, idpSession }];
}

/** `second`: of what ended in that second alone. */
function markOf({ secrets }: Provisioning, { subject, idpSession }: EndedNames, second?: Instant): string {
  const when = second === undefined ? "" : ` in ${second}`;
  return secrets.hashToken(`ended ${JSON.stringify([subject ?? null, idpSession ?? null])}${when}`);
}

function secondOf(instant: Instant): Instant {
  return new Date(Math.floor(Date.parse(instant) / 1000) * 1000).toISOString();
}
