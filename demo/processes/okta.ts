/** A process that pushes as Okta does: `okta.js BASE_URL [--kind catalogue|custom] [--concurrency N] [--members-per-patch N]`. */
import { parseArgs } from "node:util";
import type { OktaClient } from "../../src/simulate/okta/client.js";
import * as okta from "../../src/simulate/okta.js";
import { readBack } from "../../src/simulate/read-back.js";
import { connectionFrom, parseCount } from "./connection-arguments.js";
import { type Command, serveCommands } from "./line-commands.js";
import { cycle, eachGroup, eachId, eachPerson, memberChange, renaming } from "./push-commands.js";

const client = openClient();
if (client !== undefined) await serveCommands(commandsOf(client), client.http);

function openClient(): OktaClient | undefined {
  try {
    const options = {
      kind: { type: "string", default: "catalogue" },
      concurrency: { type: "string", default: "3" },
      "members-per-patch": { type: "string", default: "100" },
    } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const { kind } = values;
    if (kind !== "catalogue" && kind !== "custom")
      throw new Error(`\`--kind\` is catalogue or custom, not \`${kind}\``);
    return okta.oktaClient({
      ...connectionFrom(positionals, process.env),
      kind,
      concurrency: parseCount("--concurrency", values.concurrency),
      membersPerPatch: parseCount("--members-per-patch", values["members-per-patch"]),
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return undefined;
  }
}

function commandsOf(client: OktaClient): Record<string, Command> {
  const { concurrency, http, memory } = client;
  return {
    testConnection: () => okta.testConnection(client),
    runSpecTest: () => okta.runSpecTest(client),
    assign: eachPerson(concurrency, (person) => okta.assign(client, person)),
    update: eachPerson(concurrency, (person) => okta.update(client, person)),
    deactivate: eachId("users", concurrency, (id) => okta.deactivate(client, id)),
    reactivate: eachId("users", concurrency, (id) => okta.reactivate(client, id)),
    pushGroup: eachGroup(concurrency, (group) => okta.pushGroup(client, group)),
    pushNow: eachGroup(concurrency, (group) => okta.pushNow(client, group)),
    changeMembers: memberChange((id, change) => okta.changeMembers(client, id, change)),
    renameGroup: renaming((id, name) => okta.renameGroup(client, id, name)),
    unlinkGroup: eachId("groups", concurrency, (id) => okta.unlinkGroup(client, id)),
    importAll: async () => ({
      users: (await okta.importAll(client, "/Users")).length,
      groups: (await okta.importAll(client, "/Groups")).length,
    }),
    sync: cycle((directory) => okta.sync(client, directory)),
    readBack: async () => ({ ...(await readBack(http, memory)) }),
  };
}
