/** A run as an SVG picture: three panels over time, readable on a light and a dark page. */
import type { Timeline } from './measure.ts';

interface Panel {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly label: string }[];
}

const PANELS: readonly Panel[] = [
  {
    title: 'Concurrent executions',
    lines: ['sendFlow', 'callbacks', 'webhook', 'publisher'].map((name) => ({ name, label: name })),
  },
  {
    title: 'Oldest message of each queue, and oldest change, in seconds',
    lines: [
      { name: 'callbacks age', label: 'callback queue' },
      { name: 'delivery age', label: 'delivery queue' },
      { name: 'events age', label: 'changes' },
    ],
  },
  { title: 'Refused or throttled a second', lines: [{ name: 'throttles', label: 'all' }] },
];

const WIDTH = 760;
const PLOT = { left: 48, width: 570, height: 110 } as const;
const PANEL_HEIGHT = 160;
const COLOURS = ['#2f6fdb', '#c2571a', '#2b8a4b', '#8a4fbf'];

const STYLE = [
  'text { font: 12px sans-serif; fill: #333 } .title { font-weight: bold }',
  '.axis { stroke: #999; fill: none } polyline { fill: none; stroke-width: 1.5 }',
  '@media (prefers-color-scheme: dark) { text { fill: #ddd } .axis { stroke: #888 } }',
].join(' ');

const short = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** 1, 2 or 5 times a power of ten. */
function niceTop(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10) * power;
}

function panelOf({ title, lines }: Panel, n: number, timeline: Timeline): string[] {
  const top = n * PANEL_HEIGHT + 34;
  const series = lines.map(({ name }) => timeline.get(name) ?? []);
  const highest = niceTop(Math.max(0, ...series.flat()));
  const last = Math.max(1, (series[0]?.length ?? 1) - 1);
  const pointAt = (value: number, second: number) =>
    `${short(PLOT.left + (second * PLOT.width) / last)},${short(top + PLOT.height * (1 - value / highest))}`;
  const { left, width, height } = PLOT;
  return [
    `<text class="title" x="${left}" y="${top - 10}">${title}</text>`,
    `<path class="axis" d="M${left} ${top}V${top + height}H${left + width}"/>`,
    `<text x="${left - 6}" y="${top + 4}" text-anchor="end">${highest}</text>`,
    `<text x="${left - 6}" y="${top + height}" text-anchor="end">0</text>`,
    `<text x="${left + width}" y="${top + height + 14}" text-anchor="end">${last} s</text>`,
    ...series.map(
      (values, k) => `<polyline stroke="${COLOURS[k]}" points="${values.map(pointAt).join(' ')}"/>`,
    ),
    ...lines.map(
      ({ label }, k) =>
        `<text x="${left + width + 12}" y="${top + 12 + 18 * k}" style="fill:${COLOURS[k]}">${label}</text>`,
    ),
  ];
}

/** The picture of a run. */
export function pictureOf(timeline: Timeline, title: string): string {
  const height = PANELS.length * PANEL_HEIGHT + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`,
    `<style>${STYLE}</style>`,
    ...PANELS.flatMap((panel, n) => panelOf(panel, n, timeline)),
    '</svg>',
    '',
  ].join('\n');
}
