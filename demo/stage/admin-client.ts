/** Speaks to the admin API as an operator's program would. */
import type { JsonObject } from "../../src/model/json.js";
import { DemoFailure, type Exchanged } from "./demo-failure.js";

export interface Asked {
  readonly method?: "DELETE" | "GET" | "PATCH" | "POST" | "PUT";
  readonly body?: JsonObject;
  /** The status without which the story cannot go on; 200 when absent. */
  readonly expect?: number;
}

export interface AdminClient {
  /** `path` below the tenant, empty for the tenant itself. Answers the body as the caller's type has it. */
  ask<Answer>(path: string, asked?: Asked): Promise<Answer>;
  /** The same from the root of the API. */
  askRoot<Answer>(path: string, asked?: Asked): Promise<Answer>;
  /** What was asked and answered last. */
  readonly last: Exchanged | undefined;
}

export function createAdminClient(service: string, token: string, tenant: string): AdminClient {
  let last: Exchanged | undefined;
  async function askRoot<Answer>(path: string, asked: Asked = {}): Promise<Answer> {
    const { method = "GET", body, expect = 200 } = asked;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const request = `${method} /api/v1${path}${sent === undefined ? "" : ` ${sent}`}`;
    const answer = await fetch(`${service}/api/v1${path}`, { method, headers, body: sent ?? null }).catch(
      (error: Error) => {
        throw new DemoFailure("the service does not answer", { request, answer: String(error.cause ?? error) });
      },
    );
    const text = await answer.text();
    last = { request, answer: `${answer.status} ${text}` };
    if (answer.status !== expect) throw new DemoFailure(`${expect} was expected, not ${answer.status}`, last);
    return JSON.parse(text) as Answer;
  }
  return {
    askRoot,
    ask: (path, asked) => askRoot(`/tenants/${tenant}${path}`, asked),
    get last() {
      return last;
    },
  };
}
