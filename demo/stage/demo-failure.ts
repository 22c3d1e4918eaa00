/** One question to a process, and what it answered. */
export interface Exchanged {
  readonly request: string;
  readonly answer: string;
}

/** The demo cannot go on: something was answered that the story does not tell. */
export class DemoFailure extends Error {
  override readonly name = "DemoFailure";
  readonly exchanged: Exchanged | undefined;

  constructor(message: string, exchanged?: Exchanged) {
    super(message);
    this.exchanged = exchanged;
  }
}

/** What the story claims must be so. `exchanged` is where it should have shown. */
export function must(isSo: boolean, claim: string, exchanged?: Exchanged): asserts isSo {
  if (!isSo) throw new DemoFailure(`this is not so: ${claim}`, exchanged);
}
