import { humanize } from '../vocabulary';

const singular = (name: string): string => (name.endsWith('s') ? name.slice(0, -1) : name);

/** Return the path of a field in words: "Line 1, unit" for `lines.0.unit` and `lines[0].unit`. */
export function describeFieldPath(path: string): string {
  const parts: string[] = [];
  for (const segment of path.split(/[.[\]]+/)) {
    const previous = parts.at(-1);
    if (/^\d+$/.test(segment) && previous !== undefined) parts[parts.length - 1] = `${singular(previous)} ${Number(segment) + 1}`;
    else if (segment !== '') parts.push(segment.replaceAll('_', ' '));
  }
  return humanize(parts.join(', '));
}
