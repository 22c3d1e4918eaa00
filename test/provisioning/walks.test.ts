import { expect } from "chai";
import type { TenantId } from "../../src/model/ids.js";
import { Refusal } from "../../src/model/problem.js";
import { createWalks } from "../../src/provisioning/preview/walks.js";

const tenant = (id: number) => id as TenantId;

/** Work that ends when it is told to, and says where it stands. */
function stations() {
  const log: string[] = [];
  const ends = new Map<string, (fault?: Error) => void>();
  return {
    log,
    work: (name: string) => () => {
      log.push(`${name} begins`);
      return new Promise<string>((done, fail) => {
        ends.set(name, (fault) => (fault ? fail(fault) : done(name)));
      });
    },
    end: (name: string, fault?: Error) => ends.get(name)?.(fault),
  };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("walks over everybody", () => {
  it("go on one at a time for a tenant, in the order of asking", async () => {
    const walks = createWalks({ atOnce: 5, waiting: 5 });
    const { log, work, end } = stations();
    const first = walks.run(tenant(1), work("first"));
    const second = walks.run(tenant(1), work("second"));
    await soon();
    expect(log).to.deep.equal(["first begins"]);
    end("first");
    expect(await first).to.equal("first");
    await soon();
    expect(log).to.deep.equal(["first begins", "second begins"]);
    end("second");
    expect(await second).to.equal("second");
  });

  it("are bounded over all tenants, and a tenant that waits for itself is no obstacle to others", async () => {
    const walks = createWalks({ atOnce: 2, waiting: 5 });
    const { log, work, end } = stations();
    const all = [
      walks.run(tenant(1), work("1a")),
      walks.run(tenant(1), work("1b")),
      walks.run(tenant(2), work("2")),
      walks.run(tenant(3), work("3")),
    ];
    await soon();
    expect(log).to.deep.equal(["1a begins", "2 begins"]);
    end("2");
    await all[2];
    await soon();
    expect(log).to.deep.equal(["1a begins", "2 begins", "3 begins"]);
    for (const name of ["1a", "3"]) end(name);
    await Promise.all([all[0], all[3]]);
    await soon();
    end("1b");
    expect(await Promise.all(all)).to.deep.equal(["1a", "1b", "2", "3"]);
  });

  it("give their place back when they fail", async () => {
    const walks = createWalks({ atOnce: 1, waiting: 5 });
    const { work, end, log } = stations();
    const first = walks.run(tenant(1), work("first"));
    const second = walks.run(tenant(2), work("second"));
    await soon();
    end("first", new Error("broken"));
    expect(await first.catch((error: unknown) => String(error))).to.equal("Error: broken");
    await soon();
    expect(log).to.include("second begins");
    end("second");
    await second;
  });

  it("are refused to a tenant of which too many wait, and to no other", async () => {
    const walks = createWalks({ atOnce: 1, waiting: 2 });
    const { work, end } = stations();
    const running = walks.run(tenant(1), work("a"));
    const waiting = [walks.run(tenant(1), work("b")), walks.run(tenant(1), work("c")), walks.run(tenant(2), work("d"))];
    const refused = await walks.run(tenant(1), work("e")).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Refusal);
    expect(refused).to.deep.include({ code: "rate_limited", detail: { retryAfterSeconds: 10 } });
    for (const name of ["a", "b", "c", "d"]) {
      await soon();
      end(name);
    }
    expect(await Promise.all([running, ...waiting])).to.deep.equal(["a", "b", "c", "d"]);
  });
});
