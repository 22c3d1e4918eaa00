import { parseMapping } from "../compose.js";
import { LINT_CODES, type LintFinding } from "../engine/lint/finding.js";
import { counted } from "../model/counted.js";
import { quote } from "../model/quote.js";
import { now } from "../platform/clock.js";
import { lintMapping, lintText } from "../provisioning/mapping/lint.js";
import { type Command, EXIT, Misuse, type Terminal } from "./command.js";
import { tenantNamed, withInstallation } from "./installation.js";
import { connectionsNamedIn, problemTeller, readDocument } from "./mapping-file.js";
import { withExpressions } from "./offline.js";

const DAYS = "90";
/** So many unmapped groups are printed. */
const SHOWN = 10;

export const mappingLint: Command = {
  name: "mapping lint",
  takes: "FILE...",
  summary: "Say what is risky, dead or probably mistaken in mapping documents that could be saved",
  details: [
    "Each finding is a line: file:line:column: severity: pointer code: message. With --tenant a document is also held",
    "beside what that tenant's identity providers sent and its rules gave; without, it is looked at alone.",
    "Errors, which a save would refuse, make the exit code 1; with --strict any finding does.",
    `Codes: ${Object.keys(LINT_CODES).join(", ")}.`,
  ],
  options: {
    tenant: { value: "SLUG", what: "beside whose groups, teams and grants the documents are held" },
    days: { value: "N", what: `with --tenant: rules that gave nothing for so many days are told of (${DAYS})` },
    strict: { what: "exit with 1 for any finding" },
  },
  async run(args, terminal) {
    const days = daysOf(args.text("days") ?? DAYS);
    const slug = args.text("tenant");
    if (slug === undefined && args.has("days")) throw new Misuse("--days needs --tenant: files alone know no past");
    const lint = slug === undefined ? withoutTenant : besideTenant(slug, days);
    const total = { error: 0, warning: 0, hint: 0 };
    await lint(terminal, args.positionals, (path, text, findings) => {
      for (const { severity } of findings) total[severity] += 1;
      for (const line of problemTeller(path, text)(findings, ({ severity }) => `${severity}: `)) terminal.out(line);
    });
    terminal.out(
      `${counted(total.error, "error", "errors")}, ${counted(total.warning, "warning", "warnings")}, ${counted(total.hint, "hint", "hints")}`,
    );
    const isBad = args.has("strict") ? total.error + total.warning + total.hint > 0 : total.error > 0;
    return isBad ? EXIT.failed : EXIT.done;
  },
};

function daysOf(written: string): number {
  const days = Number(written);
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days;
  throw new Misuse(`--days takes a number from 1 to 3650, is ${quote(written)}`);
}

type Tell = (path: string, text: string, findings: readonly LintFinding[]) => void;

async function withoutTenant(_terminal: Terminal, paths: readonly string[], tell: Tell): Promise<void> {
  await withExpressions(async (expressions) => {
    for (const path of paths) {
      const text = readDocument(path);
      const context = { tenant: 0, connections: connectionsNamedIn(text), version: 1, now: now() };
      tell(path, text, (await lintText({ parseMapping, expressions }, text, context)).findings);
    }
  });
}

function besideTenant(slug: string, days: number) {
  return (terminal: Terminal, paths: readonly string[], tell: Tell): Promise<void> =>
    withInstallation(terminal, async (opened) => {
      const tenant = await tenantNamed(opened, slug);
      for (const path of paths) {
        const text = readDocument(path);
        const { findings, groups } = await lintMapping(opened.p, tenant, text, { days });
        tell(path, text, findings);
        for (const { name, members, connection } of groups.largest.slice(0, SHOWN)) {
          terminal.out(`${path}: unmapped: ${quote(name)} at ${connection}, ${counted(members, "person", "people")}`);
        }
      }
    });
}
