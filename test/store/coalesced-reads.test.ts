import { expect } from "chai";
import type { DirectoryGroupId, DirectoryUserId } from "../../src/model/ids.js";
import type { GroupOfUser } from "../../src/provisioning/ports/directory.js";
import type { TenantReader } from "../../src/provisioning/ports/store.js";
import { coalesced } from "../../src/store/coalesced-reads.js";
import { createGathering } from "../../src/store/gathering.js";
import type { Scope } from "../../src/store/scope.js";

describe("groups of people that are asked for at the same time", () => {
  /** A reader of three groups of each person, how it was asked, and how often anybody looked whose a row is. */
  const noting = () => {
    const asked: number[] = [];
    let looks = 0;
    const rowOf = (user: DirectoryUserId, at: number): GroupOfUser => ({
      get user() {
        looks += 1;
        return user;
      },
      group: `${user}.${at}` as DirectoryGroupId,
      displayName: `G${at}`,
    });
    const reader: Partial<TenantReader> = {
      async groupsOf(users) {
        asked.push(users.length);
        return users.flatMap((user) => [1, 2, 3].map((at) => rowOf(user, at)));
      },
    };
    return { reader: coalesced(reader as TenantReader, {} as Scope, createGathering()), asked, looks: () => looks };
  };

  it("P2: are read for a few at a time, looked through once, and answered to each who asked for them", async () => {
    const { reader, asked, looks } = noting();
    const ids = Array.from({ length: 50 }, (_, at) => `u${at}` as DirectoryUserId);
    const answers = await Promise.all(ids.map((id) => reader.groupsOf([id])));
    expect(asked).to.deep.equal([20, 20, 10]);
    expect(looks(), "once for each row").to.be.at.most(150);
    for (const [at, id] of ids.entries()) {
      expect(answers[at]?.map(({ group }) => group)).to.deep.equal([`${id}.1`, `${id}.2`, `${id}.3`]);
    }
  });

  it("go to each list that names the person, once", async () => {
    const { reader, asked } = noting();
    const [a, b, c] = ["a", "b", "c"] as readonly string[] as readonly [
      DirectoryUserId,
      DirectoryUserId,
      DirectoryUserId,
    ];
    const answers = await Promise.all([reader.groupsOf([a, b]), reader.groupsOf([b, b]), reader.groupsOf([c])]);
    expect(asked).to.deep.equal([3]);
    expect(answers.map((rows) => rows.map(({ user }) => user).join(""))).to.deep.equal(["aaabbb", "bbb", "ccc"]);
  });
});
