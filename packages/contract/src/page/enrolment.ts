// GET /page/enrolment: what a new agent is started with. For those who may write.

import { z } from 'zod';

export const enrolmentSchema = z.object({
  collectorUrl: z.string(),
  accountToken: z.string(),
  /** To be copied into a shell of the new agent's machine. */
  command: z.string(),
});
export type Enrolment = z.infer<typeof enrolmentSchema>;
