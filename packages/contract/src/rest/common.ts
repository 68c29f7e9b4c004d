// What all REST resources share. REST speaks ThousandEyes API v7 for its part of it: same paths, names, enums,
// defaults and error bodies. Members that v7 does not have are marked "ours".

import { z } from 'zod';

export const halMediaType = 'application/hal+json';
/** RFC 9457 */
export const problemMediaType = 'application/problem+json';

export const linkSchema = z.object({ href: z.string() });
export type Link = z.infer<typeof linkSchema>;

export const selfLinksSchema = z.object({ self: linkSchema });

/** RFC 9457. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const fieldErrorSchema = z.object({
  /** Stable; for programs. */
  code: z.string(),
  /** As in the request: `agents.0.agentId`. */
  field: z.string(),
  message: z.string(),
});
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** The body of every 400. */
export const validationProblemSchema = problemSchema.extend({ errors: z.array(fieldErrorSchema).optional() });
export type ValidationProblem = z.infer<typeof validationProblemSchema>;

/** The body of every 401 of REST: v7 has the form of RFC 6750 here, not a problem's. */
export const unauthorizedSchema = z.object({ error: z.string(), error_description: z.string() });
export type Unauthorized = z.infer<typeof unauthorizedSchema>;

/** `2022-07-17T22:00:54Z` */
export const dateTimeSchema = z.iso.datetime();

/** Text that is no URL is for others to refuse. */
export function hasNoUser(text: string): boolean {
  const url = URL.parse(text);
  return url === null || (url.username === '' && url.password === '');
}

/** A query parameter that v7 writes as one comma-separated value (style form, explode false); repeating it works too. */
export function listParameter<const T extends readonly [string, ...string[]]>(values: T) {
  return commaSeparated()
    .pipe(z.array(z.enum(values)))
    .meta({ listOf: values });
}

/** The same of any words. */
export function wordsParameter() {
  return commaSeparated()
    .pipe(z.array(z.string().max(100)).max(100))
    .meta({ listOf: [] });
}

function commaSeparated() {
  return z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform((given) => [given].flat().flatMap((text) => text.split(',').filter((item) => item !== '')));
}

/** Ids in a request; objects that have them as `member` are taken too, so that what was read can be written back. */
export function idListSchema<const M extends string>(member: M) {
  const id = z.string().min(1).max(40);
  const carrier = z
    .object({ [member]: id } as Record<M, typeof id>)
    .transform((given) => idOf(given, member));
  return z.array(z.union([id, carrier])).max(10_000);
}

function idOf(given: object, member: string): string {
  return (given as Record<string, string>)[member]!;
}

export const accountGroupSchema = z.object({ aid: z.string(), accountGroupName: z.string() });
export type AccountGroup = z.infer<typeof accountGroupSchema>;
