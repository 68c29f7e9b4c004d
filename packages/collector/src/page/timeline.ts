// How a stretch of time is divided for a timeline. Pure.

/**
 * Seconds a bucket, so that no more than `points` of them cover the range: a multiple of the interval, so that each has as
 * many rounds. Buckets begin at multiples of it, so that they stay where they are when a person moves along.
 */
export function bucketSeconds(fromS: number, toS: number, points: number, intervalS: number): number {
  const bucketsOf = (bucketS: number) => Math.floor(toS / bucketS) - Math.floor(fromS / bucketS) + 1;
  const least = Math.ceil((toS - fromS + 1) / points);
  let bucketS = Math.max(1, Math.ceil(least / intervalS)) * intervalS;
  // The range may begin and end within a bucket.
  while (bucketsOf(bucketS) > points) bucketS += intervalS;
  return bucketS;
}
