/** A page, or the redirect at which the browser was told to stop. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  readonly forms: readonly Form[];
}

export interface Form {
  readonly action: URL;
  readonly method: 'GET' | 'POST';
  /** What the form sends untouched: hidden and text fields, ticked boxes. */
  readonly fields: Readonly<Record<string, string>>;
  /** The boxes one can tick, by name, each with what its label says. */
  readonly boxes: Readonly<Record<string, string>>;
}

export interface Submission {
  readonly fields?: Readonly<Record<string, string>>;
  /** Names of boxes to tick; those ticked already stay. */
  readonly tick?: readonly string[];
  /** The button to press, where its value matters. */
  readonly button?: { readonly name: string; readonly value: string };
}

/** As much of a browser as signing in and consenting need: cookies by origin, redirects by hand, forms. */
export interface Browser {
  open(url: string | URL): Promise<Page>;
  submit(page: Page, submission?: Submission): Promise<Page>;
  cookies(origin: string): ReadonlyMap<string, string>;
  /** Drops every cookie of an origin. */
  forget(origin: string): void;
}

export interface BrowserSettings {
  /** A redirect to such a URL is where the journey ends: nothing is asked of it. */
  readonly stopAt?: (url: URL) => boolean;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const MAX_REDIRECTS = 20;

export function openBrowser(settings: BrowserSettings = {}): Browser {
  const jar = new Map<string, Map<string, Cookie>>();

  const visit = async (start: URL, init: RequestInit): Promise<Page> => {
    let url = start;
    let request = init;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await fetch(url, { ...request, redirect: 'manual', headers: { accept: 'text/html', ...(request.headers as Record<string, string>), cookie: cookieHeader(jar, url) } });
      for (const line of response.headers.getSetCookie()) keepCookie(jar, url, line);
      const location = response.headers.get('location');
      const { status, headers } = response;
      const html = await response.text();
      if (location === null || status < 300 || status > 399) return { url, status, headers, html, forms: readForms(html, url) };
      url = new URL(location, url);
      if (settings.stopAt?.(url)) return { url, status, headers, html: '', forms: [] };
      // 307 and 308 ask for the same again; every other redirect is followed by GET.
      if (status !== 307 && status !== 308) request = {};
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects, the last to ${url.origin}${url.pathname}`);
  };

  return {
    open: (url) => visit(new URL(url), {}),
    async submit(page, { fields = {}, tick = [], button } = {}) {
      const [form] = page.forms;
      if (!form) throw new Error(`no form on ${page.url.pathname} (${page.status})`);
      const unknown = tick.find((name) => !(name in form.boxes));
      if (unknown !== undefined) throw new Error(`no box named ${unknown} on ${page.url.pathname}`);
      const body = new URLSearchParams({ ...form.fields, ...Object.fromEntries(tick.map((name) => [name, 'on'])), ...fields, ...(button && { [button.name]: button.value }) });
      if (form.method === 'GET') return visit(Object.assign(new URL(form.action), { search: body.toString() }), {});
      return visit(form.action, { method: 'POST', body: body.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', origin: page.url.origin } });
    },
    cookies: (origin) => new Map([...(jar.get(origin)?.values() ?? [])].map(({ name, value }) => [name, value])),
    forget: (origin) => void jar.delete(origin),
  };
}

function cookieHeader(jar: ReadonlyMap<string, ReadonlyMap<string, Cookie>>, url: URL): string {
  const cookies = [...(jar.get(url.origin)?.values() ?? [])].filter(({ path }) => path === '/' || url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`));
  // The most specific first (RFC 6265 section 5.4).
  return cookies.sort((left, right) => right.path.length - left.path.length).map(({ name, value }) => `${name}=${value}`).join('; ');
}

function keepCookie(jar: Map<string, Map<string, Cookie>>, url: URL, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const attribute = (name: string): string | undefined => attributes.find((part) => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const name = pair.slice(0, pair.indexOf('='));
  const path = attribute('path') ?? '/';
  const cookies = jar.get(url.origin) ?? new Map<string, Cookie>();
  jar.set(url.origin, cookies);
  const expired = Number(attribute('max-age') ?? 1) <= 0 || Date.parse(attribute('expires') ?? '9999-01-01') <= Date.now();
  if (expired) cookies.delete(`${name};${path}`);
  else cookies.set(`${name};${path}`, { name, path, value: pair.slice(pair.indexOf('=') + 1) });
}

function readForms(html: string, url: URL): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, attributes = '', content = '']) => {
    const fields: Record<string, string> = {};
    const boxes: Record<string, string> = {};
    for (const input of content.matchAll(/<input\b([^>]*)>([^<]*)/gi)) {
      const { name, type, value = '', checked } = readAttributes(input[1] ?? '');
      if (name === undefined || type === 'submit') continue;
      if (type === 'checkbox') boxes[name] = unescape(input[2] ?? '').trim();
      if (type !== 'checkbox' || checked !== undefined) fields[name] = value;
    }
    const { action = '', method = 'get' } = readAttributes(attributes);
    return { action: new URL(action || url, url), method: method.toLowerCase() === 'post' ? 'POST' : 'GET', fields, boxes };
  });
}

function readAttributes(text: string): Record<string, string | undefined> {
  return Object.fromEntries([...text.matchAll(/([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi)].map(([, name = '', double, single, bare]) => [name.toLowerCase(), unescape(double ?? single ?? bare ?? '')]));
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'' };

const unescape = (text: string): string => text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hex, name) => (decimal || hex ? String.fromCodePoint(parseInt(decimal ?? hex, decimal ? 10 : 16)) : (NAMED[name] ?? whole)));
