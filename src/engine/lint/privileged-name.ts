/** Role names that read as if they let somebody do almost anything, whatever the tenant's catalogue says. */

const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;
const PRIVILEGED: ReadonlySet<string> = new Set([
  "owner",
  "owners",
  "root",
  "super",
  "superuser",
  "superusers",
  "sudo",
  "sudoers",
  "god",
  "privileged",
  "breakglass",
]);
const ADMIN = /adm(?:in(?:s|istrators?)?)?$/;

/** Whether a word of the name is one such as `admin`, `owner`, `root` or `superuser`; `sysAdmin` and `team_admin` count too. */
export function looksPrivileged(name: string): boolean {
  return [...name.matchAll(WORDS)].some(([found]) => {
    const word = found.toLowerCase();
    return PRIVILEGED.has(word) || ADMIN.test(word);
  });
}
