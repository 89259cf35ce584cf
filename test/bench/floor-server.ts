import { createHash, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import pg from 'pg';

/**
 * The least that an exchange can cost: plain node:http, the same remembered token check, the same secret check, the same
 * decryption, and the same durable chained row, committed in groups. No routing, no policy, no facts, no fences.
 */

/** What the bench hands over on the command line, as JSON. */
export interface FloorSettings {
  readonly databaseUrl: string;
  readonly organizationId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
  readonly secretDigest: string;
  readonly key: string;
  readonly sealed: string;
  readonly boundTo: string;
  readonly body: Record<string, unknown>;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as FloorSettings;
const pool = new pg.Pool({ connectionString: settings.databaseUrl, max: 4 });
const keys = createLocalJWKSet(settings.jwks);
const remembered = new Map<string, number>();
const secretDigest = Buffer.from(settings.secretDigest, 'hex');
const dataKey = Buffer.from(settings.key, 'hex');
const sealed = Buffer.from(settings.sealed, 'hex');

async function verify(token: string): Promise<void> {
  const name = createHash('sha256').update(token).digest('base64');
  if ((remembered.get(name) ?? 0) > Date.now()) return;
  const { payload } = await jwtVerify(token, keys, { issuer: settings.issuer, audience: settings.audience, typ: 'at+jwt', algorithms: ['ES256'] });
  remembered.set(name, (payload.exp ?? 0) * 1_000);
}

function checkSecret(authorization: string): void {
  const [, secret = ''] = Buffer.from(authorization.slice(6), 'base64').toString('utf8').split(':');
  if (!timingSafeEqual(createHash('sha256').update(secret).digest(), secretDigest)) throw new Error('wrong secret');
}

function decrypt(): string {
  const decipher = createDecipheriv('aes-256-gcm', dataKey, sealed.subarray(1, 13), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(settings.boundTo));
  decipher.setAuthTag(sealed.subarray(13, 29));
  return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8');
}

let queue: { readonly body: string; readonly done: (error?: unknown) => void }[] = [];
let flushing = false;
let sequence = 0;

function append(): Promise<void> {
  const body = JSON.stringify({ ...settings.body, id: `evt_floor_${process.pid}_${++sequence}`, at: new Date().toISOString() });
  return new Promise((resolve, reject) => {
    queue.push({ body, done: (error) => (error === undefined ? resolve() : reject(error as Error)) });
    if (!flushing) void flush();
  });
}

async function flush(): Promise<void> {
  flushing = true;
  await new Promise(setImmediate);
  while (queue.length > 0) {
    const batch = queue;
    queue = [];
    try {
      await pool.query('SELECT number FROM append_audit($1, $2::jsonb)', [settings.organizationId, JSON.stringify(batch.map(({ body }) => ({ body })))]);
      for (const { done } of batch) done();
    } catch (error) {
      for (const { done } of batch) done(error);
    }
  }
  flushing = false;
}

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    void (async () => {
      const parameters = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      checkSecret(req.headers.authorization ?? '');
      await verify(parameters.get('subject_token') ?? '');
      const credential = JSON.parse(decrypt()) as { accessToken: string };
      await append();
      const answer = JSON.stringify({ access_token: credential.accessToken, token_type: 'Bearer' });
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }).end(answer);
    })().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      res.writeHead(500, { 'content-length': 0 }).end();
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});
