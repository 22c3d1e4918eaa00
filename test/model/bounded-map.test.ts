import { expect } from "chai";
import { type BoundedMap, boundedMap } from "../../src/model/bounded-map.js";

function known(map: BoundedMap<string, number>, keys = "abcd"): string {
  return [...keys].filter((key) => map.get(key) !== undefined).join("");
}

describe("a bounded map", () => {
  it("forgets what was set longest ago once there are more entries than it may have", () => {
    const map = boundedMap<string, number>(2);
    for (const [value, key] of [..."abc"].entries()) map.set(key, value);
    expect(known(map)).to.equal("bc");
    expect(map.get("c")).to.equal(2);
  });

  it("takes what is set again as the latest, and what is read not", () => {
    const map = boundedMap<string, number>(2);
    for (const key of "aba") map.set(key, 1);
    map.get("b");
    map.set("c", 1);
    expect(known(map)).to.equal("ac");
  });

  it("forgets by weight, as many as must go", () => {
    const map = boundedMap<string, number>(10, (value) => value);
    for (const [key, weight] of [
      ["a", 3],
      ["b", 3],
      ["c", 4],
      ["d", 5],
    ] as const)
      map.set(key, weight);
    expect(known(map)).to.equal("cd");
  });

  it("keeps the latest whatever it weighs, until another comes", () => {
    const map = boundedMap<string, number>(10, (value) => value);
    map.set("a", 1);
    map.set("b", 11);
    expect(known(map)).to.equal("b");
    map.set("c", 10);
    expect(known(map)).to.equal("c");
  });

  it("no longer counts what was taken out or replaced", () => {
    const map = boundedMap<string, number>(10, (value) => value);
    map.set("a", 9);
    map.delete("a");
    map.delete("never there");
    map.set("b", 9);
    map.set("b", 1);
    map.set("c", 9);
    expect(known(map)).to.equal("bc");
  });
});
