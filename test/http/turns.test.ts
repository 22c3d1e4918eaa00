import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { bind, type Listener } from "../../src/http/server.js";

/** A request that has begun, answered by the test. */
interface Begun {
  readonly name: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const requestOf = (method: string, name: string): string =>
  `${method} /${name} HTTP/1.1\r\nhost: rolecall.test\r\ncontent-length: 2\r\n\r\n{}`;

describe("requests that come on one connection before the earlier ones are answered", () => {
  let listener: Listener;
  let client: Socket;
  let began: Begun[];
  let heard: string;
  let atOnce: boolean;

  beforeEach(async () => {
    began = [];
    heard = "";
    atOnce = false;
    listener = await bind("127.0.0.1", 0);
    listener.serve(
      (request, response) => {
        const name = request.url?.slice(1) ?? "";
        began.push({ name, request, response });
        if (atOnce) response.end(`<${name}>`);
      },
      () => "",
    );
    client = connect(listener.port, "127.0.0.1");
    client.on("data", (piece) => {
      heard += piece.toString();
    });
  });

  afterEach(async () => {
    client.destroy();
    await listener.close(0);
  });

  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await new Promise((again) => setTimeout(again, 5));
  };
  const names = (): string => began.map(({ name }) => name).join(" ");
  const beginning = async (expected: string): Promise<void> => {
    await until(() => began.length >= expected.split(" ").length);
    // whatever else would begin with them has come with them
    await new Promise((later) => setTimeout(later, 20));
    expect(names()).to.equal(expected);
  };
  const answer = (name: string): void => void began.find((one) => one.name === name)?.response.end(`<${name}>`);

  it("run one after another where they change something, in the order in which they came", async () => {
    client.write(requestOf("PATCH", "title") + requestOf("PUT", "off") + requestOf("DELETE", "away"));
    await beginning("title");
    answer("title");
    await beginning("title off");
    answer("off");
    await beginning("title off away");
    answer("away");
    await until(() => heard.includes("<away>"));
    expect(heard.match(/<\w+>/g)).to.deep.equal(["<title>", "<off>", "<away>"]);
  });

  it("read what those before them have written, and are read from before those behind them write", async () => {
    client.write(
      requestOf("POST", "make") + requestOf("GET", "a") + requestOf("HEAD", "b") + requestOf("POST", "change"),
    );
    await beginning("make");
    answer("make");
    await beginning("make a b");
    answer("b");
    answer("a");
    await beginning("make a b change");
  });

  it("wait for nobody on another connection", async () => {
    client.write(requestOf("PATCH", "here"));
    await beginning("here");
    const other = connect(listener.port, "127.0.0.1").on("error", () => undefined);
    other.write(requestOf("PATCH", "there"));
    await beginning("here there");
    other.destroy();
  });

  it("are dropped while they wait when their connection goes", async () => {
    client.write(requestOf("PATCH", "title") + requestOf("PATCH", "off"));
    await beginning("title");
    client.destroy();
    await until(() => began[0]?.request.socket.writable === false);
    answer("title");
    const next = connect(listener.port, "127.0.0.1").on("error", () => undefined);
    next.write(requestOf("PATCH", "later"));
    await beginning("title later");
    next.destroy();
  });

  it("are dropped behind an answer that was the last of its connection", async () => {
    client.write(requestOf("PATCH", "title") + requestOf("PATCH", "off"));
    await beginning("title");
    began[0]?.response.setHeader("connection", "close");
    answer("title");
    await new Promise((resolve) => client.once("end", resolve));
    expect(names()).to.equal("title");
  });

  it("are not read on once many wait, and are all answered in the end", async () => {
    const many = 5_000;
    client.write(requestOf("PATCH", "first"));
    await beginning("first");
    atOnce = true;
    for (let each = 0; each < many; each += 1) client.write(requestOf("PATCH", String(each)));
    const socket = began[0]?.request.socket;
    await until(() => socket?.isPaused() === true);
    await new Promise((later) => setTimeout(later, 50));
    expect(socket?.bytesRead).to.be.below(150_000);
    answer("first");
    await until(() => heard.includes(`<${many - 1}>`));
    expect(heard.match(/<\d+>/g)).to.deep.equal(Array.from({ length: many }, (_, place) => `<${place}>`));
  });
});
