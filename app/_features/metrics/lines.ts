import type { ChartLine } from "@/app/_ui/chart";

/** Where scales end at the least: noise of nearly nothing is not drawn as a storm. */
export const LEAST = { cores: 0.1, share: 0.05, load: 0.5, bytes: 2 ** 20, rate: 1024, count: 4 } as const;

/** One line alone. */
export const single = <Point>(label: string, points: readonly Point[], read: (point: Point) => number | null): ChartLine[] => [{ label, colour: 0, values: points.map(read) }];

/** Two lines of one unit, such as received and sent. */
export const pair = <Point>(first: [string, (point: Point) => number | null], second: [string, (point: Point) => number | null], points: readonly Point[]): ChartLine[] => [
  { label: first[0], colour: 0, values: points.map(first[1]) },
  { label: second[0], colour: 3, values: points.map(second[1]) },
];
