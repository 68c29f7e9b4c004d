/** Why an agent cannot start or go on. `message` is a sentence for whoever started it. */
export type AgentErrorCode =
  | 'enrollment-refused'
  | 'agent-deleted'
  | 'state-folder-unusable'
  | 'state-folder-in-use'
  | 'port-unavailable';

export class AgentError extends Error {
  override readonly name = 'AgentError';
  readonly code: AgentErrorCode;
  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
