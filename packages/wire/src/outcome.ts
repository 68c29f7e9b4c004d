/** What a decoder returns: the value, or why there is none. */
export type Decoded<Value, Reason extends string> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: Reason };
