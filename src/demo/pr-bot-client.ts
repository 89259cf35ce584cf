import * as oauth from 'openid-client';

/** What an application holds once it is registered with Kontext. */
export interface Registration {
  readonly issuer: string;
  readonly sidecarUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** What its tokens are for (RFC 8707). */
  readonly resources: readonly string[];
}

/** What the sidecar answered. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An application's side of Kontext. It knows one person, whoever signed in last, and holds no credential of Tracker's. */
export interface PrBotClient {
  readonly registration: Registration;
  /** Where to send a browser, and the state with which it must come back. */
  beginSignIn(): Promise<{ readonly url: URL; readonly state: string }>;
  /** Redeems the code at our redirect URI; answers the person's name. */
  finishSignIn(state: string, callback: URL): Promise<string>;
  userName(): Promise<string>;
  /** The person's Kontext token, renewed where it is about to end. */
  userToken(): Promise<string>;
  /** Asks the sidecar for the person's Tracker token, for one capability. */
  exchange(capability: string): Promise<ExchangeAnswer>;
}

export const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  resource: 'tracker',
} as const;

const RENEW_BEFORE_MS = 60_000;

interface SignedIn {
  readonly name: string;
  readonly tokens: oauth.TokenEndpointResponse;
  readonly endsAt: number;
}

export async function openPrBotClient(registration: Registration): Promise<PrBotClient> {
  const { clientId, clientSecret, redirectUri, sidecarUrl } = registration;
  const configuration = await oauth.discovery(new URL(registration.issuer), clientId, undefined, oauth.ClientSecretBasic(clientSecret), { execute: [oauth.allowInsecureRequests] });
  const verifiers = new Map<string, string>();
  let person: Promise<SignedIn> = Promise.reject(new Error('nobody has signed in to PR-Bot yet'));
  person.catch(() => {});

  const current = (): Promise<SignedIn> => {
    // Kept as a promise: a refresh token serves once, however many ask at once.
    person = person.then((known) => (known.endsAt - Date.now() > RENEW_BEFORE_MS ? known : renew(configuration, known)));
    return person;
  };
  return {
    registration,
    async beginSignIn() {
      const state = oauth.randomState();
      const verifier = oauth.randomPKCECodeVerifier();
      verifiers.set(state, verifier);
      const code_challenge = await oauth.calculatePKCECodeChallenge(verifier);
      const parameters = new URLSearchParams({ redirect_uri: redirectUri, scope: 'openid email profile', state, code_challenge, code_challenge_method: 'S256' });
      for (const resource of registration.resources) parameters.append('resource', resource);
      return { state, url: oauth.buildAuthorizationUrl(configuration, parameters) };
    },
    async finishSignIn(state, callback) {
      const pkceCodeVerifier = verifiers.get(state);
      if (pkceCodeVerifier === undefined) throw new Error('This sign-in was not begun in this browser.');
      verifiers.delete(state);
      const tokens = await oauth.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier, expectedState: state, idTokenExpected: true });
      const signedIn = remember(String(tokens.claims()?.['name'] ?? 'Somebody'), tokens);
      person = Promise.resolve(signedIn);
      return signedIn.name;
    },
    userName: async () => (await current()).name,
    userToken: async () => (await current()).tokens.access_token,
    async exchange(capability) {
      const form = new URLSearchParams({ ...EXCHANGE, subject_token: (await current()).tokens.access_token, scope: capability });
      const authorization = `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`;
      const response = await fetch(`${sidecarUrl}/oauth2/token`, { method: 'POST', body: form, headers: { authorization } });
      return { status: response.status, body: (await response.json()) as ExchangeAnswer['body'] };
    },
  };
}

const renew = async (configuration: oauth.Configuration, { name, tokens }: SignedIn): Promise<SignedIn> => remember(name, await oauth.refreshTokenGrant(configuration, tokens.refresh_token ?? ''));

const remember = (name: string, tokens: oauth.TokenEndpointResponse): SignedIn => ({ name, tokens, endsAt: Date.now() + (tokens.expires_in ?? 0) * 1000 });
