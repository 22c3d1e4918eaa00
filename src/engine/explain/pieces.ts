/** Long work in pieces: whoever drives it may let others be served after each; the result comes last. */
export type Pieces<Result> = Generator<undefined, Result, undefined>;
