import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";
import { prose, readDocument, writtenDocuments } from "./markdown.js";

/** Folders of the project that documents name paths of, and files at its top. */
const NAMED = /^(?:src|test|rules|schemas|config|docs|demo|bench|scripts|\.ci)\/[\w./-]*$|^[\w.-]+\.(?:md|json)$/;

/** Made when the project is built or run, so not there beforehand. */
const MADE = /^(?:build|data)(?:\/|$)/;

describe("the documents", () => {
  for (const document of writtenDocuments()) {
    it(`${document}: every relative link leads to a file, and to a heading of it`, () => {
      expect(linksOf(readDocument(document)).flatMap((link) => brokenLink(document, link))).to.deep.equal([]);
    });

    it(`${document}: every path of the project that it names exists`, () => {
      const missing = pathsOf(readDocument(document)).filter((path) => !exists(path, document));
      expect(missing).to.deep.equal([]);
    });

    it(`${document}: every name that it places in a file is there`, () => {
      expect(placedNames(readDocument(document)).filter(([name, path]) => !isIn(name, path))).to.deep.equal([]);
    });
  }
});

function linksOf(text: string): readonly string[] {
  const plain = prose(text).replace(/`[^`]*`/g, "");
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] as string)
    .filter((link) => !/^\w+:/.test(link));
}

function brokenLink(document: string, link: string): readonly string[] {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(projectRoot, target))) return MADE.test(target) ? [] : [`${link}: no such file`];
  if (heading === undefined || headingsOf(readDocument(target)).includes(heading)) return [];
  return [`${link}: no such heading`];
}

/** Headings as links name them. */
function headingsOf(text: string): readonly string[] {
  return [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Texts in backticks that look like paths of the project. */
function pathsOf(text: string): readonly string[] {
  const quoted = [...prose(text).matchAll(/`([^`\s]+)`/g)].map((match) => match[1] as string);
  return [...new Set(quoted)].filter((path) => NAMED.test(path) && !/[<>{}*]/.test(path) && !MADE.test(path));
}

/** Texts such as "`push` in `src/provisioning/push.ts`". */
function placedNames(text: string): readonly (readonly [name: string, path: string])[] {
  const placed = prose(text).matchAll(/`(\w+)(?:\(\))?`\s+\(?(?:in|of)\s+`((?:src|test|demo)\/[\w./-]+\.ts)`/g);
  return [...placed].map(([, name = "", path = ""]) => [name, path]);
}

function isIn(name: string, path: string): boolean {
  const file = join(projectRoot, path);
  return existsSync(file) && statSync(file).isFile() && new RegExp(`\\b${name}\\b`).test(readFileSync(file, "utf8"));
}

/** From the top of the project, or beside the document. */
function exists(path: string, document: string): boolean {
  return [path, join(dirname(document), path)].some((one) => existsSync(join(projectRoot, one)));
}
