/** Dns-txt owns the questions to the DNS for TXT records: bounded in time, and told apart from "there is none". */
import { Resolver } from "node:dns/promises";

const TRY_MILLISECONDS = 2000;
const TRIES = 2;
const ALL_MILLISECONDS = 5000;
const NONE = new Set(["ENOTFOUND", "ENODATA"]);

type Texts =
  | { readonly kind: "answered"; readonly texts: readonly string[] }
  | { readonly kind: "unanswered"; readonly problem: string };

/** Asks the machine's own name servers, or these; they follow aliases (CNAME) themselves. */
export function createTxtResolver(servers?: readonly string[]): { texts(name: string): Promise<Texts> } {
  return {
    async texts(name) {
      const resolver = new Resolver({ timeout: TRY_MILLISECONDS, tries: TRIES });
      if (servers) resolver.setServers(servers);
      const timer = setTimeout(() => resolver.cancel(), ALL_MILLISECONDS);
      try {
        const records = await resolver.resolveTxt(name);
        return { kind: "answered", texts: records.map((strings) => strings.join("")) };
      } catch (fault) {
        const code = fault instanceof Error && "code" in fault ? String(fault.code) : "unknown";
        if (NONE.has(code)) return { kind: "answered", texts: [] };
        return { kind: "unanswered", problem: `the DNS did not answer (${code})` };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
