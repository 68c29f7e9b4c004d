import { z } from 'zod';

export const alertWindows = ['24h', '7d', '14d'] as const;

export const alertsSearchSchema = z.object({
  /** Absent: those that are active. */
  window: z.enum(alertWindows).optional().catch(undefined),
});

export const alertRulesSearchSchema = z.object({
  /** The rule whose dialog is open: its id, or `new`. */
  rule: z
    .string()
    .regex(/^(\d{1,19}|new)$/)
    .optional()
    .catch(undefined),
});
