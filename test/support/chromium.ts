/** A real browser for tests, from npm alone: Chromium with its own copies of the system libraries that it needs. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { projectRoot } from "../../src/platform/root.js";

/**
 * Starts it. Throws where no browser can run here, and says what would help: a test that needs one fails then. A Chrome or
 * Chromium of one's own is used where `ROLECALL_TEST_CHROMIUM` names its program. `args`: switches of its command line.
 */
export async function startChromium(args: string[] = []): Promise<Browser> {
  const own = process.env["ROLECALL_TEST_CHROMIUM"];
  if (own !== undefined) return chromium.launch({ executablePath: own, args });
  const folder = await unpacked();
  const executablePath = join(folder, "chromium");
  const env = { ...process.env, FONTCONFIG_FILE: fontsIn(folder) };
  // The libraries that come along want a recent glibc; where it is older, those of the system may do.
  const environments = [{ ...env, LD_LIBRARY_PATH: join(folder, "al2023/lib") }, env];
  const complaints: string[] = [];
  for (const environment of environments) {
    try {
      return await chromium.launch({ executablePath, env: environment, args });
    } catch (error) {
      complaints.push(reasonOf(error));
    }
  }
  throw new Error(
    `no browser can run here: ${complaints.join("; then ")}. Install its libraries, for instance with ` +
      "`apt-get install libnss3 libnspr4 libexpat1`, or name a Chrome or Chromium of yours by ROLECALL_TEST_CHROMIUM",
  );
}

/** Names the fonts that come along to the browser, which crashes without any: their own list looks for them in other folders. */
function fontsIn(folder: string): string {
  const file = join(folder, "fonts.conf");
  const places = [`<dir>${join(folder, "fonts")}</dir>`, `<cachedir>${join(folder, "fonts-cache")}</cachedir>`];
  writeFileSync(file, `<?xml version="1.0"?>\n<fontconfig>${places.join("")}</fontconfig>\n`);
  return file;
}

/** The folder that holds the program and its libraries: unpacked once for each version, and there as a whole or not at all. */
async function unpacked(): Promise<string> {
  const modules = join(projectRoot, "node_modules");
  const { version } = JSON.parse(readFileSync(join(modules, "@sparticuz/chromium/package.json"), "utf8"));
  const cache = join(modules, ".cache/rolecall");
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "unpacking-"));
  const env = { ...process.env, TMPDIR: fresh, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" };
  const program = fileURLToPath(new URL("./unpack-chromium.js", import.meta.url));
  await promisify(execFile)(process.execPath, [program], { env });
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Somebody else was quicker.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /error while loading shared libraries: [^\n]+/.exec(text)?.[0] ?? text.split("\n")[0] ?? text;
}
