export { newId, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { isUniqueViolation, openDatabase } from './db/database.ts';
export type { Database, IdentityTx, OwnerTx, Tx } from './db/database.ts';
export type { DatabaseLocation } from './db/dialect.ts';
export { openDoorbell } from './db/doorbell.ts';
export type { Doorbell } from './db/doorbell.ts';
export { migrate, migrationsDigest } from './db/migrate.ts';
export type {
  ApplicationIntegrationTable,
  ApplicationTable,
  AttemptTable,
  AuditEventTable,
  AuthMode,
  BrowserSessionTable,
  CapabilityTable,
  ClientSecretTable,
  ConnectionTable,
  DataKeyTable,
  DisconnectReason,
  ExchangeMode,
  GroupMemberTable,
  GroupTable,
  IntegrationTable,
  OidcRecordTable,
  OrganizationHeadTable,
  OrganizationTable,
  PolicyEffect,
  PolicyLayer,
  PolicySubjectKind,
  PolicyTable,
  Schema,
  ServiceAccountTable,
  SignInProviderTable,
  SigningKeyTable,
  UserTable,
} from './db/schema.ts';
export { idCursor, pageById } from './db/page.ts';
export { openLog } from './log.ts';
export type { Log } from './log.ts';
export { openMetrics } from './metrics.ts';
export type { Metrics } from './metrics.ts';
export { isPublic, openSafeFetch } from './net/safe-fetch.ts';
export type { SafeFetch, SafeFetchSettings } from './net/safe-fetch.ts';
export { digest, digestBytes, digestHex, randomToken, sameDigest } from './vault/hash.ts';
export { openKeyFile, openKeyring, parseMasterKeys } from './vault/keyring.ts';
export type { DataKey, Keyring, MasterKeys } from './vault/keyring.ts';
export { seal, unseal } from './vault/seal.ts';
export type { Place } from './vault/seal.ts';
export { Secret } from './vault/secret.ts';
export { resourcesOf } from './wells.ts';
export type { Urls, Wells } from './wells.ts';
export { cookieName, escapeHtml, faultHtml, formatCookie, pageHtml, readCookies, readForm, readText, sendHtml, sendJson, sendRedirect } from './net/http.ts';
export type { Call, Handler, Route } from './net/http.ts';
