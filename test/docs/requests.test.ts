import { expect } from "chai";
import { parseMapping } from "../../src/compose.js";
import { compileSchema } from "../../src/platform/schemas.js";
import { fencedBlocks, readDocument, writtenDocuments } from "./markdown.js";

interface ShownRequest {
  readonly line: number;
  readonly method: string;
  /** As the reference has it, from `/api/v1` on. */
  readonly path: string;
  readonly body: string;
}

interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
  };
}

const paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = JSON.parse(
  readDocument("docs/reference/openapi.json"),
).paths;

const shown = writtenDocuments().flatMap((document) =>
  [...plainRequests(readDocument(document)), ...curlRequests(readDocument(document))].map(
    (request) => [document, request] as const,
  ),
);

describe("the requests that the documents show", () => {
  it("are many", () => {
    expect(shown).to.have.length.above(20);
  });

  for (const [document, { line, method, path, body }] of shown) {
    it(`${document}, line ${line}: ${method} ${path} has a body that the admin API takes`, () => {
      const parsed: unknown = JSON.parse(body);
      const schema = schemaOf(method, path);
      const checked = schema === "mapping" ? parseMapping(body) : compileSchema(schema, "document")(parsed);
      expect(checked.ok ? [] : checked.problems).to.deep.equal([]);
    });
  }
});

/** The schema that the reference gives for the body of a request; throws for a request that is not in it. */
function schemaOf(method: string, path: string): string {
  const [found] = Object.keys(paths).filter((one) => patternOf(one).test(path));
  const operation = found === undefined ? undefined : paths[found]?.[method.toLowerCase()];
  const ref = operation?.requestBody?.content["application/json"]?.schema?.$ref;
  if (ref === undefined) throw new Error(`the reference has no ${method} ${path} with a body`);
  return ref.replace("#/components/schemas/", "").replace(".", "/").replace("/$defs/", "#/$defs/");
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
}

/** Blocks of lines such as `POST /api/v1/tenants`, each with one body or several below it. */
function plainRequests(text: string): readonly ShownRequest[] {
  return fencedBlocks(text, "").flatMap(({ line, text: block }) =>
    [...block.matchAll(/^(POST|PUT|PATCH) (\/api\/v1\/\S+)\n((?: *[{ ].*\n?)+)/gm)].flatMap(
      ([, method = "", path = "", bodies = ""]) =>
        bodies
          .split(/\n(?=\{)/)
          .filter((body) => body.trim() !== "")
          .map((body) => ({ line, method, path, body })),
    ),
  );
}

/** Commands that send a text as it stands; what the shell puts together is left out. */
function curlRequests(text: string): readonly ShownRequest[] {
  const blocks = ["", "sh"].flatMap((language) => fencedBlocks(text, language));
  return blocks.flatMap(({ line, text: block }) =>
    [...block.matchAll(/curl [^\n]*?\$API(\/[^\s"]+)(?:[^\n]|\\\n)*? -d '([^']*)'(?=\s|$|\))/g)].map(
      ([command, path = "", body = ""]) => ({
        line,
        method: /-X (\w+)/.exec(command)?.[1] ?? "POST",
        path: `/api/v1${path}`,
        body,
      }),
    ),
  );
}
