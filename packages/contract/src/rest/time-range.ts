import { z } from 'zod';

const dateParameter = z.iso.datetime({ offset: true });

/** The parameters that say of which time something is asked for. */
export const timeRangeQuerySchema = z
  .object({
    /** A number and s, m, h, d or w (seconds where it has none), up to now. */
    window: z
      .string()
      .regex(/^\d{1,9}[smhdw]?$/)
      .optional(),
    startDate: dateParameter.optional(),
    endDate: dateParameter.optional(),
  })
  .refine((query) => query.window === undefined || query.startDate === undefined, {
    path: ['window'],
    message: 'window cannot be used together with startDate and endDate',
  })
  .refine((query) => query.endDate === undefined || query.startDate !== undefined, {
    path: ['endDate'],
    message: 'endDate needs startDate',
  });
