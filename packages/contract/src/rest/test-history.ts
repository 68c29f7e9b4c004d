// /v7/tests and /v7/tests/{testId}/history

import { z } from 'zod';
import { testIdSchema } from '../primitives.ts';
import { dateTimeSchema, selfLinksSchema } from './common.ts';

/** Versions of a test that are remembered: as many as one answer can have. */
export const maxTestVersions = 500;

export const testHistoryQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(maxTestVersions).default(50),
});

/** The test as it was made, and as it was after each change. */
export const testVersionSchema = z.object({
  versionId: z.string(),
  testId: testIdSchema,
  versionTimestamp: dateTimeSchema,
  createdBy: z.string().optional().describe('The person; absent where a program asked, with an API token.'),
});

export const testHistorySchema = z.object({
  testVersionHistory: z.array(testVersionSchema).describe('Newest first.'),
  _links: selfLinksSchema,
});
export type TestHistory = z.infer<typeof testHistorySchema>;
