const unitNames: Record<string, string> = { Y: 'year', M: 'month', W: 'week', D: 'day', h: 'hour', m: 'minute', s: 'second' };
const durationPattern = /^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const shorthandPattern = /^(\d+)(ms|s|m|h|d)$/;
const shorthandUnits: Record<string, string> = { ms: 'millisecond', s: 'second', m: 'minute', h: 'hour', d: 'day' };

const withUnit = (count: string, unit: string): string => `${count} ${unit}${count === '1' ? '' : 's'}`;

export const isIsoDuration = (text: string): boolean => durationPattern.test(text);

/** Return a duration in words: "2 hours" for `PT2H`, "10 seconds" for `10s`. Other text is returned unchanged. */
export function describeDuration(text: string): string {
  const shorthand = shorthandPattern.exec(text);
  if (shorthand) return withUnit(shorthand[1] ?? '', shorthandUnits[shorthand[2] ?? ''] ?? '');
  const match = durationPattern.exec(text);
  if (!match) return text;
  const parts: string[] = [];
  for (const [index, unit] of Object.values(unitNames).entries()) {
    const count = match[index + 1];
    if (count !== undefined && Number(count) !== 0) parts.push(withUnit(count, unit));
  }
  return parts.join(' ') || '0 seconds';
}
