import { describe, expect, test } from 'vitest';
import { noChanges } from '@tests/simulationFixtures';
import { describeChanges, describeValue, scenarioStrategyName } from './describeChanges';

describe('values of a configuration document', () => {
  test.each<[unknown, string]>([
    [null, 'none'],
    [undefined, 'none'],
    ['', 'none'],
    [true, 'yes'],
    [false, 'no'],
    [0, '0'],
    [12.5, '12.5'],
    ['SEA', 'SEA'],
    [[], 'none'],
    [['SEA', 'CHI'], 'SEA, CHI'],
    [{}, 'none'],
    [{ parcel: 7, lateness_per_day: 0.4 }, 'parcel 7, lateness per day 0.4'],
    [{ enabled: true, window: { minutes: 2 } }, 'enabled yes, window minutes 2'],
    [[{ zone: 'near', price: 5 }, { zone: 'far' }], 'zone near, price 5, zone far'],
  ])('%j is described as %s', (value, text) => {
    expect(describeValue(value)).toBe(text);
  });
});

describe('changes of a simulation', () => {
  test('without changes there is one sentence', () => {
    expect(describeChanges(undefined)).toEqual(['No changes']);
    expect(describeChanges({})).toEqual(['No changes']);
    expect(describeChanges(noChanges)).toEqual(['No changes']);
  });

  test.each([
    [{ closed_sources: ['SEA', 'CHI'] }, ['SEA is closed', 'CHI is closed']],
    [{ new_sources: [{ name: 'DEN', body: {}, stock_like: '', stock: [] }] }, ['DEN opens']],
    [{ new_sources: [{ name: 'DEN', body: { title: 'Denver' }, stock_like: 'CHI', stock: [] }] }, ['DEN opens (Denver), stocked like CHI']],
    [
      {
        constraints: [
          { name: 'near', body: null },
          { name: 'split', body: { maximum: 2 } },
        ],
      },
      ['Constraint near is removed', 'Constraint split is changed'],
    ],
    [{ strategy: { name: 'west', body: {} } }, ['Strategy west is used']],
    [
      { strategy: { name: '', body: { allow_partial: false, weights: { parcel: 7 } } } },
      ['Strategy setting allow partial: no', 'Strategy setting weights: parcel 7'],
    ],
    [{ demand_multiplier: 0.5 }, ['Demand multiplied by 0.5']],
    [{ demand_multiplier: 2, demand_products: ['LAMP', 'VASE'] }, ['Demand multiplied by 2 for LAMP, VASE']],
    [{ demand_multiplier: 1, demand_products: ['LAMP'] }, ['No changes']],
    [{ new_products: [{ product: 'VASE-2', like: 'VASE', share: 0.255, stock: {} }] }, ['VASE-2 sells like VASE, 26% of its orders']],
  ])('%j', (changes, sentences) => {
    expect(describeChanges({ ...noChanges, ...changes } as Parameters<typeof describeChanges>[0])).toEqual(sentences);
  });

  test('several changes are listed from sources to products', () => {
    const changes = { ...noChanges, closed_sources: ['SEA'], demand_multiplier: 2, strategy: { name: 'west', body: {} } };
    expect(describeChanges(changes)).toEqual(['SEA is closed', 'Strategy west is used', 'Demand multiplied by 2']);
  });
});

describe('the strategy of the scenario', () => {
  const strategies = [
    { kind: 'strategy', name: 'first', body: { is_default: true } },
    { kind: 'strategy', name: 'last', body: { is_default: true } },
    { kind: 'strategy', name: 'other', body: {} },
  ];
  test.each([
    ['its own', 'other', 'west', 'other'],
    ['that of the baseline', '', 'west', 'west'],
    ['the last one marked as default', '', '', 'last'],
  ])('is %s', (_, own, baseline, expected) => {
    const request = { strategy: baseline, changes: { ...noChanges, strategy: { name: own, body: {} } } };
    expect(scenarioStrategyName(request, strategies)).toBe(expected);
  });

  test('is named "default" when no strategy is marked', () => {
    expect(scenarioStrategyName({ strategy: '', changes: noChanges }, [])).toBe('default');
  });
});
