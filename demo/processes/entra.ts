/** A process that pushes as Entra does: `entra.js BASE_URL [--matching userName,externalId,email] [--concurrency N] [--members-per-patch N]`. */
import { parseArgs } from "node:util";
import type { EntraClient, Matching } from "../../src/simulate/entra/client.js";
import * as entra from "../../src/simulate/entra.js";
import { readBack } from "../../src/simulate/read-back.js";
import { connectionFrom, parseCount } from "./connection-arguments.js";
import { type Command, serveCommands } from "./line-commands.js";
import { cycle, eachGroup, eachId, eachPerson, memberChange, renaming } from "./push-commands.js";

const client = openClient();
if (client !== undefined) await serveCommands(commandsOf(client), client.http);

function openClient(): EntraClient | undefined {
  try {
    const options = {
      matching: { type: "string", default: "userName,externalId" },
      concurrency: { type: "string", default: "5" },
      "members-per-patch": { type: "string", default: "100" },
    } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return entra.entraClient({
      ...connectionFrom(positionals, process.env),
      matching: values.matching.split(",").map(parseMatching),
      concurrency: parseCount("--concurrency", values.concurrency),
      membersPerPatch: parseCount("--members-per-patch", values["members-per-patch"]),
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return undefined;
  }
}

function parseMatching(name: string): Matching {
  if (name === "email" || name === "externalId" || name === "userName") return name;
  throw new Error(`\`--matching\` lists userName, externalId and email, not \`${name}\``);
}

function commandsOf(client: EntraClient): Record<string, Command> {
  const { concurrency, http, memory } = client;
  return {
    testConnection: () => entra.testConnection(client),
    provision: eachPerson(concurrency, (person) => entra.provision(client, person)),
    update: eachPerson(concurrency, (person) => entra.update(client, person)),
    assignManager: eachPerson(concurrency, (person) => entra.assignManager(client, person)),
    disable: eachId("users", concurrency, (id) => entra.disable(client, id)),
    enable: eachId("users", concurrency, (id) => entra.enable(client, id)),
    deleteUser: eachId("users", concurrency, (id) => entra.deleteUser(client, id)),
    provisionGroup: eachGroup(concurrency, (group) => entra.provisionGroup(client, group)),
    changeMembers: memberChange((id, change) => entra.changeMembers(client, id, change)),
    renameGroup: renaming((id, name) => entra.renameGroup(client, id, name)),
    deleteGroup: eachId("groups", concurrency, (id) => entra.deleteGroup(client, id)),
    sync: cycle((directory) => entra.sync(client, directory)),
    initialCycle: cycle((directory) => entra.initialCycle(client, directory)),
    readBack: async () => ({ ...(await readBack(http, memory)) }),
  };
}
