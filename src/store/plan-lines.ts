/** Lines of stored plans: whole pages of them as they were written, or those alone that somebody asks for. */
import { asciiLower } from "../model/fold.js";
import { Refusal } from "../model/problem.js";
import type { PlanLineFilter, PlanRow } from "../provisioning/ports/mappings.js";
import type { Page, PageQuery } from "../provisioning/ports/store.js";
import type { Dialect } from "./dialect.js";
import type { Scope } from "./scope.js";
import { type Fragment, join, sql, verbatim } from "./sql.js";
import { fromJson, toJson } from "./values.js";

/** Pages that one statement reads: as many as a caller's page of lines may need, when they are full. */
const PAGES_AT_ONCE = 3;
/** Pages that one statement looks through: some twenty thousand lines. */
const PAGES_SEARCHED = 40;

/** The line of a plan that a caller's page begins with. */
interface Place {
  readonly page: number;
  readonly line: number;
}

const START: Place = { page: 0, line: 0 };

function placeOf(cursor: string | undefined): Place {
  if (cursor === undefined) return START;
  const [, page, line] = /^(\d{1,12})\.(\d{1,6})$/.exec(cursor) ?? [];
  if (page !== undefined && line !== undefined) return { page: Number(page), line: Number(line) };
  throw new Refusal("bad_request", `\`${cursor.slice(0, 40)}\` is no cursor of this list`);
}

/** All lines of a plan. */
export async function allLines(
  { tenant, sql: db }: Scope,
  id: string,
  { after, limit }: PageQuery,
): Promise<Page<PlanRow>> {
  let at = placeOf(after);
  const items: PlanRow[] = [];
  for (;;) {
    const pages = await db.all<{ readonly page: number; readonly lines: string }>(
      sql`select page, lines from plan_pages
        where tenant_id = ${tenant} and plan_id = ${id} and page >= ${at.page} order by page limit ${PAGES_AT_ONCE}`,
    );
    for (const { page: place, lines: text } of pages) {
      const lines = fromJson<readonly PlanRow[]>(text);
      const from = place === at.page ? at.line : 0;
      if (items.length === limit && from < lines.length) return { items, next: `${place}.${from}` };
      const taken = lines.slice(from, from + limit - items.length);
      items.push(...taken);
      at = { page: place, line: from + taken.length };
      if (at.line < lines.length) return { items, next: `${at.page}.${at.line}` };
    }
    if (pages.length < PAGES_AT_ONCE) return { items };
    at = { page: at.page + 1, line: 0 };
  }
}

interface FoundColumns {
  readonly page: number;
  readonly nth: number;
  readonly line: string;
}

/** Those lines alone that the filter lets through, in the same order. */
export async function linesFound(
  { tenant, sql: db, dialect }: Scope,
  id: string,
  { after, limit }: PageQuery,
  filter: PlanLineFilter,
): Promise<Page<PlanRow>> {
  let at = placeOf(after);
  const found: FoundColumns[] = [];
  const lines = dialect.jsonElements({ base: dialect.document(verbatim("p.lines")), names: [] }, "e");
  const mention = join(mentionsOf(dialect, filter), " and ");
  const tests = join(testsOf(dialect, filter), " and ");
  for (;;) {
    const pages = await db.all<{ readonly page: number }>(
      sql`select page from plan_pages
        where tenant_id = ${tenant} and plan_id = ${id} and page >= ${at.page} order by page limit ${PAGES_SEARCHED}`,
    );
    const last = pages.at(-1)?.page ?? at.page;
    found.push(
      ...(await db.all<FoundColumns>(
        sql`select p.page, e.key as nth, cast(e.value as text) as line from plan_pages p, ${lines}
          where p.tenant_id = ${tenant} and p.plan_id = ${id} and p.page between ${at.page} and ${last}
            and ${mention} and (p.page > ${at.page} or e.key >= ${at.line}) and ${tests}
          order by p.page, e.key limit ${limit + 1 - found.length}`,
      )),
    );
    if (found.length > limit || pages.length < PAGES_SEARCHED) return pageOf(found, limit);
    at = { page: last + 1, line: 0 };
  }
}

/** `next` is the first line that is left out. */
function pageOf(found: readonly FoundColumns[], limit: number): Page<PlanRow> {
  const left = found[limit];
  const items = found.slice(0, limit).map(({ line }) => fromJson<PlanRow>(line));
  return left ? { items, next: `${left.page}.${left.nth}` } : { items };
}

/** What the text of a page with such a line holds: most pages need not be read as JSON by it. */
function mentionsOf(dialect: Dialect, { user, ...exact }: PlanLineFilter): readonly Fragment[] {
  const text = verbatim("cast(p.lines as text)");
  const values = Object.values(exact).filter((value) => value !== undefined);
  return [
    ...values.map((value) => dialect.test(text, "co", toJson(value))),
    ...(user === undefined ? [] : [dialect.test(dialect.asciiLower(text), "co", asciiLower(toJson(user)))]),
  ];
}

function testsOf(dialect: Dialect, { change, scope, role, user }: PlanLineFilter): readonly Fragment[] {
  const at = (...names: readonly string[]) => ({ base: verbatim("e.value"), names });
  const named = dialect.asciiLower(dialect.jsonKeys(at("user", "userName")).text);
  return [
    ...(change === undefined ? [] : [dialect.jsonEquals(at("change"), change)]),
    ...(scope === undefined ? [] : [dialect.jsonEquals(at("target", "scope"), scope)]),
    ...(role === undefined ? [] : [dialect.jsonEquals(at("target", "role"), role)]),
    ...(user === undefined
      ? []
      : [sql`(${named} = ${asciiLower(user)} or ${dialect.jsonEquals(at("user", "id"), user)})`]),
  ];
}
