// What the OpenAPI document is made of: a table of operations, one row for each method of each path.

import type { z } from 'zod';

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /v7, with its parameters in braces: `/agents/{agentId}` */
  readonly path: string;
  /** Names it in clients that are generated; v7's. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  /** What a reader should know beside the schemas. */
  readonly description?: string;
  /** Parameters of the query; every operation also takes `aid`. */
  readonly query?: z.ZodObject;
  readonly request?: z.ZodType;
  readonly answer: {
    readonly status: 200 | 201 | 204;
    /** None: no body. */
    readonly schema?: z.ZodType;
    /** @default application/hal+json */
    readonly mediaType?: string;
  };
  /** The operation cannot be done as things are: 409. */
  readonly mayConflict?: boolean;
  /** The form of its 400 and 412. @default validationProblemSchema */
  readonly badRequest?: z.ZodType;
  /** There may be as many as can be: 412. */
  readonly mayBeFull?: boolean;
}
