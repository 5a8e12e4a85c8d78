/** Own line icons on a 20-pixel grid, drawn with the current colour. */
const PATHS = {
  tonight: 'M16 11.8A6.5 6.5 0 0 1 8.2 4a6.5 6.5 0 1 0 7.8 7.8Z',
  databases: 'M4 5.5C4 4.1 6.7 3 10 3s6 1.1 6 2.5S13.3 8 10 8 4 6.9 4 5.5Zm0 0v9C4 15.9 6.7 17 10 17s6-1.1 6-2.5v-9M4 10c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5',
  runs: 'M6.5 4.3v11.4L16 10 6.5 4.3Z',
  schedules: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm0-11v4l2.8 1.8',
  backups: 'M3.5 4h13v4h-13V4Zm1 4v8h11V8M8 11.5h4',
  findings: 'M5 17V3.5M5 4.5h9.5l-2 3.3 2 3.2H5',
  nodes: 'M3.5 4h13v5h-13V4Zm0 7h13v5h-13v-5ZM6.5 6.5h.01M6.5 13.5h.01',
  stores: 'M4 5.500 10 3l6 2.500v9L10 17l-6-2.500v-9Zm0 0 6 2.500 6-2.500M10 8v9',
  people: 'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 16.5c0-2.6 2.1-4.5 5-4.5s5 1.9 5 4.5M13 3.8a3 3 0 0 1 0 5.5m1.8 3c1.7.7 2.7 2.2 2.7 4.2',
  retention: 'M5 3h10M5 17h10M6 3c0 4.5 8 4.5 8 7s-8 2.5-8 7M14 3c0 4.5-8 4.5-8 7s8 2.5 8 7',
  audit: 'M5 3h7l3.5 3.5V17H5V3Zm7 0v3.5h3.5M7.5 10.5h5m-5 3h5',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 3.5 3.5',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  close: 'm5 5 10 10M15 5 5 15',
  copy: 'M7.5 7.5h9v9h-9v-9Zm-2 5h-2v-9h9v2',
  check: 'm4 10.5 4 4 8-9',
  refresh: 'M16 10a6 6 0 1 1-1.8-4.3L16 7.5M16 3.5v4h-4',
  plus: 'M10 4v12M4 10h12',
  light: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v1.5m0 13V18M2 10h1.5m13 0H18M4.3 4.3l1.1 1.1m9.2 9.2 1.1 1.1m0-11.4-1.1 1.1m-9.2 9.2-1.1 1.1',
  system: 'M3 4h14v9H3V4Zm4 13h6m-3-4v4',
  arrow: 'M4 10h12m-5-5 5 5-5 5',
  download: 'M10 3.5v9m-4-3.5 4 4 4-4M4 16.5h12',
  key: 'M7 12.5a3.5 3.5 0 1 1 3.3-4.7h6.2v3h-2v2h-2.5v-2h-1.7A3.5 3.5 0 0 1 7 12.5Zm-.5-3.5h.01',
} as const;

export type IconName = keyof typeof PATHS | 'dark';

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  const strong = name === 'more' || name === 'nodes';
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" aria-hidden="true"
      stroke-width={strong ? 2 : 1.6} stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name === 'dark' ? 'tonight' : name]} />
    </svg>
  );
}

/** A database under a crescent moon. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect class="logo-ground" width="32" height="32" rx="8" />
      <path class="logo-base" d="M6 13.5v8.2C6 24 9.6 25.8 14 25.8s8-1.8 8-4.1v-3.2" />
      <path class="logo-base" d="M6 13.5c0 2.3 3.6 4.1 8 4.1 1.5 0 3-.2 4.2-.6M6 13.5c0-2 2.6-3.6 6.2-4" />
      <path class="logo-moon" d="M26 13.300A6.3 6.3 0 1 1 18.7 6a5 5 0 0 0 7.3 7.300Z" />
    </svg>
  );
}
