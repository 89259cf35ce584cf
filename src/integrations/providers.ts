import { invalid } from '../kernel/index.ts';
import type { Provider } from './provider.ts';
import { github } from './providers/github.ts';
import { google } from './providers/google.ts';
import { linear } from './providers/linear.ts';
import { notion } from './providers/notion.ts';
import { slack } from './providers/slack.ts';

/** The services that work without configuration, by handle. */
export const PROVIDERS: ReadonlyMap<string, Provider> = new Map([github, google, linear, notion, slack].map((provider) => [provider.handle, provider]));

/** All presets in the order of their names; with a search, those whose handle or name contains it. */
export function listProviders(search?: string | null): Provider[] {
  const needle = (search ?? '').trim().toLowerCase();
  return [...PROVIDERS.values()].filter(({ handle, name }) => handle.includes(needle) || name.toLowerCase().includes(needle));
}

/** The preset with this handle, or `invalid_input` that names those there are. */
export function getProvider(handle: string, field = 'provider'): Provider {
  const provider = PROVIDERS.get(handle);
  if (provider) return provider;
  throw invalid(field, `There is no provider with this handle; there are ${[...PROVIDERS.keys()].join(', ')}.`);
}
