import { expect, test } from 'vitest';
import { townsWithSpace } from './mapTowns';

const at = (name: string, longitude: number, latitude: number) => ({ name, longitude, latitude });
/** One degree is ten pixels. */
const project = ({ longitude, latitude }: { longitude: number; latitude: number }) => ({ x: 10 * longitude, y: 10 * latitude });
const names = (towns: { name: string }[]): string[] => towns.map(({ name }) => name);

test('a label is left out where a larger town or a pin has its place', () => {
  const towns = [at('Large', 10, 0), at('Beside', 19, 2.9), at('Below', 10, 3.1), at('At the pin', 50, 5), at('Far', 30, 0)];
  expect(names(townsWithSpace(towns, [at('pin', 51, 1)], project, 1000))).toEqual(['Large', 'Below', 'Far']);
});

test('a label that the edge would cut is left out', () => {
  const towns = [at('Left edge', 4, 0), at('Inside', 20, 0), at('Right edge', 96, 0)];
  expect(names(townsWithSpace(towns, [], project, 1000))).toEqual(['Inside']);
});

test('there are fourteen labels at most, of the largest towns', () => {
  const towns = Array.from({ length: 20 }, (_, index) => at(String(index), 50, 10 * index));
  expect(names(townsWithSpace(towns, [], project, 1000))).toEqual(Array.from({ length: 14 }, (_, index) => String(index)));
});
