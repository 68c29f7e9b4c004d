// What the demo shows: sites behind NATs of different kinds, an agent in each, and tests that come to every end that a
// test may come to.

import type { AlertRuleRequest, TestRequest } from '@pinhole/contract';
import type { LabDescription } from '../description.ts';

export interface DemoAgent {
  readonly name: string;
  readonly behindNat: boolean;
  /** It enrols, and is switched off then. @default false */
  readonly disabled?: boolean;
}

/** Agents by their names. What is not said is as REST has it by default. */
export type DemoTest = Pick<TestRequest, 'testName' | 'protocol' | 'direction'> &
  Partial<TestRequest> & {
    readonly sources: readonly string[];
    readonly target: string;
    /** By the scenario's rule, and not by the default one. @default false */
    readonly hasOwnRule?: boolean;
  };

export interface Scenario {
  readonly agents: readonly DemoAgent[];
  readonly tests: readonly DemoTest[];
  readonly alertRule: AlertRuleRequest | null;
}

const berlin = 'Berlin office';
const dublin = 'Dublin data centre';
const oslo = 'Oslo workshop';
const quito = 'Quito shop';
const perth = 'Perth hotel';
const cairo = 'Cairo café';

/** A site of the demo, and the agents on its hosts. */
export interface DemoSite {
  readonly site: LabDescription['sites'][number];
  readonly agents: readonly DemoAgent[];
  /** Who runs the site's access and the routers on its way: an invented name, and an AS number for documentation (RFC 5398). */
  readonly provider: { readonly name: string; readonly asn: number; readonly countryId: string };
  readonly transit: { readonly name: string; readonly asn: number; readonly countryId: string };
}

const northbound = { name: 'Northbound Transit (demo)', asn: 64_500, countryId: 'SE' };
const meridian = { name: 'Meridian Carrier (demo)', asn: 64_501, countryId: 'US' };
const southernSea = { name: 'Southern Sea Cable (demo)', asn: 64_502, countryId: 'SG' };

export const demoSites: readonly DemoSite[] = [
  {
    // Many ways out, and another one back, which tells its labels.
    site: {
      name: 'berlin',
      nat: 'eim-apdf-range',
      hosts: 2,
      link: { delayMs: 4, jitterMs: 0.4 },
      path: {
        up: [{ routers: 2 }, { routers: 2 }, {}],
        down: [{ mpls: [16_001, 24_002] }, { mpls: [24_002] }],
      },
    },
    agents: [
      { name: berlin, behindNat: true },
      { name: 'Berlin spare', behindNat: true, disabled: true },
    ],
    provider: { name: 'Spree Access (demo)', asn: 64_510, countryId: 'DE' },
    transit: northbound,
  },
  {
    // Public addresses: whoever wants to reaches it.
    site: { name: 'dublin', nat: 'none', link: { delayMs: 2 }, path: [{ routers: 2 }] },
    agents: [{ name: dublin, behindNat: false }],
    provider: { name: 'Liffey Hosting (demo)', asn: 64_511, countryId: 'IE' },
    transit: northbound,
  },
  {
    // A NAT that would be no obstacle, if only the box were ticked.
    site: {
      name: 'oslo',
      nat: 'eim-apdf-rst',
      link: { delayMs: 9, jitterMs: 0.8 },
      path: [{}, { silent: true }],
    },
    agents: [{ name: oslo, behindNat: false }],
    provider: { name: 'Fjord Broadband (demo)', asn: 64_509, countryId: 'NO' },
    transit: northbound,
  },
  {
    // A slow line that loses packets, behind its provider's NAT.
    site: {
      name: 'quito',
      nat: 'eim-cgn',
      link: {
        up: { delayMs: 48, jitterMs: 9, lossPercent: 4 },
        down: { delayMs: 36, jitterMs: 4, lossPercent: 1, reorderPercent: 0.5 },
      },
      path: { up: [{}, {}], down: [{ routers: 2 }, { mtu: 1400 }] },
    },
    agents: [{ name: quito, behindNat: true }],
    provider: { name: 'Andes Móvil (demo)', asn: 64_508, countryId: 'EC' },
    transit: meridian,
  },
  {
    // A symmetric NAT that draws its ports at random.
    site: { name: 'perth', nat: 'apdm-apdf', link: { delayMs: 70, jitterMs: 2 }, path: [{}, {}] },
    agents: [{ name: perth, behindNat: true }],
    provider: { name: 'Black Swan Hotels (demo)', asn: 64_507, countryId: 'AU' },
    transit: southernSea,
  },
  {
    // Symmetric as well: the two of them never meet.
    site: {
      name: 'cairo',
      nat: 'adm-apdf',
      link: { delayMs: 24, jitterMs: 3, lossPercent: 0.5 },
      path: [{}],
    },
    agents: [{ name: cairo, behindNat: false }],
    provider: { name: 'Nile Café Net (demo)', asn: 64_506, countryId: 'EG' },
    transit: meridian,
  },
];

