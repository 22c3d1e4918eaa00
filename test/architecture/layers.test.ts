import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../src/platform/root.js";
import { type Copy, copyRepository, type Outcome } from "./copy.js";
import { insideTargets, loadedByOthers, mayImport, outsideTargets, type Place, places } from "./law.js";

const packages = dependencyNames();
const ways: readonly ((specifier: string) => string)[] = [
  (specifier) => `import "${specifier}";`,
  (specifier) => `import type { Planted } from "${specifier}";`,
  (specifier) => `await import("${specifier}");`,
];

/** Faults of one file each; all stand in one copy, and the lint step must name every one. */
const lintFaults: readonly { fault: string; path: string; text: string; rule: string }[] = [
  {
    fault: "a file in a folder that is no room",
    path: "src/newroom/planted.ts",
    text: 'import "../model/ids.js";\n',
    rule: "lint/style/noRestrictedImports",
  },
  {
    fault: "a type that imports where it is used, past the layer rule",
    path: "src/engine/inline-type.ts",
    text: 'export type Planted = import("../store/planted.js").Planted;\n',
    rule: "plugin",
  },
  {
    fault: "an import of a computed path, past the layer rule",
    path: "src/engine/computed.ts",
    text: "export const planted = await import(`../store/planted.js`);\n",
    rule: "plugin",
  },
  {
    fault: "a clock in a room of pure functions",
    path: "src/engine/clock.ts",
    text: "export const planted = Date.now();\n",
    rule: "plugin",
  },
  {
    fault: "a global of the outside in a room of pure functions",
    path: "src/engine/outside.ts",
    text: "export const planted = process.pid;\n",
    rule: "lint/style/noRestrictedGlobals",
  },
  {
    fault: "one half of an import cycle",
    path: "src/engine/cycle-a.ts",
    text: 'import { plantedB } from "./deep/cycle-b.js";\n\nexport const plantedA = (): unknown => plantedB;\n',
    rule: "lint/suspicious/noImportCycles",
  },
  {
    fault: "the other half of an import cycle",
    path: "src/engine/deep/cycle-b.ts",
    text: 'import { plantedA } from "../cycle-a.js";\n\nexport const plantedB = (): unknown => plantedA;\n',
    rule: "lint/suspicious/noImportCycles",
  },
  {
    fault: "a package that only development installs, in src",
    path: "src/http/development.ts",
    text: 'import "fast-check";\n',
    rule: "lint/correctness/noUndeclaredDependencies",
  },
  {
    fault: "a default export",
    path: "src/engine/default-export.ts",
    text: "export default 1;\n",
    rule: "lint/style/noDefaultExport",
  },
  {
    fault: "an `any`",
    path: "src/engine/anything.ts",
    text: "export const planted = (value: any): unknown => value;\n",
    rule: "lint/suspicious/noExplicitAny",
  },
  {
    fault: "a `!` against the compiler",
    path: "src/engine/certain.ts",
    text: "export const planted = (value: string | undefined): string => value!;\n",
    rule: "lint/style/noNonNullAssertion",
  },
  {
    fault: "a promise that nobody waits for",
    path: "src/http/floating.ts",
    text: "export function planted(): void {\n  Promise.reject(new Error());\n}\n",
    rule: "lint/nursery/noFloatingPromises",
  },
  {
    fault: "a console in the service",
    path: "src/http/console.ts",
    text: 'console.log("planted");\n',
    rule: "lint/suspicious/noConsole",
  },
  {
    fault: "a setting read past the configuration",
    path: "src/http/setting.ts",
    text: "export const planted = process.env;\n",
    rule: "lint/style/noProcessEnv",
  },
  {
    fault: "an import without its ending",
    path: "src/engine/no-ending.ts",
    text: 'export { type TenantId } from "../model/ids";\n',
    rule: "lint/correctness/useImportExtensions",
  },
  {
    fault: "a file name in another style",
    path: "src/engine/camelCase.ts",
    text: "export const planted = 1;\n",
    rule: "lint/style/useFilenamingConvention",
  },
  {
    fault: "a test that switches the others off",
    path: "test/engine/only.test.ts",
    text: 'it.only("planted", () => {});\n',
    rule: "lint/suspicious/noFocusedTests",
  },
  {
    fault: "a file that is not formatted",
    path: "src/engine/unformatted.ts",
    text: "export const planted = 'x'\n",
    rule: "format",
  },
];

