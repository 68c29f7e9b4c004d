// Which stretch of time is in view. Epoch seconds, both ends included, as the collector's timeline takes them.

export interface Range {
  readonly fromS: number;
  readonly toS: number;
}

export const spans = ['24h', '7d', '14d'] as const;
export type Span = (typeof spans)[number];

const dayS = 86_400;
const spanS: Record<Span, number> = { '24h': dayS, '7d': 7 * dayS, '14d': 14 * dayS };
/** What the overview shows, and as much as is seen at once. */
export const overviewS = spanS['14d'];
/** Ten rounds of the shortest interval; what is closer tells nothing more. */
const leastS = 600;

export function spanRange(span: Span, nowS: number): Range {
  return { fromS: nowS - spanS[span], toS: nowS };
}

/** The fourteen days around what is in view: up to now, unless that is further back. */
export function overviewRange(inView: Range, nowS: number): Range {
  const toS = inView.fromS >= nowS - overviewS ? nowS : Math.min(nowS, inView.toS + dayS);
  return { fromS: toS - overviewS, toS };
}

/** Of a width between the least and fourteen days, and none of it in the future. */
export function clampRange({ fromS, toS }: Range, nowS: number): Range {
  const width = Math.min(overviewS, Math.max(leastS, Math.round(toS - fromS)));
  const middle = (fromS + toS) / 2;
  const end = Math.min(nowS, Math.round(middle + width / 2));
  return { fromS: end - width, toS: end };
}

/** Shows `factor` times as much time; what is at `aboutS` stays where it is. */
export function zoomRange({ fromS, toS }: Range, factor: number, aboutS: number, nowS: number): Range {
  const width = Math.min(overviewS, Math.max(leastS, (toS - fromS) * factor));
  const share = toS === fromS ? 0.5 : (aboutS - fromS) / (toS - fromS);
  const begin = aboutS - share * width;
  return clampRange({ fromS: begin, toS: begin + width }, nowS);
}

export function moveRange({ fromS, toS }: Range, byS: number, nowS: number): Range {
  return clampRange({ fromS: fromS + byS, toS: toS + byS }, nowS);
}
