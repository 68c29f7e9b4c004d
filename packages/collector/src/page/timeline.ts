// How a stretch of time is divided for a timeline. Pure.

/**
 * Seconds a bucket, so that no more than `points` of them cover the range: a multiple of the interval, so that each has as
 * many rounds. Buckets begin at multiples of it, so that they stay where they are when a person moves along.
 */
export function bucketSeconds(fromS: number, toS: number, points: number, intervalS: number): number {
  const bucketsOf = (bucketS: number) => Math.floor(toS / bucketS) - Math.floor(fromS / bucketS) + 1;
  const whole = (leastS: number) => Math.max(1, Math.ceil(leastS / intervalS)) * intervalS;
  const lengthS = toS - fromS + 1;
  const narrow = whole(lengthS / points);
  if (bucketsOf(narrow) <= points) return narrow;
  // The range begins and ends within a bucket. Where one has to hold it all, it reaches back to the epoch.
  return whole(points === 1 ? toS + 1 : lengthS / (points - 1));
}
