/** What the calendar page alone asks for. */
import type { Pause, RunStatus, Time } from './types';

export interface CalendarRun {
  run: string;
  job: string;
  schedule: string | null;
  status: RunStatus;
  reason: string | null;
  at: Time;
  endedAt: Time | null;
}

export interface CalendarFire {
  at: Time;
  schedule: string;
  job: string;
  /** Why it will not start. */
  heldBack: string | null;
}

export interface Calendar {
  from: Time;
  to: Time;
  runs: CalendarRun[];
  fires: CalendarFire[];
  blackouts: { name: string; from: Time; to: Time; jobs: string[] }[];
  pauses: (Pause & { of: 'fleet' | 'project' | 'schedule'; schedule: string | null })[];
  windows: { name: string; from: Time; to: Time; databases: string[] }[];
  cut: string[];
}

export interface MaintenanceWindow {
  id: string;
  name: string;
  days: string[];
  /** As the clock on the wall shows it in the zone: 22:00. */
  start: string;
  end: string;
  zone: string;
  /** Names, tag: and a tag; empty for all. */
  databases: string[];
}

export interface Blackout {
  id: string;
  name: string;
  /** As the clock on the wall shows it in the zone. */
  from: string;
  to: string;
  zone: string;
  yearly: boolean;
  jobs: string[];
}
