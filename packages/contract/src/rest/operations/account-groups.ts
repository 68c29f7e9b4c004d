import {
  accountGroupDetailSchema,
  accountGroupQuerySchema,
  accountGroupRequestSchema,
  accountGroupsSchema,
} from '../account-groups.ts';
import type { Operation } from './form.ts';

const tag = 'Account Groups';
const group = '/account-groups/{id}';

export const accountGroupOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/account-groups',
    operationId: 'getAccountGroups',
    tag,
    summary: 'List account groups',
    description: 'There is one.',
    answer: { status: 200, schema: accountGroupsSchema },
  },
  {
    method: 'POST',
    path: '/account-groups',
    operationId: 'createAccountGroup',
    tag,
    summary: 'Create an account group',
    description: 'There is one: always refused with 403.',
    request: accountGroupRequestSchema,
    answer: { status: 201, schema: accountGroupDetailSchema },
  },
  {
    method: 'GET',
    path: group,
    operationId: 'getAccountGroup',
    tag,
    summary: 'Show the account group',
    description: 'The token that agents enrol with is shown to those who may write.',
    query: accountGroupQuerySchema,
    answer: { status: 200, schema: accountGroupDetailSchema },
  },
  {
    method: 'PUT',
    path: group,
    operationId: 'updateAccountGroup',
    tag,
    summary: 'Rename the account group',
    query: accountGroupQuerySchema,
    request: accountGroupRequestSchema,
    answer: { status: 200, schema: accountGroupDetailSchema },
  },
  {
    method: 'DELETE',
    path: group,
    operationId: 'deleteAccountGroup',
    tag,
    summary: 'Delete the account group',
    description: 'There is one: always refused with 403.',
    answer: { status: 204 },
  },
];
