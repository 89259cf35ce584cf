import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/**
 * JSON lines on standard output. A `Secret` prints as `[secret]`; request headers and bodies are never handed to the log,
 * and the paths below catch the names under which libraries carry secrets in their errors.
 */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    redact: {
      paths: ['authorization', 'cookie', 'password', 'secret', 'token', 'client_secret', 'access_token', 'refresh_token'].flatMap((name) => [
        name,
        `*.${name}`,
        `*.*.${name}`,
      ]),
      censor: '[secret]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
