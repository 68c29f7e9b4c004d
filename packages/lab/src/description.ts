// What a lab is asked to be: the sites, each behind a NAT of a named kind or on public addresses.

import { z } from 'zod';
import { LabError } from './error.ts';
import { type NatKind, natKindNames } from './nat/behaviour.ts';

/** One 198.51.100.0/28 block a site. */
export const maxSites = 16;
/** What a /28 holds beside the router's address. */
export const maxHosts = 13;

const siteSchema = z.strictObject({
  // An interface's name has 15 characters, and the core has one named router-<site>.
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,7}$/, 'a site name is a letter and up to 7 letters or digits, lower case'),
  nat: z.enum(natKindNames as [NatKind, ...NatKind[]], `a NAT is one of ${natKindNames.join(', ')}`),
  hosts: z
    .int()
    .min(1, 'a site has at least one host')
    .max(maxHosts, `a site has at most ${maxHosts} hosts`)
    .default(1),
});

const labSchema = z.strictObject({
  sites: z
    .array(siteSchema)
    .min(1, 'a lab has at least one site')
    .max(maxSites, `a lab has at most ${maxSites} sites`)
    .superRefine((sites, context) => {
      const names = sites.map((site) => site.name);
      for (const [index, name] of names.entries()) {
        if (names.indexOf(name) < index)
          context.addIssue({
            code: 'custom',
            path: [index, 'name'],
            message: `two sites are named ${name}`,
          });
        if (name === 'server')
          context.addIssue({
            code: 'custom',
            path: [index, 'name'],
            message: 'the name server is taken by the lab',
          });
      }
    }),
});

/** As written by a person: `hosts` may be left out. */
export type LabDescription = z.input<typeof labSchema>;
/** With every default filled in. */
export type CompleteDescription = z.output<typeof labSchema>;
export type SiteDescription = CompleteDescription['sites'][number];

/** Checks a description that may come from a file. Throws LabError `bad-description`, naming each fault. */
export function parseDescription(value: unknown): CompleteDescription {
  const result = labSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const place = issue.path.join('.');
    return place === '' ? issue.message : `${place}: ${issue.message}`;
  });
  throw new LabError('bad-description', `The lab's description is wrong: ${faults.join('; ')}.`);
}

/** `a=eim-apdf`, as given on the command line. Throws LabError `bad-description`. */
export function parseSite(text: string): { name: string; nat: string } {
  const [name, nat, ...rest] = text.split('=');
  if (!name || !nat || rest.length > 0) {
    throw new LabError('bad-description', `A site is written name=kind, as in a=eim-apdf; not ${text}.`);
  }
  return { name, nat };
}
