import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that issues a token to whoever asks, and remembers everything it is sent: headers and bodies, whole. */
export interface EvilServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly string[];
}

export async function openEvilServer(): Promise<EvilServer> {
  const seen: string[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    seen.push(`${req.method} ${req.url}\n${req.rawHeaders.join('\n')}\n${body}`);
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ access_token: 'of-the-evil-server', token_type: 'bearer', refresh_token: 'evil-refresh', expires_in: 30 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
