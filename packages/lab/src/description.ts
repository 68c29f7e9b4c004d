// What a lab is asked to be: the sites, each behind a NAT or on public addresses, and the links to them.

import { addressRange, parseIpAddress } from '@pinhole/wire';
import { z } from 'zod';
import { LabError } from './error.ts';
import { linkSchema } from './link/profile.ts';
import { behaviourSchema } from './nat/description.ts';
import { type NatKind, type NatLayers, natKindNames, natKinds } from './nat/kinds.ts';
import { pathSchema } from './path/description.ts';

/** What the /30 blocks of 203.0.113.0/24 suffice for. */
export const maxSites = 64;
/** What a /28 holds beside the router's address. */
export const maxHosts = 13;

/** Behind its NAT a site may have any private /24, also one that another site has. */
const lanSchema = z.string().refine(
  (text) => {
    const address = parseIpAddress(text.replace(/\.0\/24$/, '.1'));
    return text.endsWith('.0/24') && address !== null && addressRange(address) === 'private';
  },
  { error: 'a LAN is a /24 of private space (RFC 1918), as in 10.1.0.0/24' },
);
/** Kept for documentation (RFC 5737) and benchmarks (RFC 2544): the lab uses no address that is somebody's. */
const publicSchema = z
  .string()
  .regex(
    /^(198\.51\.100|198\.1[89]\.\d{1,3})\.(0|16|32|48|64|80|96|112|128|144|160|176|192|208|224|240)\/28$/,
    'a public prefix is a /28 of 198.51.100.0/24 or 198.18.0.0/15, as in 198.51.100.32/28',
  )
  .refine((text) => !/^198\.19\.(12[89]|1[3-9]\d|2\d\d)\./.test(text), {
    error: '198.19.128.0/17 is for the routers on the way',
  });

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
  /** Behind the NAT. @default 10.<n>.0.0/24, n counting from 1 */
  lan: lanSchema.optional(),
  /** The router has its first address, the NAT or the hosts those that follow. @default the n-th /28 of 198.51.100.0/24 */
  public: publicSchema.optional(),
  /** Between the site's router, or the last router of its path, and the core; `up` is from the site. */
  link: linkSchema.optional(),
  /** The routers between the site's router and the core. @default none */
  path: pathSchema.optional(),
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
      const prefixes = sites.map((site, index) => site.public ?? defaultPublicPrefix(index));
      for (const [index, prefix] of prefixes.entries()) {
        if (prefixes.indexOf(prefix) === index) continue;
        context.addIssue({ code: 'custom', path: [index, 'public'], message: `two sites have ${prefix}` });
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

/** Of the site with this index, from 0, where its description names none. */
export function defaultPublicPrefix(index: number): string {
  const block = index < 16 ? '198.51.100' : `198.18.${(index >> 4) - 1}`;
  return `${block}.${(index % 16) * 16}/28`;
}

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
