// /page/people and /page/tokens

import {
  type NewToken,
  type Person,
  personRequestSchema,
  personUpdateSchema,
  type Token,
  tokenRequestSchema,
} from '@pinhole/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { dateTime } from '../rest/date-time.ts';
import { optional } from '../rest/optional.ts';
import { HttpProblem, invalidRequest, notFound, parseRequest } from '../rest/problem.ts';
import { requesterName } from '../rest/requester.ts';
import { resource } from '../rest/resource.ts';
import {
  addPerson,
  addToken,
  changePerson,
  deletePerson,
  deleteToken,
  endSessions,
  findPerson,
  findPersonByName,
  findToken,
  listPeople,
  listTokens,
  type PersonRecord,
  type TokenRecord,
} from '../store/people.ts';
import type { Store } from '../store/schema.ts';
import { administratorName, forgetFirstPassword } from './administrator.ts';
import { identityOf } from './identity.ts';
import { whenThereIsRoom } from './session-routes.ts';

/** Against guessing, more than anybody can try: 256 bits. */
const tokenBytes = 32;
/** So that lists stay lists. */
const maxPeople = 1000;
const maxTokens = 1000;

export function peopleRoutes(app: FastifyInstance, context: Context): void {
  const { db, clock, log, passwords, random } = context;

  resource(app, '/page/people', {
    GET: async () => ({ people: (await listPeople(db)).map(personBody) }),
    async POST(request, reply) {
      const { name, password, access } = parseRequest(personRequestSchema, request.body);
      const passwordHash = await whenThereIsRoom(reply, () => passwords.hash(password));
      const person = await db.transaction().execute(async (tx) => {
        if ((await findPersonByName(tx, name)) !== null) {
          const message = `Somebody is called "${name}" already.`;
          throw invalidRequest([{ code: 'name-taken', field: 'name', message }]);
        }
        if ((await listPeople(tx)).length >= maxPeople)
          throw new HttpProblem(409, `There are ${maxPeople} people already; no more are kept.`);
        return await addPerson(tx, { name, passwordHash, access }, clock.wallMs());
      });
      log.info({ person: name, access, by: requesterName(request) }, 'person added');
      return reply.code(201).send(personBody(person));
    },
  });

  resource(app, '/page/people/:personId', {
    async PUT(request, reply) {
      const { access, password } = parseRequest(personUpdateSchema, request.body);
      const passwordHash =
        password === undefined ? null : await whenThereIsRoom(reply, () => passwords.hash(password));
      const person = await db.transaction().execute(async (tx) => {
        const before = await existingPerson(tx, request);
        if (access === 'read') await refuseWithoutWriter(tx, before);
        await changePerson(tx, before.personId, {
          ...(access !== undefined && { access }),
          ...(passwordHash !== null && { passwordHash }),
        });
        const own = identityOf(request).session;
        const keep = own?.person.personId === before.personId ? own.sessionHash : null;
        if (passwordHash !== null) await endSessions(tx, before.personId, keep);
        return await existingPerson(tx, request);
      });
      if (passwordHash !== null && person.name === administratorName) forgetFirstPassword(context.dataDir);
      log.info({ person: person.name, by: requesterName(request) }, 'person changed');
      return personBody(person);
    },
    async DELETE(request, reply) {
      const person = await db.transaction().execute(async (tx) => {
        const found = await existingPerson(tx, request);
        await refuseWithoutWriter(tx, found);
        await deletePerson(tx, found.personId);
        return found;
      });
      if (person.name === administratorName) forgetFirstPassword(context.dataDir);
      log.info({ person: person.name, by: requesterName(request) }, 'person removed');
      return reply.code(204).send();
    },
  });

  resource(app, '/page/tokens', {
    GET: async () => ({ tokens: (await listTokens(db)).map(tokenBody) }),
    async POST(request, reply) {
      const { name, access } = parseRequest(tokenRequestSchema, request.body);
      const secret = Buffer.from(random.bytes(tokenBytes)).toString('base64url');
      const token = await db.transaction().execute(async (tx) => {
        if ((await listTokens(tx)).length >= maxTokens)
          throw new HttpProblem(409, `There are ${maxTokens} tokens already; revoke some first.`);
        return await addToken(tx, { name, origin: 'person', access }, secret, clock.wallMs());
      });
      log.info({ token: name, access, by: requesterName(request) }, 'token made');
      const body: NewToken = { ...tokenBody(token), token: secret };
      return reply.code(201).send(body);
    },
  });

  resource(app, '/page/tokens/:tokenId', {
    async DELETE(request, reply) {
      const { tokenId } = request.params as { tokenId: string };
      const token = await findToken(db, tokenId);
      if (token === null) throw notFound(`There is no token ${tokenId}.`);
      if (token.origin === 'file') {
        throw new HttpProblem(
          409,
          "This is the token of the collector's file api-token, or of PINHOLE_API_TOKEN: change it there and start again.",
        );
      }
      await deleteToken(db, tokenId);
      log.info({ token: token.name, by: requesterName(request) }, 'token revoked');
      return reply.code(204).send();
    },
  });
}

/** The person that the path names. Throws 404. */
async function existingPerson(db: Store, request: FastifyRequest): Promise<PersonRecord> {
  const { personId } = request.params as { personId: string };
  const person = await findPerson(db, personId);
  if (person === null) throw notFound(`There is no person ${personId}.`);
  return person;
}

/** Throws 409 where nobody could change anything any more without this person. */
async function refuseWithoutWriter(db: Store, { personId, access }: PersonRecord): Promise<void> {
  if (access === 'read') return;
  const others = (await listPeople(db)).filter((each) => each.personId !== personId);
  if (others.some((each) => each.access === 'write')) return;
  throw new HttpProblem(409, 'This is the last person with write access. Give it to somebody else first.');
}

function personBody(person: PersonRecord): Person {
  const { personId, name, access, createdAtMs, lastSignInAtMs } = person;
  return {
    personId,
    name,
    access,
    createdDate: dateTime(createdAtMs),
    ...optional('lastSignInDate', lastSignInAtMs === null ? null : dateTime(lastSignInAtMs)),
  };
}

function tokenBody({ tokenId, name, access, createdAtMs, lastUsedAtMs }: TokenRecord): Token {
  return {
    tokenId,
    name,
    access,
    createdDate: dateTime(createdAtMs),
    ...optional('lastUsedDate', lastUsedAtMs === null ? null : dateTime(lastUsedAtMs)),
  };
}
