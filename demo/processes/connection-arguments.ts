/** Owns how a client's process learns where to push: the base URL as an argument, the token from the environment, where no list of processes shows it. */
import type { Connection } from "../../src/simulate/scim-http.js";

/** Throws, with what to do, where one of them is missing. */
export function connectionFrom(positionals: readonly string[], environment: NodeJS.ProcessEnv): Connection {
  const [baseUrl, ...others] = positionals;
  if (baseUrl === undefined || others.length > 0)
    throw new Error("give one SCIM base URL, as http://127.0.0.1:4180/api/scim/v2");
  const token = environment["SCIM_TOKEN"];
  if (token === undefined || token === "")
    throw new Error("set the environment variable SCIM_TOKEN to the bearer token");
  return { baseUrl, token };
}

/** Throws where the text is no whole number above 0. */
export function parseCount(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`\`${name}\` must be a whole number above 0, not \`${text}\``);
  return Number(text);
}
