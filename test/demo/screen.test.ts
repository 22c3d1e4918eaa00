import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { createScreen, gain, loss, note, warning } from "../../demo/screen.js";

function shown(isTTY: boolean, environment: NodeJS.ProcessEnv): string {
  let text = "";
  const screen = createScreen({ isTTY, write: (more: string) => (text += more) }, environment);
  screen.step("Cy moves");
  screen.details(loss("cy", "Finance", "editor"), gain("dorothea", "IT", "viewer"), note("that is all"), warning("!"));
  screen.table(["PERSON", "TEAM"], [["dorothea", "IT"]]);
  return text;
}

const PLAIN = [
  " 1 Cy moves",
  "     - cy        Finance  editor",
  "     + dorothea  IT       viewer",
  "     that is all",
  "     ! !",
  "PERSON    TEAM",
  "dorothea  IT",
  "",
].join("\n");

describe("the demo's screen", () => {
  const plain: readonly [title: string, isTTY: boolean, environment: NodeJS.ProcessEnv][] = [
    ["in a pipe", false, {}],
    ["where NO_COLOR is set", true, { NO_COLOR: "1" }],
    ["in a dumb terminal", true, { TERM: "dumb" }],
  ];
  for (const [title, isTTY, environment] of plain) {
    it(`aligns columns, and uses no colours ${title}`, () => expect(shown(isTTY, environment)).to.equal(PLAIN));
  }

  it("colours what is gained, lost or warned of in a terminal, and nothing moves for it", () => {
    const coloured = shown(true, { NO_COLOR: "" });
    expect(coloured).to.contain("\u001b[31m- cy        Finance  editor\u001b[0m");
    expect(coloured).to.contain("\u001b[32m+ dorothea").and.to.contain("\u001b[33m! !");
    expect(stripVTControlCharacters(coloured)).to.equal(PLAIN);
  });

  it("knows where in the story it is", () => {
    const screen = createScreen({ write: () => undefined }, {});
    expect(screen.place).to.equal("before step 1");
    screen.step("one");
    screen.step("two");
    expect(screen.place).to.equal("after step 2");
  });
});
