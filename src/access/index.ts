export { explainAccess } from './explain.ts';
export type { Explain } from './explain.ts';
export { openFacts } from './facts.ts';
export type { Facts, FactsKey, FactsSource } from './facts.ts';
export { requestAccess } from './request-access.ts';
export type { AccessDeps, AccessOutcome, AccessRequest, GrantedCredential, NotConnectedReason } from './request-access.ts';
export type { Obstacle } from './assess.ts';
