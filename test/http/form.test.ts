import { expect } from "chai";
import { formFields } from "../../src/http/form.js";
import { Refusal } from "../../src/model/problem.js";

const fields = (form: string | Buffer) => formFields(Buffer.from(form), (bytes) => bytes.toString("utf8"));

describe("a posted form", () => {
  const values = [
    "",
    "a b",
    "a+b",
    "100%",
    "é€𝄞",
    "a=b&c=d",
    "/?#[]@!$'()*,;:",
    "line\r\nbreak",
    "=",
    "&",
    "+ +",
    "\0",
  ];
  for (const value of values) {
    it(`is read as it was written: ${JSON.stringify(value)}`, () => {
      const written = { SAMLResponse: value, [`name ${value}`]: "x" };
      expect(fields(new URLSearchParams(written).toString())).to.deep.equal(written);
    });
  }

  for (const form of ["", "&", "&&a=b&&", "a", "a=", "=", "=b", "a=b=c", "a=%41%2b%2B+", "%61=b", "a=\u00e9"]) {
    it(`means what a browser's reader makes of it: ${JSON.stringify(form)}`, () => {
      expect(fields(form)).to.deep.equal(Object.fromEntries(new URLSearchParams(form)));
    });
  }

  for (const [what, form, words] of [
    ["escapes that are broken", "a=%4", "escape"],
    ["escapes that are no UTF-8", "a=%ff", "escape"],
    ["a field twice, however it is written", "a=1&%61=2", "twice"],
    ["a field that no form has", "__proto__=1", "not allowed"],
    ["more than a hundred empty fields", `${"&".repeat(101)}a=1`, "more than 100"],
    ["more than a hundred fields", Array.from({ length: 101 }, (_, at) => `f${at}=`).join("&"), "more than 100"],
  ] as const) {
    it(`is refused with ${what}`, () => {
      expect(() => fields(form))
        .to.throw(Refusal, words)
        .with.property("code", "bad_request");
    });
  }
});
