/** A decoder under fuzzing. */
export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Throws where the decoder throws or one of its invariants does not hold; that an input is refused is no fault. */
  run(input: Uint8Array): void;
}