/** The first one's rounds are those that `--rounds` counts. */
export const demoTests: readonly DemoTest[] = [
  {
    testName: 'Oslo to Berlin',
    protocol: 'udp',
    direction: 'bidirectional',
    numPathTraces: 5,
    sources: [oslo],
    target: berlin,
  },
  {
    testName: 'Oslo to Dublin: throughput',
    protocol: 'udp',
    direction: 'bidirectional',
    throughputMeasurements: true,
    throughputDuration: 5000,
    throughputRate: 20,
    sources: [oslo],
    target: dublin,
  },
  {
    testName: 'Dublin from Quito',
    hasOwnRule: true,
    protocol: 'udp',
    direction: 'from-target',
    sources: [quito],
    target: dublin,
  },
  {
    testName: 'Berlin to Quito over TCP',
    protocol: 'tcp',
    direction: 'bidirectional',
    pathTraceMode: 'in-session',
    sources: [berlin],
    target: quito,
  },
  {
    testName: 'Berlin to Dublin over TCP',
    protocol: 'tcp',
    direction: 'to-target',
    dscpId: '46',
    sources: [berlin],
    target: dublin,
  },
  {
    testName: 'All branches to Berlin',
    hasOwnRule: true,
    protocol: 'udp',
    direction: 'bidirectional',
    sources: [dublin, quito, perth],
    target: berlin,
  },
  {
    testName: 'Dublin to Oslo: not ticked',
    protocol: 'udp',
    direction: 'to-target',
    sources: [dublin],
    target: oslo,
  },
  {
    testName: 'Cairo to Perth: symmetric',
    hasOwnRule: true,
    protocol: 'udp',
    direction: 'bidirectional',
    sources: [cairo],
    target: perth,
  },
  {
    testName: 'Cairo to Dublin: paused',
    protocol: 'tcp',
    direction: 'to-target',
    enabled: false,
    sources: [cairo],
    target: dublin,
  },
];

/** Alerts come and go with the losses of the slow line, and one stays. */
export const demoAlertRule: AlertRuleRequest = {
  ruleName: 'Losses, or a failed round',
  expression: '((loss >= 2 %) || (probDetail != ""))',
  alertType: 'end-to-end-agent',
  direction: 'bidirectional',
  roundsViolatingOutOf: 1,
  roundsViolatingRequired: 1,
  minimumSources: 1,
  severity: 'minor',
  notifyOnClear: false,
};

export const demoDescription: LabDescription = { sites: demoSites.map(({ site }) => site) };

/** Where there can be no lab. */
export const loopbackScenario: Scenario = {
  agents: [
    { name: 'Site A', behindNat: false },
    { name: 'Site B', behindNat: false },
  ],
  tests: [
    {
      testName: 'Site A to site B',
      protocol: 'udp',
      direction: 'bidirectional',
      sources: ['Site A'],
      target: 'Site B',
    },
    {
      testName: 'Site B to site A over TCP',
      protocol: 'tcp',
      direction: 'to-target',
      sources: ['Site B'],
      target: 'Site A',
    },
  ],
  alertRule: null,
};
