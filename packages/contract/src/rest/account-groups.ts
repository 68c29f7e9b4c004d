// /v7/account-groups: ThousandEyes knows many in an organization; a collector is one.

import { z } from 'zod';
import { agentSchema } from './agents.ts';
import {
  accountGroupSchema,
  dateTimeSchema,
  idListSchema,
  listParameter,
  selfLinksSchema,
} from './common.ts';

export const accountGroupInfoSchema = accountGroupSchema.extend({
  isCurrentAccountGroup: z.literal(true),
  isDefaultAccountGroup: z.literal(true),
});
export type AccountGroupInfo = z.infer<typeof accountGroupInfoSchema>;

export const accountGroupsSchema = z.object({
  accountGroups: z.array(accountGroupInfoSchema),
  _links: selfLinksSchema,
});
export type AccountGroups = z.infer<typeof accountGroupsSchema>;

export const accountGroupUserSchema = z.object({
  uid: z.string(),
  name: z.string(),
  dateRegistered: dateTimeSchema,
  lastLogin: dateTimeSchema.optional(),
  roles: z.array(
    z.object({
      roleId: z.string(),
      name: z.string(),
      isBuiltin: z.literal(true),
      hasManagementPermissions: z.boolean(),
    }),
  ),
});
export type AccountGroupUser = z.infer<typeof accountGroupUserSchema>;

export const accountGroupDetailSchema = accountGroupInfoSchema.extend({
  accountToken: z.string().optional().describe('What agents enrol with; only for those who may write.'),
  agents: z.array(agentSchema).optional().describe('With expand=agent.'),
  users: z.array(accountGroupUserSchema).optional().describe('With expand=user: people who may sign in.'),
  _links: selfLinksSchema,
});
export type AccountGroupDetail = z.infer<typeof accountGroupDetailSchema>;

export const accountGroupQuerySchema = z.object({ expand: listParameter(['user', 'agent']) });

export const accountGroupRequestSchema = z.object({
  accountGroupName: z.string().trim().min(1).max(120),
  agents: idListSchema('agentId')
    .optional()
    .describe(
      'All agents belong to the one account group, so where they are listed the list has to be whole.',
    ),
});
export type AccountGroupRequest = z.infer<typeof accountGroupRequestSchema>;
