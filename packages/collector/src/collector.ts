// Starts and stops a collector.

import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '@pinhole/net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createChanges } from './agents/changes.ts';
import type { TraversalPlacement } from './agents/configuration.ts';
import type { Context, Limits } from './context.ts';
import { listenError } from './errors.ts';
import { openDataFolder, secretFile } from './files.ts';
import { openNetworks } from './networks/databases.ts';
import { createNames, noNames } from './networks/names.ts';
import { createReverseDns } from './networks/reverse-dns.ts';
import { createServer } from './server.ts';
import { openStore } from './store/open.ts';
import { settingOrNew } from './store/settings.ts';

export interface CollectorOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Made when absent; one collector a folder. */
  readonly dataDir: string;
  /** How clients reach this collector, where that is not where it listens: a reverse proxy on this machine. */
  readonly publicUrl?: string;
  /** What REST's clients show. @default the one in dataDir's file `api-token` */
  readonly apiToken?: string;
  /** What agents enrol with. @default the one in dataDir's file `account-token` */
  readonly accountToken?: string;
  readonly traversal: TraversalPlacement;
  /** Files that say which network an address is in, MaxMind DB or CSV; the first that knows counts. @default none */
  readonly networks?: readonly string[];
  /** Whether the addresses on paths are looked up. @default true */
  readonly reverseDns?: boolean;
  /** Whom to ask for their names: `192.0.2.53:53`. @default the system's servers */
  readonly dnsServers?: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** @default 1200 REST requests, 120 enrolments, 30 failed logins a minute from one address */
  readonly limits?: Partial<Limits>;
}

export interface Collector {
  readonly url: string;
  readonly apiTokenFile: string;
  readonly accountTokenFile: string;
  /** What the NAT traversal servers need to know. */
  readonly traversalSecret: Uint8Array;
  /** Ends held requests, lets the others finish for a moment, and closes the store. A second call waits too. */
  close(): Promise<void>;
}

const defaultLimits: Limits = { restPerMinute: 1200, enrollmentsPerMinute: 120, failedLoginsPerMinute: 30 };

/** How long requests in progress may go on after close(). */
const closingMs = 1500;

/** Rejects with CollectorError; then nothing is left open. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { dataDir, random, clock, log } = options;
  const networks = openNetworks(options.networks ?? [], log);
  openDataFolder(dataDir);
  const store = await openStore(dataDir);
  let names = noNames;
  try {
    const apiToken = secretFile(dataDir, 'api-token', random, options.apiToken);
    const accountToken = secretFile(dataDir, 'account-token', random, options.accountToken);
    const traversalSecret = Buffer.from(secretFile(dataDir, 'traversal-secret', random).secret);
    const pairSecret = await settingOrNew(store.db, 'pair-secret', () =>
      Buffer.from(random.bytes(32)).toString('base64'),
    );
    names = options.reverseDns === false ? noNames : createNames(createReverseDns(options.dnsServers), clock);
    const context: Context = {
      db: store.db,
      clock,
      random,
      log,
      changes: createChanges(clock),
      apiToken: apiToken.secret,
      accountToken: accountToken.secret,
      traversalSecret,
      pairSecret,
      placement: options.traversal,
      networks,
      names,
      limits: { ...defaultLimits, ...options.limits },
      publicUrl: options.publicUrl?.replace(/\/+$/, '') ?? null,
    };
    const server = await createServer(context);
    await listen(server, options.listen);
    const url = context.publicUrl ?? listeningUrl(server);
    log.info({ url, dataDir }, 'collector started');
    let closing: Promise<void> | null = null;
    return {
      url,
      apiTokenFile: apiToken.path,
      accountTokenFile: accountToken.path,
      traversalSecret,
      close() {
        closing ??= closeAll();
        return closing;
      },
    };

    async function closeAll() {
      const patience = clock.after(closingMs, () => server.server.closeAllConnections());
      names.close();
      await server.close();
      patience.cancel();
      await store.close();
    }
  } catch (error) {
    names.close();
    await store.close();
    throw error;
  }
}

async function listen(server: FastifyInstance, { host, port }: CollectorOptions['listen']): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw listenError(error, host, port);
  }
}

/** An unspecified address is one that nobody can connect to; loopback then. */
function listeningUrl(server: FastifyInstance): string {
  const { address, port, family } = server.server.address() as AddressInfo;
  if (address === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (address === '::') return `http://[::1]:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}
