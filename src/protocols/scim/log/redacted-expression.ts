/** Owns how filters and paths look in a log: attributes, operators and brackets stay, what is compared with is masked. */

import { cutText } from "../../../model/cut-text.js";
import { maskedText, type Redacting, SECRET_TEXT, shownName } from "./masked-text.js";
import { isSecret, lastPart } from "./vocabulary.js";

const LONGEST = 2_000;
const TOKEN = /"(?:[^"\\]|\\.)*"?|\s+|[()[\],]|[^\s()[\],"]+/gs;
const COMPARATOR = /^(?:eq|ne|co|sw|ew|gt|ge|lt|le)$/i;
const LOGIC = /^(?:and|or|not)$/i;
const PRESENT = /^pr$/i;

/** Reads by token, so that what is no filter at all is masked as well as one that is. Never throws. */
export function redactExpression(text: string, redacting: Redacting): string {
  const tokens = cutText(text, LONGEST).match(TOKEN) ?? [];
  let attribute = "";
  let before: "start" | "attribute" | "comparator" | "operand" = "start";
  const shown = tokens.map((token) => {
    if (/^\s/.test(token)) return " ";
    if (/^[()[\],]$/.test(token)) {
      before = token === ")" || token === "]" ? "operand" : "start";
      return token;
    }
    const isQuoted = token.startsWith('"');
    if (isQuoted || before === "comparator") {
      before = "operand";
      return operand(token, attribute, redacting);
    }
    if (COMPARATOR.test(token) && before === "attribute") {
      before = "comparator";
      return token;
    }
    if (LOGIC.test(token) || PRESENT.test(token)) {
      before = LOGIC.test(token) ? "start" : "operand";
      return token;
    }
    before = "attribute";
    attribute = token;
    return shownName(token, redacting);
  });
  return shown.join("");
}

function operand(token: string, attribute: string, redacting: Redacting): string {
  if (isSecret(attribute, redacting.words)) return SECRET_TEXT;
  if (!token.startsWith('"')) {
    return /^(?:true|false|null)$/i.test(token) ? token : maskedText(token, lastPart(attribute), redacting);
  }
  const inside = token.replace(/^"|"$/g, "").replace(/\\(.)/gs, "$1");
  return `"${maskedText(inside, lastPart(attribute), redacting)}"`;
}
