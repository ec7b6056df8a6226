// uPlot, drawn with the page's own colours; loaded when the first chart is shown.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** A series of a chart. Numbers here are for drawing only: the table beside the chart has the exact ones. */
export interface Series {
  name: string;
  values: (number | null)[];
  kind: 'bars' | 'line';
  /** Custom property that holds its colour. */
  colour: string;
  /** `left` and `right` have scales of their own. */
  side: 'left' | 'right';
  /** A value in the legend. */
  format: (value: number) => string;
  /** A value on the axis; as `format` if absent. */
  axis?: (value: number) => string;
}

function property(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draws into `element`; returns how to take it away. */
export function draw(element: HTMLElement, labels: string[], series: Series[], height: number): () => void {
  const bars = uPlot.paths.bars?.({ size: [0.62, 48], radius: 0.12 });
  let plot: uPlot | undefined;
  const make = (): void => {
    plot?.destroy();
    const [ink, line, font] = [property('--muted'), property('--line'), `12px ${property('--sans')}`];
    const axis = (side: 'left' | 'right'): uPlot.Axis[] => {
      const of = series.filter((one) => one.side === side);
      const [one] = of;
      if (one === undefined) return [];
      return [
        {
          scale: side,
          side: side === 'left' ? 3 : 1,
          stroke: ink,
          font,
          size: 74,
          grid: { show: side === 'left', stroke: line, width: 1 },
          ticks: { show: false },
          values: (_plot, ticks) => ticks.map((tick) => (one.axis ?? one.format)(tick)),
        },
      ];
    };
    plot = new uPlot(
      {
        width: Math.max(240, element.clientWidth),
        height,
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        legend: { show: true, live: true },
        // Without a pointer the legend has the newest values.
        hooks: { ready: [(ready) => ready.setLegend({ idx: labels.length - 1 })] },
        scales: {
          x: { time: false, range: (_plot, min, max) => [min - 0.6, max + 0.6] },
          left: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1] },
          right: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.12 : 1] },
        },
        axes: [
          {
            stroke: ink,
            font,
            grid: { show: false },
            ticks: { show: false },
            splits: (_plot, _axis, min, max, increment) => {
              const step = Math.max(1, Math.round(increment));
              const splits: number[] = [];
              for (let at = Math.ceil(min); at <= max; at += step) if (at >= 0 && at < labels.length) splits.push(at);
              return splits;
            },
            values: (_plot, ticks) => ticks.map((tick) => labels[tick] ?? ''),
          },
          ...axis('left'),
          ...axis('right'),
        ],
        series: [
          { label: 'Epoch', value: (_plot, at) => (at === null ? '–' : (labels[at] ?? '–')) },
          ...series.map((one): uPlot.Series => {
            const colour = property(one.colour);
            return {
              label: one.name,
              scale: one.side,
              stroke: colour,
              value: (_plot, value) => (value === null ? '–' : one.format(value)),
              ...(one.kind === 'bars'
                ? { fill: `${colour}55`, width: 1, points: { show: false }, ...(bars === undefined ? {} : { paths: bars }) }
                : { width: 2, points: { show: true, size: 7, fill: property('--surface') } }),
            };
          }),
        ],
      },
      [labels.map((_, at) => at), ...series.map((one) => one.values)],
      element,
    );
  };
  make();
  const sized = new ResizeObserver(() => plot?.setSize({ width: Math.max(240, element.clientWidth), height }));
  sized.observe(element);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  addEventListener('themechange', make);
  dark.addEventListener('change', make);
  return () => {
    sized.disconnect();
    removeEventListener('themechange', make);
    dark.removeEventListener('change', make);
    plot?.destroy();
  };
}
