/** Where a request came from, for the log. */
export interface Origin {
  readonly requestId: string;
  readonly address: string | null;
}
