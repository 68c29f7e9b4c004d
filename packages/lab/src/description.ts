// What a lab is asked to be: the sites, each behind a NAT or on public addresses, and the links to them.

import { z } from 'zod';
import { LabError } from './error.ts';
import { linkSchema } from './link/profile.ts';
import { behaviourSchema } from './nat/description.ts';
import { type NatKind, type NatLayers, natKindNames, natKinds } from './nat/kinds.ts';

/** What the /30 blocks of 203.0.113.0/24 suffice for. */
export const maxSites = 64;
/** What a /28 holds beside the router's address. */
export const maxHosts = 13;

/** Of the lab's own places. */
const takenNames = ['server', 'core', 'links'];

const kindSchema = z.enum(natKindNames as [NatKind, ...NatKind[]]);
const layerSchema = z.union([kindSchema, behaviourSchema]);
const natSchema = z.union([kindSchema, behaviourSchema, z.tuple([layerSchema, layerSchema])], {
  error: `a NAT is one of ${natKindNames.join(', ')}, or its behaviour in members, or two of these, the provider's last`,
});

const siteSchema = z.strictObject({
  // An interface's name has 15 characters, and the core has one named router-<site>.
  name: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,7}$/, 'a site name is a letter and up to 7 letters or digits, lower case'),
  nat: natSchema,
  hosts: z
    .int()
    .min(1, 'a site has at least one host')
    .max(maxHosts, `a site has at most ${maxHosts} hosts`)
    .default(1),
  /** Between the site's router and the core; `up` is from the site. */
  link: linkSchema.optional(),
});

const labSchema = z.strictObject({
  sites: z
    .array(siteSchema)
    .min(1, 'a lab has at least one site')
    .max(maxSites, `a lab has at most ${maxSites} sites`)
    .superRefine((sites, context) => {
      const names = sites.map((site) => site.name);
      const fault = (index: number, message: string) =>
        context.addIssue({ code: 'custom', path: [index, 'name'], message });
      for (const [index, name] of names.entries()) {
        if (names.indexOf(name) < index) fault(index, `two sites are named ${name}`);
        if (takenNames.includes(name)) fault(index, `the name ${name} is taken by the lab`);
      }
      for (const [index, { nat }] of sites.entries()) {
        if (!Array.isArray(nat) || nat.every((layer) => natLayers(layer).length === 1)) continue;
        context.addIssue({
          code: 'custom',
          path: [index, 'nat'],
          message: 'each of two NATs is one by itself',
        });
      }
    }),
  /** Between the server and the core; `up` is from the server. */
  link: linkSchema.optional(),
});

/** As written by a person: what has a default may be left out. */
export type LabDescription = z.input<typeof labSchema>;
/** With every default filled in. */
export type CompleteDescription = z.output<typeof labSchema>;
export type SiteDescription = CompleteDescription['sites'][number];
export type NatDescription = SiteDescription['nat'];

/** The NATs of a site, from the hosts outwards. */
export function natLayers(nat: NatDescription): NatLayers {
  if (typeof nat === 'string') return natKinds[nat];
  return Array.isArray(nat) ? nat.flatMap(natLayers) : [nat];
}

/** The NAT in a word or two, for a list or a sentence. */
export function natLabel(nat: NatDescription): string {
  if (typeof nat === 'string') return nat;
  return Array.isArray(nat)
    ? nat.map(natLabel).join(' behind ')
    : `${nat.mapping} mapping, ${nat.filtering} filtering`;
}

/** Checks a description that may come from a file. Throws LabError `bad-description`, naming each fault. */
export function parseDescription(value: unknown): CompleteDescription {
  const result = labSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues
    .flatMap((issue) => innerIssues(issue))
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  throw new LabError('bad-description', `The lab's description is wrong: ${faults.join('; ')}.`);
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Of the forms that a value may have, the faults of the one that it was meant to be, if that is clear. */
function innerIssues(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant =
    issue.errors.find((issues) => issues.every(({ path }) => path.length > 0)) ??
    issue.errors.find((issues) =>
      issues.every(({ code }) => code === 'unrecognized_keys' || code === 'custom'),
    );
  if (meant === undefined) return [issue];
  return meant.flatMap(innerIssues).map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}

/** `a=eim-apdf`, as given on the command line. Throws LabError `bad-description`. */
export function parseSite(text: string): { name: string; nat: string } {
  const [name, nat, ...rest] = text.split('=');
  if (!name || !nat || rest.length > 0) {
    throw new LabError('bad-description', `A site is written name=kind, as in a=eim-apdf; not ${text}.`);
  }
  return { name, nat };
}
