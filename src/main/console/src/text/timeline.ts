/** Where the bars of a night stand: shares of its width, overlapping ones in rows of their own. */
import type { Bar } from '../api/types';

export interface Placed extends Bar {
  left: number;
  width: number;
  row: number;
  /** The share of the width that is free after the bar, up to the next one in its row. */
  room: number;
}

/** Bars are at least `narrowest` wide, so that each can be seen and hit. */
export function place(bars: Bar[], from: string, to: string, now: number, narrowest: number): Placed[] {
  const start = Date.parse(from);
  const span = Math.max(1, Date.parse(to) - start);
  const share = (at: number) => Math.min(1, Math.max(0, (at - start) / span));
  const rowEnds: number[] = [];
  const placed = [...bars]
    .sort((a, b) => Date.parse(a.from) - Date.parse(b.from))
    .map((bar) => {
      const left = Math.min(share(Date.parse(bar.from)), 1 - narrowest);
      const width = Math.max(narrowest, share(bar.to ? Date.parse(bar.to) : now) - left);
      let row = rowEnds.findIndex((end) => end <= left);
      if (row < 0) row = rowEnds.length;
      rowEnds[row] = left + width;
      return { ...bar, left, width, row };
    });
  return placed.map((bar) => {
    const end = bar.left + bar.width;
    const following = placed.filter((each) => each.row === bar.row && each.left >= end).map((each) => each.left);
    return { ...bar, room: Math.min(1, ...following) - end };
  });
}

/** Full hours, or minutes of a short night, to mark: at most `most` of them, as shares of the width. */
export function ticks(from: string, to: string, most: number): { at: number; left: number }[] {
  const start = Date.parse(from);
  const end = Date.parse(to);
  const hour = 3_600_000;
  const step = [1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 4, 6, 12, 24].find((hours) => (end - start) / (hours * hour) <= most) ?? 48;
  const marks = [];
  for (let at = Math.ceil(start / Math.min(hour, step * hour)) * Math.min(hour, step * hour); at <= end; at += step * hour) {
    marks.push({ at, left: (at - start) / Math.max(1, end - start) });
  }
  return marks;
}
