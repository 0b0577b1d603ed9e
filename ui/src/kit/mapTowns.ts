export interface Place {
  longitude: number;
  latitude: number;
}

interface Point {
  x: number;
  y: number;
}

/** Labels of towns at most, and the space in pixels that each needs; a pin has its own label beside it. */
const MOST_TOWNS = 14;
const LABEL = { width: 92, height: 30 };
const PIN_HEIGHT = 46;

const isBeside = (a: Point, b: Point, height: number): boolean => Math.abs(a.x - b.x) > LABEL.width || Math.abs(a.y - b.y) > height;

/**
 * The first of these towns whose labels are whole and overlap neither each other nor the pins.
 * `project` gives the pixels of a place on a map that is `width` wide.
 */
export function townsWithSpace<T extends Place>(
  towns: readonly T[],
  pins: readonly Place[],
  project: (place: Place) => Point,
  width: number,
): T[] {
  const pinned = pins.map(project);
  const used: Point[] = [];
  const shown: T[] = [];
  for (const town of towns) {
    const point = project(town);
    const isWhole = point.x > LABEL.width / 2 && point.x < width - LABEL.width / 2;
    const isFree = pinned.every((pin) => isBeside(pin, point, PIN_HEIGHT)) && used.every((label) => isBeside(label, point, LABEL.height));
    if (!isWhole || !isFree) continue;
    used.push(point);
    shown.push(town);
    if (shown.length === MOST_TOWNS) break;
  }
  return shown;
}
