// What the address bar says of the list of tests, and of a new one.

import { agentIdSchema, testIdSchema } from '@pinhole/contract';
import { z } from 'zod';

export const testSortKeys = ['name', 'protocol', 'direction', 'target', 'interval', 'enabled'] as const;
export type TestSortKey = (typeof testSortKeys)[number];

export const testsSearchSchema = z.object({
  q: z.string().optional().catch(undefined),
  /** Tests in which this agent takes part. */
  agent: agentIdSchema.optional().catch(undefined),
  sort: z.enum(testSortKeys).optional().catch(undefined),
  desc: z.stringbool().or(z.boolean()).optional().catch(undefined),
});
export type TestsSearch = z.infer<typeof testsSearchSchema>;

/** What a new test begins with. */
export const newTestSearchSchema = z.object({
  /** The test that it is a copy of. */
  copy: testIdSchema.optional().catch(undefined),
  source: agentIdSchema.optional().catch(undefined),
  target: agentIdSchema.optional().catch(undefined),
});
