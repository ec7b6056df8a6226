// Times: always UTC, always said to be.

function two(value: number): string {
  return value.toString().padStart(2, '0');
}

/** Unix seconds as `2026-11-28 15:23:26 UTC`. */
export function utc(unixSeconds: number): string {
  const at = new Date(unixSeconds * 1000);
  return `${day(unixSeconds)} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} UTC`;
}

/** Unix seconds as `2026-11-28`. */
export function day(unixSeconds: number): string {
  const at = new Date(unixSeconds * 1000);
  return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
}

/** Unix seconds as `15:23:26`, UTC. */
export function clock(unixSeconds: number): string {
  const at = new Date(unixSeconds * 1000);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

/** Unix milliseconds with their milliseconds: `2026-11-28 15:23:26.125 UTC`. */
export function utcMs(unixMs: number): string {
  const seconds = Math.floor(unixMs / 1000);
  return utc(seconds).replace(' UTC', `.${(unixMs - seconds * 1000).toString().padStart(3, '0')} UTC`);
}

/** A machine-readable time for `<time datetime>`. */
export function iso(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** A duration in its two greatest units: 90061 → `1 d 1 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** A countdown: `1 d 02:03:04`, or `03:04` below an hour. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86_400);
  const hours = Math.floor(whole / 3_600) % 24;
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  if (days > 0) return `${days} d ${two(hours)}:${rest}`;
  return hours > 0 ? `${two(hours)}:${rest}` : rest;
}
