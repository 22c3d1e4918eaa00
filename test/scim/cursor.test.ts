import { expect } from "chai";
import { createVault } from "../../src/platform/secrets.js";
import { CURSOR_SECONDS, type CursorScope, openCursor, sealCursor } from "../../src/protocols/scim/cursor.js";
import { testClock } from "../support/clock.js";
import { refusal } from "./tables.js";

const PLACE = { type: "User", position: { id: "u", number: null, text: "ann" } };

describe("SCIM cursors", () => {
  /** As far as cursors look at it. */
  const scopeAt = (now: () => string, key = 1): CursorScope => ({
    room: { p: { now }, cursors: createVault(Buffer.alloc(32, key)) } as unknown as CursorScope["room"],
    caller: {
      tenant: { id: 1 },
      connection: { id: "c", version: 1 },
      tokenId: "t",
    } as unknown as CursorScope["caller"],
    path: "/Users",
    list: { filter: "userName pr" },
  });

  it("CUR-04: expire, each after its own time", () => {
    const clock = testClock();
    const scope = scopeAt(clock.now);
    const cursor = sealCursor(scope, 10, PLACE);
    clock.forward({ seconds: CURSOR_SECONDS - 1 });
    expect(openCursor(scope, 10, cursor)).to.deep.include(PLACE);
    const next = sealCursor(scope, 10, PLACE);
    clock.forward({ seconds: 1 });
    expect(refusal(() => openCursor(scope, 10, cursor)).kind).to.equal("expiredCursor");
    expect(openCursor(scope, 10, next)).to.deep.include(PLACE);
  });

  it("CUR-03: are each another text, and open by no other key", () => {
    const scope = scopeAt(testClock().now);
    const cursor = sealCursor(scope, 10, PLACE);
    expect(sealCursor(scope, 10, PLACE)).not.to.equal(cursor);
    expect(refusal(() => openCursor(scopeAt(testClock().now, 2), 10, cursor)).kind).to.equal("invalidCursor");
  });

  it("CUR-09: end with the connection's settings", () => {
    const scope = scopeAt(testClock().now);
    const cursor = sealCursor(scope, 10, PLACE);
    const { caller } = scope;
    const changed = { ...scope, caller: { ...caller, connection: { ...caller.connection, version: 2 } } };
    expect(refusal(() => openCursor(changed, 10, cursor)).kind).to.equal("invalidCursor");
  });
});
