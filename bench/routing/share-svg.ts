import type { SimulatedRequest } from './simulation.ts';
import type { Incident } from './story.ts';

/** What is drawn. */
export interface SharePicture {
  readonly title: string;
  readonly note: string;
  /** In the order of their first request. */
  readonly requests: readonly SimulatedRequest[];
  /** From bottom to top. */
  readonly upstreams: readonly string[];
  readonly seconds: number;
  readonly incidents: readonly Incident[];
}

const [width, height] = [860, 404];
const plot = { left: 56, right: 766, top: 118, bottom: 346 };
/** Width of a column of the picture, in seconds. */
const columnSeconds = 4;

/** Share of requests over time for each upstream, stacked, as an SVG that follows the reader's light or dark scheme. */
export const shareSvg = (picture: SharePicture): string => {
  const { upstreams, title, note, incidents, seconds } = picture;
  const shares = sharesOf(picture);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="14">`,
    `  <title id="title">${title}</title>`,
    `  <desc id="description">${describe(picture)}</desc>`,
    style,
    `  <text x="${plot.left}" y="26" font-size="16">${title}</text>`,
    `  <text class="quiet" x="${plot.left}" y="46">${note}</text>`,
    ...upstreams.map((_, at) => `  <path class="area${at}" d="${areaOf(shares, at, seconds)}"/>`),
    ...axes(seconds),
    ...incidents.flatMap((incident) => incidentMark(incident, { seconds, row: rowOf(incident, incidents) })),
    ...upstreams.flatMap((name, at) => legend(name, at, upstreams.length)),
    '</svg>',
  ].join('\n')}\n`;
};

const style = `  <style>
    text { fill: #1f2328; }
    .quiet { fill: #59636e; font-size: 12px; }
    .axis { stroke: #59636e; stroke-width: 1; fill: none; }
    .grid { stroke: #59636e; stroke-width: 1; stroke-opacity: 0.35; stroke-dasharray: 2 4; }
    .incident { stroke: #1f2328; stroke-width: 1.5; }
    .area0 { fill: #0072b2; } .area1 { fill: #e69f00; } .area2 { fill: #009e73; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .quiet { fill: #9198a1; }
      .axis, .grid { stroke: #9198a1; }
      .incident { stroke: #f0f6fc; }
      .area0 { fill: #3a9bdc; } .area1 { fill: #d99a1c; } .area2 { fill: #22a884; }
    }
  </style>`;

/** For each column, the share of each upstream. */
const sharesOf = ({ requests, upstreams, seconds }: SharePicture): readonly (readonly number[])[] => {
  const columns = Array.from({ length: Math.ceil(seconds / columnSeconds) }, () => upstreams.map(() => 0));
  for (const { atMs, tried } of requests) {
    const column = columns[Math.floor(atMs / 1000 / columnSeconds)];
    const at = upstreams.indexOf(tried[0] ?? '');
    if (column && at !== -1) column[at] = (column[at] ?? 0) + 1;
  }
  return columns.map((counts) => {
    const total = Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    );
    return counts.map((count) => count / total);
  });
};

const xOf = (second: number, seconds: number): number =>
  plot.left + (second / seconds) * (plot.right - plot.left);

const yOf = (share: number): number => plot.bottom - share * (plot.bottom - plot.top);

/** The band of one upstream: along its upper edge, and back along its lower one. */
const areaOf = (shares: readonly (readonly number[])[], at: number, seconds: number): string => {
  const edge = (upTo: number) =>
    shares.map((column) => yOf(column.slice(0, upTo).reduce((sum, share) => sum + share, 0)).toFixed(1));
  const ends = shares.map((_, index) =>
    xOf(Math.min(seconds, (index + 1) * columnSeconds), seconds).toFixed(1),
  );
  const starts = [plot.left.toFixed(1), ...ends].slice(0, -1);
  const there = edge(at + 1).map((y, index) => `V${y} H${ends[index]}`);
  const back = edge(at).map((y, index) => `V${y} H${starts[index]}`);
  return `M${plot.left},${plot.bottom} ${[...there, ...back.reverse()].join(' ')} z`;
};

const axes = (seconds: number): string[] => [
  ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `  <path class="grid" d="M${plot.left},${yOf(share)} H${plot.right}"/>`,
    `  <text class="quiet" x="${plot.left - 8}" y="${yOf(share) + 4}" text-anchor="end">${share * 100} %</text>`,
  ]),
  ...Array.from({ length: Math.floor(seconds / 60) + 1 }, (_, minute) => {
    const x = xOf(minute * 60, seconds).toFixed(1);
    return `  <path class="axis" d="M${x},${plot.bottom} v5"/><text class="quiet" x="${x}" y="${plot.bottom + 20}" text-anchor="middle">${minute}</text>`;
  }),
  `  <path class="axis" d="M${plot.left},${plot.top} V${plot.bottom} H${plot.right}"/>`,
  `  <text class="quiet" x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 40}" text-anchor="middle">minutes</text>`,
];

/** Incidents that overlap stand one above the other. */
const rowOf = (incident: Incident, all: readonly Incident[]): number =>
  all.slice(0, all.indexOf(incident)).filter(({ from, to }) => from < incident.to && incident.from < to)
    .length;

const incidentMark = (
  { from, to, what }: Incident,
  { seconds, row }: { readonly seconds: number; readonly row: number },
): string[] => {
  const [left, right] = [xOf(from, seconds), xOf(to, seconds)];
  const y = plot.top - 10 - row * 26;
  return [
    `  <path class="incident" d="M${left.toFixed(1)},${y - 4} v8 m0,-4 H${right.toFixed(1)} m0,-4 v8"/>`,
    `  <text class="quiet" x="${left.toFixed(1)}" y="${y - 7}">${what}</text>`,
  ];
};

/** Beside the picture, in the order of the bands. */
const legend = (name: string, at: number, count: number): string[] => {
  const y = plot.top + 20 + (count - 1 - at) * 26;
  return [
    `  <rect class="area${at}" x="${plot.right + 20}" y="${y - 12}" width="16" height="16"/>`,
    `  <text x="${plot.right + 44}" y="${y + 1}">${name}</text>`,
  ];
};

const describe = ({ incidents, upstreams }: SharePicture): string =>
  `Share of requests that each of ${upstreams.join(', ')} was asked first for, over ten minutes. ${incidents
    .map(({ what, from, to }) => `${what} from minute ${from / 60} to ${to / 60}.`)
    .join(' ')}`;
