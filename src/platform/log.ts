import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/**
 * JSON lines on standard output. A `Secret` prints as `[secret]`; request headers and bodies are never handed to the log.
 * Of an error only type, message, code and stack are kept: libraries hang queries, parameters and whole answers on theirs.
 */
export function openLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    serializers: { err: (error: unknown) => describeError(error) },
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

const MAX_CAUSES = 5;

/** What an error may say in the log, and its causes likewise. */
function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause === undefined || depth === MAX_CAUSES ? undefined : describeError(error.cause, depth + 1);
  return { type: error.name, message: error.message, code, stack: error.stack, cause };
}
