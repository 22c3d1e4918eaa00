import { type Command, EXIT } from "./command.js";
import { withInstallation } from "./installation.js";

export const migrate: Command = {
  name: "migrate",
  takes: "",
  summary: "Bring the database's schema up to date; the service does so too when it starts",
  options: {},
  run: (_, terminal) =>
    withInstallation(terminal, async ({ migrated }) => {
      for (const name of migrated) terminal.out(`migrated: ${name}`);
      terminal.out("the database is up to date");
      return EXIT.done;
    }),
};
