// The programs' log: JSON lines on standard output, or prettier ones for a person at a terminal.

import { type Command, Option } from 'commander';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  readonly logLevel: string;
  readonly logFormat?: 'json' | 'pretty';
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export function withLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .choices(levels)
        .default('info')
        .env('PINHOLE_LOG_LEVEL'),
    )
    .addOption(
      new Option('--log-format <format>', 'json lines, or pretty (default: pretty on a terminal)')
        .choices(['json', 'pretty'])
        .env('PINHOLE_LOG_FORMAT'),
    );
}

export function createLog(name: string, { logLevel, logFormat }: LogOptions): Logger {
  const format = logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  const options = { name, level: logLevel, timestamp: pino.stdTimeFunctions.isoTime };
  return format === 'pretty'
    ? pino(options, pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }))
    : pino(options);
}
