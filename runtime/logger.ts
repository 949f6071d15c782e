import { type Logger as Pino, pino } from 'pino';
import type { Logger } from '../core/logger.ts';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly service: string;
  /** file descriptor: 1 for services whose output is a log, 2 for commands whose output is an answer */
  readonly descriptor?: 1 | 2;
}

const REDACTED = ['password', '*.password', 'sasl', '*.sasl', 'authorization', '*.authorization'];

/** One JSON line per record. Synchronous, so that the last words of a dying process are not lost. */
export function createLogger(options: LoggerOptions): Logger {
  const root = pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '(secret)' },
    },
    pino.destination({ dest: options.descriptor ?? 1, sync: true }),
  );
  return wrap(root);
}

function wrap(instance: Pino): Logger {
  return {
    debug: (fields, message) => instance.debug(fields, message),
    info: (fields, message) => instance.info(fields, message),
    warn: (fields, message) => instance.warn(fields, message),
    error: (fields, message) => instance.error(fields, message),
    child: (fields) => wrap(instance.child(fields)),
  };
}
