import { Fault } from '../kernel/index.ts';

/** What a person is told once one of the two has ended. */
export const userDeactivated = (): Fault =>
  new Fault('forbidden', { message: 'Your account in this organization is deactivated.', hint: 'An administrator of the organization can activate it.' });

export const applicationDisabled = (): Fault => new Fault('forbidden', { message: 'This application is disabled.', hint: 'An administrator of the organization can enable it.' });
