// Line icons of 16 by 16, drawn for this page. They say nothing alone: a word always stands beside them, or in the label of
// the button they fill.

const paths = {
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  close: 'm4 4 8 8M12 4l-8 8',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14',
  'chevron-down': 'm4 6 4 4 4-4',
  'chevron-right': 'm6 4 4 4-4 4',
  'chevron-left': 'm10 4-4 4 4 4',
  'sort-up': 'M8 12V4m0 0L5 7m3-3 3 3',
  'sort-down': 'M8 4v8m0 0L5 9m3 3 3-3',
  copy: 'M6 6h7v7H6zM10 6V3H3v7h3',
  edit: 'm3 13 .7-3L10.5 3.2l2.3 2.3L6 12.3 3 13Z',
  trash: 'M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M7 7v3.5M9 7v3.5',
  play: 'M5 3.2v9.6l8-4.8-8-4.8Z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6L13 6M13 3v3h-3',
  warning: 'M8 2.2 14.6 13.5H1.4L8 2.2Zm0 4.3v3.2m0 1.9v.1',
  error: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm-2-8 4 4m0-4-4 4',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-6.8V11M8 5v.1',
  good: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.3 8.2l1.9 1.9 3.5-3.8',
  waiting: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.5',
  off: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM4 12l8-8',
  unknown: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.5 8h5',
  agent: 'M3 3.5h10v6H3zM6 12.5h4M8 9.5v3',
  test: 'M2 5.5h9M8.5 3 11 5.5 8.5 8M14 10.5H5M7.5 8 5 10.5 7.5 13',
  view: 'M2 12.5 5.5 8l3 2.5L14 3.5M2 14h12',
  person: 'M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8Zm-5 5.5c.6-2.3 2.5-3.5 5-3.5s4.4 1.2 5 3.5',
  key: 'M5.5 13a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6Zm2-4.8L13 2.7M11 4.7l1.8 1.8',
  'sign-out': 'M9.5 3H3v10h6.5M6.5 8H14m0 0-2.5-2.5M14 8l-2.5 2.5',
  sun: 'M8 10.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2ZM8 1.5v1.6m0 9.8v1.6M1.5 8h1.6m9.8 0h1.6M3.4 3.4l1.1 1.1m7 7 1.1 1.1m0-9.2-1.1 1.1m-7 7-1.1 1.1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
  system: 'M2.5 3h11v7.5h-11zM6 13.5h4',
  fit: 'M6 2.5H2.5V6M10 2.5h3.5V6M6 13.5H2.5V10M10 13.5h3.5V10',
  menu: 'M2.5 4.5h11M2.5 8h11m-11 3.5h11',
  more: 'M3.5 8h.1M8 8h.1m4.4 0h.1',
  download: 'M8 2.5v7m0 0L5.2 6.7M8 9.5l2.8-2.8M3 13h10',
  bell: 'M4 11V7.5a4 4 0 0 1 8 0V11l1 1H3l1-1Zm2.8 1.5a1.3 1.3 0 0 0 2.4 0',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, className = '' }: { name: IconName; className?: string }) {
  return (
    <svg
      className={`size-4 shrink-0 ${className}`}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.4 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
