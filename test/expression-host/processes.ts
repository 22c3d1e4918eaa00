import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/** Child processes of a process. */
export function childrenOf(pid: number): readonly number[] {
  const listed = existsSync(`/proc/${pid}/task/${pid}/children`)
    ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    : execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" });
  return listed.split(/\s+/).filter(Boolean).map(Number);
}

/** Whether a process has ended; one that nobody has waited for counts as ended. */
export function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return existsSync(`/proc/${pid}/stat`) && /\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** Fulfilled once the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