describe("the check", () => {
  describe("on the repository as it is", () => {
    it("finds no fault in format, lint and layers", async () => {
      await withCopy(async (copy) => {
        const { code, output } = await copy.run("scripts/check.mjs", "--only", "lint");
        expect(output).to.match(/check passed: lint\n$/);
        expect(code).to.equal(0);
      });
    });

    it("has a law for each room and each file at the top of src", () => {
      const covered = places.flatMap(({ files }) => files);
      for (const path of roomsAndTopFiles()) {
        expect(
          covered.some((file) => file === path || file.startsWith(`${path}/`)),
          path,
        ).to.equal(true);
      }
    });

    it("has one place for each package", () => {
      for (const name of packages) {
        const homes = places.filter((place) => place.outside.includes(name)).map((place) => place.name);
        expect(homes, name).to.have.lengthOf(loadedByOthers.includes(name) ? 0 : 1);
      }
    });
  });

  describe("with breaches planted", () => {
    let linted: Outcome;
    before(async function () {
      this.timeout(300_000); // a whole lint, on a machine that may be busy
      linted = await withCopy(async (copy) => {
        for (const { path, text } of lintFaults) copy.write(path, text);
        for (const place of places)
          for (const file of place.files) copy.write(`src/${file}`, importsOf(file).join("\n"));
        return copy.run("scripts/check.mjs", "--only", "lint");
      });
    });

    it("fails", () => {
      expect(linted.output).to.match(/check failed: lint\n$/);
      expect(linted.code).to.equal(1);
    });

    for (const place of places) {
      for (const file of place.files) {
        it(`refuses src/${file} every room and package that the law does not give to ${place.name}, and no other`, () => {
          expect(refusedImports(linted.output, file)).to.deep.equal(forbiddenImports(place, file));
        });
      }
    }

    for (const { fault, path, rule } of lintFaults) {
      it(`names ${path}: ${fault}`, () => {
        expect(rulesBroken(linted.output, path)).to.include(rule);
      });
    }
  });

  it("reports what is wrong with lint, types and unused code in one run", async () => {
    const { code, output } = await withCopy(async (copy) => {
      copy.append("src/model/fold.ts", "\nexport const plantedUnused = 1;\n");
      copy.write("src/engine/planted-file.ts", 'export const planted: number = "text";\n');
      copy.write("src/engine/planted-store.ts", 'import "../store/planted.js";\n');
      return copy.run("scripts/check.mjs", "--only", "lint,types,unused");
    });
    expect(rulesBroken(output, "src/engine/planted-store.ts")).to.include("lint/style/noRestrictedImports");
    expect(output).to.match(/^src\/engine\/planted-file\.ts.*error TS2322/m);
    expect(output).to.match(/^plantedUnused .*src\/model\/fold\.ts/m);
    expect(output).to.match(/^src\/engine\/planted-file\.ts\s*$/m);
    expect(output).to.match(/check failed: lint, types, unused\n$/);
    expect(code).to.equal(1);
    // Three whole checks, which a busy machine does not do in a minute.
  }).timeout(300_000);

  it("does not pass by running nothing: an unknown step is refused", async () => {
    const { code, output } = await withCopy((copy) => copy.run("scripts/check.mjs", "--only", "layers"), ["scripts"]);
    expect(output).to.contain("unknown step `layers`: the steps are lint, types, unused, lock, docs");
    expect(code).to.equal(2);
  });
});

async function withCopy<Result>(use: (copy: Copy) => Promise<Result>, paths?: readonly string[]): Promise<Result> {
  const copy = copyRepository(paths);
  try {
    return await use(copy);
  } finally {
    copy.remove();
  }
}

function dependencyNames(): readonly string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
  if (typeof manifest !== "object" || manifest === null || !("dependencies" in manifest)) return [];
  return Object.keys(manifest.dependencies ?? {});
}

function roomsAndTopFiles(): readonly string[] {
  const entries = readdirSync(join(projectRoot, "src"), { withFileTypes: true });
  const protocols = readdirSync(join(projectRoot, "src/protocols")).map((name) => `protocols/${name}`);
  return [...entries.map(({ name }) => name).filter((name) => name !== "protocols"), ...protocols];
}

/** Each target in each way of importing it, one to a line. */
function importsOf(file: string): readonly string[] {
  return specifiersOf(file).flatMap(({ specifier }) => ways.map((write) => write(specifier)));
}

function forbiddenImports(place: Place, file: string): readonly string[] {
  const forbidden = specifiersOf(file).filter(({ target }) => !mayImport(place, target));
  return forbidden.flatMap(({ specifier }) => ways.map((write) => write(specifier)));
}

/** How the file would write its imports of all that is not in its own room. */
function specifiersOf(file: string): readonly { target: string; specifier: string }[] {
  const own = posix.dirname(file).replace(/\/deep$/, "");
  const up = own === "." ? "./" : posix.relative(posix.dirname(file), ".") + posix.sep;
  const inside = insideTargets
    .filter((target) => target !== file.replace(/\.ts$/, ".js") && !target.startsWith(`${own}/`))
    .map((target) => ({ target, specifier: target.startsWith("../") && own === "." ? target : up + target }));
  return [...inside, ...[...packages, ...outsideTargets].map((name) => ({ target: name, specifier: name }))];
}

function refusedImports(output: string, file: string): readonly string[] {
  const lines = importsOf(file);
  const reports = output.matchAll(/^src\/(\S+):(\d+):\d+ lint\/style\/noRestrictedImports/gm);
  const refused = new Set([...reports].filter(([, path]) => path === file).map(([, , line]) => Number(line)));
  return lines.filter((_, index) => refused.has(index + 1));
}

function rulesBroken(output: string, path: string): readonly string[] {
  const reports = output.matchAll(/^(\S+?)(?::\d+:\d+)? (lint\/\S+|plugin|format|assist\/\S+) /gm);
  return [...reports].filter(([, reported]) => reported === path).map(([, , rule]) => rule ?? "");
}
