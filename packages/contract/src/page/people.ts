// /page/session, /page/people and /page/tokens: who may use the page and REST.
//
//   GET, POST, DELETE /page/session · PUT /page/session/password
//   GET, POST /page/people · PUT, DELETE /page/people/{personId}
//   GET, POST /page/tokens · DELETE /page/tokens/{tokenId}
//
// The page has a session: a cookie that scripts cannot read. What changes something carries the header `pageHeader` as
// well, which no other site's page can send.

import { z } from 'zod';
import { dateTimeSchema } from '../rest/common.ts';

/** With any value, on each request of the page. */
export const pageHeader = 'x-pinhole-page';

export const accessSchema = z.enum(['read', 'write']);
/** `read` may look at everything but secrets; `write` may do everything. */
export type Access = z.infer<typeof accessSchema>;

/** On one line, and as it looks. */
const noControl = { pattern: /^\P{Cc}*$/u, message: 'There are control characters in it.' };
export const personNameSchema = z.string().trim().min(1).max(100).regex(noControl.pattern, noControl.message);

/** Long ones are what NIST SP 800-63B §3.1.1 asks for; the upper bound keeps hashing cheap. */
export const newPasswordSchema = z.string().min(12).max(200);

/** POST /page/session; GET answers with sessionSchema, DELETE ends it. */
export const signInRequestSchema = z.object({
  name: z.string().max(200).trim().regex(noControl.pattern, noControl.message),
  password: z.string().max(1000),
});

export const sessionSchema = z.object({ personId: z.string(), name: z.string(), access: accessSchema });
export type Session = z.infer<typeof sessionSchema>;

/** PUT /page/session/password: the other sessions of the person end. */
export const passwordChangeSchema = z.object({ current: z.string().max(1000), next: newPasswordSchema });

export const personSchema = sessionSchema.extend({
  createdDate: dateTimeSchema,
  lastSignInDate: dateTimeSchema.optional(),
});
export type Person = z.infer<typeof personSchema>;
export const peopleSchema = z.object({ people: z.array(personSchema) });
export const personRequestSchema = z.object({
  name: personNameSchema,
  password: newPasswordSchema,
  access: accessSchema,
});
/** PUT /page/people/{personId}: absent members stay as they are. Another password ends the person's sessions. */
export const personUpdateSchema = z.object({
  password: newPasswordSchema.optional(),
  access: accessSchema.optional(),
});

export const tokenSchema = z.object({
  tokenId: z.string(),
  name: z.string(),
  access: accessSchema,
  createdDate: dateTimeSchema,
  lastUsedDate: dateTimeSchema.optional(),
});
export type Token = z.infer<typeof tokenSchema>;
export const tokensSchema = z.object({ tokens: z.array(tokenSchema) });
export const tokenRequestSchema = z.object({ name: personNameSchema, access: accessSchema });
/** The only answer with the token itself: the collector keeps a hash of it. */
export const newTokenSchema = tokenSchema.extend({ token: z.string() });
export type NewToken = z.infer<typeof newTokenSchema>;
