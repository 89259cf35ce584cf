import { openSigningKeys } from '../../src/identity/signing-keys.ts';
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../src/exchange/index.ts';
import { digest, resourcesOf } from '../../src/platform/index.ts';
import { basic } from '../support/sidecar.ts';
import type { FloorSettings } from './floor-server.ts';
import { runLoad, type Load, type LoadResult } from './load.ts';
import { openBenchPlane, type BenchPlane } from './plane.ts';
import { firstLine, run } from './process.ts';
import { atLeast, type Figure } from './report.ts';

const CONNECTIONS = 64;
const SECONDS = 6;
const ROUNDS = 3;

/**
 * A warm exchange in one process against the floor (bare node:http, same checks, same durable row) and against
 * oidc-provider's client-credentials grant in memory. Rounds alternate, so that all three see the same machine; the median counts.
 */
export async function benchExchange(): Promise<Figure[]> {
  await using plane = await openBenchPlane();
  const { token } = await plane.acme.mint({ expiresInSeconds: 3_600 });
  await using floor = run('floor-server.ts', [JSON.stringify(await floorSettings(plane))]);
  await using peer = run('oidc-server.ts');
  const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token_type: ACCESS_TOKEN_TYPE, subject_token: token, resource: 'github', scope: 'github:create_issue' };
  const authorization = basic(plane.acme.prBot.id, plane.acme.prBotSecret);
  const shared = { connections: CONNECTIONS, seconds: SECONDS };
  const exchange: Load = { ...shared, port: plane.sidecarPort, path: '/oauth2/token', headers: { authorization }, body: new URLSearchParams(form).toString() };
  const loads: Record<'exchange' | 'floor' | 'peer', Load> = {
    exchange,
    floor: { ...exchange, port: Number(await firstLine(floor)), path: '/' },
    peer: { ...shared, port: Number(await firstLine(peer)), path: '/token', headers: { authorization: basic('bench', 'bench-secret') }, body: 'grant_type=client_credentials&scope=api' },
  };
  const results: Record<keyof typeof loads, LoadResult[]> = { exchange: [], floor: [], peer: [] };
  for (const load of Object.values(loads)) await runLoad({ ...load, seconds: 2 });
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of ['exchange', 'floor', 'peer'] as const) results[name].push(await runLoad(loads[name]));
  }
  const best = median(results.exchange);
  const failed = Object.values(results).flat().reduce((sum, result) => sum + result.failed, 0);
  if (failed > 0) throw new Error(`${failed} requests failed, so nothing was measured`);
  const details = { p50_ms: best.p50.toFixed(2), p99_ms: best.p99.toFixed(2) };
  return [
    atLeast('exchange', `warm, ${CONNECTIONS} connections`, best.perSecond, 'exchanges/s', { what: 'floor', value: median(results.floor).perSecond }, 0.4, details),
    atLeast('exchange', `warm, ${CONNECTIONS} connections`, best.perSecond, 'exchanges/s', { what: 'oidc-provider client credentials in memory', value: median(results.peer).perSecond }, 1.5, details),
  ];
}

function median(results: readonly LoadResult[]): LoadResult {
  const sorted = [...results].sort((left, right) => left.perSecond - right.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) throw new Error('nothing was measured');
  return middle;
}

/** The same key, ciphertext, signing key, secret and event body that the server uses. */
async function floorSettings({ wells, acme, databaseUrl }: BenchPlane): Promise<FloorSettings> {
  const { key, sealed, body } = await wells.db.asOwner(async (tx) => ({
    key: await wells.keyring.key(tx, acme.organizationId),
    sealed: await tx.selectFrom('connection').select('credential').where('id', '=', acme.connection.id).executeTakeFirstOrThrow(),
    body: await tx.selectFrom('audit_event').select('body').where('organization_id', '=', acme.organizationId).orderBy('sequence', 'desc').limit(1).executeTakeFirstOrThrow(),
  }));
  return {
    databaseUrl,
    organizationId: acme.organizationId,
    issuer: wells.urls.public,
    audience: resourcesOf(wells.urls).sidecar,
    jwks: { keys: [...(await openSigningKeys(wells)).verifying] } as FloorSettings['jwks'],
    secretDigest: Buffer.from(digest(acme.prBotSecret)).toString('hex'),
    key: key.secret.export().toString('hex'),
    sealed: Buffer.from(sealed.credential ?? []).toString('hex'),
    boundTo: `${acme.organizationId}|${acme.connection.id}|connection.credential`,
    body: JSON.parse(body.body) as Record<string, unknown>,
  };
}
