const HOUR = 3_600;
const DAY = 24 * HOUR;

/** How long everything of the authorization server lives, in seconds. */
export const LIFETIMES = {
  /** Short, because a token is believed by its signature; what it does is fenced by the grant it names. */
  accessToken: 900,
  idToken: HOUR,
  code: 60,
  /** From the authorization request to the answer on the consent page, a sign-in in between included. */
  interaction: 600,
  /** One round trip to the organization's identity provider. */
  attempt: 600,
  browserSession: 12 * HOUR,
  refreshToken: 30 * DAY,
  /** What a user agreed to; then the application asks again. */
  grant: 30 * DAY,
} as const;
