/**
 * The one file that knows uPlot: draws a chart's lines, bands and limit on a canvas. Loaded with the first
 * chart. Pointer, keyboard and words are chart.tsx's.
 */
import uPlot from "uplot";
import type { ValueScale } from "./chart-scale";
import { highest, isolated, timeTicks } from "./chart-scale";
import { faded, onThemeChange, readPalette, type Palette } from "./chart-colours";

/** Which of the page's colours for things told apart (--s0 …). */
export type SeriesColour = 0 | 1 | 2 | 3;

export interface PictureBand {
  from: number;
  to: number;
  /** late: what is drawn there came later. gap: nothing is known of it. */
  look: "late" | "gap";
}

/** What is to be seen. Times are milliseconds since 1970. */
export interface PictureData {
  times: number[];
  columns: (number | null)[][];
  from: number;
  to: number;
  scale: ValueScale;
  limit: number | null;
  bands: readonly PictureBand[];
}

export interface PictureOptions {
  colours: readonly SeriesColour[];
  formatValue: (value: number) => string;
  formatTime: (at: number) => string;
  /** After each draw and resize: where the plot lies within the element, in CSS pixels. */
  onPlaced: (plot: { left: number; top: number; width: number; height: number }) => void;
}

export interface Picture {
  show(data: PictureData): void;
  /** Ends every listener and takes the canvas away. */
  destroy(): void;
}

const AXIS_PX = 64;
const TIME_AXIS_PX = 22;
/** A label of an hour and minute needs so much room. */
const TIME_TICK_PX = 96;
const TIME_LABEL_PX = 36;
/** From this share of it on, a limit is drawn as one. */
const NEAR_LIMIT = 0.85;
const FONT_PX = 11;
const HATCH_PX = 7;

/** Diagonal hairlines, in canvas pixels. */
function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const tile = document.createElement("canvas");
  const side = Math.round(HATCH_PX * devicePixelRatio);
  tile.width = side;
  tile.height = side;
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.strokeStyle = colour;
  pen.lineWidth = devicePixelRatio;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift, side);
    pen.lineTo(shift + side, 0);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}

function drawBands(plot: uPlot, bands: readonly PictureBand[], palette: Palette): void {
  const { ctx, bbox } = plot;
  for (const band of bands) {
    const left = Math.max(bbox.left, plot.valToPos(band.from, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(band.to, "x", true));
    if (right <= left) continue;
    ctx.save();
    ctx.fillStyle = band.look === "late" ? (hatch(ctx, faded(palette.unknown, 0.45)) ?? faded(palette.unknown, 0.2)) : faded(palette.unknown, 0.12);
    ctx.fillRect(left, bbox.top, Math.max(devicePixelRatio, right - left), bbox.height);
    ctx.restore();
  }
}

function drawLimit(plot: uPlot, data: PictureData, palette: Palette): void {
  if (data.limit === null || data.limit > data.scale.top) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(data.limit, "y", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = (highest(data.columns) ?? 0) >= data.limit * NEAR_LIMIT ? palette.bad : palette["ink-3"];
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** Moments whose labels fit into the picture. */
function timeTicksWithin(plot: uPlot, { from, to }: PictureData): number[] {
  const margin = ((to - from) * TIME_LABEL_PX) / 2 / Math.max(1, plot.width - AXIS_PX);
  return timeTicks(from, to, Math.max(1, Math.floor(plot.width / TIME_TICK_PX))).filter((at) => to - at >= margin);
}

/** Puts a chart into `element`, which gives it its size. */
export function createPicture(element: HTMLElement, first: PictureData, options: PictureOptions): Picture {
  let data = first;
  let palette = readPalette(element);
  const font = `${FONT_PX}px ${getComputedStyle(element).fontFamily}`;
  const size = () => ({ width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) });
  const aligned = () => [data.times, ...data.columns] as uPlot.AlignedData;
  const colourOf = (index: number) => palette[`s${options.colours[index] ?? 0}`];
  const axis = { font, stroke: () => palette["ink-3"], ticks: { show: false }, grid: { stroke: () => palette.line, width: 1 } };
  const place = () => {
    const { left, top, width, height } = plot.bbox;
    options.onPlaced({ left: left / devicePixelRatio, top: top / devicePixelRatio, width: width / devicePixelRatio, height: height / devicePixelRatio });
  };

  const plot = new uPlot(
    {
      ...size(),
      ms: 1,
      padding: [6, 10, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, range: () => [data.from, data.to] }, y: { range: () => [0, data.scale.top] } },
      axes: [
        { ...axis, size: TIME_AXIS_PX, gap: 5, splits: (self) => timeTicksWithin(self, data), values: (_, ticks) => ticks.map(options.formatTime) },
        { ...axis, size: AXIS_PX, gap: 6, splits: () => data.scale.ticks, values: (_, ticks) => ticks.map(options.formatValue) },
      ],
      series: [
        {},
        ...options.colours.map((_, index) => ({
          stroke: () => colourOf(index),
          width: 1.5,
          // A figure alone between two breaks is no line, and would not be seen.
          points: { show: false, filter: () => isolated(data.columns[index] ?? []), size: 4, stroke: () => colourOf(index), fill: () => colourOf(index) },
          // Only one line is filled: two fills over each other read as a sum.
          ...(options.colours.length === 1 ? { fill: () => faded(colourOf(index), 0.14) } : {}),
        })),
      ],
      hooks: {
        drawAxes: [(self) => drawBands(self, data.bands, palette)],
        draw: [(self) => drawLimit(self, data, palette)],
      },
    },
    aligned(),
    element,
  );
  place();

  const resized = new ResizeObserver(() => {
    plot.setSize(size());
    place();
  });
  resized.observe(element);
  const endTheme = onThemeChange(() => {
    palette = readPalette(element);
    plot.redraw(false, true);
  });
  return {
    show(next) {
      data = next;
      plot.setData(aligned(), true);
    },
    destroy() {
      resized.disconnect();
      endTheme();
      plot.destroy();
    },
  };
}

