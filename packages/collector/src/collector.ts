// Starts and stops a collector.

import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '@pinhole/net';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createChanges } from './agents/changes.ts';
import type { TraversalPlacement } from './agents/configuration.ts';
import { Watched } from './agents/watched.ts';
import type { Context, Limits } from './context.ts';
import { listenError } from './errors.ts';
import { Outgoing } from './export/outgoing.ts';
import { openDataFolder, secretFile } from './files.ts';
import { openNetworks } from './networks/databases.ts';
import { createNames, noNames } from './networks/names.ts';
import { createReverseDns } from './networks/reverse-dns.ts';
import { ensureAdministrator } from './people/administrator.ts';
import { createPasswords } from './people/password.ts';
import { startRetention } from './retention.ts';
import { createServer } from './server.ts';
import { openStore } from './store/open.ts';
import { setFileToken } from './store/people.ts';
import { settingOrNew } from './store/settings.ts';
import { followTls, readTls, type TlsFiles } from './tls.ts';

export interface CollectorOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Made when absent; one collector a folder. */
  readonly dataDir: string;
  /** How clients reach this collector, where that is not where it listens: a reverse proxy on this machine. */
  readonly publicUrl?: string;
  /** Who may say in X-Forwarded-… whom he speaks for: addresses, networks. @default loopback with a public URL, or nobody */
  readonly trustedProxies?: readonly string[];
  /** Serves HTTPS with these. @default plain HTTP */
  readonly tls?: TlsFiles;
  /** The folder of the page's files, as its build has made them. @default no page */
  readonly pageDir?: string;
  /** What REST's clients show, for reading and writing. @default the one in dataDir's file `api-token` */
  readonly apiToken?: string;
  /** Of the person `admin`. @default made at the first start, and kept in dataDir's file `admin-password` */
  readonly adminPassword?: string;
  /** What agents enrol with. @default the one in dataDir's file `account-token` */
  readonly accountToken?: string;
  readonly traversal: TraversalPlacement;
  /** Files that say which network an address is in, MaxMind DB or CSV; the first that knows counts. @default none */
  readonly networks?: readonly string[];
  /** Whether the addresses on paths are looked up. @default true */
  readonly reverseDns?: boolean;
  /** Whom to ask for their names: `192.0.2.53:53`. @default the system's servers */
  readonly dnsServers?: readonly string[];
  /** For how long results and paths are kept. @default 90 */
  readonly keepDays?: number;
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
  /** Where the first person's password stands; null where it was given, or is another by now. */
  readonly adminPasswordFile: string | null;
  /** What the NAT traversal servers need to know. */
  readonly traversalSecret: Uint8Array;
  /** Ends held requests, lets the others finish for a moment, and closes the store. A second call waits too. */
  close(): Promise<void>;
}

const defaultLimits: Limits = { restPerMinute: 1200, enrollmentsPerMinute: 120, failedLoginsPerMinute: 30 };

/** A quarter of a year: long enough to compare with the last one's end, and some 500 MB for a busy pair of agents. */
const defaultKeepDays = 90;

/** How long requests in progress may go on after close(). */
const closingMs = 1500;

/** Rejects with CollectorError; then nothing is left open. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { dataDir, random, clock, log } = options;
  const networks = openNetworks(options.networks ?? [], log);
  const tls = options.tls === undefined ? null : { files: options.tls, material: readTls(options.tls) };
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
    await setFileToken(store.db, 'api-token', apiToken.secret, clock.wallMs());
    const passwords = createPasswords(random);
    const adminPasswordFile = await ensureAdministrator({
      db: store.db,
      dataDir,
      clock,
      random,
      passwords,
      given: options.adminPassword,
    });
    names = options.reverseDns === false ? noNames : createNames(createReverseDns(options.dnsServers), clock);
    const publicUrl = options.publicUrl?.replace(/\/+$/, '') ?? null;
    const outgoing = new Outgoing({ db: store.db, clock, random, log, publicUrl });
    const context: Context = {
      db: store.db,
      clock,
      random,
      log,
      changes: createChanges(clock),
      watched: new Watched(),
      dataDir,
      passwords,
      accountToken: accountToken.secret,
      traversalSecret,
      pairSecret,
      placement: options.traversal,
      networks,
      names,
      outgoing,
      limits: { ...defaultLimits, ...options.limits },
      publicUrl,
    };
    const server = await createServer(context, {
      tls: tls?.material ?? null,
      trustedProxies: options.trustedProxies ?? (context.publicUrl === null ? [] : ['loopback']),
      pageDir: options.pageDir ?? null,
    });
    await listen(server, options.listen);
    const following =
      tls === null
        ? null
        : followTls(server.server as unknown as Server, tls.files, tls.material, { clock, log });
    const keepDays = options.keepDays ?? defaultKeepDays;
    outgoing.start();
    const retention = startRetention({ db: store.db, clock, log, keepDays });
    const url = context.publicUrl ?? listeningUrl(server, tls === null ? 'http' : 'https');
    log.info({ url, dataDir }, 'collector started');
    let closing: Promise<void> | null = null;
    return {
      url,
      apiTokenFile: apiToken.path,
      accountTokenFile: accountToken.path,
      adminPasswordFile,
      traversalSecret,
      close() {
        closing ??= closeAll();
        return closing;
      },
    };

    async function closeAll() {
      const patience = clock.after(closingMs, () => server.server.closeAllConnections());
      names.close();
      following?.close();
      await server.close();
      patience.cancel();
      await outgoing.close();
      await retention.close();
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
function listeningUrl(server: FastifyInstance, scheme: 'http' | 'https'): string {
  const { address, port, family } = server.server.address() as AddressInfo;
  if (address === '0.0.0.0') return `${scheme}://127.0.0.1:${port}`;
  if (address === '::') return `${scheme}://[::1]:${port}`;
  return family === 'IPv6' ? `${scheme}://[${address}]:${port}` : `${scheme}://${address}:${port}`;
}
