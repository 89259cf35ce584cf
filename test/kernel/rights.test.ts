import { expect, it } from 'vitest';
import { Fault, formatId, MANAGED_NOUNS, MANAGEMENT_SCOPES, mayManage, requireManagement, ROLES, systemActor, type Actor, type Role } from '../../src/kernel/index.ts';

const id = <K extends 'organization' | 'user' | 'application' | 'serviceAccount'>(kind: K) => formatId(kind, 0, new Uint8Array(10));
const base = { organizationId: id('organization'), requestId: 'req', address: null };
const user = (role: Role): Actor => ({ ...base, kind: 'user', userId: id('user'), name: 'Alice', role, applicationId: null, grantId: null });
const account = (...scopes: string[]): Actor => ({ ...base, kind: 'service_account', serviceAccountId: id('serviceAccount'), name: 'CI', scopes });
const application: Actor = { ...base, kind: 'application', applicationId: id('application'), name: 'Bot' };

it.each(MANAGED_NOUNS)('decides who may manage %s', (noun) => {
  for (const access of ['read', 'write'] as const) {
    for (const role of ROLES) expect(mayManage(user(role), noun, access)).toBe(role !== 'MEMBER');
    expect(mayManage(systemActor(base.organizationId, 'bootstrap', 'req'), noun, access)).toBe(true);
    expect(mayManage(application, noun, access)).toBe(false);
    expect(mayManage(account('management:all'), noun, access)).toBe(true);
    expect(mayManage(account(`management:${noun}:write`), noun, access)).toBe(true);
    expect(mayManage(account(`management:${noun}:read`), noun, access)).toBe(access === 'read');
    expect(mayManage(account(), noun, access)).toBe(false);
    const others = MANAGEMENT_SCOPES.filter((scope) => scope !== 'management:all' && !scope.startsWith(`management:${noun}:`));
    expect(mayManage(account(...others, 'openid', 'management', `management:${noun}`, 'management:*'), noun, access)).toBe(false);
  }
});

it('says who can help', () => {
  expect(() => requireManagement(user('MEMBER'), 'service_accounts', 'write')).toThrow(
    new Fault('forbidden', { message: 'This needs the right to change the organization\'s service accounts.', hint: 'An owner or admin of the organization can do this, or change your role.' }),
  );
  expect(() => requireManagement(account(), 'audit', 'read')).toThrow(expect.objectContaining({ code: 'forbidden', hint: expect.stringContaining('management:audit:read') }));
  expect(() => requireManagement(user('OWNER'), 'audit', 'read')).not.toThrow();
});
