import { describe, expect, it } from 'vitest';
import type { RunItem } from '../api/types';
import { yieldOf } from './yield';

const of = (figures: Record<string, unknown>) => yieldOf({ summary: { targets: { COMPLETED: 1 }, figures } } as unknown as Pick<RunItem, 'summary'>);

describe('what came of a run', () => {
  it('says of a backup what is stored', () => {
    expect(of({ storedBytes: 48_500_000, sizeBytes: 189_800_000 })).toBe('48.5 MB stored of 189.8 MB');
  });

  it('says of copies how many, and claims no size of what was copied', () => {
    expect(of({ copies: 1, storedBytes: 38_500_000, objectsSent: 6 })).toBe('1 copy, 38.5 MB');
    expect(of({ copies: 3, storedBytes: 0 })).toBe('3 copies, 0 B');
  });

  it('says of expiry what was freed, by listing, and what the store keeps', () => {
    expect(of({ backupsGoing: 2, bytesGoing: 50_000_000, bytesFreed: 38_000_000, logBytesFreed: 500_000 })).toBe('38.5 MB freed');
    expect(of({ backupsGoing: 1, bytesGoing: 50, bytesFreed: 0, bytesLocked: 38_500_000 })).toBe('nothing freed, 38.5 MB locked');
    expect(of({ backupsGoing: 0, bytesGoing: 0, bytesFreed: 0, logBytesFreed: 0 })).toBe('nothing freed');
    expect(of({ bytesFreed: 0, 'bytesDeleted.offsite': 30_000_000, 'bytesDeleted.nas': 8_500_000 })).toBe('nothing freed, 38.5 MB deleted');
  });

  it('says of a plan what would go', () => {
    expect(of({ backupsGoing: 2, bytesGoing: 38_000_000, logBytesGoing: 500_000 })).toBe('2 backups would go, 38.5 MB');
    expect(of({ backupsGoing: 0, bytesGoing: 0, logBytesGoing: 500_000 })).toBe('0 backups would go, 500.0 kB');
    expect(of({ backupsGoing: 0, bytesGoing: 0 })).toBe('nothing would go');
  });

  it('says of the rest what it is for', () => {
    expect(of({ level: 'proven matched', rtoMillis: 1800 })).toMatch(/^proven matched in 1\.8/);
    expect(of({ backupsEntered: 3, logsEntered: 1 })).toBe('3 backups entered');
    expect(of({ rewrapped: 12, left: 0 })).toBe('12 keys rewrapped');
    expect(of({ rewrapped: 11, left: 1 })).toBe('11 keys rewrapped, 1 left');
    expect(of({ sizeBytes: 189_800_000 })).toBe('189.8 MB restored');
    expect(of({})).toBeNull();
  });
});
