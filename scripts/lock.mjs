/**
 * Completes package-lock.json. A registry that lacks the builds of a package for some platforms makes npm leave them out of the lock
 * file without a word, and `npm ci` then refuses the file. Run `node scripts/lock.mjs` after `npm install`; `--check` only looks.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "openbsd", "netbsd", "sunos", "win32"];
const processors = ["arm", "arm64", "ia32", "loong64", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const libraries = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

const file = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));
const missing = Object.entries(lock.packages).flatMap(([path, entry]) => missingBuilds(path, entry));

if (process.argv.includes("--check")) {
  for (const { name } of missing)
    console.error(`package-lock.json: \`${name}\` is missing: run \`node scripts/lock.mjs\``);
  process.exitCode = missing.length === 0 ? 0 : 1;
} else {
  for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
  const [project, ...installed] = Object.entries(lock.packages);
  installed.sort(([a], [b]) => a.localeCompare(b, "en"));
  if (missing.length > 0)
    writeFileSync(
      file,
      `${JSON.stringify({ ...lock, packages: Object.fromEntries([project, ...installed]) }, null, 2)}\n`,
    );
  console.log(`${missing.length} builds for other platforms added to package-lock.json`);
}

function missingBuilds(path, { optionalDependencies = {} }) {
  const builds = Object.keys(optionalDependencies);
  const known = builds.filter((name) => entryOf(path, name));
  return builds
    .filter((name) => !known.includes(name))
    .map((name) => ({ name, entry: buildEntry(name, optionalDependencies[name], entryOf(path, known[0] ?? "")) }));
}

/** What the package at a path of the lock file finds under a name: Node's way up through the folders. */
function entryOf(path, name) {
  const own = lock.packages[`${path === "" ? "" : `${path}/`}node_modules/${name}`];
  if (own || path === "") return own;
  const above = path.lastIndexOf("node_modules/");
  return entryOf(path.slice(0, Math.max(above - 1, 0)), name);
}

/** A build's entry after the pattern of its sibling for this platform; its digest is for npm to add where it can be had. */
function buildEntry(name, version, sibling) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) throw new Error(`\`${name}\`: no exact version but \`${version}\``);
  const words = name.split(/[/-]/);
  const list = (values) => (values.length > 0 ? values : undefined);
  return {
    version,
    cpu: list(processors.filter((word) => words.includes(word))),
    dev: sibling?.dev,
    libc: list(words.flatMap((word) => libraries[word] ?? [])),
    license: sibling?.license,
    optional: true,
    os: list(systems.filter((word) => words.includes(word))),
    engines: sibling?.engines,
  };
}
