/** Owns the few pages that people see: one plain template, nothing in it that was not escaped, and one script of one line. */

import type { Answer, HttpRequest } from "./exchange.js";
import { failureOf, renderProblem } from "./failure.js";
import { withoutBlanks } from "./header-blanks.js";
import { anybody, defineRoute, type ErrorRenderer, type Route } from "./route.js";

/** Text that is HTML already; only `html` makes it. */
export interface Html {
  readonly markup: string;
}

type Part = string | number | Html | readonly Html[];

/** A template whose values are escaped, for element content and quoted attributes alike. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return {
    markup: texts.map((text, index) => text + (index < parts.length ? markupOf(parts[index] ?? "") : "")).join(""),
  };
}

function markupOf(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly body: Html;
  readonly cookies?: readonly string[];
}

const STYLE_PATH = "/assets/page.css";
const SCRIPT_PATH = "/assets/pass-on.js";

export function page({ status, title, body, cookies }: Page): Answer {
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${STYLE_PATH}">
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
  // With no-referrer browsers would hide the origin of our own forms from us, and we refuse posts of unknown origin.
  const headers = { "content-type": "text/html; charset=utf-8", "referrer-policy": "same-origin" };
  return { status, headers, body: markup, ...(cookies === undefined ? {} : { cookies }) };
}

/** A form that is sent on by itself as soon as it is there; the button is for browsers without scripts. */
export interface PassedOnForm {
  readonly title: string;
  /** Where it is sent. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
}

export function formPage({ title, action, fields, cookies }: PassedOnForm): Answer {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const body = html`<form method="post" action="${action}">${inputs}<p><button>Continue</button></p></form>
<script src="${SCRIPT_PATH}"></script>`;
  return page({ status: 200, title, body, ...(cookies === undefined ? {} : { cookies }) });
}

export interface ErrorWords {
  readonly title: string;
  /** What the person can do now. */
  readonly advice: string;
  /** What else the person may know, as terms and what they stand for. */
  readonly facts?: readonly { readonly term: string; readonly text: string }[];
  /** Ways on from here. INVARIANT: addresses of our own alone. */
  readonly links?: readonly { readonly text: string; readonly href: string }[];
}

/**
 * An error as a page, or as a problem document for who asks for JSON. `wordsFor` chooses the words by code; the page
 * adds the code and what an admin can look it up by: the refusal's own reference (`detail.reference`), else the request's
 * id, which is in the log and not among the sign-ins.
 */
export function renderErrorPage(
  wordsFor: (code: string, detail: Readonly<Record<string, unknown>>) => ErrorWords,
): ErrorRenderer {
  return (error, request) => {
    if (wantsJson(request)) return renderProblem(error, request);
    const { status, code, detail } = failureOf(error);
    const { title, advice, facts = [], links = [] } = wordsFor(code, detail);
    const { reference } = detail;
    const [term, id] = typeof reference === "string" ? ["Reference", reference] : ["Request", request.id];
    const told = facts.map(
      ({ term: name, text }) => html`<dt>${name}</dt><dd>${text}</dd>
`,
    );
    const ways = links.map(
      ({ text, href }) => html`<p><a href="${href}">${text}</a></p>
`,
    );
    const body = html`<p>${advice}</p>
${ways}<dl>
${told}<dt>Code</dt><dd><code>${code}</code></dd>
<dt>${term}</dt><dd><code>${id}</code></dd>
</dl>`;
    return page({ status, title, body });
  };
}

/** Whether the caller asks for JSON rather than for a page; who asks for anything gets the page. */
export function wantsJson(request: HttpRequest): boolean {
  const weights = { html: 0, json: 0 };
  for (const range of (request.header("accept") ?? "*/*").toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map(withoutBlanks);
    const q = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    if (type === "application/json" || type.endsWith("+json")) weights.json = Math.max(weights.json, q);
    if (type === "text/html" || type === "text/*" || type === "*/*") weights.html = Math.max(weights.html, q);
  }
  return weights.json > 0 && weights.json >= weights.html;
}

const STYLE = `:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0; display: grid; min-height: 100vh; place-items: center; }
main { box-sizing: border-box; width: min(42rem, 100%); padding: 2rem 1.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; padding: 0.375rem 0.75rem 0.375rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
button, input, select { font: inherit; padding: 0.5rem 0.75rem; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
`;

const SCRIPT = "document.forms[0].submit();\n";

/** Style and script of all pages: the content security policy allows neither inside a page. */
export const pageAssets: readonly Route[] = [
  asset(STYLE_PATH, "Style sheet of the pages that people see", "text/css", STYLE),
  asset(SCRIPT_PATH, "Sends a form on to where a sign-in continues", "text/javascript", SCRIPT),
];

function asset(path: string, summary: string, type: string, body: string): Route {
  const headers = { "content-type": `${type}; charset=utf-8`, "cache-control": "public, max-age=3600" };
  return defineRoute({
    method: "GET",
    path,
    summary,
    tags: ["pages"],
    auth: anybody,
    responses: { 200: null },
    handler: async () => ({ status: 200, headers, body }),
  });
}
