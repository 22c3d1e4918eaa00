/** Owns what a browser without a screen understands of a page: its forms, as far as they can be sent without a script. */

export interface HtmlForm {
  readonly action: URL;
  /** What is sent if nobody fills anything in. */
  readonly fields: Readonly<Record<string, string>>;
  /** There is nothing in it for people to fill in. */
  readonly isHidden: boolean;
}

/** Every form of a page that is posted, in its order. */
export function formsOf(page: string, pageUrl: URL): readonly HtmlForm[] {
  return [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].flatMap(([, head = "", body = ""]) => {
    const { action = "", method = "get" } = attributesOf(head);
    if (method.toLowerCase() !== "post") return [];
    const inputs = inputsOf(body);
    return {
      action: new URL(action, pageUrl),
      fields: Object.fromEntries(inputs.map(({ name, value }) => [name, value])),
      isHidden: inputs.every(({ type }) => type === "hidden"),
    };
  });
}

/** The form by which a SAML message travels: a page that holds one is sent on by a script, and here without. */
export function samlForm(page: string, pageUrl: URL): HtmlForm | undefined {
  return formsOf(page, pageUrl).find(
    ({ fields, isHidden }) =>
      isHidden && (Object.hasOwn(fields, "SAMLRequest") || Object.hasOwn(fields, "SAMLResponse")),
  );
}

interface Input {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

function inputsOf(body: string): readonly Input[] {
  const inputs = [...body.matchAll(/<input\b([^>]*)>/gi)].flatMap(([, attributes = ""]) => {
    const { name, value = "", type = "text" } = attributesOf(attributes);
    return name === undefined || type === "submit" ? [] : [{ name, value, type }];
  });
  const choices = [...body.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/gi)].flatMap(
    ([, attributes = "", list = ""]) => {
      const { name } = attributesOf(attributes);
      const options = [...list.matchAll(/<option\b([^>]*)>([^<]*)/gi)].map(([, option = "", label = ""]) => ({
        chosen: Object.hasOwn(attributesOf(option), "selected"),
        value: attributesOf(option)["value"] ?? unescaped(label.trim()),
      }));
      const chosen = options.find((option) => option.chosen) ?? options[0];
      return name === undefined || chosen === undefined ? [] : [{ name, value: chosen.value, type: "select" }];
    },
  );
  return [...inputs, ...choices];
}

function attributesOf(head: string): Readonly<Record<string, string>> {
  const pairs = head.matchAll(/([\w:-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g);
  return Object.fromEntries(
    [...pairs].map(([, name = "", double, single, bare]) => [
      name.toLowerCase(),
      unescaped(double ?? single ?? bare ?? ""),
    ]),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
