import { expect } from "chai";
import { parseMapping } from "../../src/compose.js";
import type { MappingDocument } from "../../src/model/mapping.js";
import type { Problem } from "../../src/model/problem.js";
import { checkMapping, saveMapping } from "../../src/provisioning/mapping/mappings.js";
import { testClock } from "../support/clock.js";
import { ADMIN, openDatabase, type TestDatabase } from "../support/tenant.js";
import { readDocument } from "./markdown.js";
import { act, explained, held, linted, openStage, previewed, type Stage, slugsIn } from "./stage.js";
import { type Story, type StoryPart, storiesOf } from "./story.js";

const GUIDE = "docs/mapping-guide.md";

/** The page shows some of what these answer, and says so. */
const LISTED_IN_PART: readonly string[] = ["explain", "lint"];

/** Where the page and what happens differ. */
interface Fault {
  readonly line: number;
  readonly said: readonly string[];
  readonly happens: readonly string[];
}

describe("the ten stories of the mapping guide", () => {
  const stories = storiesOf(readDocument(GUIDE));
  const clock = testClock();
  let database: TestDatabase;

  before(async () => {
    database = await openDatabase({ with: clock.into });
  });
  after(() => database.close());

  it("are ten, numbered in order", () => {
    expect(stories.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  for (const story of stories) {
    it(`${story.number}. ${story.title}: has people, a document, a preview, an explanation and a trap`, () => {
      const kinds = new Set(story.parts.map((part) => (part.kind === "events" ? "events" : part.language)));
      expect([...kinds]).to.include.members(["events", "json", "preview", "holds", "explain"]);
      expect(textOf(story)).to.match(/\*\*The trap\.\*\*/);
    });

    it(`${story.number}. ${story.title}: happens as the page says`, async () => {
      const stage = await openStage(await database.tenant(), clock, slugsOf(story));
      expect(await faultsOf(stage, story)).to.deep.equal([]);
    });
  }

  function textOf({ number, title }: Story): string {
    const text = readDocument(GUIDE);
    const start = text.indexOf(`### ${number}. ${title}`);
    const end = text.indexOf("\n##", start + 4);
    return text.slice(start, end < 0 ? undefined : end);
  }
});

/** Connections in the order of mention: a story's tables first. */
function slugsOf({ parts }: Story): readonly string[] {
  const rows = parts.flatMap((part) => (part.kind === "events" ? part.rows : []));
  const played = rows.flatMap(({ what }) => /(?:by ([\w-]+)|^([\w-]+) is removed)$/.exec(what)?.slice(1) ?? []);
  const written = parts.flatMap((part) => (isDocument(part) ? slugsIn(documentOf(part.text)) : []));
  const slugs = [...played, ...written].filter((slug): slug is string => slug !== undefined && slug !== "hand");
  return [...new Set(slugs)];
}

function isDocument(part: StoryPart): part is Extract<StoryPart, { kind: "block" }> {
  return part.kind === "block" && part.language === "json";
}

function documentOf(text: string): MappingDocument {
  const parsed = parseMapping(text);
  return parsed.ok ? parsed.document : {};
}

/** Plays a story from top to bottom. A document is saved when the page goes on to something that is no preview of it. */
async function faultsOf(stage: Stage, { parts }: Story): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  let draft: string | undefined;
  let wrong = "";
  const save = async (): Promise<void> => {
    if (draft === undefined) return;
    const { digest } = await saveMapping(stage.t.p, await stage.t.tenant(), draft, {}, ADMIN);
    expect(digest).to.be.a("string");
    draft = undefined;
    await stage.t.settled();
  };
  for (const part of parts) {
    if (part.kind === "events") {
      await save();
      for (const row of part.rows) await act(stage, row);
      continue;
    }
    if (part.language === "json") {
      await save();
      draft = part.text;
      continue;
    }
    if (part.language === "wrong" || part.language === "draft") {
      await save();
      wrong = part.text;
      continue;
    }
    if (part.language !== "preview") await save();
    const said = part.text.split("\n").filter((line) => line !== "");
    const happens = await whatHappens(stage, part, { draft: draft ?? wrong, wrong });
    const differs = LISTED_IN_PART.includes(part.language)
      ? said.filter((line) => !happens.includes(line))
      : different(said, happens);
    if (differs.length > 0) faults.push({ line: part.line, said: differs, happens });
  }
  await save();
  return faults;
}

interface Sofar {
  readonly draft: string;
  readonly wrong: string;
}

async function whatHappens(
  stage: Stage,
  { language, text, line }: Extract<StoryPart, { kind: "block" }>,
  { draft, wrong }: Sofar,
): Promise<readonly string[]> {
  if (language === "preview") return previewed(stage, draft);
  if (language === "problems") return (await checked(stage, wrong)).problems;
  if (language === "warnings") return (await checked(stage, wrong)).warnings;
  if (language === "lint") return linted(stage);
  if (language === "explain") return explained(stage, personAt(line));
  return held(
    stage,
    text.split("\n").map((one) => one.split(":")[0] ?? ""),
  );
}

/** Whom an explanation is of stands behind the word: "explain ada". */
function personAt(line: number): string {
  const opened = readDocument(GUIDE).split("\n")[line - 1] ?? "";
  return opened.replace(/^`+explain /, "").trim();
}

interface Found {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

async function checked(stage: Stage, text: string): Promise<Found> {
  const { p } = stage.t;
  const tenant = await stage.t.tenant();
  const connections = await p.store.read(tenant.id).connections();
  const found = await checkMapping(p, text, { tenant: tenant.id, connections, version: 1 });
  const asLine = ({ pointer, code, message }: Problem): string => `${pointer} ${code}: ${message}`;
  return { problems: (found.ok ? [] : found.problems).map(asLine), warnings: found.warnings.map(asLine) };
}

function different(said: readonly string[], happens: readonly string[]): readonly string[] {
  return said.join("\n") === happens.join("\n") ? [] : said;
}
