import { expect } from "chai";
import { linkAddress } from "../../src/model/link-address.js";

const BUECHER = "xn--bcher-kva.example";

/** How an address may be written, and the one that it is; `undefined`: nobody is recognised by it. */
const WRITTEN: readonly (readonly [what: string, written: string, address: string | undefined])[] = [
  ["as it is", "ann@acme.example", "ann@acme.example"],
  ["in upper case", "ANN@ACME.Example", "ann@acme.example"],
  ["a sub-domain", "ann@mail.acme.example", "ann@mail.acme.example"],
  ["with a plus", "ann+x@acme.example", "ann+x@acme.example"],
  ["a trailing dot", "ann@acme.example.", undefined],
  ["an empty label", "ann@acme..example", undefined],
  ["an internationalized domain as xn--", `ann@${BUECHER}`, `ann@${BUECHER}`],
  ["as xn-- in upper case", "ann@XN--BCHER-KVA.example", `ann@${BUECHER}`],
  ["the same in Unicode", "ann@b\u00FCcher.example", `ann@${BUECHER}`],
  ["the same in Unicode, upper case", "ann@B\u00DCCHER.EXAMPLE", `ann@${BUECHER}`],
  ["the same with the accent apart", "ann@bu\u0308cher.example", `ann@${BUECHER}`],
  ["the same with a trailing dot", "ann@b\u00FCcher.example.", undefined],
  ["a Cyrillic letter among Latin ones", "ann@\u0430cme.example", "ann@xn--cme-5cd.example"],
  ["full-width letters", "ann@\uFF41cme.example", undefined],
  ["a full-width domain beside an internationalized one", "ann@b\u00FCcher.\uFF45xample", undefined],
  ["a full-width letter among internationalized ones", "ann@\uFF42\u00FCcher.example", undefined],
  ["a Kelvin sign among them", "ann@\u212A\u00FCche.example", undefined],
  ["a ligature", "ann@b\u00FCcherei-\uFB01n.example", undefined],
  ["an ideographic full stop", "ann@acme\u3002example", undefined],
  ["a full-width full stop", "ann@b\u00FCcher\uFF0Eexample", undefined],
  ["a letter that is ASCII in lower case", "ann@\u212Aim.example", undefined],
  ["a soft hyphen", "ann@ac\u00ADme.example", undefined],
  ["a joiner of no width", "ann@ac\u200Dme.example", undefined],
  ["a local part with a look-alike letter", "\u0430nn@acme.example", undefined],
  ["a local part that is ASCII in lower case", "\u212Aim@acme.example", undefined],
  ["a local part in quotes", '"ann"@acme.example', undefined],
  ["two at signs", "ann@x@acme.example", undefined],
  ["no domain", "ann@", undefined],
  ["an address literal", "ann@[192.0.2.1]", undefined],
];

describe("the address by which people are told to be the same", () => {
  for (const [what, written, address] of WRITTEN)
    it(`W-17: ${what}: ${address === undefined ? "is nobody's" : `is ${address}`}`, () => {
      expect(linkAddress(written)?.address).to.equal(address);
      expect(linkAddress(written)?.domain).to.equal(address?.slice(address.indexOf("@") + 1));
    });
});
