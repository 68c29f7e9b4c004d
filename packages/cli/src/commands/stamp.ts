import { Command } from 'commander';
import { stampReflectCommand } from './stamp-reflect.ts';
import { stampSendCommand } from './stamp-send.ts';

export function stampCommand(): Command {
  return new Command('stamp')
    .description(
      'STAMP (RFC 8762) and TWAMP Light by themselves: measure to routers, or be measured by them.',
    )
    .enablePositionalOptions()
    .addCommand(stampReflectCommand())
    .addCommand(stampSendCommand());
}
