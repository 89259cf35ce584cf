import { z } from 'zod';

/** Every setting of the server: what it is for and what breaks when it is wrong stands in the README's table. */
export interface Config {
  readonly development: boolean;
  readonly host: string;
  readonly port: number;
  readonly sidecarPort: number;
  readonly publicUrl: string;
  readonly sidecarUrl: string;
  /** Absent: PGlite in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
  readonly dataDir: string;
  readonly masterKey: string | undefined;
  readonly bootstrap: { readonly organization: string; readonly admin: string } | undefined;
  readonly allowPrivateNetwork: boolean;
  readonly logLevel: string;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port from 1 to 65535')
  .transform(Number)
  .refine((number) => number >= 1 && number <= 65_535, 'must be a port from 1 to 65535');
const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const url = z.string().transform((text, context) => {
  const parsed = URL.parse(text);
  // A bare origin: everything is served at its root, and it is the issuer.
  if (parsed && /^https?:$/.test(parsed.protocol) && parsed.href === `${parsed.origin}/`) return parsed.origin;
  context.addIssue('must be an http or https URL without path, query or user');
  return z.NEVER;
});
const bootstrap = z.string().transform((text, context) => {
  const [organization, admin, ...rest] = text.split(',').map((part) => part.trim());
  if (organization && admin?.includes('@') && rest.length === 0) return { organization, admin };
  context.addIssue('must be a name and an address: Acme,alice@acme.test');
  return z.NEVER;
});

const SETTINGS = z.object({
  KONTEXT_ENV: z.enum(['production', 'development']).default('production'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.default(4000),
  SIDECAR_PORT: port.default(4001),
  PUBLIC_URL: url.optional(),
  SIDECAR_URL: url.optional(),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL').optional(),
  DATABASE_POOL_SIZE: z.string().regex(/^\d{1,3}$/, 'must be a number from 2 to 200').transform(Number).refine((number) => number >= 2 && number <= 200, 'must be a number from 2 to 200').default(10),
  DATA_DIR: z.string().min(1).default('.kontext'),
  KONTEXT_MASTER_KEY: z.string().optional(),
  KONTEXT_BOOTSTRAP: bootstrap.optional(),
  KONTEXT_ALLOW_PRIVATE_NETWORK: flag.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** A reason not to start, in one sentence for whoever starts the server. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** The settings in these variables. Throws `StartRefused` that names the first one that is wrong. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  // An empty variable counts as unset, as shells and compose files leave them behind.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = SETTINGS.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StartRefused(`${issue?.path.join('.') ?? 'A setting'} ${issue?.message ?? 'is wrong'}.`);
  }
  const settings = parsed.data;
  if (settings.PORT === settings.SIDECAR_PORT) throw new StartRefused('SIDECAR_PORT must be another port than PORT.');
  const development = settings.KONTEXT_ENV === 'development';
  const publicUrl = settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`;
  const sidecarUrl = settings.SIDECAR_URL ?? `http://localhost:${settings.SIDECAR_PORT}`;
  for (const [name, value] of [['PUBLIC_URL', publicUrl], ['SIDECAR_URL', sidecarUrl]] as const) {
    const { protocol, hostname } = new URL(value);
    if (protocol === 'http:' && !development && !LOOPBACK.has(hostname)) {
      throw new StartRefused(`${name} must be https: tokens would cross the network in the clear (KONTEXT_ENV=development allows http).`);
    }
  }
  if (settings.DATABASE_URL !== undefined && settings.KONTEXT_MASTER_KEY === undefined) {
    throw new StartRefused('KONTEXT_MASTER_KEY is missing: with DATABASE_URL the key that seals credentials must be given (make one with: openssl rand -base64 32).');
  }
  return {
    development,
    host: settings.HOST,
    port: settings.PORT,
    sidecarPort: settings.SIDECAR_PORT,
    publicUrl,
    sidecarUrl,
    databaseUrl: settings.DATABASE_URL,
    databasePoolSize: settings.DATABASE_POOL_SIZE,
    dataDir: settings.DATA_DIR,
    masterKey: settings.KONTEXT_MASTER_KEY,
    bootstrap: settings.KONTEXT_BOOTSTRAP,
    allowPrivateNetwork: settings.KONTEXT_ALLOW_PRIVATE_NETWORK ?? development,
    logLevel: settings.LOG_LEVEL,
  };
}
