// In which direction packets were lost, as far as a reflector's own numbers tell (RFC 8762 §4).
//
//   probes      0   1   2   3   4   5        6 sent
//   arrived     0       2   3   4   5        1 is lost on the way there
//   replies     0       1   2   3   4        numbered as they leave, where the reflector is stateful
//   came        0           2   3            1 is lost on the way back; the last could be either
//
// A stateless reflector copies the probe's number; so does, in effect, a stateful one to which nothing was lost.

export interface NumberedReply {
  /** The reflector's number. */
  readonly sequence: number;
  readonly probe: number;
}

export interface LossByDirection {
  /** Probes that did not arrive there. */
  readonly forward: number;
  /** Replies that did not arrive here. */
  readonly backward: number;
  /** Behind the last reply, or before the first of a reflector that did not begin to count at 0. */
  readonly unknown: number;
}

/**
 * `replies` are the different ones that came, in any order, late ones too; `lost` are the probes that none came for.
 * `stateful` is what else is known of the reflector: true where it has said that it counts.
 * Null where the numbers tell nothing, though something was lost.
 */
export function attributeLoss(
  replies: readonly NumberedReply[],
  lost: readonly number[],
  stateful: boolean,
): LossByDirection | null {
  if (lost.length === 0 && replies.length > 0) return { forward: 0, backward: 0, unknown: 0 };
  const first = extreme(replies, (a, b) => a.probe < b.probe);
  const last = extreme(replies, (a, b) => a.probe > b.probe);
  if (first === null || last === null) return null;
  if (!stateful && !countsByItself(replies)) return null;
  const from = first.sequence <= first.probe ? 0 : first.sequence;
  const highest = replies.reduce((most, { sequence }) => Math.max(most, sequence), from);
  const inside = lost.filter((probe) => (from === 0 || probe > first.probe) && probe < last.probe).length;
  // Its replies that did not come. One of a probe that was repeated on the way there may be among them.
  const backward = Math.min(
    inside,
    highest + 1 - from - new Set(replies.map(({ sequence }) => sequence)).size,
  );
  return { forward: inside - backward, backward, unknown: lost.length - inside };
}

/** Whether the reflector's numbers are its own: only then do they differ from the probes'. */
export function countsByItself(replies: readonly NumberedReply[]): boolean {
  return replies.some(({ sequence, probe }) => sequence !== probe);
}

function extreme(
  replies: readonly NumberedReply[],
  isMore: (a: NumberedReply, b: NumberedReply) => boolean,
): NumberedReply | null {
  return replies.reduce<NumberedReply | null>(
    (found, each) => (found === null || isMore(each, found) ? each : found),
    null,
  );
}
