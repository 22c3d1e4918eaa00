import { Refusal } from "../model/problem.js";
import type { HttpRequest } from "./exchange.js";
import { withoutBlanks } from "./header-blanks.js";

const LONGEST = 4_096;

/** The token of the Authorization header, with or without the word `Bearer`, as identity providers send it either way. */
export function bearerToken(request: HttpRequest): string {
  const header = withoutBlanks(request.header("authorization") ?? "");
  const token = header.replace(/^bearer +/i, "");
  if (token === "" || /^bearer$/i.test(token))
    throw new Refusal("unauthorized", "a bearer token is needed: send it as `Authorization: Bearer ...`");
  if (token.length > LONGEST || !/^[A-Za-z0-9._~+/=-]+$/.test(token))
    throw new Refusal("unauthorized", "the bearer token is not valid");
  return token;
}
