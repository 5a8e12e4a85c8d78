/** Work that is wanted again and again: one at a time, and once more for all wishes that came while it ran. */
export interface Again {
  /** At once, or after the one that runs. */
  now: () => Promise<void>;
  /** When things have settled: many wishes in a row are one. */
  soon: () => void;
  end: () => void;
}

export function again(work: () => Promise<void>, settleMillis: number): Again {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let wanted = false;
  let ended = false;
  const now = async () => {
    // First of all: a timer that has fired and is still remembered would swallow every later wish.
    clearTimeout(timer);
    timer = undefined;
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    try {
      await work();
    } finally {
      running = false;
      if (wanted && !ended) {
        wanted = false;
        soon();
      }
    }
  };
  const soon = () => { timer ??= setTimeout(() => void now(), settleMillis); };
  return {
    now, soon,
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}
