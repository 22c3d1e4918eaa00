/** Owns getting the text that stands at an address of metadata, and what is said where there is none. */
import { Refusal, type RefusalCode } from "../../model/problem.js";
import { quote } from "../../model/quote.js";
import type { GuardedFetch } from "../../platform/network.js";

const ACCEPT = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1";
const INSTEAD = "or give the metadata itself as `metadataXml`";
/** HTTP's answer to a conditional question. */
export const NOT_MODIFIED = 304;

/** Refuses any answer but a document, or that there is none newer where the question was for one. */
export async function fetchDocument(
  url: string,
  fetch: GuardedFetch,
  conditions: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const { host } = new URL(url);
  const response = await fetch(url, { headers: { accept: ACCEPT, ...conditions } }).catch((error: unknown) => {
    throw error instanceof Refusal ? notFetched(error.code, error.message) : error;
  });
  const isSame = response.status === NOT_MODIFIED && Object.keys(conditions).length > 0;
  if (response.ok || isSame) return response;
  throw notFetched("metadata_refused", `${quote(host)} answered with the status ${response.status}`);
}

export async function textOf(response: Response, url: string): Promise<string> {
  const text = decoded(await response.arrayBuffer());
  if (text !== undefined) return text;
  throw notFetched("metadata_refused", `${quote(new URL(url).host)} answered with a text that is not UTF-8`);
}

function decoded(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function notFetched(code: RefusalCode, what: string): Refusal {
  const message = `${what}: check the address, ${INSTEAD}`;
  return new Refusal(code, message, { problems: [{ pointer: "/metadataUrl", code, message }] });
}
