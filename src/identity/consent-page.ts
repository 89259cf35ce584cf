import { escapeHtml, pageHtml } from '../platform/index.ts';
import { tickName, type ConsentOffer, type Granted } from './consent.ts';
import { LIFETIMES } from './lifetimes.ts';

export interface ConsentPage {
  readonly offer: ConsentOffer;
  readonly userName: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Whether the application asks for the Kontext API itself. */
  readonly managesKontext: boolean;
  readonly action: string;
  readonly formToken: string;
}

const SCOPE_TEXT: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  email: 'See your e-mail address',
  profile: 'See your name',
  offline_access: 'Act while you are away',
  'mcp:invoke': 'Call tools through the Kontext gateway',
  'gateway:access': 'Call tools through the Kontext gateway',
};

const MANAGES_KONTEXT =
  '<p role="alert" style="margin:1rem 0;padding:.75rem 1rem;border-left:4px solid #b35900;background:#fff4e5"><strong>It also asks to manage Kontext in your name.</strong> ' +
  'There it could do everything your role allows, such as changing your own rules for what it may use. Allow this only for a tool with which you manage Kontext.</p>';

/** The consent page: who asks, where the answer goes, what is asked, and a box for everything the user can allow. */
export function consentPage({ offer, userName, redirectUri, scopes, managesKontext, action, formToken }: ConsentPage): string {
  const { application, ownerName, integrations } = offer;
  const asked = [...new Set(scopes.map((scope) => SCOPE_TEXT[scope] ?? scope))];
  const target = URL.parse(redirectUri);
  const days = LIFETIMES.grant / 86_400;
  return pageHtml(
    `Allow ${application.name}?`,
    `<p><strong>${escapeHtml(application.name)}</strong> wants to act for you, ${escapeHtml(userName)}.</p>` +
      `<p><small>${ownerName === null ? 'Nobody owns this application.' : `Owned by ${escapeHtml(ownerName)}.`} The answer goes to ${escapeHtml(target?.host || target?.protocol || redirectUri)}. It holds for ${days} days, or until you take it back.</small></p>` +
      (managesKontext ? MANAGES_KONTEXT : '') +
      `<ul>${asked.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>` +
      `<form method="post" action="${escapeHtml(action)}"><input type="hidden" name="form_token" value="${formToken}">` +
      (integrations.length > 0 ? '<p>Tick what it may use in your name. What you leave empty it cannot do.</p>' : '') +
      integrations.map((entry) => fieldset(entry, offer.ticked)).join('') +
      '<p><button type="submit" name="decision" value="allow">Allow</button><button type="submit" class="quiet" name="decision" value="decline">Decline</button></p></form>',
  );
}

function fieldset({ integration, capabilities }: ConsentOffer['integrations'][number], ticked: ReadonlySet<string>): string {
  const box = (operation: string | null, text: string): string => checkbox({ integrationId: integration.id, operation }, text, ticked);
  return (
    `<fieldset><legend>${escapeHtml(integration.name)}</legend>${box(null, `Everything in ${integration.name}`)}` +
    `${capabilities.map(({ operation, description }) => box(operation, description ? `${operation}: ${description.slice(0, 200)}` : operation)).join('')}</fieldset>`
  );
}

function checkbox(choice: Granted, text: string, ticked: ReadonlySet<string>): string {
  const name = tickName(choice);
  return `<label><input type="checkbox" name="${escapeHtml(name)}" value="on"${ticked.has(name) ? ' checked' : ''}> ${escapeHtml(text)}</label>`;
}
