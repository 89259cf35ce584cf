/** One request of a load: what was asked when, and what came of it. */
export interface Shot<T> {
  /** Milliseconds of `performance.now()`. */
  readonly sentAt: number;
  readonly endedAt: number;
  /** Null where the connection failed. */
  readonly answer: T | null;
}

export interface Load<T> {
  readonly shots: readonly Shot<T>[];
  /** Resolves once so many more requests were sent and answered from now on. */
  pass(count: number): Promise<void>;
  /** Ends the loops and answers once all of them have. */
  stop(): Promise<void>;
}

/** So many loops, each asking again as soon as it was answered; a loop whose connection fails pauses for a moment. */
export function openLoad<T>(loops: number, ask: (loop: number) => Promise<T>): Load<T> {
  const shots: Shot<T>[] = [];
  let stopped = false;
  const run = async (loop: number): Promise<void> => {
    while (!stopped) {
      const sentAt = performance.now();
      const answer = await ask(loop).catch((error: unknown) => {
        // What fetch says of a connection; anything else is the test's own mistake.
        if (error instanceof TypeError) return null;
        throw error;
      });
      shots.push({ sentAt, endedAt: performance.now(), answer });
      if (answer === null) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const all = Promise.all(Array.from({ length: loops }, (_, loop) => run(loop)));
  all.catch(() => (stopped = true));
  return {
    shots,
    async pass(count) {
      const from = performance.now();
      while (!stopped && shots.filter(({ sentAt }) => sentAt > from).length < count) await new Promise((resolve) => setTimeout(resolve, 5));
      if (stopped) await all;
    },
    async stop() {
      stopped = true;
      await all;
    },
  };
}
